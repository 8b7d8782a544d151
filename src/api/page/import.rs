//! The import of an uploaded file, as its page shows it.

use std::fmt;

use crate::messages::Message;

/// The state of uploads on a server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportState {
    /// The maximum size of a file, in megabytes; 0: none can be uploaded.
    pub max_megabytes: u32,
    /// Whether nothing else can write while an import runs.
    pub blocks_writers: bool,
    /// The file that is being uploaded or imported, or the last one.
    pub upload: Option<Upload>,
}

/// An uploaded file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload {
    /// The name of the file, as the browser gave it.
    pub file: String,
    /// What happens to it.
    pub phase: Phase,
}

/// What happens to an uploaded file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It is being uploaded: bytes so far.
    Receiving(u64),
    /// It is being imported.
    Importing {
        /// What it is.
        source: SourceKind,
        /// How much is done, in percent; `None` while that is not known.
        percent: Option<u8>,
    },
    /// It was imported.
    Done(ImportSummary),
    /// It cannot be imported, so nothing of it was.
    Refused {
        /// The number of the row that cannot be, if it is a row; the header is row 1.
        row: Option<u64>,
        /// Why, as a part of a sentence.
        problem: Message,
    },
    /// Nothing of it was imported, for another reason.
    Failed(Message),
}

impl Phase {
    /// Whether it will change by itself.
    pub fn is_running(&self) -> bool {
        matches!(self, Self::Receiving(_) | Self::Importing { .. })
    }
}

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceKind {
    /// A CSV of this program or of ArgusAI.
    Csv,
    /// ArgusAI's SQLite database.
    Argusai,
    /// Frigate's database.
    Frigate,
}

impl fmt::Display for SourceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Csv => "CSV",
            Self::Argusai => "ArgusAI",
            Self::Frigate => "Frigate",
        })
    }
}

/// The summary of an import.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportSummary {
    /// Events written.
    pub imported: u64,
    /// Events that were in the database before.
    pub already_there: u64,
    /// Cameras that are new.
    pub cameras_new: u64,
    /// Cameras that were renamed.
    pub cameras_renamed: u64,
    /// What was not imported, or not as it was.
    pub findings: Vec<Finding>,
}

/// Events or values with the same finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What was done about them.
    pub kind: FindingKind,
    /// Why.
    pub reason: Message,
    /// The number of them.
    pub count: u64,
    /// The first of them, shortened.
    pub first: Option<String>,
}

/// What was done about a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FindingKind {
    /// An event could not be imported.
    Skipped,
    /// An event was not to be imported.
    LeftOut,
    /// A value was changed.
    Repaired,
}
