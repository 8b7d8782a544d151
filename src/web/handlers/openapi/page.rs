//! The description of the API as a page, generated from the OpenAPI document, without JavaScript and without other hosts.

use axum::extract::{RawQuery, State};
use axum::http::header::{CONTENT_SECURITY_POLICY, HeaderValue};
use axum::response::{Html, IntoResponse};
use leptos::prelude::*;
use serde::Serialize;
use serde_json::Value;
use utoipa::openapi::path::{Operation, Parameter, PathItem};
use utoipa::openapi::schema::{ArrayItems, Object, Schema, SchemaType};
use utoipa::openapi::{OpenApi, RefOr, Response};

use super::description;
use crate::api::paths::OPENAPI_PATH;
use crate::app::style_sheet;
use crate::error::ApiError;
use crate::server::state::AppState;
use crate::web::parameters;

/// Allows the page only its style sheet.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// Handles `GET /api/v1/docs`.
///
/// # Errors
/// Returns `invalid_parameter` for any parameter.
pub async fn show(State(state): State<AppState>, RawQuery(query): RawQuery) -> Result<impl IntoResponse, ApiError> {
    parameters::check(query.as_deref().unwrap_or_default(), &[])?;
    Ok(([(CONTENT_SECURITY_POLICY, POLICY)], Html(page(&description(), &style_sheet(&state.leptos_options)))))
}

/// Renders the complete document.
fn page(api: &OpenApi, style_sheet: &str) -> String {
    let version = format!("Version {}", api.info.version);
    let operations: Vec<_> = api
        .paths
        .paths
        .iter()
        .flat_map(|(path, item)| {
            operations(item).map(move |(method, operation)| operation_section(method, path, operation))
        })
        .collect();
    let schemas = api.components.iter().flat_map(|components| &components.schemas);
    let schemas: Vec<_> = schemas.map(|(name, schema)| schema_section(name, schema)).collect();
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
                    <p class="lead">{api.info.description.clone()}</p>
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

/// Returns the operations of a path with their methods.
fn operations(item: &PathItem) -> impl Iterator<Item = (&'static str, &Operation)> {
    let operations = [
        ("GET", &item.get),
        ("POST", &item.post),
        ("PUT", &item.put),
        ("PATCH", &item.patch),
        ("DELETE", &item.delete),
    ];
    operations.into_iter().filter_map(|(method, operation)| Some((method, operation.as_ref()?)))
}

/// Returns a part of the document that is not a reference.
fn inline<T>(part: &RefOr<T>) -> Option<&T> {
    match part {
        RefOr::T(part) => Some(part),
        RefOr::Ref(_) => None,
    }
}

fn operation_section(method: &str, path: &str, operation: &Operation) -> impl IntoView + use<> {
    let parameters: Vec<_> = operation.parameters.iter().flatten().filter_map(inline).map(parameter_row).collect();
    let responses = operation.responses.responses.iter();
    let responses: Vec<_> =
        responses.filter_map(|(status, response)| Some(response_row(status, inline(response)?))).collect();
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
            <h2>{operation.summary.clone()}</h2>
            <p><code>{format!("{method} {path}")}</code></p>
            <p>{operation.description.clone()}</p>
            {parameters}
            <table role="table">
                <caption>"Responses"</caption>
                <thead><tr><th scope="col">"Status"</th><th scope="col">"Meaning"</th><th scope="col">"Body"</th></tr></thead>
                <tbody>{responses}</tbody>
            </table>
        </section>
    }
}

fn parameter_row(parameter: &Parameter) -> impl IntoView + use<> {
    view! {
        <tr>
            <th scope="row"><code>{parameter.name.clone()}</code></th>
            <td>{parameter.schema.as_ref().map(type_of)}</td>
            <td>{parameter.description.clone()}</td>
        </tr>
    }
}

fn response_row(status: &str, response: &Response) -> impl IntoView + use<> {
    let bodies = response.content.iter().filter_map(|(media_type, body)| {
        let schema = inline(body)?.schema.as_ref()?;
        Some(format!("{media_type}: {}", type_of(schema)))
    });
    let bodies: Vec<_> = bodies.collect();
    view! {
        <tr>
            <th scope="row">{status.to_owned()}</th>
            <td>{response.description.clone()}</td>
            <td>{bodies.join(", ")}</td>
        </tr>
    }
}

fn schema_section(name: &str, schema: &RefOr<Schema>) -> impl IntoView + use<> {
    let object = match schema {
        RefOr::T(Schema::Object(object)) => Some(object),
        _ => None,
    };
    let properties = object.into_iter().flat_map(|object| &object.properties);
    let rows: Vec<_> = properties
        .map(|(name, property)| {
            view! {
                <tr>
                    <th scope="row"><code>{name.clone()}</code></th>
                    <td>{type_of(property)}</td>
                    <td>{description_of(property).to_owned()}</td>
                </tr>
            }
        })
        .collect();
    let values = object.map(values_of).unwrap_or_default();
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
            <p>{description_of(schema).to_owned()}</p>
            {values}
            {table}
        </section>
    }
}

fn description_of(schema: &RefOr<Schema>) -> &str {
    let description = match schema {
        RefOr::Ref(reference) => return &reference.description,
        RefOr::T(Schema::Object(object)) => &object.description,
        RefOr::T(Schema::Array(array)) => &array.description,
        RefOr::T(Schema::OneOf(choice)) => &choice.description,
        RefOr::T(_) => &None,
    };
    description.as_deref().unwrap_or_default()
}

/// Returns the type of a schema as text, such as `string (date-time)`, `Camera[]` or `one of running, completed`.
fn type_of(schema: &RefOr<Schema>) -> String {
    let any_of = |schemas: &[RefOr<Schema>]| schemas.iter().map(type_of).collect::<Vec<_>>().join(" or ");
    match schema {
        RefOr::Ref(reference) => reference.ref_location.rsplit('/').next().unwrap_or_default().to_owned(),
        RefOr::T(Schema::OneOf(choice)) => any_of(&choice.items),
        RefOr::T(Schema::AnyOf(choice)) => any_of(&choice.items),
        RefOr::T(Schema::AllOf(choice)) => any_of(&choice.items),
        RefOr::T(Schema::Array(array)) => match &array.items {
            ArrayItems::RefOrSchema(items) => format!("{}[]", type_of(items)),
            ArrayItems::False => "array".to_owned(),
        },
        RefOr::T(Schema::Object(object)) => type_of_object(object),
        RefOr::T(_) => String::new(),
    }
}

fn type_of_object(object: &Object) -> String {
    let values = values_of(object);
    if !values.is_empty() {
        return format!("one of {}", values.join(", "));
    }
    let name = match &object.schema_type {
        SchemaType::Type(name) => text_of(name),
        SchemaType::Array(names) => names.iter().map(text_of).collect::<Vec<_>>().join(" or "),
        SchemaType::AnyValue => String::new(),
    };
    match &object.format {
        Some(format) => format!("{name} ({})", text_of(format)),
        None => name,
    }
}

fn values_of(object: &Object) -> Vec<String> {
    object.enum_values.iter().flatten().map(text_of).collect()
}

/// Returns the text that stands for a value in the OpenAPI document.
fn text_of(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(text)) => text,
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_type_is_shown_as_text() {
        for (schema, text) in [
            (json!({ "type": "string" }), "string"),
            (json!({ "type": ["string", "null"], "format": "date-time" }), "string or null (date-time)"),
            (json!({ "type": "array", "items": { "$ref": "#/components/schemas/Camera" } }), "Camera[]"),
            (json!({ "oneOf": [{ "type": "null" }, { "$ref": "#/components/schemas/Message" }] }), "null or Message"),
            (json!({ "type": "string", "enum": ["csv"] }), "one of csv"),
        ] {
            assert_eq!(type_of(&serde_json::from_value(schema).expect("a schema")), text);
        }
    }

    #[test]
    fn the_page_shows_every_operation_and_needs_no_other_host() {
        let api = description();
        let page = page(&api, "/pkg/x.css");
        for (path, item) in &api.paths.paths {
            assert!(operations(item).count() > 0, "{path}");
            for (method, _) in operations(item) {
                assert!(page.contains(&format!("{method} {path}")), "{method} {path}");
            }
        }
        assert!(!page.contains("<script") && !page.contains("://"), "{page}");
    }
}
