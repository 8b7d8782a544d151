//! One export as a whole: checked parameters in, chunks of the file out. Whoever pulls the chunks decides the pace; no
//! database connection is held while nobody does. The end is `None`, after the last row and never before.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use bytes::Bytes;
use sha2::{Digest, Sha256};

use super::csv::{EncodeError, Encoder};
use super::error::ExportError;
use super::query::Filter;
use super::reader::Reader;
use super::timezone::TimeZone;
use crate::export_params::{BYTE_ORDER_MARK, ExportParams, file_name};
use crate::server::accounts::camera_access::camera_filter::Cameras;
use crate::server::accounts::camera_access::{CameraAccess, Names};
use crate::server::db::error::may_pass;
use crate::server::db::partitions;
use crate::server::db::pool::Pool;
use crate::server::export::pipeline::encoding::{Compressor, Encoding};
use crate::server::export::pipeline::keyset::KeysetPager;
use crate::server::export::pipeline::read_ahead::{CameraNames, CsvPage, CsvPageReader, ReadAhead};
use crate::server::export::reader::{replica, worker_threads};

pub mod encoding;
pub mod keyset;
pub mod read_ahead;
use crate::server::db::unix_micros::UnixMicros;

/// A file of which no more than this comes goes as it is: compression has to be worth the while.
const TINY_BYTES: usize = 1_024;

/// For how long the answer holds that a viewer sees the cameras: what is taken away is gone this much later.
const ANSWER_HOLDS: Duration = Duration::from_millis(20);

/// Where events are read, and how.
#[derive(Clone, Debug)]
pub struct ExportContext {
    /// For rights and names.
    pub database: Pool,
    /// For events.
    pub reader: Reader,
    /// How many events are read at once.
    pub page_rows: NonZeroU32,
    /// Where a page ends that has not ended before, in bytes; [`reader::buffer_pool::PAGE_BYTES`](super::reader::buffer_pool::PAGE_BYTES).
    pub page_bytes: usize,
    /// How long a page may take.
    pub page_timeout: Duration,
}

/// An export that has been checked and can be pulled, chunk by chunk.
#[derive(Debug)]
pub struct ExportStream {
    /// What the file is called.
    pub file_name: String,
    /// How many events are in the chunks given out so far.
    pub rows: u64,
    /// How many bytes of the file are, before any encoding.
    pub bytes: u64,
    /// How the chunks are encoded; settled with the first one.
    pub encoding: Option<Encoding>,
    /// Up to when it is complete, where it is read from a replica.
    pub complete_to: Option<UnixMicros>,
    source: ExportContext,
    viewer: CameraAccess,
    cameras: Cameras,
    /// The first half of the work.
    pages: ReadAhead,
    /// The second half; away while it is at work, and gone after it failed.
    finisher: Option<DigestAndCompress>,
    ended: bool,
    /// When it was asked last whether the viewer still sees the cameras.
    asked: Option<Instant>,
    /// The partitions that it began with.
    partitions: partitions::PartitionSnapshot,
}

/// The second half of the work: digest and encoding.
#[derive(Debug)]
struct DigestAndCompress {
    /// How the client wants the chunks encoded.
    wanted: Option<Encoding>,
    /// Settled with the first page.
    compressor: Option<Compressor>,
    digest: Sha256,
}

/// What has to be so for an export to go on.
#[derive(Clone, Copy)]
enum Precondition {
    /// The viewer sees the cameras.
    StillSees,
    /// The partitions that it began with are there.
    PartitionsAreThere,
}

impl ExportStream {
    /// Checks the parameters against time zones and the viewer's cameras. No event is read yet.
    ///
    /// # Errors
    /// `Refused` for a zone that there is not, a camera that the viewer does not see, or a range that ends before it
    /// begins.
    pub async fn begin(
        source: ExportContext,
        viewer: CameraAccess,
        params: ExportParams,
        encoding: Option<Encoding>,
    ) -> Result<Self, ExportError> {
        let zone = TimeZone::parse(&params.timezone)?;
        let mut interval = zone.interval(&params.range)?;
        let local_day = |bound| zone.day_of_bound(bound);
        let file_name = file_name(params.range.start().map(local_day), params.range.end().map(local_day));

        let (cameras, names) = viewer.select(&source.database, params.camera_ids).await?;

        let limit = source.page_timeout;
        let replica = tokio::time::timeout(limit, replica::ReplicaSnapshot::with(&source.reader, &source.database));
        let replica = replica.await.map_err(|_| ExportError::TimedOut(limit))??;
        if let Some(moment) = replica.complete_to.filter(|_| replica.behind).map(UnixMicros::as_micros) {
            interval.end = Some(interval.end.map_or(moment, |end| end.min(moment)));
        }
        let partitions = partitions::PartitionSnapshot::with(&source.database).await?;

        let mut head = if params.bom { BYTE_ORDER_MARK.to_vec() } else { Vec::new() };
        let encoder = Encoder::new(zone, params.raw, called(names)).excel_date(params.excel_date);
        head.extend(encoder.header()?);
        let filter = Filter { interval, cameras: cameras.clone() };
        let lines = CsvPageReader::new(
            KeysetPager::new(filter, source.page_rows, partitions.ends.clone()),
            encoder,
            CameraNames::of(source.database.clone()),
            head,
            source.reader.buffers().clone(),
            source.page_bytes,
        )
        .at_least_lsn(replica.position);
        let pages = ReadAhead::new(source.reader.clone(), source.page_timeout, lines);
        let finisher = Some(DigestAndCompress { wanted: encoding, compressor: None, digest: Sha256::new() });
        Ok(Self {
            file_name,
            rows: 0,
            bytes: 0,
            encoding: None,
            complete_to: replica.complete_to,
            source,
            viewer,
            cameras,
            pages,
            finisher,
            ended: false,
            asked: None,
            partitions,
        })
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
        if self.ended {
            return Ok(None);
        }
        let mut finisher = self.finisher.take().ok_or_else(ExportError::failed_before)?;
        let page = self.pages.next().await?;
        let (rows, bytes, last) = (page.rows, page.lines.bytes.len() as u64, page.last);
        let finishing = self.source.reader.workshop().spawn(move || {
            let chunk = finisher.finish(page);
            (finisher, chunk)
        });
        let (done, sees) = futures_util::future::join(finishing, self.is_still_granted()).await;
        sees?;
        let (finisher, chunk) = done.unwrap_or_else(|error| read_ahead::resume(error));
        let chunk = chunk?;
        if last {
            self.ask(Precondition::PartitionsAreThere).await?;
        }
        self.rows += rows;
        self.bytes += bytes;
        self.encoding = finisher.wanted;
        self.finisher = Some(finisher);
        self.ended = last;
        Ok(Some(chunk))
    }

    /// Asked when a page was read, so that it is not given out where the right went meanwhile; but not so often that asking
    /// takes longer than reading.
    async fn is_still_granted(&mut self) -> Result<(), ExportError> {
        if self.asked.is_some_and(|asked| asked.elapsed() < ANSWER_HOLDS) {
            return Ok(());
        }
        let asked = Instant::now();
        let answer = self.ask(Precondition::StillSees).await;
        self.asked = Some(asked);
        answer
    }

    /// Asks the primary; again while it is away, for as long as a page may take, once the file was begun.
    async fn ask(&self, question: Precondition) -> Result<(), ExportError> {
        let Self { source, viewer, cameras, partitions, .. } = self;
        loop {
            let answer = match question {
                Precondition::StillSees => {
                    viewer.lost_access(&source.database, cameras).await.map(|lost| lost.map(ExportError::Revoked))
                }
                Precondition::PartitionsAreThere => {
                    let there = partitions.are_there(&source.database).await;
                    there.map(|there| (!there).then_some(ExportError::Detached))
                }
            };
            match answer {
                Err(error) if may_pass(&error) && self.rows > 0 => {
                    tokio::time::sleep(read_ahead::RETRY_DELAY).await;
                }
                answer => return answer?.map_or(Ok(()), Err),
            }
        }
    }

    /// The SHA-256 of the file, before any encoding; `None` before it is whole.
    pub fn sha256(&self) -> Option<Vec<u8>> {
        let finisher = self.finisher.as_ref().filter(|_| self.ended)?;
        Some(finisher.digest.clone().finalize().to_vec())
    }
}

impl DigestAndCompress {
    /// The page as it goes over the wire.
    fn finish(&mut self, page: CsvPage) -> Result<Bytes, ExportError> {
        let CsvPage { lines, last, .. } = page;
        for piece in lines.bytes.chunks(worker_threads::PIECE_BYTES) {
            self.digest.update(piece);
            worker_threads::pause();
        }
        let compressor = match &mut self.compressor {
            Some(compressor) => compressor,
            none => {
                self.wanted = self.wanted.filter(|_| !last || lines.bytes.len() > TINY_BYTES);
                none.insert(Compressor::new(self.wanted).map_err(EncodeError::from)?)
            }
        };
        Ok(compressor.chunk(lines, last).map_err(EncodeError::from)?)
    }
}

/// What each camera is called in the file, by id.
pub fn called(names: Names) -> HashMap<String, String> {
    let called = |(id, name): (String, Option<String>)| {
        let name = name.unwrap_or_else(|| id.clone());
        (id, name)
    };
    names.into_iter().map(called).collect()
}
