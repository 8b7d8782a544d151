//! One export as a whole: checked parameters in, chunks of the file out. Whoever pulls the chunks decides the pace; no
//! database connection is held between two of them. The end is `None`, after the last row and never before.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::time::Duration;

use bytes::Bytes;
use rusqlite::Connection;
use sea_orm::{DatabaseConnection, DbErr, EntityTrait, QueryTrait};
use sha2::{Digest, Sha256};

use super::csv::{EncodeError, Encoder};
use super::encoding::{Compressor, Encoding};
use super::pages::Pages;
use super::query::{Cameras, Filter};
use super::reader::{self, Reader, Turn};
use super::zone::Zone;
use crate::error::ApiError;
use crate::export::{BYTE_ORDER_MARK, ExportParams, file_name};
use crate::server::auth::viewer::{Names, SelectError, Viewer};
use crate::server::entity::camera;

/// A file of which no more than this comes goes as it is: compression has to be worth the while.
const TINY_BYTES: u64 = 1_024;

/// Why an export cannot begin, or cannot go on.
#[derive(Debug)]
pub enum ExportError {
    /// The client asked for something that there is not.
    Refused(ApiError),
    /// The viewer may no longer see what the export is about.
    Revoked,
    /// The database did not give a page in time, and was told to stop looking for it.
    TimedOut(Duration),
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
            Self::TimedOut(limit) => {
                write!(f, "the database gave no page within {} s (export.page_timeout_seconds)", limit.as_secs())
            }
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

/// Where events are read, and how.
#[derive(Clone, Debug)]
pub struct Source {
    /// For rights and names.
    pub database: DatabaseConnection,
    /// For events.
    pub reader: Reader,
    /// How many events are read at once.
    pub page_rows: NonZeroU32,
    /// How long a page may take.
    pub page_timeout: Duration,
}

/// An export that has been checked and can be pulled, chunk by chunk.
#[derive(Debug)]
pub struct Export {
    /// What the file is called.
    pub file_name: String,
    /// How many events are in the chunks given out so far.
    pub rows: u64,
    /// How many bytes of the file are, before any encoding.
    pub bytes: u64,
    /// How the chunks are encoded; settled with the first one.
    pub encoding: Option<Encoding>,
    source: Source,
    viewer: Viewer,
    cameras: Cameras,
    /// What makes the chunks; away while it is at work, and gone after it failed.
    maker: Option<Maker>,
}

/// The part of an export that works on a thread that may wait: pages in, bytes out.
#[derive(Debug)]
struct Maker {
    pages: Pages,
    encoder: Encoder,
    /// The bytes before the first row, until they are given out.
    head: Option<Vec<u8>>,
    /// How the client wants the chunks encoded.
    wanted: Option<Encoding>,
    compressor: Compressor,
    digest: Sha256,
    rows: u64,
    bytes: u64,
    /// The size of the last chunk, in bytes: the next one will be about as large.
    chunk_bytes: usize,
    ended: bool,
}

impl Export {
    /// Checks the parameters against time zones and the viewer's cameras. No event is read yet.
    ///
    /// # Errors
    /// `Refused` for a zone that there is not, a camera that the viewer does not see, or a range that ends before it
    /// begins.
    pub async fn begin(
        source: Source,
        viewer: Viewer,
        params: ExportParams,
        encoding: Option<Encoding>,
    ) -> Result<Self, ExportError> {
        let zone = Zone::parse(&params.timezone)?;
        let interval = zone.interval(&params.range)?;
        let local_day = |bound| zone.day_of_bound(bound);
        let file_name = file_name(params.range.start().map(local_day), params.range.end().map(local_day));

        let (cameras, names) = viewer.select(&source.database, params.camera_ids).await?;

        let mut head = if params.bom { BYTE_ORDER_MARK.to_vec() } else { Vec::new() };
        head.extend(Encoder::header()?);
        let filter = Filter { interval, cameras: cameras.clone() };
        let maker = Maker {
            pages: Pages::new(filter, source.page_rows),
            encoder: Encoder { zone, raw: params.raw, camera_names: called(names) },
            head: Some(head),
            wanted: encoding,
            compressor: Compressor::None,
            digest: Sha256::new(),
            rows: 0,
            bytes: 0,
            chunk_bytes: 0,
            ended: false,
        };
        Ok(Self { file_name, rows: 0, bytes: 0, encoding: None, source, viewer, cameras, maker: Some(maker) })
    }

    /// The next bytes of the file, encoded; `None` once it is whole.
    ///
    /// # Errors
    /// Where a page cannot be read or written, or comes too late. The file is broken then, and must not end as if it were
    /// whole.
    pub async fn next_chunk(&mut self) -> Result<Option<Bytes>, ExportError> {
        let limit = self.source.page_timeout;
        tokio::time::timeout(limit, self.make()).await.unwrap_or(Err(ExportError::TimedOut(limit)))
    }

    async fn make(&mut self) -> Result<Option<Bytes>, ExportError> {
        let gone = || ExportError::Encode(EncodeError::from("an export that failed does not go on"));
        let mut maker = self.maker.take().ok_or_else(gone)?;
        if maker.ended {
            self.maker = Some(maker);
            return Ok(None);
        }
        let made = self.source.reader.read(move |connection, turn| {
            let chunk = maker.make(connection, turn)?;
            Ok::<_, ExportError>((maker, chunk))
        });
        let (maker, chunk) = made.await?;
        // After the page was read, so that it is not given out where the right went meanwhile.
        if !self.viewer.still_sees(&self.source.database, &self.cameras).await? {
            return Err(ExportError::Revoked);
        }
        (self.rows, self.bytes, self.encoding) = (maker.rows, maker.bytes, maker.wanted);
        self.maker = Some(maker);
        Ok(Some(chunk.into()))
    }

    /// The SHA-256 of the file, before any encoding; `None` before it is whole.
    pub fn sha256(&self) -> Option<Vec<u8>> {
        self.maker.as_ref().filter(|maker| maker.ended).map(|maker| maker.digest.clone().finalize().to_vec())
    }
}

impl Maker {
    /// The next page as it goes over the wire.
    fn make(&mut self, connection: &Connection, turn: &Turn) -> Result<Vec<u8>, ExportError> {
        let page = self.pages.next(connection, turn)?.unwrap_or_default();
        if page.iter().any(|row| !self.encoder.camera_names.contains_key(&row.camera_id)) {
            // A camera that came after the export began.
            self.encoder.camera_names = called(names(connection)?);
        }
        let first = self.head.take();
        let is_first = first.is_some();
        let mut bytes = first.unwrap_or_default();
        bytes.reserve(self.chunk_bytes);
        let bytes = self.encoder.rows(&page, bytes)?;
        self.digest.update(&bytes);
        self.rows += page.len() as u64;
        self.bytes += bytes.len() as u64;
        self.chunk_bytes = bytes.len();
        self.ended = self.pages.ended();
        if is_first {
            self.wanted = self.wanted.filter(|_| !self.ended || self.bytes > TINY_BYTES);
            self.compressor = Compressor::new(self.wanted).map_err(EncodeError::from)?;
        }
        let mut chunk = self.compressor.chunk(bytes).map_err(EncodeError::from)?;
        if self.ended {
            chunk.extend(self.compressor.end().map_err(EncodeError::from)?);
        }
        Ok(chunk)
    }
}

/// The names of all cameras. Whose rows are in a page has been settled before.
fn names(connection: &Connection) -> Result<Names, DbErr> {
    reader::query(connection, &camera::Entity::find().into_query(), |rows| {
        let mut names = Names::new();
        while let Some(row) = rows.next()? {
            names.insert(row.get("id")?, row.get("name")?);
        }
        Ok(names)
    })
}

/// What each camera is called in the file, by id.
pub fn called(names: Names) -> HashMap<String, String> {
    let called = |(id, name): (String, Option<String>)| {
        let name = name.unwrap_or_else(|| id.clone());
        (id, name)
    };
    names.into_iter().map(called).collect()
}
