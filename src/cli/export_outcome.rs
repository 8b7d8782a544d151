//! The outcome of an export on the command line, for its record. The command itself prints more.

use std::io::{self, ErrorKind};
use std::path::Path;

use crate::api::exports::State;
use crate::messages::commands::CommandMessage;
use crate::messages::records::RecordMessage;
use crate::server::export::error::ExportError;
use crate::server::export::record_store::Outcome;

/// Why an export ended without a complete file, if neither reading nor writing is the reason.
#[derive(Debug)]
pub enum ExportFailure {
    /// A signal stopped the command.
    Stopped,
    /// Somebody cancelled the export, or a server received no heartbeat of this command and ended the record.
    RecordEnded(Outcome),
    /// The file was incomplete at its end.
    Incomplete,
    /// The record could not be set to completed; the error of the database says why.
    NotRecorded,
    /// The program that reads standard output has ended.
    ReaderEnded,
}

impl ExportFailure {
    /// Returns the failure of an export whose record a server has ended.
    pub fn ended_by_server() -> Self {
        Self::RecordEnded(Outcome::new(State::Interrupted, CommandMessage::CommandLost))
    }
}

impl std::fmt::Display for ExportFailure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Stopped => "stopped before the file was complete",
            Self::RecordEnded(outcome) if outcome.state == State::Cancelled => {
                return write!(f, "{}", outcome.reason.as_ref().map_or("cancelled", |reason| &reason.text));
            }
            Self::RecordEnded(_) => {
                "a server ended the record of this export, because the command had sent no heartbeat for 30 seconds; \
                 start the command again"
            }
            Self::Incomplete => "the file is incomplete; start the command again",
            Self::NotRecorded => "the export could not be recorded, so it does not count as complete",
            Self::ReaderEnded => "the program that reads the output ended before the file was complete",
        })
    }
}

impl std::error::Error for ExportFailure {}

/// Whether the program that reads the output has ended.
pub fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
}

/// Returns the outcome for the record. `output` is the destination of the export, as it was typed; `-` is standard
/// output.
pub fn of(error: &anyhow::Error, output: &Path) -> Outcome {
    if let Some(failure) = error.downcast_ref::<ExportFailure>() {
        return match failure {
            ExportFailure::Stopped => Outcome::new(State::Interrupted, CommandMessage::CommandStopped),
            ExportFailure::RecordEnded(outcome) => outcome.clone(),
            ExportFailure::Incomplete => Outcome::failed(RecordMessage::FileIncomplete),
            ExportFailure::NotRecorded => Outcome::failed(RecordMessage::NotRecorded),
            ExportFailure::ReaderEnded => of_writing(ErrorKind::BrokenPipe, "-".to_owned()),
        };
    }
    if let Some(error) = error.downcast_ref::<io::Error>() {
        return of_writing(error.kind(), output.display().to_string());
    }
    match error.downcast_ref::<ExportError>() {
        Some(ExportError::Database(_)) => Outcome::failed(CommandMessage::DatabaseFailedInCommand),
        Some(error) => error.outcome(),
        None => Outcome::failed(CommandMessage::CommandFailed),
    }
}

fn of_writing(kind: ErrorKind, output: String) -> Outcome {
    Outcome::failed(match kind {
        ErrorKind::BrokenPipe => return Outcome::new(State::Cancelled, CommandMessage::PipeClosed),
        ErrorKind::NotFound => CommandMessage::NoSuchFolder { output },
        ErrorKind::PermissionDenied => CommandMessage::PermissionDenied { output },
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => CommandMessage::NoSpaceLeft { output },
        ErrorKind::ReadOnlyFilesystem => CommandMessage::ReadOnlyFileSystem { output },
        ErrorKind::IsADirectory => CommandMessage::OutputIsAFolder { output },
        ErrorKind::NotADirectory => CommandMessage::PathThroughAFile { output },
        ErrorKind::FileTooLarge => CommandMessage::FileTooLarge { output },
        ErrorKind::NotConnected => CommandMessage::StandardOutputClosed,
        _ => CommandMessage::OutputFailed { output },
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use anyhow::Context;

    use super::*;

    #[test]
    fn the_reason_names_the_output_and_has_no_text_of_the_system() {
        let output = Path::new("reports/out.csv");
        for (code, state, words) in [
            (2, State::Failed, "the folder does not exist"),
            (13, State::Failed, "permission was denied"),
            (28, State::Failed, "no space was left"),
            (122, State::Failed, "no space was left"),
            (30, State::Failed, "read-only"),
            (21, State::Failed, "this is a folder"),
            (20, State::Failed, "a part of the path"),
            (27, State::Failed, "files of that size"),
            (5, State::Failed, "The command has printed why"),
            (32, State::Cancelled, "The program that read the output ended"),
        ] {
            let io = Err::<(), _>(io::Error::from_raw_os_error(code)).context("cannot write it").expect_err("an error");
            let outcome = of(&io, output);
            let reason = outcome.reason.expect("a reason").text;
            assert!(outcome.state == state && reason.contains(words), "{code}: {reason}");
            assert!(!reason.contains("os error") && reason.ends_with('.'), "{reason}");
            assert_eq!(reason.contains("reports/out.csv"), code != 32, "{reason}");
        }
        let late = of(&ExportError::TimedOut(Duration::from_mins(1)).into(), output);
        assert_eq!(late.state, State::TimedOut);
    }
}
