//! Files that administrators upload to be imported. One at a time is stored in a temporary folder, recognized by its contents,
//! and imported as by the command `import`. Nothing of a file that is not imported completely stays, neither on the disk nor
//! in the database.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::anyhow;
use migration::disk_space::free_bytes;
use sea_orm::DbErr;
use tokio::fs::File;
use tokio::io::AsyncWriteExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tracing::{info, warn};
use uuid::Uuid;

use self::folder::UploadFolder;
use super::frigate::options::Detect;
use super::summary::progress::Progress;
use super::summary::{self, Summary};
use super::{argusai, csv, frigate};
use crate::api::page::import::{Finding, FindingKind, ImportState, ImportSummary, Phase, SourceKind, Upload as Shown};
use crate::error::{ApiError, ErrorCode};
use crate::messages::Message;
use crate::messages::import::UploadMessage;
use crate::server::db::connect::{checkpoint, open_for_import};
use crate::server::db::describe_error::{describe_cause, describe_chain, describe_io};
use crate::server::db::error::is_disk_full;
use crate::server::db::pool::Pool;
use crate::server::db::url::{DatabaseKind, parse_url};
use crate::server::settings::{self, Settings};

mod folder;
mod kind;

const MEGABYTE: u64 = 1_000_000;

/// The free space that an upload leaves on the disk, in bytes, because the database may be on the same one.
const RESERVED_BYTES: u64 = 256 * MEGABYTE;

/// After how many bytes the free space is checked again.
const SPACE_CHECK_BYTES: u64 = 16 * MEGABYTE;

/// How a file is imported, beyond what its contents tell.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// A CSV has no guard against formulas.
    pub raw: bool,
    /// The last row of a CSV may lack its line end.
    pub unterminated: bool,
    /// The detect sizes of Frigate's cameras, separated by commas or blanks.
    pub detect: String,
    /// What is put before the names of Frigate's cameras.
    pub camera_prefix: String,
}

/// The uploads of a server. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Uploads(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    folder: PathBuf,
    max_megabytes: u32,
    settings: settings::Database,
    database: Pool,
    /// One file at a time.
    slot: Arc<Semaphore>,
    current: Mutex<Option<Current>>,
}

/// The file that is uploaded or imported, or the last one.
#[derive(Debug)]
struct Current {
    file: String,
    state: State,
}

#[derive(Debug)]
enum State {
    Receiving(u64),
    Importing(SourceKind, Progress),
    Done(ImportSummary),
    Refused { row: Option<u64>, problem: Message },
    Failed(Message),
}

impl Uploads {
    /// Returns the uploads of a server on this database. Removes what a killed server has left.
    pub fn new(settings: &Settings, database: Pool) -> Self {
        let folder = match (&*settings.ingest.upload_folder, parse_url(&settings.database.url)) {
            ("", Ok(DatabaseKind::File(file))) => file.with_file_name("uploads"),
            ("", _) => PathBuf::from("data/uploads"),
            (folder, _) => PathBuf::from(folder),
        };
        if let Err(error) = folder::remove_abandoned(&folder) {
            warn!(path = %folder.display(), error = describe_io(&error), "cannot remove abandoned uploads");
        }
        Self(Arc::new(Shared {
            folder,
            max_megabytes: settings.ingest.upload_max_megabytes,
            settings: settings.database.clone(),
            database,
            slot: Arc::new(Semaphore::new(1)),
            current: Mutex::default(),
        }))
    }

    /// Returns the state to show.
    pub fn state(&self) -> ImportState {
        let upload = self.0.current().as_ref().map(|current| Shown {
            file: current.file.clone(),
            phase: match &current.state {
                State::Receiving(bytes) => Phase::Receiving(*bytes),
                State::Importing(source, progress) => Phase::Importing { source: *source, percent: progress.percent() },
                State::Done(summary) => Phase::Done(summary.clone()),
                State::Refused { row, problem } => Phase::Refused { row: *row, problem: problem.clone() },
                State::Failed(message) => Phase::Failed(message.clone()),
            },
        });
        let blocks_writers = matches!(parse_url(&self.0.settings.url), Ok(DatabaseKind::File(_)));
        ImportState { max_megabytes: self.0.max_megabytes, blocks_writers, upload }
    }

    /// Begins an upload. `declared_bytes` is its size, if the client gives it, and a little more.
    ///
    /// # Errors
    /// Returns `import_running` if there is another one, and an error if the file is too large, or cannot be stored.
    pub async fn begin(&self, file: &str, declared_bytes: Option<u64>) -> Result<Upload, ApiError> {
        let shared = Arc::clone(&self.0);
        if shared.max_megabytes == 0 {
            return Err(ApiError::new(ErrorCode::Forbidden, UploadMessage::UploadsOff));
        }
        let permit = Arc::clone(&shared.slot).try_acquire_owned();
        let permit = permit.map_err(|_| ApiError::new(ErrorCode::ImportRunning, UploadMessage::ImportRunning))?;
        // The form around the file adds some hundred bytes.
        if declared_bytes.is_some_and(|bytes| bytes > shared.max_bytes() + MEGABYTE) {
            return Err(shared.too_large());
        }
        let created = UploadFolder::create(&shared.folder);
        let (folder, created) = created.map_err(|error| cannot_store(&error))?;
        shared.check_space(declared_bytes.unwrap_or_default())?;
        let name = summary::excerpt(file);
        shared.set(&name, State::Receiving(0));
        Ok(Upload {
            guard: ReceivingGuard { shared, is_over: false },
            permit,
            file: File::from_std(created),
            folder,
            name,
            bytes: 0,
        })
    }
}

impl Shared {
    fn current(&self) -> MutexGuard<'_, Option<Current>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, file: &str, state: State) {
        *self.current() = Some(Current { file: file.to_owned(), state });
    }

    fn max_bytes(&self) -> u64 {
        u64::from(self.max_megabytes) * MEGABYTE
    }

    fn too_large(&self) -> ApiError {
        let message = UploadMessage::FileTooLarge { max: self.max_megabytes.into() };
        ApiError { field: Some("file".to_owned()), ..ApiError::new(ErrorCode::TooLarge, message) }
    }

    /// Checks that as many bytes fit on the disk.
    fn check_space(&self, bytes: u64) -> Result<(), ApiError> {
        let needed = bytes.saturating_add(RESERVED_BYTES);
        match free_bytes(&self.folder) {
            Some(free) if free < needed => Err(no_space()),
            _ => Ok(()),
        }
    }
}

fn no_space() -> ApiError {
    ApiError::new(ErrorCode::Unavailable, UploadMessage::NoSpace)
}

fn cannot_store(error: &std::io::Error) -> ApiError {
    warn!(%error, "cannot store an upload");
    if error.kind() == std::io::ErrorKind::StorageFull {
        return no_space();
    }
    ApiError::new(ErrorCode::Unavailable, UploadMessage::CannotStore { reason: describe_io(error) })
}

/// Shows on drop that the upload was cut off, unless it is over.
#[derive(Debug)]
struct ReceivingGuard {
    shared: Arc<Shared>,
    is_over: bool,
}

impl Drop for ReceivingGuard {
    fn drop(&mut self) {
        if !self.is_over
            && let Some(current) = &mut *self.shared.current()
        {
            current.state = State::Failed(UploadMessage::UploadCut.into());
        }
    }
}

/// A file that is being uploaded. Dropping it removes the file.
#[derive(Debug)]
pub struct Upload {
    guard: ReceivingGuard,
    permit: OwnedSemaphorePermit,
    file: File,
    folder: UploadFolder,
    /// The name of the file, shortened.
    name: String,
    bytes: u64,
}

impl Upload {
    /// Appends bytes to the file.
    ///
    /// # Errors
    /// Returns an error if the file is too large, or cannot be stored.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), ApiError> {
        let before = self.bytes;
        self.bytes += bytes.len() as u64;
        let shared = &self.guard.shared;
        if self.bytes > shared.max_bytes() {
            return Err(shared.too_large());
        }
        if before / SPACE_CHECK_BYTES != self.bytes / SPACE_CHECK_BYTES {
            shared.check_space(0)?;
        }
        self.file.write_all(bytes).await.map_err(|error| cannot_store(&error))?;
        shared.set(&self.name, State::Receiving(self.bytes));
        Ok(())
    }

    /// Forgets the upload: its sender is told what is wrong with it.
    pub fn refuse(mut self) {
        self.guard.is_over = true;
        *self.guard.shared.current() = None;
    }

    /// Ends the upload and begins to import the file. `user_id` is for the log.
    ///
    /// # Errors
    /// Returns an error if the file cannot be imported.
    pub async fn finish(mut self, options: &Options, user_id: Uuid) -> Result<(), ApiError> {
        match self.prepare(options).await {
            Ok(import) => {
                self.guard.is_over = true;
                let shared = Arc::clone(&self.guard.shared);
                let progress = Progress::hidden();
                shared.set(&self.name, State::Importing(import.kind(), progress.clone()));
                tokio::spawn(self.import(import, progress, user_id));
                Ok(())
            }
            Err(error) => {
                self.refuse();
                Err(error)
            }
        }
    }

    async fn prepare(&mut self, options: &Options) -> Result<Import, ApiError> {
        self.file.flush().await.map_err(|error| cannot_store(&error))?;
        if self.bytes == 0 {
            return Err(ApiError::invalid("file", UploadMessage::EmptyFile));
        }
        let path = self.folder.file();
        let kind = tokio::task::spawn_blocking(move || kind::recognize(&path));
        let kind = kind.await.map_err(|error| crate::server::internal_error::internal(&error))?;
        Ok(match kind.map_err(|why| ApiError::invalid("file", why))? {
            SourceKind::Csv => {
                Import::Csv(csv::Options { raw: options.raw, unterminated: options.unterminated, confidence: None })
            }
            SourceKind::Argusai => Import::Argusai,
            SourceKind::Frigate => {
                let detect = options.detect.split([',', ' ']).filter(|size| !size.is_empty());
                let detect = detect.map(|size| {
                    size.parse::<Detect>().map_err(|_| {
                        ApiError::invalid("detect", UploadMessage::DetectExpected { value: summary::excerpt(size) })
                    })
                });
                let detect = detect.collect::<Result<_, _>>()?;
                let options = frigate::options::Options::new(detect, None, options.camera_prefix.clone());
                Import::Frigate(options.map_err(|_| ApiError::invalid("detect", UploadMessage::DetectTwice))?)
            }
        })
    }

    /// Imports the file, and removes it.
    async fn import(self, import: Import, progress: Progress, user_id: Uuid) {
        let Self { guard, permit, folder, name, bytes, .. } = self;
        let (shared, path, source) = (Arc::clone(&guard.shared), folder.file(), import.kind());
        // In a task of its own, so that a panic is an error of the import.
        let task = tokio::spawn({
            let (shared, path) = (Arc::clone(&shared), path.clone());
            async move { shared.import(import, &path, &progress).await }
        });
        let result = task.await.unwrap_or_else(|_| Err(anyhow!("internal error; the log has the reason")));
        // Before the next upload may begin.
        drop(folder);
        let state = match result {
            Ok(summary) => {
                info!(%user_id, %source, file_bytes = bytes, imported = summary.imported, skipped = summary.skipped_events(), "file imported");
                State::Done(to_api(summary))
            }
            Err(error) => {
                let reason = describe_chain(&error, describe_cause).replace(&*path.to_string_lossy(), &name);
                // The page says that nothing was imported.
                let reason = reason.strip_prefix(&format!("nothing was imported from {name}: ")).unwrap_or(&reason);
                warn!(%user_id, %source, file_bytes = bytes, reason, "cannot import the uploaded file");
                match error.downcast_ref::<Message>() {
                    Some(problem) => {
                        let row = error.downcast_ref::<csv::RowNumber>().map(|row| row.0);
                        State::Refused { row, problem: problem.clone() }
                    }
                    None if is_on_full_disk(&error) => State::Failed(UploadMessage::DatabaseFull.into()),
                    None => State::Failed(UploadMessage::ImportFailed { reason: reason.to_owned() }.into()),
                }
            }
        };
        shared.set(&name, state);
        drop(permit);
    }
}

/// How a file is imported.
#[derive(Debug)]
enum Import {
    Csv(csv::Options),
    Argusai,
    Frigate(frigate::options::Options),
}

impl Import {
    fn kind(&self) -> SourceKind {
        match self {
            Self::Csv(_) => SourceKind::Csv,
            Self::Argusai => SourceKind::Argusai,
            Self::Frigate(_) => SourceKind::Frigate,
        }
    }
}

impl Shared {
    async fn import(&self, import: Import, file: &Path, progress: &Progress) -> anyhow::Result<Summary> {
        let database = open_for_import(&self.settings, &self.database).await?;
        let result = match import {
            Import::Csv(options) => csv::import(&database, file, options, progress).await,
            Import::Argusai => argusai::import(&database, &argusai::Location::File(file.to_owned()), progress).await,
            Import::Frigate(options) => frigate::import(&database, file, options, progress).await,
        };
        // Closes only this connection: the files stay open for the others.
        let _ = database.inner().close_by_ref().await;
        if let Err(error) = checkpoint::empty_log(&self.settings, &self.database).await {
            warn!(error = format!("{error:#}"), "cannot truncate SQLite's write-ahead log, so it keeps its disk space");
        }
        result
    }
}

fn is_on_full_disk(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| cause.downcast_ref::<DbErr>().is_some_and(is_disk_full))
}

fn to_api(summary: Summary) -> ImportSummary {
    let kinds = [
        (FindingKind::Skipped, summary.skipped),
        (FindingKind::LeftOut, summary.left_out),
        (FindingKind::Repaired, summary.repaired),
    ];
    let findings = kinds.into_iter().flat_map(|(kind, findings)| {
        findings.into_iter().map(move |(reason, summary::Finding { count, first })| Finding {
            kind,
            reason: reason.into(),
            count,
            first,
        })
    });
    ImportSummary {
        imported: summary.imported,
        already_there: summary.already_there,
        cameras_new: summary.cameras_new,
        cameras_renamed: summary.cameras_renamed,
        findings: findings.collect(),
    }
}
