//! `motion-export export`: the same export as the URL's, to a file or to standard output.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use clap::Args;
use clap::builder::NonEmptyStringValueParser;

use super::export_outcome::{self, ExportFailure};
use super::output_file::OutputFile;
use super::standard_output;
use super::stop_signals::StopSignals;
use crate::error::{ApiError, ErrorCode};
use crate::export_params::{Delimiter, ExportParams};
use crate::messages::Message;
use crate::messages::parameters::ParameterMessage;
use crate::server::accounts::camera_access::CameraAccess;
use crate::server::accounts::user;
use crate::server::db::clock::Clock;
use crate::server::db::connect::writer::Writer;
use crate::server::db::pool::Pool;
use crate::server::db::timeouts::STATEMENT_TIMEOUT;
use crate::server::export::error::ExportError;
use crate::server::export::pipeline::{ExportContext, ExportStream};
use crate::server::export::reader::Reader;
use crate::server::export::reader::buffer_pool::PAGE_BYTES;
use crate::server::export::reader::source::events;
use crate::server::export::record_store::Recorded;
use crate::server::export::slots::{ExportSlot, ExportSlots, Limits, NewExport};
use crate::server::metrics::Metrics;
use crate::server::settings::Settings;

#[derive(Debug, Args)]
pub struct Export {
    /// First day, as YYYY-MM-DD in the time zone, or an RFC 3339 instant; or a relative date such as -7d, yesterday or last-month.
    #[arg(long, value_name = "DATE", allow_hyphen_values = true, value_parser = NonEmptyStringValueParser::new())]
    start_date: Option<String>,
    /// Last day, which is included, or an RFC 3339 instant, which is not; or a relative date, whose last day is included.
    #[arg(long, value_name = "DATE", allow_hyphen_values = true, value_parser = NonEmptyStringValueParser::new())]
    end_date: Option<String>,
    /// A camera's id; may be repeated. Default: all cameras.
    #[arg(long, value_name = "ID", value_parser = NonEmptyStringValueParser::new())]
    camera_id: Vec<String>,
    /// IANA name of the time zone of days and timestamps. Default: UTC.
    #[arg(long, value_name = "ZONE", value_parser = NonEmptyStringValueParser::new())]
    timezone: Option<String>,
    /// What separates the cells: with semicolons, numbers have decimal commas. Default: comma.
    #[arg(long, value_name = "DELIMITER", value_parser = Delimiter::ALL.map(Delimiter::as_str))]
    delimiter: Option<String>,
    /// Put a byte-order mark first, for Excel.
    #[arg(long)]
    bom: bool,
    /// Put a first column of local time before the others, which Excel and Calc read as a date.
    #[arg(long)]
    excel_date: bool,
    /// Switch the guard against spreadsheet formulas off.
    #[arg(long)]
    raw: bool,
    /// Exports only the cameras that this user may see. Default: all cameras, because the command has the database itself.
    #[arg(long = "as", value_name = "USER", value_parser = NonEmptyStringValueParser::new())]
    as_user: Option<String>,
    /// The file to write, which appears when it is complete. Default, and for `-`: standard output.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Export {
    pub async fn run(self, database: Pool, settings: &Settings, clock: Clock) -> anyhow::Result<()> {
        let params = ExportParams::parse(&self.query()).map_err(for_option)?;
        let (access, user_name) = match &self.as_user {
            Some(name) => {
                let user = user::by_name(&database, name).await.map_err(for_option)?;
                (CameraAccess::User { id: user.id, credential: None }, Some(user.name))
            }
            None => (CameraAccess::Unrestricted, None),
        };
        let backend = events(&settings.database, &database, settings.export.page_timeout())?;
        let writer = Writer::open(&settings.database, &database).await?.within(STATEMENT_TIMEOUT);
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let context = ExportContext {
            database: database.within(STATEMENT_TIMEOUT),
            // One connection for each core, of the half that an export may use.
            reader: Reader::new(backend, u32::try_from(2 * cores).unwrap_or(u32::MAX), cores),
            page_rows: settings.export.page_rows,
            page_bytes: PAGE_BYTES,
            page_timeout: settings.export.page_timeout(),
        };
        let export =
            ExportStream::begin(context, access, params, clock.now(), None).await.map_err(|error| match error {
                ExportError::Refused(error) => for_option(error),
                other => other.into(),
            })?;

        let limits = Limits::from(&settings.export);
        let exports = ExportSlots::new(writer, clock, limits, Metrics::new());
        let heartbeat_task = tokio::spawn(exports.clone().run_heartbeat());
        // Created before the record, so that every signal also ends the record.
        let signals = StopSignals::new()?;
        // The operator has no account, and no limit.
        let reservation = exports.reserve(None).await?;
        let slot = reservation
            .begin(NewExport {
                user_id: None,
                user_name,
                via: "command",
                query: export.params.to_query(),
                complete_to: export.complete_to,
                deleted_to: export.deleted_to(),
            })
            .await?;
        let written = write(export, slot, self.output.as_deref().unwrap_or(Path::new("-")), signals).await;
        // No other task records the outcome.
        let _ = tokio::time::timeout(settings.export.record_timeout(), exports.none_left()).await;
        heartbeat_task.abort();
        written
    }

    /// Returns the options as a query string, so that they are parsed as the URL's are.
    fn query(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        let single = [
            ("start_date", &self.start_date),
            ("end_date", &self.end_date),
            ("timezone", &self.timezone),
            ("delimiter", &self.delimiter),
        ];
        for (name, value) in single {
            if let Some(value) = value {
                query.append_pair(name, value);
            }
        }
        for camera in &self.camera_id {
            query.append_pair("camera_id", camera);
        }
        for (name, on) in [("bom", self.bom), ("raw", self.raw), ("excel_date", self.excel_date)] {
            query.append_pair(name, &on.to_string());
        }
        query.finish()
    }
}

/// Returns an error of a parameter under the name of its option, in the terms of the command line.
fn for_option(error: ApiError) -> anyhow::Error {
    let Some(field) = &error.field else { return error.into() };
    let option = if field == "user" { "as".to_owned() } else { field.replace('_', "-") };
    let detail = match (error.code, &*error.message.code) {
        (ErrorCode::CameraNotFound, _) => format!(
            "There is no camera “{}”, or --as names a user who does not see it. `camera list` shows the ids.",
            error.message.param("camera")
        ),
        (ErrorCode::UserNotFound, _) => format!("{} `user list` shows the names.", error.detail),
        // A + on the command line is not a space, so the advice for URLs does not apply.
        (_, "date_with_space") => {
            Message::from(ParameterMessage::DateExpected { value: error.message.param("value").to_owned() }).text
        }
        _ => error.detail,
    };
    anyhow!("--{option}: {detail}")
}

/// Writes the file, and finalizes its record.
async fn write(
    mut export: ExportStream,
    mut slot: ExportSlot,
    output: &Path,
    mut signals: StopSignals,
) -> anyhow::Result<()> {
    // If the command is stopped, the incomplete file is dropped.
    let written = tokio::select! {
        biased;
        () = signals.next() => Err(ExportFailure::Stopped.into()),
        written = write_to(&mut export, &mut slot, output) => written,
    };
    let outcome = written.as_ref().err().map(|error| export_outcome::of(error, output));
    slot.end(outcome, export.bytes).await;
    match written {
        // The reader has ended, as with `| head`, and its file is incomplete.
        Err(error) if standard_output::is_named_by(output) && export_outcome::is_broken_pipe(&error) => {
            Err(ExportFailure::ReaderEnded.into())
        }
        other => other,
    }
}

async fn write_to(export: &mut ExportStream, slot: &mut ExportSlot, output: &Path) -> anyhow::Result<()> {
    if standard_output::is_named_by(output) {
        let cannot = "cannot write to standard output";
        pull(export, slot, standard_output::open().context(cannot)?, cannot).await?;
        return complete(export, slot).await;
    }
    let cannot = &format!("cannot write {}", output.display());
    // The target of a link is replaced, not the link.
    let path = &output.canonicalize().unwrap_or_else(|_| output.to_owned());
    // A pipe or a device cannot be replaced by a file.
    if path.metadata().is_ok_and(|there| !there.is_file()) {
        // Opening a pipe waits until a program reads from it.
        let pipe = path.clone();
        let opening = tokio::task::spawn_blocking(move || File::options().write(true).open(pipe));
        pull(export, slot, opening.await?.with_context(|| cannot.clone())?, cannot).await?;
        return complete(export, slot).await;
    }
    let file = OutputFile::create(path).with_context(|| cannot.clone())?;
    let writer = file.writer().with_context(|| cannot.clone())?;
    pull(export, slot, writer, cannot).await?;
    file.sync().with_context(|| cannot.clone())?;
    // Recorded before the file appears, so that no complete file is without a record.
    complete(export, slot).await?;
    file.publish().with_context(|| cannot.clone())?;
    Ok(())
}

/// Writes on a thread that may block: a pipe may be full for any time. `cannot` is the context of an error in writing.
async fn pull<W: Write + Send + 'static>(
    export: &mut ExportStream,
    slot: &mut ExportSlot,
    mut output: W,
    cannot: &str,
) -> anyhow::Result<()> {
    let cancelled = slot.cancelled();
    let pull = async {
        while let Some(chunk) = export.next_chunk().await? {
            let writing = tokio::task::spawn_blocking(move || {
                output.write_all(&chunk)?;
                output.flush()?;
                Ok::<_, std::io::Error>(output)
            });
            output = writing.await?.with_context(|| cannot.to_owned())?;
            slot.set_progress(export.rows, export.bytes);
        }
        Ok(())
    };
    tokio::select! {
        pulled = pull => pulled,
        // By somebody who cancelled it on a page, or by a server that received no heartbeats.
        outcome = cancelled => Err(ExportFailure::RecordEnded(outcome).into()),
    }
}

async fn complete(export: &ExportStream, slot: &mut ExportSlot) -> anyhow::Result<()> {
    let sha256 = export.sha256().context(ExportFailure::Incomplete)?;
    match slot.complete(sha256).await {
        Ok(Recorded::Yes) => Ok(()),
        Ok(Recorded::Rejected) => Err(ExportFailure::ended_by_server().into()),
        Err(error) => Err(error).context(ExportFailure::NotRecorded),
    }
}
