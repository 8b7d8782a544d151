//! `ApiError`: the error of the API, for the export route and for server functions alike. `web::error_response`
//! converts it to an HTTP response, and its sentences are in `messages`.

use leptos::server_fn::codec::JsonEncoding;
use leptos::server_fn::error::{FromServerFnError, ServerFnErrorErr};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::ToSchema;

use crate::messages::Message;
use crate::messages::transport::TransportMessage;

/// The code of an error, for programs. Codes never change their meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum ErrorCode {
    /// A query parameter or form field is invalid; `field` names it. HTTP 400.
    InvalidParameter,
    /// The body of a request to the ingest endpoint cannot be parsed; nothing was stored. HTTP 400.
    InvalidBody,
    /// The request is not valid HTTP, for example because it has two hosts. HTTP 400.
    BadRequest,
    /// The request did not arrive in time. HTTP 408.
    RequestTimeout,
    /// No valid session, token or signed URL. HTTP 401.
    Unauthenticated,
    /// The browser does not keep cookies of this server. HTTP 400.
    CookieRefused,
    /// The user may not do this. HTTP 403.
    Forbidden,
    /// The camera does not exist, or the user may not see it; the response is the same. HTTP 404.
    CameraNotFound,
    /// The user does not exist. HTTP 404.
    UserNotFound,
    /// The access token does not exist, or it is another user's. HTTP 404.
    TokenNotFound,
    /// The page or route does not exist. HTTP 404.
    NotFound,
    /// The route does not support this method. HTTP 405.
    MethodNotAllowed,
    /// The request is too long. HTTP 413.
    TooLarge,
    /// The request names another host. HTTP 421.
    Misdirected,
    /// The body has a type or an encoding that the endpoint does not take. HTTP 415, with the types in `Accept-Post`.
    UnsupportedMediaType,
    /// Some of the sent events were refused, and the others are stored. HTTP 422, with `rejected`.
    EventsRejected,
    /// The export record does not exist, or it is another user's. HTTP 404.
    ExportNotFound,
    /// The export has ended, so it cannot be cancelled; or it was cancelled before its file began. HTTP 409.
    ExportEnded,
    /// Another file is being uploaded or imported. HTTP 409.
    ImportRunning,
    /// There were too many sign-in attempts. HTTP 429, with the time to wait.
    TooManyAttempts,
    /// The user has the maximum number of exports running. HTTP 429, with the time to wait.
    TooManyExports,
    /// The user has the maximum number of event streams open. HTTP 429, with the time to wait.
    TooManyStreams,
    /// A token sent too many requests. HTTP 429, with the time to wait.
    TooManyRequests,
    /// The database did not answer in time, and the query was cancelled. HTTP 504.
    DatabaseTimeout,
    /// The client uses a version of HTTP in which a truncated file looks complete. HTTP 505.
    HttpVersionNotSupported,
    /// The database is unavailable, or the server is overloaded or shutting down. HTTP 503; a retry later may help.
    Unavailable,
    /// An internal error; the log has the reason, under the request id. HTTP 500.
    Internal,
}

impl ErrorCode {
    /// Each code with its name on the wire and its HTTP status, in the order of the variants.
    pub const ALL: [(Self, &'static str, u16); 27] = [
        (Self::InvalidParameter, "invalid_parameter", 400),
        (Self::InvalidBody, "invalid_body", 400),
        (Self::BadRequest, "bad_request", 400),
        (Self::RequestTimeout, "request_timeout", 408),
        (Self::Unauthenticated, "unauthenticated", 401),
        (Self::CookieRefused, "cookie_refused", 400),
        (Self::Forbidden, "forbidden", 403),
        (Self::CameraNotFound, "camera_not_found", 404),
        (Self::UserNotFound, "user_not_found", 404),
        (Self::TokenNotFound, "token_not_found", 404),
        (Self::NotFound, "not_found", 404),
        (Self::MethodNotAllowed, "method_not_allowed", 405),
        (Self::TooLarge, "too_large", 413),
        (Self::Misdirected, "misdirected", 421),
        (Self::UnsupportedMediaType, "unsupported_media_type", 415),
        (Self::EventsRejected, "events_rejected", 422),
        (Self::ExportNotFound, "export_not_found", 404),
        (Self::ExportEnded, "export_ended", 409),
        (Self::ImportRunning, "import_running", 409),
        (Self::TooManyAttempts, "too_many_attempts", 429),
        (Self::TooManyExports, "too_many_exports", 429),
        (Self::TooManyStreams, "too_many_streams", 429),
        (Self::TooManyRequests, "too_many_requests", 429),
        (Self::DatabaseTimeout, "database_timeout", 504),
        (Self::HttpVersionNotSupported, "http_version_not_supported", 505),
        (Self::Unavailable, "unavailable", 503),
        (Self::Internal, "internal", 500),
    ];

    /// Returns the name on the wire.
    pub fn as_str(self) -> &'static str {
        Self::ALL[self as usize].1
    }

    /// Returns the HTTP status code of a response with this error.
    pub fn status(self) -> u16 {
        Self::ALL[self as usize].2
    }

    /// Returns a short heading: the `title` of RFC 9457.
    pub fn title(self) -> &'static str {
        match self {
            Self::InvalidParameter => "Invalid parameter",
            Self::InvalidBody => "Invalid body",
            Self::BadRequest => "Bad request",
            Self::RequestTimeout => "Request timeout",
            Self::Unauthenticated => "Not signed in",
            Self::CookieRefused => "Cookie not kept",
            Self::Forbidden => "Not allowed",
            Self::CameraNotFound => "Camera not found",
            Self::UserNotFound => "User not found",
            Self::TokenNotFound => "Access token not found",
            Self::NotFound => "Not found",
            Self::MethodNotAllowed => "Method not allowed",
            Self::TooLarge => "Too large",
            Self::Misdirected => "Misdirected request",
            Self::UnsupportedMediaType => "Unsupported media type",
            Self::EventsRejected => "Events rejected",
            Self::ExportNotFound => "Export not found",
            Self::ExportEnded => "Export ended",
            Self::ImportRunning => "Another import is running",
            Self::TooManyAttempts => "Too many attempts",
            Self::TooManyExports => "Too many exports",
            Self::TooManyStreams => "Too many streams",
            Self::TooManyRequests => "Too many requests",
            Self::DatabaseTimeout => "Database timeout",
            Self::HttpVersionNotSupported => "HTTP version not supported",
            Self::Unavailable => "Temporarily unavailable",
            Self::Internal => "Internal error",
        }
    }
}

// Derived ones would be several times as large in the WASM.
impl Serialize for ErrorCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for ErrorCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        let found = Self::ALL.iter().find(|(_, known, _)| *known == name);
        found.map(|(code, ..)| *code).ok_or_else(|| D::Error::custom("unknown code"))
    }
}

/// An error as the client sees it: the members of RFC 9457, except those that follow from `code`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiError {
    /// The code, for programs.
    pub code: ErrorCode,
    /// What is wrong and what is expected, in English.
    pub detail: String,
    /// The same as a message: for programs, and in the language of the request for users.
    pub message: Box<Message>,
    /// The invalid query parameter or form field, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// The id to quote to the operator: the log lines of this request have the same one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// The reason, for the log and for commands. It is not sent to clients.
    #[serde(skip)]
    pub reason: Option<String>,
    /// The seconds after which a retry may help, if known: `Retry-After`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_seconds: Option<u32>,
}

impl ApiError {
    /// Returns an error without a field.
    pub fn new(code: ErrorCode, message: impl Into<Message>) -> Self {
        let message = Box::new(message.into());
        let detail = message.text.clone();
        Self { code, detail, message, field: None, request_id: None, reason: None, retry_after_seconds: None }
    }

    /// Returns the error of an internal fault. The reason belongs in the log.
    pub fn internal() -> Self {
        Self::new(ErrorCode::Internal, TransportMessage::Internal)
    }

    /// Returns whether the client has no valid session, token or signed URL.
    pub fn is_unauthenticated(&self) -> bool {
        self.code == ErrorCode::Unauthenticated
    }

    /// Returns the error for a query parameter or form field. `message` says what is expected.
    pub fn invalid(field: &str, message: impl Into<Message>) -> Self {
        Self { field: Some(field.to_owned()), ..Self::new(ErrorCode::InvalidParameter, message) }
    }
}

impl std::fmt::Display for ApiError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.field {
            Some(field) => write!(f, "{field}: {}", self.detail),
            None => f.write_str(&self.detail),
        }
    }
}

impl std::error::Error for ApiError {}

impl FromServerFnError for ApiError {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            ServerFnErrorErr::Request(_) => Self::new(ErrorCode::Unavailable, TransportMessage::ServerUnreachable),
            ServerFnErrorErr::Args(reason) | ServerFnErrorErr::MissingArg(reason) => {
                Self::new(ErrorCode::InvalidParameter, TransportMessage::BadArguments { reason })
            }
            // The raw text is for debugging, and is never sent.
            other => Self { reason: Some(other.to_string()), ..Self::internal() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_has_its_row_and_is_read_by_its_name() {
        for (index, (code, name, status)) in ErrorCode::ALL.into_iter().enumerate() {
            assert_eq!((code as usize, code.as_str(), code.status()), (index, name, status));
            let json = serde_json::to_string(&code).expect("JSON");
            assert_eq!(json, format!("\"{name}\""));
            assert_eq!(serde_json::from_str::<ErrorCode>(&json).expect("a code"), code);
        }
        assert!(serde_json::from_str::<ErrorCode>("\"no\"").is_err());
    }

    #[test]
    fn the_reason_of_a_failed_server_function_is_not_sent_to_its_client() {
        let raw = "error from somewhere below";
        for error in [
            ServerFnErrorErr::Deserialization(raw.to_owned()),
            ServerFnErrorErr::Serialization(raw.to_owned()),
            ServerFnErrorErr::ServerError(raw.to_owned()),
            ServerFnErrorErr::Response(raw.to_owned()),
        ] {
            let error = ApiError::from_server_fn_error(error);
            assert_eq!((error.code, &error.detail), (ErrorCode::Internal, &ApiError::internal().detail));
            assert!(!error.detail.contains(raw), "{error}");
        }
    }
}
