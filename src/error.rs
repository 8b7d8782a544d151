//! `ApiError`: the one error that crosses the wire, for the export route and for server functions alike.
//! It knows nobody. How it becomes an HTTP answer is told in `web::error_response`, and its sentences are in `messages`.

use leptos::server_fn::codec::JsonEncoding;
use leptos::server_fn::error::{FromServerFnError, ServerFnErrorErr};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::messages::Message;
use crate::messages::transport::TransportMessage;

/// What went wrong, as a word that a program can compare. The words never change their meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// A query parameter cannot be understood; `field` names it. HTTP 400.
    InvalidParameter,
    /// The request is not what HTTP allows, such as one with two hosts. HTTP 400.
    BadRequest,
    /// The request did not come in time. HTTP 408.
    RequestTimeout,
    /// Nobody that we know asks: no session, token or link, or one that does not work. HTTP 401.
    Unauthenticated,
    /// The browser does not keep cookies of this server. HTTP 400.
    CookieRefused,
    /// Whoever asks may not do this. HTTP 403.
    Forbidden,
    /// There is no such camera, or not for the one who asks: both look the same. HTTP 404.
    CameraNotFound,
    /// There is no such user. HTTP 404.
    UserNotFound,
    /// There is no such access token, or it is somebody else's. HTTP 404.
    TokenNotFound,
    /// There is no such page or route. HTTP 404.
    NotFound,
    /// The route is there, but does not take this method. HTTP 405.
    MethodNotAllowed,
    /// What was sent is longer than can be taken in. HTTP 413.
    TooLarge,
    /// The request was made for another host name than one of this machine's. HTTP 421.
    Misdirected,
    /// There is no such export record, or it is somebody else's. HTTP 404.
    ExportNotFound,
    /// Somebody tries too often to sign in. HTTP 429, with the time to wait.
    TooManyAttempts,
    /// Somebody has as many exports running as one may. HTTP 429, with the time to wait.
    TooManyExports,
    /// The database did not answer in time, and was told to stop. HTTP 504.
    DatabaseTimeout,
    /// The client speaks a version of HTTP that cannot tell a whole file from a cut one. HTTP 505.
    HttpVersionNotSupported,
    /// The database is away, or the server has too much to do or is being stopped. HTTP 503; trying again later may help.
    Unavailable,
    /// A fault of the server; its log has the reason, under the request id. HTTP 500.
    Internal,
}

impl ErrorCode {
    /// The HTTP status code of an answer with this error.
    pub fn status(self) -> u16 {
        match self {
            Self::InvalidParameter | Self::BadRequest | Self::CookieRefused => 400,
            Self::RequestTimeout => 408,
            Self::Unauthenticated => 401,
            Self::Forbidden => 403,
            Self::CameraNotFound | Self::UserNotFound | Self::TokenNotFound | Self::ExportNotFound | Self::NotFound => {
                404
            }
            Self::MethodNotAllowed => 405,
            Self::TooLarge => 413,
            Self::Misdirected => 421,
            Self::TooManyAttempts | Self::TooManyExports => 429,
            Self::DatabaseTimeout => 504,
            Self::HttpVersionNotSupported => 505,
            Self::Unavailable => 503,
            Self::Internal => 500,
        }
    }

    /// A short heading for people: the `title` of RFC 9457.
    pub fn title(self) -> &'static str {
        match self {
            Self::InvalidParameter => "Invalid parameter",
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
            Self::ExportNotFound => "Export not found",
            Self::TooManyAttempts => "Too many attempts",
            Self::TooManyExports => "Too many exports",
            Self::DatabaseTimeout => "Database timeout",
            Self::HttpVersionNotSupported => "HTTP version not supported",
            Self::Unavailable => "Temporarily unavailable",
            Self::Internal => "Internal error",
        }
    }
}

/// An error as the client sees it: RFC 9457 members, less those that follow from `code`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiError {
    /// What went wrong, for programs.
    pub code: ErrorCode,
    /// What went wrong and what would be right, in English.
    pub detail: String,
    /// The same as a message, for programs, and in the language of the request for people.
    pub message: Box<Message>,
    /// The query parameter at fault, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// What to quote to the operator: the log lines of this request carry the same id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Why, for the log and for commands. Clients are not sent it.
    #[serde(skip)]
    pub reason: Option<String>,
    /// After how many seconds trying again may help: `Retry-After`, where that is known.
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

    /// A fault of the server. The reason belongs in the log.
    pub fn internal() -> Self {
        Self::new(ErrorCode::Internal, TransportMessage::Internal)
    }

    /// Returns the error for a query parameter or form field. `message` says what would be right.
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
            // The raw text is for whoever debugs, and is never sent.
            other => Self { reason: Some(other.to_string()), ..Self::internal() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_function_could_not_do_is_not_told_to_its_client() {
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
