//! Counts and digests a file as it streams by, and compares the result with the record of its export.

use sha2::{Digest, Sha256};

use crate::api::exports::{ExportRecord, State};
use crate::api::language::Language;
use crate::messages::Message;

/// The running byte count, row count and SHA-256 of a CSV.
#[derive(Clone, Debug, Default)]
pub struct CsvDigest {
    digest: Sha256,
    bytes: u64,
    lines: u64,
    quoted: bool,
}

/// Size, rows and digest of a complete file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileSummary {
    /// Its size in bytes.
    pub bytes: u64,
    /// Its rows, without the header row.
    pub rows: u64,
    /// SHA-256, in hexadecimal digits.
    pub sha256: String,
}

impl CsvDigest {
    /// Adds the next bytes of the file.
    pub fn update(&mut self, bytes: &[u8]) {
        self.digest.update(bytes);
        self.bytes += bytes.len() as u64;
        for byte in bytes {
            match byte {
                // A doubled quote inside a quoted cell ends it and begins it again.
                b'"' => self.quoted = !self.quoted,
                // A line break inside quotes is part of the cell.
                b'\n' if !self.quoted => self.lines += 1,
                _ => {}
            }
        }
    }

    /// Returns the bytes so far.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Returns the rows so far, without the header row.
    pub fn rows(&self) -> u64 {
        self.lines.saturating_sub(1)
    }

    /// Returns the totals of the file.
    pub fn finish(self) -> FileSummary {
        FileSummary { bytes: self.bytes, rows: self.rows(), sha256: format!("{:x}", self.digest.finalize()) }
    }
}

/// How a file differs from the server's record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mismatch {
    /// The server did not send the whole file: the state of the record, and its reason if there is one.
    Incomplete(State, Option<Message>),
    /// The number of rows or bytes differs.
    Size {
        /// Rows and bytes that arrived.
        arrived: (u64, u64),
        /// Rows and bytes that were sent.
        sent: (u64, u64),
    },
    /// Only the digest differs.
    Contents,
}

impl Mismatch {
    /// Returns the difference as the end of a sentence.
    pub fn message(&self, language: Language) -> String {
        let texts = language.export();
        match self {
            Self::Incomplete(state, reason) => {
                let reason = reason.as_ref().map(|reason| &*reason.text);
                (texts.record_says)(language.state(*state), reason.unwrap_or(texts.did_not_end))
            }
            Self::Size { arrived: (rows, bytes), sent: (sent, size) } => {
                (texts.other_size)(&language.events(*rows), *bytes, &language.count(*sent), *size)
            }
            Self::Contents => texts.other_contents.to_owned(),
        }
    }
}

/// Compares a file with the server's record of its export.
///
/// # Errors
/// Returns an error if they differ.
pub fn compare(record: &ExportRecord, arrived: &FileSummary) -> Result<(), Mismatch> {
    if record.state != State::Completed {
        return Err(Mismatch::Incomplete(record.state, record.reason.clone()));
    }
    let sent = (u64::try_from(record.rows).unwrap_or(0), u64::try_from(record.bytes).unwrap_or(0));
    let arrived_size = (arrived.rows, arrived.bytes);
    if arrived_size != sent {
        return Err(Mismatch::Size { arrived: arrived_size, sent });
    }
    if record.sha256.as_ref() == Some(&arrived.sha256) { Ok(()) } else { Err(Mismatch::Contents) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::messages::records::RecordMessage;

    fn summary(chunks: &[&str]) -> FileSummary {
        let mut digest = CsvDigest::default();
        for chunk in chunks {
            digest.update(chunk.as_bytes());
        }
        digest.finish()
    }

    #[test]
    fn rows_are_counted_independently_of_chunk_boundaries() {
        let file = "a,b\r\n1,\"x\r\ny\"\r\n2,\"say \"\"so\"\"\n\"\r\n";
        let complete = summary(&[file]);
        assert_eq!((complete.rows, complete.bytes), (2, file.len() as u64));
        for cut in 1..file.len() {
            assert_eq!(summary(&[&file[..cut], &file[cut..]]), complete, "cut at {cut}");
        }
        assert_eq!(summary(&[]).rows, 0);
        assert_eq!(summary(&["a,b\r\n"]).rows, 0);
    }

    #[test]
    fn the_digest_equals_sha256sum() {
        assert_eq!(summary(&["a", "bc"]).sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    fn record(state: State) -> ExportRecord {
        let arrived = summary(&["a\r\n1\r\n"]);
        ExportRecord {
            id: String::new(),
            state,
            user: None,
            via: String::new(),
            query: String::new(),
            rows: 1,
            bytes: 6,
            sha256: Some(arrived.sha256),
            started_at: String::new(),
            finished_at: None,
            duration_ms: None,
            error: (state == State::Failed).then(|| Message::from(RecordMessage::DatabaseFailed).text),
            reason: (state == State::Failed).then(|| RecordMessage::DatabaseFailed.into()),
            complete_to: None,
            deleted_to: None,
            cancel_requested: false,
        }
    }

    #[test]
    fn a_file_matches_only_a_completed_record_with_the_same_totals() {
        let arrived = summary(&["a\r\n1\r\n"]);
        assert_eq!(compare(&record(State::Completed), &arrived), Ok(()));
        let wrong =
            |record: ExportRecord| compare(&record, &arrived).expect_err("different").message(Language::English);
        assert!(wrong(record(State::Failed)).contains("could not be read from the database"));
        assert!(wrong(record(State::Running)).contains("It has not ended."));
        assert!(wrong(ExportRecord { rows: 2, ..record(State::Completed) }).contains("1 event (6 bytes) arrived"));
        assert!(wrong(ExportRecord { sha256: None, ..record(State::Completed) }).contains("SHA-256"));
        let other = FileSummary { sha256: "0".repeat(64), ..arrived.clone() };
        assert_eq!(compare(&record(State::Completed), &other), Err(Mismatch::Contents));
    }
}
