//! What went wrong, in words. The API says it in English, and so do errors on their way to a page: what is told in another
//! language is found by the English sentence, so that it says as much as that does. A sentence that is not found stays
//! English.

use self::german::GERMAN;
use self::german_forms::GERMAN_OF_FORMS;
use self::german_records::GERMAN_OF_RECORDS;
use crate::api::language::Language;
use crate::error::{ApiError, ErrorCode};

mod german;
mod german_forms;
mod german_records;

impl Language {
    /// What went wrong and what would be right.
    pub fn told(self, error: &ApiError) -> String {
        let told = match self {
            Self::English => None,
            Self::German => translated(GERMAN, &error.detail),
        };
        told.unwrap_or_else(|| error.detail.clone())
    }

    /// Returns the reason in the record of an export, of which only the English words are stored. Only the server calls it,
    /// as with [`Language::told_on_form`].
    pub fn reason_of_record(self, english: &str) -> String {
        let told = match self {
            Self::English => None,
            Self::German => translated(GERMAN_OF_RECORDS, english).or_else(|| translated(GERMAN, english)),
        };
        told.unwrap_or_else(|| english.to_owned())
    }

    /// Returns what went wrong for a page that only the server renders, such as a form that was refused. It knows more
    /// sentences than [`Language::told`]; what the browser calls must not use it, to keep those out of the WASM.
    pub fn told_on_form(self, error: &ApiError) -> String {
        let told = match self {
            Self::English => None,
            Self::German => translated(GERMAN_OF_FORMS, &error.detail),
        };
        told.unwrap_or_else(|| self.told(error))
    }

    /// A short heading for an error.
    pub fn problem_title(self, code: ErrorCode) -> &'static str {
        match self {
            Self::English => code.title(),
            Self::German => german_title(code),
        }
    }
}

/// Returns the translation of a sentence by the first pattern that it matches.
fn translated(patterns: &[(&str, &str)], english: &str) -> Option<String> {
    patterns.iter().find_map(|(pattern, translation)| Some(filled(translation, &values(pattern, english)?)))
}

/// What stands in the places of a pattern, which are written `{}`; nothing where the text is not of that pattern.
fn values<'text>(pattern: &str, text: &'text str) -> Option<Vec<&'text str>> {
    let (first, rest) = pattern.split_once("{}").map_or((pattern, None), |(first, rest)| (first, Some(rest)));
    let mut text = text.strip_prefix(first)?;
    let mut values = Vec::new();
    let mut parts = rest.into_iter().flat_map(|rest| rest.split("{}")).peekable();
    while let Some(part) = parts.next() {
        // The last part is looked for from the end: what somebody typed may hold the same words.
        let (value, after) = match parts.peek() {
            Some(_) => text.split_once(part)?,
            None => (text.strip_suffix(part)?, ""),
        };
        values.push(value);
        text = after;
    }
    text.is_empty().then_some(values)
}

/// A pattern with these values in its places.
fn filled(pattern: &str, values: &[&str]) -> String {
    let mut parts = pattern.split("{}");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for (part, value) in parts.zip(values) {
        text.push_str(value);
        text.push_str(part);
    }
    text
}

fn german_title(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::InvalidParameter => "Ungültige Angabe",
        ErrorCode::BadRequest => "Ungültige Anfrage",
        ErrorCode::RequestTimeout => "Zeitüberschreitung der Anfrage",
        ErrorCode::Unauthenticated => "Nicht angemeldet",
        ErrorCode::CookieRefused => "Cookie nicht gespeichert",
        ErrorCode::Forbidden => "Nicht erlaubt",
        ErrorCode::CameraNotFound => "Kamera nicht gefunden",
        ErrorCode::UserNotFound => "Person nicht gefunden",
        ErrorCode::TokenNotFound => "Zugriffstoken nicht gefunden",
        ErrorCode::NotFound => "Nicht gefunden",
        ErrorCode::MethodNotAllowed => "Methode nicht erlaubt",
        ErrorCode::TooLarge => "Zu groß",
        ErrorCode::Misdirected => "Falscher Servername",
        ErrorCode::ExportNotFound => "Export nicht gefunden",
        ErrorCode::TooManyAttempts => "Zu viele Versuche",
        ErrorCode::TooManyExports => "Zu viele Exporte",
        ErrorCode::DatabaseTimeout => "Zeitüberschreitung der Datenbank",
        ErrorCode::HttpVersionNotSupported => "HTTP-Version nicht unterstützt",
        ErrorCode::Unavailable => "Vorübergehend nicht verfügbar",
        ErrorCode::Internal => "Interner Fehler",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::*;

    fn german(english: &str) -> String {
        let told = Language::German.told_on_form(&ApiError::new(ErrorCode::Internal, english));
        if told == english { Language::German.reason_of_record(english) } else { told }
    }

    fn all() -> impl Iterator<Item = &'static (&'static str, &'static str)> {
        GERMAN_OF_FORMS.iter().chain(GERMAN_OF_RECORDS).chain(GERMAN)
    }

    #[test]
    fn english_stays_as_it_is_and_so_does_what_is_not_known() {
        let told = "Name or password is wrong. Check both and try again.";
        assert_eq!(Language::English.reason_of_record(told), told);
        assert_eq!(german("Something that nobody has translated."), "Something that nobody has translated.");
    }

    #[test]
    fn what_stood_in_the_english_sentence_stands_in_the_german_one() {
        for (english, told) in [
            (
                "There were too many attempts to sign in. Wait 12 seconds and try again.",
                "Es gab zu viele Anmeldeversuche. Warten Sie 12 Sekunden und versuchen Sie es dann erneut.",
            ),
            (
                "The start, 2025-12-02, is after the end, 2025-12-01. Choose a start on or before the end.",
                "Der Anfang, 2025-12-02, liegt nach dem Ende, 2025-12-01. Wählen Sie einen Anfang, der nicht nach dem Ende \
                 liegt.",
            ),
            // Whatever somebody typed.
            (
                "There is a user “” already. Choose another name.” already. Choose another name.",
                "Den Namen „” already. Choose another name.“ gibt es schon. Wählen Sie einen anderen.",
            ),
            (
                "There is a user “{}” already. Choose another name.",
                "Den Namen „{}“ gibt es schon. Wählen Sie einen anderen.",
            ),
        ] {
            assert_eq!(german(english), told);
        }
    }

    #[test]
    fn a_german_sentence_has_no_more_values_than_the_english_one_and_each_is_found() {
        for (english, told) in all() {
            let places = english.matches("{}").count();
            assert!(told.matches("{}").count() <= places, "{told}");
            assert!(told.matches('„').count() == told.matches('“').count() && !told.contains('”'), "{told}");
            assert_eq!(german(&english.replace("{}", "7")), told.replace("{}", "7"), "another pattern is found first");
        }
    }

    /// All that is written in these sources, as the compiler joins it: without line ends in strings, and without comments
    /// and tests, which say what the program does not.
    fn sources(path: &Path) -> String {
        if path.is_dir() {
            let entries = fs::read_dir(path).expect("a folder").map(|entry| entry.expect("an entry").path());
            return entries.map(|entry| sources(&entry)).collect();
        }
        // What is told to Prometheus is on no page.
        if path.ends_with("i18n/problem/german.rs")
            || path.ends_with("i18n/problem/german_forms.rs")
            || path.ends_with("i18n/problem/german_records.rs")
            || path.ends_with("server/metrics.rs")
        {
            return String::new();
        }
        let text = fs::read_to_string(path).expect("a file");
        let text = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        let code = code.collect::<Vec<_>>().join("\n");
        let mut lines = code.split("\\\n");
        let first = lines.next().unwrap_or_default().to_owned();
        lines.fold(first, |code, line| code + line.trim_start())
    }

    fn src() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
    }

    #[test]
    fn every_english_sentence_is_one_that_the_program_says() {
        let said = sources(&src()).to_lowercase();
        for (english, _) in all() {
            // Of which a sentence is put together where it is said.
            let joints = ["{}", ". ", ", such as ", "“", "”"];
            let english = joints.iter().fold((*english).to_owned(), |rest, joint| rest.replace(joint, "\n"));
            let parts = english.lines();
            let parts =
                parts.map(|part| part.trim_matches(|character: char| !character.is_alphanumeric()).to_lowercase());
            for part in parts {
                assert!(said.contains(&part), "nothing says “{part}” any more");
            }
        }
    }

    /// What nobody is told on a page, because it is for scripts, supervisors, or whoever uses the command line; and what is
    /// told in German as it stands there once it is filled in.
    const ON_NO_PAGE: [&str; 3] = [
        "A name has 1 to {} characters that can be seen, such as {}.",
        "The server is being stopped.",
        "There is no camera with the id “{}”. `camera list` shows the ids.",
    ];

    /// The string literals of some code, with the values of formats as `{}`.
    fn literals(code: &str) -> Vec<String> {
        // An escaped quote ends no string, and one between single quotes begins none.
        let code = code.replace("\\\"", "\u{1}").replace("'\"'", "");
        let inside = code.split('"').skip(1).step_by(2).map(|text| {
            let mut pieces = text.split('{');
            let first = pieces.next().unwrap_or_default().to_owned();
            pieces.fold(first, |told, piece| told + "{}" + piece.split_once('}').map_or("", |(_, rest)| rest))
        });
        inside.map(|text| text.replace('\u{1}', "\"")).collect()
    }

    #[test]
    fn every_sentence_of_the_server_is_told_in_german() {
        let told =
            ["server", "cli.rs", "cli", "api", "api.rs", "export_params.rs", "error.rs"].map(|part| src().join(part));
        let code: String = told.iter().filter(|part| part.exists()).map(|part| sources(part)).collect();
        let is_sentence = |text: &String| {
            text.starts_with(|first: char| first.is_uppercase() || first == '“')
                && text.contains(' ')
                && text.ends_with('.')
        };
        let sentences: BTreeSet<_> = literals(&code).into_iter().filter(is_sentence).collect();
        let untold: Vec<_> = sentences.iter().filter(|english| german(english) == **english).collect();
        assert_eq!(untold, ON_NO_PAGE);
    }

    #[test]
    fn what_forms_refuse_is_told_in_german() {
        use crate::export_params::ExportParams;
        use crate::server::auth::{name, password};

        let refused = [
            password::check("short", "ann").expect_err("too short"),
            password::check(&"long".repeat(300), "ann").expect_err("too long"),
            password::check("ann@example.com", "ANN@example.com").expect_err("the name"),
            name::checked("", "ann or ann@example.com").expect_err("empty"),
            name::checked("", "“Nightly report”").expect_err("empty"),
            ExportParams::parse("start_date=2025-02-30").expect_err("no day"),
            ExportParams::parse("end_date=yesterday 1").expect_err("no date"),
            ExportParams::parse("start_date=2025-12-02&end_date=2025-12-01").expect_err("reversed"),
            ExportParams::parse("camera=1").expect_err("no parameter"),
            ExportParams::parse("bom=true&bom=true").expect_err("given twice"),
            ExportParams::parse("bom=1").expect_err("no flag"),
            ExportParams::parse("format=xls").expect_err("no format"),
        ];
        for error in refused {
            assert_eq!(Language::English.told_on_form(&error), error.detail);
            assert_ne!(Language::German.told_on_form(&error), error.detail);
        }
    }
}
