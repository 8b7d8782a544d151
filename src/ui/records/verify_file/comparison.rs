//! Compares a file that matches no record with the exports whose file had its name. Calls no browser API.

use super::file_form::{FileForm, Sign};
use crate::api::exports::{ExportRecord, State};
use crate::api::language::Language;
use crate::export_params::ExportParams;
use crate::ui::download::csv_digest::FileSummary;

/// How many exports are shown at most.
const MAX_SHOWN: usize = 3;

/// What is wrong with a file whose digest no export has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// It does not have the columns of an export.
    NotOurs,
    /// It has the form of an export, but no export with this name is known.
    Unknown,
    /// Another program has saved it.
    Resaved(Vec<Sign>),
    /// Its end is missing. `None`: of how many rows is not known.
    CutOff(Option<u64>),
    /// It has the name and the form of an export, but other contents.
    Changed,
}

/// What is wrong with a file, and the exports that it may come from, the likeliest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    pub finding: Finding,
    pub exports: Vec<ExportRecord>,
}

/// An export that a file may come from.
struct Candidate {
    record: ExportRecord,
    params: ExportParams,
}

impl Candidate {
    fn is_complete(&self) -> bool {
        self.record.state == State::Completed
    }

    fn rows(&self) -> u64 {
        u64::try_from(self.record.rows).unwrap_or_default()
    }

    fn bytes(&self) -> u64 {
        u64::try_from(self.record.bytes).unwrap_or_default()
    }

    /// Returns in what the file differs from the form that this export wrote.
    fn other_form(&self, form: &FileForm) -> Vec<Sign> {
        let differs = [
            (form.delimiter != Some(self.params.delimiter), Sign::Separators),
            (form.excel_date != self.params.excel_date, Sign::Columns),
            (form.bom != self.params.bom, Sign::ByteOrderMark),
        ];
        differs.into_iter().filter(|(differs, _)| *differs).map(|(_, sign)| sign).collect()
    }
}

/// Compares a file with the exports whose file had its name. `form`: `None` if it does not have the columns of an export.
pub fn compare(form: Option<&FileForm>, summary: &FileSummary, named: Vec<ExportRecord>) -> Comparison {
    let Some(form) = form else { return Comparison { finding: Finding::NotOurs, exports: Vec::new() } };
    let parsed = named.into_iter().filter_map(|record| Some((ExportParams::parse(&record.query).ok()?, record)));
    let mut candidates: Vec<_> = parsed.map(|(params, record)| Candidate { record, params }).collect();
    // The same form first, then complete ones, then those of the nearest size. Newer ones stay before older ones.
    candidates.sort_by_key(|candidate| {
        let distance = candidate.bytes().abs_diff(summary.bytes);
        (candidate.other_form(form).len(), !candidate.is_complete(), candidate.rows().abs_diff(summary.rows), distance)
    });
    let mut signs = form.signs.clone();
    for sign in candidates.first().map(|likeliest| likeliest.other_form(form)).unwrap_or_default() {
        if !signs.contains(&sign) {
            signs.push(sign);
        }
    }
    let finding = match candidates.first() {
        _ if !signs.is_empty() => Finding::Resaved(signs),
        Some(likeliest) if !likeliest.is_complete() => Finding::CutOff(None),
        Some(likeliest) if summary.rows < likeliest.rows() && summary.bytes < likeliest.bytes() => {
            Finding::CutOff(Some(likeliest.rows()))
        }
        _ if !form.is_terminated => Finding::CutOff(None),
        Some(_) => Finding::Changed,
        None => Finding::Unknown,
    };
    candidates.truncate(MAX_SHOWN);
    Comparison { finding, exports: candidates.into_iter().map(|candidate| candidate.record).collect() }
}

impl Comparison {
    /// Returns the verdict in words. `everybodys`: the user sees the exports of everybody.
    pub fn message(&self, name: &str, summary: &FileSummary, everybodys: bool, language: Language) -> String {
        let texts = language.verify();
        match &self.finding {
            Finding::NotOurs => (texts.not_ours)(name),
            Finding::Unknown if everybodys => (texts.unknown_to_all)(name),
            Finding::Unknown => (texts.unknown)(name),
            Finding::Resaved(signs) => {
                let signs: Vec<_> = signs.iter().map(|sign| sign_text(*sign, language)).collect();
                (texts.resaved)(name, &signs.join(", "))
            }
            Finding::CutOff(Some(rows)) => {
                (texts.cut_off_at)(name, &language.count(summary.rows), &language.count(*rows))
            }
            Finding::CutOff(None) => (texts.cut_off)(name),
            Finding::Changed => (texts.changed)(name),
        }
    }
}

fn sign_text(sign: Sign, language: Language) -> &'static str {
    let texts = language.verify();
    match sign {
        Sign::Encoding => texts.other_encoding,
        Sign::ByteOrderMark => texts.other_mark,
        Sign::LineEnds => texts.other_line_ends,
        Sign::Separators => texts.other_separators,
        Sign::Quotes => texts.added_quotes,
        Sign::Dates => texts.other_dates,
        Sign::Columns => texts.other_columns,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export_params::Delimiter;
    use crate::ui::test_support::record;

    fn form() -> FileForm {
        FileForm {
            delimiter: Some(Delimiter::Comma),
            bom: false,
            excel_date: false,
            is_terminated: true,
            signs: Vec::new(),
        }
    }

    fn summary(rows: u64, bytes: u64) -> FileSummary {
        FileSummary { rows, bytes, sha256: "0".to_owned() }
    }

    /// An export of 1,234 rows and 5,000 bytes.
    fn export(id: &str, query: &str) -> ExportRecord {
        ExportRecord { id: id.to_owned(), ..record(query) }
    }

    fn finding(form: &FileForm, rows: u64, bytes: u64, named: &[ExportRecord]) -> Finding {
        compare(Some(form), &summary(rows, bytes), named.to_vec()).finding
    }

    #[test]
    fn a_file_is_told_apart_by_its_form_and_its_size() {
        let named = [export("1", "")];
        let open = FileForm { is_terminated: false, ..form() };
        assert_eq!(compare(None, &summary(1, 1), named.to_vec()).finding, Finding::NotOurs);
        assert_eq!(finding(&form(), 1_234, 5_000, &[]), Finding::Unknown);
        assert_eq!(finding(&open, 1_233, 4_990, &[]), Finding::CutOff(None));
        assert_eq!(finding(&open, 1_233, 4_990, &named), Finding::CutOff(Some(1_234)));
        assert_eq!(finding(&form(), 1_000, 4_000, &named), Finding::CutOff(Some(1_234)), "at the end of a line");
        assert_eq!(finding(&form(), 1_234, 5_000, &named), Finding::Changed);
        assert_eq!(finding(&form(), 1_235, 5_010, &named), Finding::Changed);
        let broken = ExportRecord { state: State::Cancelled, ..export("1", "") };
        assert_eq!(finding(&form(), 1_234, 5_000, &[broken]), Finding::CutOff(None));
        let saved = FileForm { signs: vec![Sign::LineEnds], ..form() };
        assert_eq!(finding(&saved, 1_234, 4_000, &named), Finding::Resaved(vec![Sign::LineEnds]));
        assert_eq!(finding(&saved, 1_234, 4_000, &[]), Finding::Resaved(vec![Sign::LineEnds]));
    }

    #[test]
    fn the_form_is_compared_with_that_of_the_likeliest_export() {
        let semicolons = FileForm { delimiter: Some(Delimiter::Semicolon), bom: true, ..form() };
        let commas = export("1", "excel_date=true");
        let both = [commas.clone(), export("2", "delimiter=semicolon&bom=true")];
        assert_eq!(
            finding(&semicolons, 1_234, 5_000, &[commas]),
            Finding::Resaved(vec![Sign::Separators, Sign::Columns, Sign::ByteOrderMark])
        );
        let compared = compare(Some(&semicolons), &summary(1_234, 5_001), both.to_vec());
        assert_eq!(compared.finding, Finding::Changed);
        assert_eq!(compared.exports.iter().map(|export| &*export.id).collect::<Vec<_>>(), ["2", "1"]);
        let sizes: Vec<_> =
            [10, 1_200, 1_300, 9_000, 1_234].map(|rows| ExportRecord { rows, ..export(&rows.to_string(), "") }).into();
        let nearest = compare(Some(&form()), &summary(1_234, 5_001), sizes).exports;
        assert_eq!(nearest.iter().map(|export| &*export.id).collect::<Vec<_>>(), ["1234", "1200", "1300"]);
    }

    #[test]
    fn each_finding_has_its_own_words_and_administrators_have_theirs() {
        let said = |finding: Finding, everybodys, language| {
            Comparison { finding, exports: Vec::new() }.message("a.csv", &summary(1_000, 4_000), everybodys, language)
        };
        let all = || {
            [
                Finding::NotOurs,
                Finding::Unknown,
                Finding::Resaved(vec![Sign::LineEnds, Sign::Dates]),
                Finding::CutOff(Some(1_234)),
                Finding::CutOff(None),
                Finding::Changed,
            ]
        };
        for language in Language::ALL {
            let words: std::collections::BTreeSet<_> = all().map(|finding| said(finding, false, language)).into();
            assert_eq!(words.len(), all().len(), "{words:?}");
            assert!(words.iter().all(|words| words.contains("a.csv")), "{words:?}");
        }
        let english = |finding, everybodys| said(finding, everybodys, Language::English);
        assert!(english(Finding::Unknown, false).contains("somebody else"));
        assert!(english(Finding::Unknown, true).contains("no export of this server"));
        assert!(english(Finding::CutOff(Some(1_234)), false).contains("1,000 of 1,234 rows"));
        let saved = english(Finding::Resaved(vec![Sign::LineEnds, Sign::Dates]), false);
        assert!(saved.contains("other line ends, other dates"), "{saved}");
    }
}
