//! One export as a whole: checked parameters in, chunks of the file out. Whoever pulls the chunks decides the pace; no
//! database connection is held between two of them. The end is `None`, after the last row and never before.

use std::collections::HashMap;
use std::num::NonZeroU32;

use bytes::Bytes;
use sea_orm::{DatabaseConnection, DbErr, EntityTrait};

use super::csv::{EncodeError, Encoder};
use super::pages::{Pages, Row};
use super::query::Filter;
use super::zone::Zone;
use crate::error::{ApiError, ErrorCode};
use crate::export::{BYTE_ORDER_MARK, ExportParams, file_name};
use crate::server::entity::camera;

/// Why an export cannot begin, or cannot go on.
#[derive(Debug)]
pub enum ExportError {
    /// The client asked for something that there is not.
    Refused(ApiError),
    /// The database cannot answer, or answers with something unreadable.
    Database(DbErr),
    /// A row cannot be written.
    Encode(EncodeError),
}

impl std::fmt::Display for ExportError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Refused(error) => error.fmt(f),
            Self::Database(error) => error.fmt(f),
            Self::Encode(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ExportError {}

impl From<ApiError> for ExportError {
    fn from(error: ApiError) -> Self {
        Self::Refused(error)
    }
}

impl From<DbErr> for ExportError {
    fn from(error: DbErr) -> Self {
        Self::Database(error)
    }
}

impl From<EncodeError> for ExportError {
    fn from(error: EncodeError) -> Self {
        Self::Encode(error)
    }
}

/// An export that has been checked and can be pulled, chunk by chunk.
#[derive(Debug)]
pub struct Export {
    /// What the file is called.
    pub file_name: String,
    /// How many events are in the chunks given out so far.
    pub rows: u64,
    database: DatabaseConnection,
    pages: Pages,
    encoder: Encoder,
    /// The bytes before the first row, until they are given out.
    head: Option<Vec<u8>>,
    /// The size of the last chunk, in bytes: the next one will be about as large.
    chunk_bytes: usize,
}

impl Export {
    /// Checks the parameters against time zones and cameras. No event is read yet.
    ///
    /// # Errors
    /// `Refused` for a zone or a camera that there is not, or a range that ends before it begins.
    pub async fn begin(
        database: DatabaseConnection,
        params: ExportParams,
        page_rows: NonZeroU32,
    ) -> Result<Self, ExportError> {
        let zone = Zone::parse(&params.timezone)?;
        let interval = zone.interval(&params.range)?;
        let local_day = |bound| zone.day_of_bound(bound);
        let file_name = file_name(params.range.start().map(local_day), params.range.end().map(local_day));

        let cameras = camera_names(&database).await?;
        if let Some(unknown) = params.camera_ids.iter().find(|id| !cameras.contains_key(*id)) {
            return Err(no_such_camera(unknown).into());
        }

        let mut head = if params.bom { BYTE_ORDER_MARK.to_vec() } else { Vec::new() };
        head.extend(Encoder::header()?);
        let filter = Filter { interval, camera_ids: params.camera_ids };
        Ok(Self {
            file_name,
            rows: 0,
            pages: Pages::new(database.clone(), filter, page_rows),
            database,
            encoder: Encoder { zone, raw: params.raw, camera_names: cameras },
            head: Some(head),
            chunk_bytes: 0,
        })
    }

    /// The next bytes of the file; `None` once it is whole.
    ///
    /// # Errors
    /// Where a page cannot be read or written. The file is broken then, and must not end as if it were whole.
    pub async fn next_chunk(&mut self) -> Result<Option<Bytes>, ExportError> {
        let page = self.pages.next().await?;
        let mut bytes = self.head.take().unwrap_or_default();
        let Some(page) = page else {
            return Ok(None);
        };
        self.learn_new_cameras(&page).await?;
        bytes.reserve(self.chunk_bytes);
        let bytes = self.encoder.rows(&page, bytes)?;
        self.rows += page.len() as u64;
        self.chunk_bytes = bytes.len();
        // The rows may have ended exactly with the page before.
        Ok(if bytes.is_empty() { None } else { Some(bytes.into()) })
    }

    /// Looks names up again where a camera came after the export began.
    async fn learn_new_cameras(&mut self, page: &[Row]) -> Result<(), DbErr> {
        if page.iter().any(|row| !self.encoder.camera_names.contains_key(&row.camera_id)) {
            self.encoder.camera_names = camera_names(&self.database).await?;
        }
        Ok(())
    }
}

/// What each camera is called in the file, by id.
async fn camera_names(database: &DatabaseConnection) -> Result<HashMap<String, String>, DbErr> {
    let cameras = camera::Entity::find().all(database).await?;
    Ok(cameras
        .into_iter()
        .map(|camera| {
            let name = camera.name.unwrap_or_else(|| camera.id.clone());
            (camera.id, name)
        })
        .collect())
}

fn no_such_camera(id: &str) -> ApiError {
    ApiError {
        field: Some("camera_id".to_owned()),
        ..ApiError::new(
            ErrorCode::CameraNotFound,
            format!("There is no camera “{id}”. Leave camera_id out to export all cameras."),
        )
    }
}
