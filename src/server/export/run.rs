//! One export as a whole: checked parameters in, chunks of the file out. Whoever pulls the chunks decides the pace; no
//! database connection is held between two of them. The end is `None`, after the last row and never before.

use std::collections::HashMap;
use std::num::NonZeroU32;

use bytes::Bytes;
use sea_orm::{DatabaseConnection, DbErr, TransactionTrait};

use super::csv::{EncodeError, Encoder};
use super::pages::{Pages, Row};
use super::query::Filter;
use super::zone::Zone;
use crate::error::ApiError;
use crate::export::{BYTE_ORDER_MARK, ExportParams, file_name};
use crate::server::auth::viewer::{Names, SelectError, Viewer};

/// Why an export cannot begin, or cannot go on.
#[derive(Debug)]
pub enum ExportError {
    /// The client asked for something that there is not.
    Refused(ApiError),
    /// The viewer may no longer see what the export is about.
    Revoked,
    /// The database cannot answer, or answers with something unreadable.
    Database(DbErr),
    /// A row cannot be written.
    Encode(EncodeError),
}

impl std::fmt::Display for ExportError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Refused(error) => error.fmt(f),
            Self::Revoked => f.write_str(
                "the right to see these cameras, or the session or token, was taken away while the export ran",
            ),
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

impl From<SelectError> for ExportError {
    fn from(error: SelectError) -> Self {
        match error {
            SelectError::Refused(error) => Self::Refused(error),
            SelectError::Database(error) => Self::Database(error),
        }
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
    viewer: Viewer,
    pages: Pages,
    encoder: Encoder,
    /// The bytes before the first row, until they are given out.
    head: Option<Vec<u8>>,
    /// The size of the last chunk, in bytes: the next one will be about as large.
    chunk_bytes: usize,
}

impl Export {
    /// Checks the parameters against time zones and the viewer's cameras. No event is read yet.
    ///
    /// # Errors
    /// `Refused` for a zone that there is not, a camera that the viewer does not see, or a range that ends before it
    /// begins.
    pub async fn begin(
        database: DatabaseConnection,
        viewer: Viewer,
        params: ExportParams,
        page_rows: NonZeroU32,
    ) -> Result<Self, ExportError> {
        let zone = Zone::parse(&params.timezone)?;
        let interval = zone.interval(&params.range)?;
        let local_day = |bound| zone.day_of_bound(bound);
        let file_name = file_name(params.range.start().map(local_day), params.range.end().map(local_day));

        let (cameras, names) = viewer.select(&database, params.camera_ids).await?;

        let mut head = if params.bom { BYTE_ORDER_MARK.to_vec() } else { Vec::new() };
        head.extend(Encoder::header()?);
        let filter = Filter { interval, cameras };
        Ok(Self {
            file_name,
            rows: 0,
            pages: Pages::new(filter, page_rows),
            database,
            viewer,
            encoder: Encoder { zone, raw: params.raw, camera_names: called(names) },
            head: Some(head),
            chunk_bytes: 0,
        })
    }

    /// The next bytes of the file; `None` once it is whole.
    ///
    /// # Errors
    /// Where a page cannot be read or written. The file is broken then, and must not end as if it were whole.
    pub async fn next_chunk(&mut self) -> Result<Option<Bytes>, ExportError> {
        let page = self.next_page().await?;
        let mut bytes = self.head.take().unwrap_or_default();
        let Some(page) = page else {
            return Ok(None);
        };
        bytes.reserve(self.chunk_bytes);
        let bytes = self.encoder.rows(&page, bytes)?;
        self.rows += page.len() as u64;
        self.chunk_bytes = bytes.len();
        // The rows may have ended exactly with the page before.
        Ok(if bytes.is_empty() { None } else { Some(bytes.into()) })
    }

    /// The next page, with the right to see it and the names that it needs, over one connection, which is given back before
    /// anybody is waited for.
    async fn next_page(&mut self) -> Result<Option<Vec<Row>>, ExportError> {
        let transaction = self.database.begin().await?;
        let page = self.pages.next(&transaction).await?;
        // After the page was read, so that it is not given out where the right went meanwhile.
        if !self.viewer.still_sees(&transaction, self.pages.cameras()).await? {
            return Err(ExportError::Revoked);
        }
        let is_new = |row: &Row| !self.encoder.camera_names.contains_key(&row.camera_id);
        if page.as_ref().is_some_and(|page| page.iter().any(is_new)) {
            // A camera that came after the export began.
            let cameras = self.viewer.cameras(&transaction).await?;
            self.encoder.camera_names = called(cameras.into_iter().map(|camera| (camera.id, camera.name)).collect());
        }
        transaction.commit().await?;
        Ok(page)
    }
}

/// What each camera is called in the file, by id.
fn called(names: Names) -> HashMap<String, String> {
    let called = |(id, name): (String, Option<String>)| {
        let name = name.unwrap_or_else(|| id.clone());
        (id, name)
    };
    names.into_iter().map(called).collect()
}
