//! The description of the API as OpenAPI 3.1, at `/api/v1/openapi.json`. A test compares it with the router.

use axum::Json;
use axum::extract::{RawQuery, State as AxumState};
use utoipa::openapi::path::{HttpMethod, OperationBuilder, Parameter, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{
    AdditionalProperties, ArrayBuilder, ObjectBuilder, OneOfBuilder, Schema, SchemaFormat, SchemaType, Type,
};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    ComponentsBuilder, ContentBuilder, HeaderBuilder, InfoBuilder, OpenApi, OpenApiBuilder, PathsBuilder, Ref, RefOr,
    Required, ResponseBuilder, Server,
};
use utoipa::{PartialSchema, ToSchema};

use crate::api::cameras::Camera;
use crate::api::exports::{
    EXPORT_EVENTS_PATH, EXPORT_ID_HEADER, EXPORTS_PATH, ExportEvent, ExportRecord, ExportRecords, HISTORY_CSV_PATH,
    State, cancel_path,
};
use crate::api::paths::{
    API_DOCS_PATH, CAMERA_COUNTS_PATH, CAMERAS_PATH, HOOKS_PATH, INGEST_PATH, OPENAPI_PATH, PREVIEW_PATH,
};
use crate::api::preview::{CameraCount, Preview};
use crate::error::{ApiError, ErrorCode};
use crate::export_params::{DEFAULT_TIMEZONE, Delimiter, EXPORT_PATH};
use crate::server::export::records::MAX_LIMIT;
use crate::server::ingest::live::reported::FIELDS;
use crate::server::state::AppState;
use crate::web::error_response::Problem;
use crate::web::handlers::motion_events::IngestResult;
use crate::web::parameters;

pub mod page;

const CSV: &str = "text/csv; charset=utf-8";
const JSON: &str = "application/json";
const EVENTS: &str = "text/event-stream";
const PROBLEM: &str = "application/problem+json";

/// Handles `GET /api/v1/openapi.json`.
///
/// # Errors
/// Returns `invalid_parameter` for any parameter.
pub async fn describe(
    AxumState(state): AxumState<AppState>,
    RawQuery(query): RawQuery,
) -> Result<Json<OpenApi>, ApiError> {
    parameters::check(query.as_deref().unwrap_or_default(), &[])?;
    let base = state.settings.server.base_path();
    let mut api = description();
    api.servers = (!base.is_empty()).then(|| vec![Server::new(base)]);
    Ok(Json(api))
}

/// Returns the description of all public routes below `/api/v1`.
pub fn description() -> OpenApi {
    let info = InfoBuilder::new()
        .title("Motion Export")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some("Motion-detection events of surveillance cameras as CSV, and the records of their exports."))
        .build();
    let paths = PathsBuilder::new()
        .path(EXPORT_PATH, export())
        .path(INGEST_PATH, ingest())
        .path(format!("{HOOKS_PATH}/{{secret}}"), hook())
        .path(EXPORTS_PATH, records())
        .path(HISTORY_CSV_PATH, history_csv())
        .path(EXPORT_EVENTS_PATH, export_events())
        .path(format!("{EXPORTS_PATH}/{{id}}"), record())
        .path(cancel_path("{id}"), cancel())
        .path(CAMERAS_PATH, cameras())
        .path(PREVIEW_PATH, preview())
        .path(CAMERA_COUNTS_PATH, camera_counts())
        .path(OPENAPI_PATH, openapi())
        .path(API_DOCS_PATH, docs());
    OpenApiBuilder::new().info(info).paths(paths).components(Some(components())).build()
}

fn components() -> utoipa::openapi::Components {
    let mut schemas = Vec::new();
    add::<ExportRecords>(&mut schemas);
    add::<ExportRecord>(&mut schemas);
    add::<ExportEvent>(&mut schemas);
    add::<Camera>(&mut schemas);
    add::<Preview>(&mut schemas);
    add::<CameraCount>(&mut schemas);
    add::<IngestResult>(&mut schemas);
    add::<Problem<'_>>(&mut schemas);
    let cookie = ApiKeyValue::with_description(
        "motion-export",
        "The session of a browser. Over https, its name is __Host-motion-export.",
    );
    ComponentsBuilder::new()
        .schemas_from_iter(schemas)
        .security_scheme("token", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)))
        .security_scheme("token_as_password", SecurityScheme::Http(Http::new(HttpAuthScheme::Basic)))
        .security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)))
        .build()
}

type Schemas = Vec<(String, RefOr<Schema>)>;

/// Adds the schema of a type and those of the types that it contains.
fn add<T: ToSchema>(schemas: &mut Schemas) {
    schemas.push((T::name().into_owned(), T::schema()));
    T::schemas(schemas);
}

fn reference<T: ToSchema>() -> RefOr<Schema> {
    Ref::from_schema_name(T::name()).into()
}

/// Returns an operation for a session or a token, with the errors that all such operations can return.
fn operation(id: &str, summary: &str, description: &str) -> OperationBuilder {
    let errors = [
        ErrorCode::InvalidParameter,
        ErrorCode::Unauthenticated,
        ErrorCode::Misdirected,
        ErrorCode::Internal,
        ErrorCode::Unavailable,
    ];
    let operation =
        ["token", "token_as_password", "session"].into_iter().fold(public(id, summary, description), |op, name| {
            op.security(SecurityRequirement::new(name, std::iter::empty::<String>()))
        });
    with_errors(operation, &errors)
}

/// Returns a public operation.
fn public(id: &str, summary: &str, description: &str) -> OperationBuilder {
    OperationBuilder::new().operation_id(Some(id)).summary(Some(summary)).description(Some(description))
}

/// Adds a response for the status of each of these errors.
fn with_errors(operation: OperationBuilder, codes: &[ErrorCode]) -> OperationBuilder {
    codes.iter().fold(operation, |operation, code| {
        let content = ContentBuilder::new().schema(Some(reference::<Problem<'_>>())).build();
        let response = ResponseBuilder::new().description(code.title()).content(PROBLEM, content).build();
        operation.response(code.status().to_string(), response)
    })
}

fn with_json<T: ToSchema>(operation: OperationBuilder, description: &str) -> OperationBuilder {
    with_schema(operation, description, reference::<T>())
}

fn with_schema(operation: OperationBuilder, description: &str, schema: RefOr<Schema>) -> OperationBuilder {
    let content = ContentBuilder::new().schema(Some(schema)).build();
    operation.response("200", ResponseBuilder::new().description(description).content(JSON, content).build())
}

fn export() -> PathItem {
    let about = "The file of a selection. The response ends normally only after the last event was sent and the record says \
                 that the file is complete. If the connection breaks, the file is incomplete. The headers of the response \
                 have the names of the file and of its record.";
    let text = ObjectBuilder::new().schema_type(Type::String).build();
    let header = |about: &str| HeaderBuilder::new().schema(Some(text.clone())).description(Some(about)).build();
    let csv = ContentBuilder::new().schema(Some(text.clone())).build();
    let file = ResponseBuilder::new()
        .description("The file, in UTF-8, with CRLF line ends.")
        .content(CSV, csv)
        .header("Content-Disposition", header("The name of the file."))
        .header(EXPORT_ID_HEADER, header("The id of the export's record."))
        .header(
            "X-Export-Deleted-To",
            header(
                "The time before which events of a selected camera were deleted; only events that a hold keeps are older. \
                 Missing if none were deleted.",
            ),
        )
        .build();
    let get = export_parameters(operation("exportMotionEvents", "Export events as CSV", about)).response("200", file);
    let get = with_errors(
        get,
        &[
            ErrorCode::Forbidden,
            ErrorCode::CameraNotFound,
            ErrorCode::TooManyExports,
            ErrorCode::DatabaseTimeout,
            ErrorCode::HttpVersionNotSupported,
        ],
    );
    PathItem::new(HttpMethod::Get, get)
}

/// Adds the parameters of an export, in the order of [`crate::export_params::PARAMETERS`].
fn export_parameters(operation: OperationBuilder) -> OperationBuilder {
    let date = "A day as YYYY-MM-DD in the time zone; a time as RFC 3339, in the time zone if it has no offset; or relative: \
                -7d, -24h, today, yesterday, this-week, this-month, this-year, last-week, last-month or last-year";
    let text = || ObjectBuilder::new().schema_type(Type::String);
    let format = text().enum_values(Some(["csv"])).build();
    let timezone = text().default(Some(DEFAULT_TIMEZONE.into())).build();
    let camera_ids = ArrayBuilder::new().items(text().build()).build();
    let delimiters = text().enum_values(Some(Delimiter::ALL.map(Delimiter::as_str)));
    let delimiter = delimiters.default(Some(Delimiter::default().as_str().into())).build();
    operation
        .parameter(query_parameter("format", "The format of the file.", format))
        .parameter(query_parameter(
            "start_date",
            &format!("{date}. Included. A period begins with its first day."),
            text().build(),
        ))
        .parameter(query_parameter(
            "end_date",
            &format!("{date}. A day is included, a time is not. A period ends with its last day."),
            text().build(),
        ))
        .parameter(query_parameter(
            "camera_id",
            "The id of a camera. May be repeated. All cameras if left out.",
            camera_ids,
        ))
        .parameter(query_parameter("timezone", "The IANA name of the time zone of days and timestamps.", timezone))
        .parameter(query_parameter(
            "delimiter",
            "What separates the cells. With semicolons, numbers have decimal commas.",
            delimiter,
        ))
        .parameter(query_parameter("bom", "Begin the file with a byte-order mark, for Excel.", flag()))
        .parameter(query_parameter("raw", "Write cells without the guard against spreadsheet formulas.", flag()))
        .parameter(query_parameter(
            "excel_date",
            "Put a column of local time first, which Excel reads as a date.",
            flag(),
        ))
}

fn ingest() -> PathItem {
    let about = "Stores events. Only a token that was created to send events can be used, and it opens nothing else. Each event \
                 is judged by itself: if some are refused, the others are stored, and the status is 422 with `accepted`, \
                 `duplicate`, `rejected` and `rejected_count` in the problem. With status 200, all events are committed. Sending \
                 events again is always safe. A request has at most 1,000 events and 1 MB, which may be compressed with gzip.";
    let post = public("sendMotionEvents", "Send events", about);
    let post = ["token", "token_as_password"]
        .into_iter()
        .fold(post, |post, name| post.security(SecurityRequirement::new(name, std::iter::empty::<String>())));
    let event: RefOr<Schema> = event_schema().into();
    let list: RefOr<Schema> = Schema::Array(ArrayBuilder::new().items(event.clone()).build()).into();
    let wrapped = ObjectBuilder::new().property("events", list.clone()).required("events").build();
    let body = OneOfBuilder::new().item(event.clone()).item(list).item(wrapped).build();
    let content = |schema: RefOr<Schema>| ContentBuilder::new().schema(Some(schema)).build();
    let body = RequestBodyBuilder::new()
        .description(Some("One event or several."))
        .required(Some(Required::True))
        .content(JSON, content(Schema::OneOf(body).into()))
        .content("application/x-ndjson", content(event.clone()))
        .content("application/x-www-form-urlencoded", content(event))
        .build();
    PathItem::new(HttpMethod::Post, ingested(post.request_body(Some(body))))
}

fn hook() -> PathItem {
    let about = "Stores the events of a webhook of UniFi Protect or Shinobi, or events as `sendMotionEvents` takes them. For \
                 senders that cannot set headers: the token is in the address.";
    let secret = ParameterBuilder::new()
        .name("secret")
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .description(Some("A token that was created to send events."))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String).build()))
        .build();
    let any = ContentBuilder::new().schema(Some(ObjectBuilder::new().schema_type(Type::Object).build())).build();
    let body = RequestBodyBuilder::new().required(Some(Required::True)).content(JSON, any).build();
    let post = public("sendWebhook", "Send a webhook", about).parameter(secret).request_body(Some(body));
    PathItem::new(HttpMethod::Post, ingested(post))
}

/// Adds the responses of an operation that stores events.
fn ingested(operation: OperationBuilder) -> OperationBuilder {
    let operation = with_json::<IngestResult>(operation, "All events are stored.");
    with_errors(
        operation,
        &[
            ErrorCode::InvalidBody,
            ErrorCode::Unauthenticated,
            ErrorCode::Forbidden,
            ErrorCode::RequestTimeout,
            ErrorCode::TooLarge,
            ErrorCode::UnsupportedMediaType,
            ErrorCode::EventsRejected,
            ErrorCode::TooManyRequests,
            ErrorCode::Internal,
            ErrorCode::Unavailable,
        ],
    )
}

fn event_schema() -> Schema {
    let about = |field: &str| match field {
        "id" => "The event's id at its sender. Without one, events that are equal in everything are one event.",
        "timestamp" => "RFC 3339 with an offset, or seconds, milliseconds or microseconds since 1970.",
        "camera_id" => "The id of the camera. It is created if the token is an administrator's.",
        "camera_name" => "The name of a camera that has none yet.",
        "confidence" => "0 to 100.",
        "algorithm" => "The name of the detector.",
        "x" | "y" => "The upper left corner of the bounding box, in pixels.",
        "width" | "height" => "The size of the bounding box, in pixels.",
        "zone_id" => "The detection zone.",
        _ => "The centre of the bounding box, in place of x or y.",
    };
    let event = FIELDS.into_iter().fold(ObjectBuilder::new(), |event, field| {
        let kinds = SchemaType::from_iter([Type::String, Type::Number, Type::Null]);
        let value = ObjectBuilder::new().schema_type(kinds).description(Some(about(field))).build();
        event.property(field, value)
    });
    let none = AdditionalProperties::FreeForm(false);
    Schema::Object(event.required("timestamp").required("camera_id").additional_properties(Some(none)).build())
}

fn records() -> PathItem {
    let text = || ObjectBuilder::new().schema_type(Type::String).build();
    let limit = ObjectBuilder::new()
        .schema_type(Type::Integer)
        .minimum(Some(1))
        .maximum(Some(u32::try_from(MAX_LIMIT).unwrap_or(u32::MAX)))
        .build();
    let get = record_parameters(operation(
        "listExports",
        "List export records",
        "The export records, newest first. Administrators get those of all users, others get their own.",
    ))
    .parameter(query_parameter("limit", "The maximum number of records.", limit))
    .parameter(query_parameter("before", "`next` of the previous page.", text()));
    PathItem::new(HttpMethod::Get, with_json::<ExportRecords>(get, "The records."))
}

/// Adds the parameters that select export records, in the order of [`crate::server::export::records::PARAMETERS`].
fn record_parameters(operation: OperationBuilder) -> OperationBuilder {
    let text = || ObjectBuilder::new().schema_type(Type::String).build();
    let states = ArrayBuilder::new().items(State::schema()).build();
    let digest = ObjectBuilder::new().schema_type(Type::String).pattern(Some("^[0-9A-Fa-f]{64}$")).build();
    let timezone = ObjectBuilder::new().schema_type(Type::String).default(Some(DEFAULT_TIMEZONE.into())).build();
    operation
        .parameter(query_parameter("state", "Only exports in this state. May be repeated.", states))
        .parameter(query_parameter("user", "Only exports of this user.", text()))
        .parameter(query_parameter("mine", "Only the caller's own exports.", flag()))
        .parameter(query_parameter("camera_id", "Only exports of this camera or of all cameras.", text()))
        .parameter(query_parameter("start_date", "Only exports that started on or after this day or time.", text()))
        .parameter(query_parameter(
            "end_date",
            "Only exports that started on or before this day, or before this time.",
            text(),
        ))
        .parameter(query_parameter("timezone", "The IANA name of the time zone of these days.", timezone))
        .parameter(query_parameter("sha256", "Only exports of a file with this SHA-256.", digest))
        .parameter(query_parameter("file_name", "Only exports whose file had this name.", text()))
}

fn history_csv() -> PathItem {
    let about = "The export records as CSV, newest first, with times in the time zone. Administrators get those of all users, \
                 others get their own. If the connection breaks, the file is incomplete.";
    let text = ObjectBuilder::new().schema_type(Type::String).build();
    let csv = ContentBuilder::new().schema(Some(text)).build();
    let file = ResponseBuilder::new().description("The file, in UTF-8, with CRLF line ends.").content(CSV, csv).build();
    let get = record_parameters(operation("exportHistory", "Export the history as CSV", about))
        .parameter(query_parameter(
            "delimiter",
            "What separates the cells.",
            ObjectBuilder::new()
                .schema_type(Type::String)
                .enum_values(Some(Delimiter::ALL.map(Delimiter::as_str)))
                .default(Some(Delimiter::default().as_str().into()))
                .build(),
        ))
        .parameter(query_parameter("bom", "Begin the file with a byte-order mark, for Excel.", flag()))
        .response("200", file);
    PathItem::new(HttpMethod::Get, with_errors(get, &[ErrorCode::Forbidden, ErrorCode::HttpVersionNotSupported]))
}

fn export_events() -> PathItem {
    let about = "A stream of server-sent events. The first is `snapshot`: the running exports that the caller may see, and the \
                 caller's last ones. `update` has exports that have started, progressed or ended. The data of both is a list \
                 of `ExportEvent`, as JSON. The stream ends with the access of the caller and when the server stops.";
    let list = ArrayBuilder::new().items(reference::<ExportEvent>()).build();
    let content = ContentBuilder::new().schema(Some(Schema::Array(list))).build();
    let stream = ResponseBuilder::new().description("The stream.").content(EVENTS, content).build();
    let get = operation("followExports", "Follow exports", about).response("200", stream);
    PathItem::new(HttpMethod::Get, with_errors(get, &[ErrorCode::TooManyStreams]))
}

fn cancel() -> PathItem {
    let about = "Cancels a running export of the caller; administrators can cancel those of all users. The connection of the \
                 file breaks. Cancelling a cancelled export again changes nothing.";
    let post = with_json::<ExportRecord>(
        operation("cancelExport", "Cancel an export", about).parameter(export_id()),
        "The record. The export is cancelled.",
    );
    let content = ContentBuilder::new().schema(Some(reference::<ExportRecord>())).build();
    let about = "The record. Another server runs the export, and cancels it within some seconds.";
    let post = post.response("202", ResponseBuilder::new().description(about).content(JSON, content).build());
    let errors = [ErrorCode::Forbidden, ErrorCode::ExportNotFound, ErrorCode::ExportEnded];
    PathItem::new(HttpMethod::Post, with_errors(post, &errors))
}

fn export_id() -> Parameter {
    let id = ObjectBuilder::new().schema_type(Type::String).format(Some(SchemaFormat::Custom("uuid".to_owned())));
    ParameterBuilder::new()
        .name("id")
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .description(Some("The value of the export's header `X-Export-Id`."))
        .schema(Some(id.build()))
        .build()
}

fn record() -> PathItem {
    let get = operation("getExport", "Get an export record", "The record of one export.").parameter(export_id());
    PathItem::new(
        HttpMethod::Get,
        with_errors(with_json::<ExportRecord>(get, "The record."), &[ErrorCode::ExportNotFound]),
    )
}

fn cameras() -> PathItem {
    let get = operation(
        "listCameras",
        "List cameras",
        "The cameras that the caller can see. Those that no longer exist come last.",
    );
    let list = ArrayBuilder::new().items(reference::<Camera>()).build();
    PathItem::new(HttpMethod::Get, with_schema(get, "The cameras.", Schema::Array(list).into()))
}

fn preview() -> PathItem {
    let get =
        selection(operation("previewExport", "Preview an export", "What the export of a selection would contain."));
    PathItem::new(HttpMethod::Get, with_json::<Preview>(get, "What it would contain."))
}

fn camera_counts() -> PathItem {
    let get =
        selection(operation("countCameras", "Count events by camera", "The events of each camera in a selection."));
    let list = ArrayBuilder::new().items(reference::<CameraCount>()).build();
    PathItem::new(HttpMethod::Get, with_schema(get, "The cameras that have events.", Schema::Array(list).into()))
}

fn openapi() -> PathItem {
    let any = ObjectBuilder::new().schema_type(Type::Object).build();
    let get = public("describeApi", "Describe the API", "This description.");
    let get = with_errors(
        with_schema(get, "This description.", any.into()),
        &[ErrorCode::InvalidParameter, ErrorCode::Misdirected],
    );
    PathItem::new(HttpMethod::Get, get)
}

fn docs() -> PathItem {
    let html = ContentBuilder::new().schema(Some(ObjectBuilder::new().schema_type(Type::String).build())).build();
    let page = ResponseBuilder::new().description("The page.").content("text/html; charset=utf-8", html).build();
    let get = public("showApi", "Show the API", "This description, as a page.").response("200", page);
    PathItem::new(HttpMethod::Get, with_errors(get, &[ErrorCode::InvalidParameter, ErrorCode::Misdirected]))
}

/// Adds the parameter of an operation on a selection.
fn selection(operation: OperationBuilder) -> OperationBuilder {
    let text = ObjectBuilder::new().schema_type(Type::String).build();
    let about = "The selection: the query string of its export, encoded as a value.";
    let operation = operation.parameter(query_parameter("query", about, text));
    with_errors(operation, &[ErrorCode::CameraNotFound, ErrorCode::DatabaseTimeout])
}

fn query_parameter(name: &str, description: &str, schema: impl Into<RefOr<Schema>>) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Query)
        .required(Required::False)
        .description(Some(description))
        .schema(Some(schema))
        .build()
}

fn flag() -> utoipa::openapi::Object {
    ObjectBuilder::new().schema_type(Type::Boolean).default(Some(false.into())).build()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export_params;
    use crate::server::export::records;

    fn parameters_of(path: &str) -> Vec<String> {
        let description = serde_json::to_value(description()).expect("JSON");
        let parameters = description["paths"][path]["get"]["parameters"].as_array().expect("parameters");
        parameters.iter().map(|parameter| parameter["name"].as_str().expect("a name").to_owned()).collect()
    }

    #[test]
    fn every_parameter_of_exports_and_records_is_described() {
        assert_eq!(parameters_of(EXPORT_PATH), export_params::PARAMETERS);
        assert_eq!(parameters_of(EXPORTS_PATH), records::PARAMETERS);
        assert_eq!(parameters_of(HISTORY_CSV_PATH), records::history_csv::PARAMETERS);
    }

    #[test]
    fn every_referenced_schema_exists() {
        let description = serde_json::to_value(description()).expect("JSON");
        let text = description.to_string();
        for name in text.split("\"#/components/schemas/").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(description["components"]["schemas"][name].is_object(), "{name}");
        }
    }
}
