//! What passes by of a file: its bytes, its rows, its digest. Nothing of the file itself is kept.

use sha2::{Digest, Sha256};

use crate::api::exports::{ExportRecord, State};
use crate::api::language::Language;
use crate::messages::Message;

/// Counts and digests a CSV while it passes.
#[derive(Clone, Debug, Default)]
pub struct CsvDigest {
    digest: Sha256,
    bytes: u64,
    lines: u64,
    quoted: bool,
}

/// What a file was, all in all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileSummary {
    /// Its size.
    pub bytes: u64,
    /// Its rows, without the line that names the columns.
    pub rows: u64,
    /// SHA-256, in hexadecimal digits.
    pub sha256: String,
}

impl CsvDigest {
    /// Takes note of the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.digest.update(bytes);
        self.bytes += bytes.len() as u64;
        for byte in bytes {
            match byte {
                // One that is doubled, inside of quotes, ends them and begins them again.
                b'"' => self.quoted = !self.quoted,
                // A line break inside of quotes is part of a cell.
                b'\n' if !self.quoted => self.lines += 1,
                _ => {}
            }
        }
    }

    /// Bytes so far.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Rows so far, without the line that names the columns.
    pub fn rows(&self) -> u64 {
        self.lines.saturating_sub(1)
    }

    /// What the file was.
    pub fn sum(self) -> FileSummary {
        FileSummary { bytes: self.bytes, rows: self.rows(), sha256: format!("{:x}", self.digest.finalize()) }
    }
}

/// In what a file differs from what the server's record says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mismatch {
    /// The server did not send the whole file. Why, where that is known.
    Incomplete(State, Option<Message>),
    /// Another size, or other rows.
    Size {
        /// What arrived.
        arrived: (u64, u64),
        /// What was sent.
        sent: (u64, u64),
    },
    /// Other contents.
    Contents,
}

impl Mismatch {
    /// In words, as the end of a sentence.
    pub fn told(&self, language: Language) -> String {
        let words = language.export();
        match self {
            Self::Incomplete(state, reason) => {
                let reason = reason.as_ref().map(|reason| &*reason.text);
                (words.record_says)(language.state(*state), reason.unwrap_or(words.did_not_end))
            }
            Self::Size { arrived: (rows, bytes), sent: (sent, size) } => {
                (words.other_size)(&language.events(*rows), *bytes, &language.count(*sent), *size)
            }
            Self::Contents => words.other_contents.to_owned(),
        }
    }
}

/// Compares what arrived with what the server's record says that it sent.
///
/// # Errors
/// In what they differ.
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

    fn sum(chunks: &[&str]) -> FileSummary {
        let mut tally = CsvDigest::default();
        for chunk in chunks {
            tally.update(chunk.as_bytes());
        }
        tally.sum()
    }

    #[test]
    fn rows_are_those_of_the_csv_however_the_bytes_come() {
        let file = "a,b\r\n1,\"x\r\ny\"\r\n2,\"say \"\"so\"\"\n\"\r\n";
        let whole = sum(&[file]);
        assert_eq!((whole.rows, whole.bytes), (2, file.len() as u64));
        for cut in 1..file.len() {
            assert_eq!(sum(&[&file[..cut], &file[cut..]]), whole, "cut at {cut}");
        }
        assert_eq!(sum(&[]).rows, 0);
        assert_eq!(sum(&["a,b\r\n"]).rows, 0);
    }

    #[test]
    fn the_digest_is_that_of_sha256sum() {
        assert_eq!(sum(&["a", "bc"]).sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    fn record(state: State) -> ExportRecord {
        let arrived = sum(&["a\r\n1\r\n"]);
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
        }
    }

    #[test]
    fn only_what_the_record_tells_is_whole() {
        let arrived = sum(&["a\r\n1\r\n"]);
        assert_eq!(compare(&record(State::Completed), &arrived), Ok(()));
        let wrong = |record: ExportRecord| compare(&record, &arrived).expect_err("different").told(Language::English);
        assert!(wrong(record(State::Failed)).contains("could not be read from the database"));
        assert!(wrong(record(State::Running)).contains("It has not ended."));
        assert!(wrong(ExportRecord { rows: 2, ..record(State::Completed) }).contains("1 event in 6 bytes arrived"));
        assert!(wrong(ExportRecord { sha256: None, ..record(State::Completed) }).contains("SHA-256"));
        let other = FileSummary { sha256: "0".repeat(64), ..arrived.clone() };
        assert_eq!(compare(&record(State::Completed), &other), Err(Mismatch::Contents));
    }
}
