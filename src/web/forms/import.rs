//! The form that uploads a file to be imported. Its body is streamed to the disk.

use axum::body::Body;
use axum::extract::multipart::{Field, MultipartError};
use axum::extract::{DefaultBodyLimit, FromRequest, Multipart, Request, State};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_LENGTH;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{MethodRouter, post};

use super::form::{filled_in, refuse};
use crate::api::paths::IMPORT_PATH;
use crate::error::{ApiError, ErrorCode};
use crate::messages::import::UploadMessage;
use crate::messages::requests::RequestMessage;
use crate::server::accounts::principal;
use crate::server::ingest::upload::{Options, Upload};
use crate::server::state::AppState;
use crate::web::listener::exchange::{BodyPace, BodyTimeout};

/// The maximum size of a field besides the file, in bytes.
const MAX_FIELD_BYTES: usize = 4_096;

/// Returns the method router of the form. `render` renders its page.
pub fn upload_form<R, F>(render: R) -> MethodRouter<AppState>
where
    R: Fn(Request<Body>) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response> + Send,
{
    // The upload has a limit of its own.
    post(async move |State(state): State<AppState>, request: Request| {
        let (parts, body) = request.into_parts();
        let mut form = UploadForm::default();
        match form.receive(&state, &parts, body).await {
            Ok(()) => Redirect::to(IMPORT_PATH).into_response(),
            Err(error) => refuse(&state, &parts, error, filled_in(&form.fields), &render).await,
        }
    })
    .layer(DefaultBodyLimit::disable())
}

/// What was received of the form.
#[derive(Default)]
struct UploadForm {
    /// The fields besides the file.
    fields: Vec<(String, String)>,
}

impl UploadForm {
    /// Receives the file and the other fields, in any order, and begins the import.
    async fn receive(&mut self, state: &AppState, parts: &Parts, body: Body) -> Result<(), ApiError> {
        let user = principal::of(&parts.extensions)?.user;
        // A large file may take longer than other bodies, as long as it arrives.
        if let Some(pace) = parts.extensions.get::<BodyPace>() {
            pace.per_chunk();
        }
        let request = Request::from_parts(parts.clone(), body);
        let multipart = Multipart::from_request(request, state).await;
        let mut multipart = multipart.map_err(|_| ApiError::invalid("file", UploadMessage::NoFile))?;
        let received = self.fields(state, &parts.headers, &mut multipart).await;
        if received.is_err() {
            // A browser shows the response only after it has sent its request.
            while let Ok(Some(mut field)) = multipart.next_field().await {
                while let Ok(Some(_)) = field.chunk().await {}
            }
        }
        let upload = received?.ok_or_else(|| ApiError::invalid("file", UploadMessage::NoFile))?;
        upload.finish(&self.options(), user.id).await
    }

    async fn fields(
        &mut self,
        state: &AppState,
        headers: &HeaderMap,
        multipart: &mut Multipart,
    ) -> Result<Option<Upload>, ApiError> {
        let mut upload = None;
        while let Some(field) = multipart.next_field().await.map_err(|error| unread(&error))? {
            let name = field.name().unwrap_or_default().to_owned();
            if name != "file" {
                self.fields.push((name, text(field).await?));
                continue;
            }
            // Without a choice, a browser sends an empty file without a name.
            let Some(file) = field.file_name().filter(|file| !file.is_empty()).map(str::to_owned) else { continue };
            if upload.is_some() {
                return Err(ApiError::invalid("file", UploadMessage::NoFile));
            }
            let begun = state.uploads.begin(&file, declared_length(headers)).await?;
            upload = Some(store(begun, field).await?);
        }
        Ok(upload)
    }

    fn options(&self) -> Options {
        let value = |name: &str| {
            let field = self.fields.iter().find(|(known, _)| known == name);
            field.map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
        };
        Options {
            raw: value("raw") == "true",
            unterminated: value("unterminated") == "true",
            detect: value("detect"),
            camera_prefix: value("camera_prefix"),
        }
    }
}

/// Stores a file as it arrives. If it is refused, nothing of it stays.
async fn store(mut upload: Upload, mut field: Field<'_>) -> Result<Upload, ApiError> {
    // An error of the connection drops the upload.
    while let Some(chunk) = field.chunk().await.map_err(|error| unread(&error))? {
        if let Err(error) = upload.write(&chunk).await {
            upload.refuse();
            return Err(error);
        }
    }
    Ok(upload)
}

async fn text(mut field: Field<'_>) -> Result<String, ApiError> {
    let mut bytes = Vec::new();
    while let Some(chunk) = field.chunk().await.map_err(|error| unread(&error))? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > MAX_FIELD_BYTES {
            return Err(ApiError::invalid("body", RequestMessage::BodyIncomplete));
        }
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn unread(error: &MultipartError) -> ApiError {
    if BodyTimeout::caused(error) {
        return ApiError::new(ErrorCode::RequestTimeout, RequestMessage::RequestTimeout);
    }
    ApiError::invalid("body", RequestMessage::BodyIncomplete)
}

fn declared_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}
