//! The description of the API as a page, from the OpenAPI document: without script and without other hosts.

use axum::extract::{RawQuery, State};
use axum::http::header::{CONTENT_SECURITY_POLICY, HeaderValue};
use axum::response::{Html, IntoResponse};
use leptos::prelude::*;
use serde_json::{Map, Value};

use super::description;
use crate::api::paths::OPENAPI_PATH;
use crate::app::style_sheet;
use crate::error::ApiError;
use crate::server::internal_error::internal;
use crate::server::state::AppState;
use crate::web::parameters;

/// What the page may load: its style sheet.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// Answers with the page.
///
/// # Errors
/// `invalid_parameter` for any parameter; `internal` if the description cannot be written.
pub async fn show(State(state): State<AppState>, RawQuery(query): RawQuery) -> Result<impl IntoResponse, ApiError> {
    parameters::check(query.as_deref().unwrap_or_default(), &[])?;
    let description = serde_json::to_value(description()).map_err(|error| internal(&error))?;
    Ok(([(CONTENT_SECURITY_POLICY, POLICY)], Html(page(&description, &style_sheet(&state.leptos_options)))))
}

/// The whole document.
fn page(description: &Value, style_sheet: &str) -> String {
    let version = format!("Version {}", text(&description["info"]["version"]));
    let operations: Vec<_> = members(&description["paths"])
        .flat_map(|(path, item)| members(item).map(move |(method, details)| operation(method, path, details)))
        .collect();
    let schemas: Vec<_> =
        members(&description["components"]["schemas"]).map(|(name, schema)| schema_section(name, schema)).collect();
    let page = view! {
        <html lang="en">
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                <title inner_html="API · Motion Export"></title>
                <link rel="stylesheet" href=style_sheet.to_owned()/>
            </head>
            <body>
                <main class="api">
                    <h1>"Motion Export API"</h1>
                    <p class="lead">{text(&description["info"]["description"]).to_owned()}</p>
                    <p class="hint">{version} ". " <a href=OPENAPI_PATH>"OpenAPI document"</a></p>
                    <p>
                        "Send an access token as " <code>"Authorization: Bearer TOKEN"</code>
                        ", or as the password of HTTP Basic with any name."
                    </p>
                    {operations}
                    <h2>"Schemas"</h2>
                    {schemas}
                </main>
            </body>
        </html>
    };
    format!("<!DOCTYPE html>{}", page.to_html())
}

fn operation(method: &str, path: &str, details: &Value) -> impl IntoView + use<> {
    let parameters: Vec<_> = details["parameters"].as_array().into_iter().flatten().map(parameter_row).collect();
    let responses: Vec<_> =
        members(&details["responses"]).map(|(status, response)| response_row(status, response)).collect();
    let parameters = (!parameters.is_empty()).then(|| {
        view! {
            <table role="table">
                <caption>"Parameters"</caption>
                <thead><tr><th scope="col">"Name"</th><th scope="col">"Type"</th><th scope="col">"Meaning"</th></tr></thead>
                <tbody>{parameters}</tbody>
            </table>
        }
    });
    view! {
        <section class="card stack">
            <h2>{text(&details["summary"]).to_owned()}</h2>
            <p><code>{format!("{} {path}", method.to_uppercase())}</code></p>
            <p>{text(&details["description"]).to_owned()}</p>
            {parameters}
            <table role="table">
                <caption>"Responses"</caption>
                <thead><tr><th scope="col">"Status"</th><th scope="col">"Meaning"</th><th scope="col">"Body"</th></tr></thead>
                <tbody>{responses}</tbody>
            </table>
        </section>
    }
}

fn parameter_row(parameter: &Value) -> impl IntoView + use<> {
    view! {
        <tr>
            <th scope="row"><code>{text(&parameter["name"]).to_owned()}</code></th>
            <td>{type_of(&parameter["schema"])}</td>
            <td>{text(&parameter["description"]).to_owned()}</td>
        </tr>
    }
}

fn response_row(status: &str, response: &Value) -> impl IntoView + use<> {
    let bodies: Vec<_> =
        members(&response["content"]).map(|(kind, body)| format!("{kind}: {}", type_of(&body["schema"]))).collect();
    view! {
        <tr>
            <th scope="row">{status.to_owned()}</th>
            <td>{text(&response["description"]).to_owned()}</td>
            <td>{bodies.join(", ")}</td>
        </tr>
    }
}

fn schema_section(name: &str, schema: &Value) -> impl IntoView + use<> {
    let rows: Vec<_> = members(&schema["properties"])
        .map(|(name, property)| {
            view! {
                <tr>
                    <th scope="row"><code>{name.to_owned()}</code></th>
                    <td>{type_of(property)}</td>
                    <td>{text(&property["description"]).to_owned()}</td>
                </tr>
            }
        })
        .collect();
    let values: Vec<_> = schema["enum"].as_array().into_iter().flatten().map(text).collect();
    let values = (!values.is_empty()).then(|| view! { <p><code>{values.join(", ")}</code></p> });
    let table = (!rows.is_empty()).then(|| {
        view! {
            <table role="table">
                <caption>"Members"</caption>
                <thead><tr><th scope="col">"Name"</th><th scope="col">"Type"</th><th scope="col">"Meaning"</th></tr></thead>
                <tbody>{rows}</tbody>
            </table>
        }
    });
    view! {
        <section class="card stack" id=name.to_owned()>
            <h3>{name.to_owned()}</h3>
            <p>{text(&schema["description"]).to_owned()}</p>
            {values}
            {table}
        </section>
    }
}

/// Returns the type of a schema in words, such as `string (date-time)`, `Camera[]` or `one of running, completed`.
fn type_of(schema: &Value) -> String {
    if let Some(reference) = schema["$ref"].as_str() {
        return reference.rsplit('/').next().unwrap_or_default().to_owned();
    }
    if let Some(choices) = schema["oneOf"].as_array().or(schema["anyOf"].as_array()).or(schema["allOf"].as_array()) {
        return choices.iter().map(type_of).collect::<Vec<_>>().join(" or ");
    }
    if let Some(values) = schema["enum"].as_array() {
        return format!("one of {}", values.iter().map(text).collect::<Vec<_>>().join(", "));
    }
    if schema["items"].is_object() {
        return format!("{}[]", type_of(&schema["items"]));
    }
    let kind = match &schema["type"] {
        Value::Array(kinds) => kinds.iter().map(text).collect::<Vec<_>>().join(" or "),
        kind => text(kind).to_owned(),
    };
    match schema["format"].as_str() {
        Some(format) => format!("{kind} ({format})"),
        None => kind,
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn members(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter).map(|(name, value)| (name.as_str(), value))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_type_is_named_in_words() {
        for (schema, words) in [
            (json!({ "type": "string" }), "string"),
            (json!({ "type": ["string", "null"], "format": "date-time" }), "string or null (date-time)"),
            (json!({ "type": "array", "items": { "$ref": "#/components/schemas/Camera" } }), "Camera[]"),
            (json!({ "oneOf": [{ "type": "null" }, { "$ref": "#/components/schemas/Message" }] }), "null or Message"),
            (json!({ "type": "string", "enum": ["csv"] }), "one of csv"),
        ] {
            assert_eq!(type_of(&schema), words);
        }
    }

    #[test]
    fn the_page_names_every_operation_and_needs_no_other_host() {
        let description = serde_json::to_value(description()).expect("JSON");
        let page = page(&description, "/pkg/x.css");
        for (path, _) in members(&description["paths"]) {
            assert!(page.contains(&format!("GET {path}")), "{path}");
        }
        assert!(!page.contains("<script") && !page.contains("://"), "{page}");
    }
}
