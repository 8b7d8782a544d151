//! One export as a stream: checked parameters in, chunks of the file out.
//!
//! The receiver pulls the chunks, so it decides the pace. While it pulls nothing, no database connection is held. `None`
//! follows the last row, and nothing else.
//!
//! # The machines of an export
//!
//! ```text
//!  StreamTask           src/web/handlers/export.rs: an async task per response
//!      |  ^
//!      |  |  Bytes: a chunk of the file, encoded; then None
//!      v  |
//!  ExportStream         pipeline.rs: async; checks access; digest and compression on a worker thread
//!      |  ^
//!      |  |  CsvPage: lines, number of rows, whether it is the last one
//!      v  |
//!  ReadAhead            pipeline/read_ahead.rs: divides the events into segments, and returns their pages in order
//!      |  ^
//!      |  |  CsvPage, of the first segment that has one left
//!      v  |
//!  Segment (several)    pipeline/segment.rs: an async task that reads a few pages, for one time slice after another
//!      |  ^
//!      |  |  CsvPage, sent into the segment's channel
//!      v  |
//!  CsvPageReader        pipeline/page_reader.rs: blocking, on a worker thread, with a connection and a TimeSlice
//!      |  ^
//!      |  |  Row: borrowed from the database's answer, one call of a closure each
//!      v  |
//!  KeysetPager          pipeline/keyset.rs: blocking; builds the statement of a page and runs it on the connection
//! ```
//!
//! A call goes down, its result comes up. Errors come up as `ExportError`; a panic on a worker thread continues in the task
//! that waits for it.
//!
//! | machine | is cancelled | guarantees |
//! |--|--|--|
//! | stream task | by its slot (shutdown, another server's sweep), and when the client disconnects | the body ends normally only after the record is `completed` |
//! | export stream | by dropping the future of `next_chunk`, and by the page timeout | access is checked for each chunk; `None` only after the last row; SHA-256 and counts are those of the file |
//! | read-ahead | by dropping it, which drops its segments | segments cover the events without gap or overlap; pages come once and in order |
//! | segment | by dropping it, which drops its task | pages before an error are returned first; a lost database is retried |
//! | CSV page reader | by its time slice: the task is dropped, rows are held back too long, or no row comes | an interrupted page is sent in part or read again, never lost or repeated |
//! | keyset pager | by its connection, which the time slice stops in the database | each event once, in order; no OFFSET and no sort |
//!
//! Cancellation goes from the top down. Dropping the stream task's future drops the read-ahead with its tasks. Each holds
//! a [`CancelOnDrop`](super::reader::TimeSlice::cancel_on_drop), which stops the query in the database. The worker thread then
//! gives the connection back.

use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use bytes::Bytes;
use sea_orm::DbErr;
use sha2::{Digest, Sha256};

use super::complete_to::SourceStates;
use super::csv::{EncodeError, Encoder};
use super::error::ExportError;
use super::query::Filter;
use super::reader::Reader;
use super::timezone::TimeZone;
use super::timezone::resolve::ResolvedRange;
use crate::export_params::{BYTE_ORDER_MARK, ExportParams, file_name};
use crate::server::accounts::camera_access::CameraAccess;
use crate::server::accounts::camera_access::camera_filter::CameraFilter;
use crate::server::db::error::{may_pass, unavailable};
use crate::server::db::pool::Pool;
use crate::server::db::unix_micros::UnixMicros;
use crate::server::db::{connect, partitions};
use crate::server::export::event::KeyText;
use crate::server::export::pipeline::deletions::DeletionSnapshot;
use crate::server::export::pipeline::encoding::{Compressor, Encoding};
use crate::server::export::pipeline::key_lookup::KeyLookup;
use crate::server::export::pipeline::keyset::KeysetPager;
use crate::server::export::pipeline::page_reader::{CsvPage, CsvPageReader};
use crate::server::export::pipeline::read_ahead::ReadAhead;
use crate::server::export::reader::{replica, worker_threads};
use crate::server::retry::Retry;

pub mod deletions;
pub mod encoding;
pub mod key_lookup;
pub mod keyset;
pub mod page_reader;
pub mod read_ahead;
mod segment;
mod window_plan;

/// A file of up to this size is not compressed: it would not become noticeably smaller.
const TINY_BYTES: usize = 1_024;

/// How long a check of the user's access stays valid. A revocation takes effect this much later at most.
const ACCESS_CHECK_VALID_FOR: Duration = Duration::from_millis(20);

/// Where and how events are read.
#[derive(Clone, Debug)]
pub struct ExportContext {
    /// For access checks and camera names.
    pub database: Pool,
    /// For events.
    pub reader: Reader,
    /// The maximum number of events per page.
    pub page_rows: NonZeroU32,
    /// The size at which a page ends, in bytes: [`PAGE_BYTES`](super::reader::buffer_pool::PAGE_BYTES).
    pub page_bytes: usize,
    /// How long a page may take.
    pub page_timeout: Duration,
}

/// An export that is checked and can be pulled, chunk by chunk.
#[derive(Debug)]
pub struct ExportStream {
    /// The parameters, with days and instants as dates.
    pub params: ExportParams,
    /// The name of the file.
    pub file_name: String,
    /// The number of events in the chunks so far.
    pub rows: u64,
    /// The size of the file so far, before any content encoding, in bytes.
    pub bytes: u64,
    /// The content encoding; known with the first chunk.
    pub encoding: Option<Encoding>,
    /// The moment up to which the file is complete, if it is known.
    pub complete_to: Option<UnixMicros>,
    context: ExportContext,
    access: CameraAccess,
    cameras: CameraFilter,
    pages: ReadAhead,
    /// `None` while it is working, and after it has failed.
    digest_and_compress: Option<DigestAndCompress>,
    ended: bool,
    /// When the user's access was last checked.
    access_checked: Option<Instant>,
    /// The partitions at the start.
    partitions: partitions::PartitionSnapshot,
    /// Up to when events were deleted at the start.
    deletions: DeletionSnapshot,
    /// The first moment of the range, in microseconds since 1970-01-01T00:00:00Z.
    start: Option<i64>,
}

/// The second half of the work on a page: digest and compression.
#[derive(Debug)]
struct DigestAndCompress {
    /// The content encoding that the client accepts; final after the first page.
    encoding: Option<Encoding>,
    /// Created with the first page.
    compressor: Option<Compressor>,
    digest: Sha256,
}

/// A condition for an export to continue.
#[derive(Clone, Copy)]
enum Precondition {
    /// The user still has access to the cameras.
    AccessGranted,
    /// The partitions from the start still exist.
    PartitionsExist,
    /// None of the selected events were deleted since the start.
    EventsKept,
    /// No newer version of this program has migrated the database.
    SchemaKnown,
}

impl ExportStream {
    /// Resolves the dates for an export that begins `now`, and checks the parameters against the time zones and the user's
    /// cameras. No event is read yet.
    ///
    /// # Errors
    /// Returns `Refused` for an unknown time zone, a camera that the user cannot see, or a range that ends before it starts.
    /// Returns an error if the database is unavailable or the replica takes too long.
    pub async fn begin(
        context: ExportContext,
        access: CameraAccess,
        params: ExportParams,
        now: UnixMicros,
        encoding: Option<Encoding>,
    ) -> Result<Self, ExportError> {
        let zone = TimeZone::parse(&params.timezone)?;
        let ResolvedRange { dates, mut interval, first_day, last_day } = zone.resolve(&params.range, now)?;
        let params = ExportParams { range: dates, ..params };

        // All of it before any event is read. A newer schema explains the errors of the others.
        let (known, selected, sources) = futures_util::future::join3(
            refuse_newer_schema(&context.database),
            access.select(&context.database, params.camera_ids.clone()),
            SourceStates::read(&context.database),
        )
        .await;
        known?;
        let (cameras, stored) = selected?;
        let sources = sources?.of(&stored);
        // As the cameras were before any event is read, so that no later deletion is missed.
        let deletions = DeletionSnapshot::of(&stored);
        let timeout = context.page_timeout;
        let replica = replica::ReplicaSnapshot::take(&context.reader, &context.database);
        let replica = tokio::time::timeout(timeout, replica).await.map_err(|_| ExportError::TimedOut(timeout))??;
        if let Some(replica_end) = replica.end().map(UnixMicros::as_micros) {
            interval.end = Some(interval.end.map_or(replica_end, |end| end.min(replica_end)));
        }
        let range = interval.start..interval.end;
        let partitions = partitions::PartitionSnapshot::read(&context.database, range).await?;

        let mut head = if params.bom { BYTE_ORDER_MARK.to_vec() } else { Vec::new() };
        let mut encoder = Encoder::new(zone, params.raw).excel_date(params.excel_date).delimiter(params.delimiter);
        encoder.define(stored.into_iter().map(KeyText::from))?;
        head.extend(encoder.header()?);
        let filter = Filter { interval, cameras: cameras.clone() };
        let pages = CsvPageReader::new(
            KeysetPager::new(filter, context.page_rows, partitions.ends.clone()),
            encoder,
            KeyLookup::new(context.database.clone()),
            head,
            context.reader.buffers().clone(),
            context.page_bytes,
        )
        .at_least_lsn(replica.position);
        Ok(Self {
            params,
            file_name: file_name(first_day, last_day),
            rows: 0,
            bytes: 0,
            encoding: None,
            complete_to: sources.and_replica(replica.complete_to),
            pages: ReadAhead::new(context.reader.clone(), timeout, pages),
            context,
            access,
            cameras,
            digest_and_compress: Some(DigestAndCompress { encoding, compressor: None, digest: Sha256::new() }),
            ended: false,
            access_checked: None,
            partitions,
            deletions,
            start: interval.start,
        })
    }

    /// Starts to read the first page, before it is requested.
    pub fn start_reading(&mut self) {
        self.pages.start();
    }

    /// Returns the next bytes of the file, encoded; `None` after the last ones.
    ///
    /// # Errors
    /// Returns an error if a page cannot be read or written, or takes too long. The file is incomplete then, and must not end
    /// as if it were complete.
    pub async fn next_chunk(&mut self) -> Result<Option<Bytes>, ExportError> {
        let timeout = self.context.page_timeout;
        tokio::time::timeout(timeout, self.next_encoded_page()).await.unwrap_or(Err(ExportError::TimedOut(timeout)))
    }

    async fn next_encoded_page(&mut self) -> Result<Option<Bytes>, ExportError> {
        if self.ended {
            return Ok(None);
        }
        let mut digest_and_compress = self.digest_and_compress.take().ok_or_else(ExportError::failed_before)?;
        let page = self.pages.next().await?;
        let (rows, bytes, last) = (page.rows, page.lines.bytes.len() as u64, page.last);
        let encoding = self.context.reader.worker_threads().spawn(move || {
            let chunk = digest_and_compress.encode(page);
            (digest_and_compress, chunk)
        });
        let (encoded, access) = futures_util::future::join(encoding, self.check_access()).await;
        access?;
        let (digest_and_compress, chunk) = encoded.unwrap_or_else(|error| segment::resume_panic(error));
        let chunk = chunk?;
        if last {
            let (partitions, events, schema) = futures_util::future::join3(
                self.check(Precondition::PartitionsExist),
                self.check(Precondition::EventsKept),
                self.check(Precondition::SchemaKnown),
            )
            .await;
            partitions.and(events).and(schema)?;
        }
        self.rows += rows;
        self.bytes += bytes;
        self.encoding = digest_and_compress.encoding;
        self.digest_and_compress = Some(digest_and_compress);
        self.ended = last;
        Ok(Some(chunk))
    }

    /// Checks the user's access after a page was read, so that no page is sent after a revocation. Skips the check if the
    /// last one is still valid, so that checking does not take longer than reading.
    async fn check_access(&mut self) -> Result<(), ExportError> {
        if self.access_checked.is_some_and(|checked| checked.elapsed() < ACCESS_CHECK_VALID_FOR) {
            return Ok(());
        }
        let checked = Instant::now();
        let result = self.check(Precondition::AccessGranted).await;
        self.access_checked = Some(checked);
        result
    }

    /// Checks a precondition in the primary database. Once rows were sent, it retries while the database is unavailable; the
    /// page timeout bounds this.
    async fn check(&self, precondition: Precondition) -> Result<(), ExportError> {
        let retry = Retry::every(segment::RETRY_DELAY);
        let violation = retry
            .run(|| self.violation(precondition), |violation| self.rows > 0 && violation.as_ref().is_err_and(may_pass))
            .await?;
        violation.map_or(Ok(()), Err)
    }

    /// Returns the error if a precondition no longer holds.
    async fn violation(&self, precondition: Precondition) -> Result<Option<ExportError>, DbErr> {
        let database = &self.context.database;
        Ok(match precondition {
            Precondition::AccessGranted => {
                self.access.lost_access(database, &self.cameras).await?.map(ExportError::Revoked)
            }
            Precondition::PartitionsExist => {
                (!self.partitions.are_attached(database).await?).then_some(ExportError::Detached)
            }
            Precondition::EventsKept => {
                let later = DeletionSnapshot::read(database, &self.cameras).await?;
                (!self.deletions.covers(&later, self.start)).then_some(ExportError::Deleted)
            }
            Precondition::SchemaKnown => {
                let newer = connect::newer_migration(database).await?;
                newer.map(|name| ExportError::Database(DbErr::Migration(newer_schema(&name))))
            }
        })
    }

    /// Returns the moment before which events of a selected camera were deleted when the export began; `None` if none were.
    pub fn deleted_to(&self) -> Option<UnixMicros> {
        self.deletions.deleted_to()
    }

    /// Returns the SHA-256 of the file, before any content encoding; `None` until the file is complete.
    pub fn sha256(&self) -> Option<Vec<u8>> {
        let done = self.digest_and_compress.as_ref().filter(|_| self.ended)?;
        Some(done.digest.clone().finalize().to_vec())
    }
}

impl DigestAndCompress {
    /// Returns the page as it is sent.
    fn encode(&mut self, page: CsvPage) -> Result<Bytes, ExportError> {
        let CsvPage { lines, last, .. } = page;
        for piece in lines.bytes.chunks(worker_threads::PIECE_BYTES) {
            self.digest.update(piece);
            worker_threads::yield_cpu();
        }
        let compressor = match &mut self.compressor {
            Some(compressor) => compressor,
            none => {
                self.encoding = self.encoding.filter(|_| !last || lines.bytes.len() > TINY_BYTES);
                none.insert(Compressor::new(self.encoding).map_err(EncodeError::from)?)
            }
        };
        Ok(compressor.chunk(lines, last).map_err(EncodeError::from)?)
    }
}

/// Refuses to read events after a newer version of this program has migrated the database.
///
/// # Errors
/// Returns an error that says so, which is 503 for a client, or the error of the database.
pub async fn refuse_newer_schema(database: &Pool) -> Result<(), DbErr> {
    let newer = connect::newer_migration(database).await?;
    newer.map_or(Ok(()), |name| Err(unavailable(&newer_schema(&name))))
}

fn newer_schema(migration: &str) -> String {
    format!("a newer version of Motion Export has migrated the database ({migration}); replace this version by it")
}
