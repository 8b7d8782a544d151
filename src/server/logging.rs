//! The log: its output, format and filter.

use std::fmt;
use std::io::IsTerminal;

use anyhow::Context;
use tracing::Event;
use tracing::field::{Field, Visit};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use super::settings::LogFormat;

/// Sends the log to standard error, so that standard output is free for a CSV.
///
/// # Errors
/// Returns an error if the filter cannot be parsed.
pub fn init(filter: &str, format: LogFormat) -> anyhow::Result<()> {
    let filter = EnvFilter::builder()
        .parse(filter)
        .with_context(|| format!("server.log is “{filter}”; use a level such as info, or module=level,…"))?;
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match format {
        LogFormat::Text => log.with_ansi(std::io::stderr().is_terminal()).init(),
        // The id and the user of a request appear once, not again in a list of spans.
        LogFormat::Json => log.json().flatten_event(true).with_span_list(false).init(),
    }
    Ok(())
}

/// The filter of commands: warnings, except those that the error of the command repeats.
const COMMAND_FILTER: &str = "warn,sqlx=off,motion_export::server::internal_error=off,motion_export::server::db::error=off,\
    motion_export::server::export=off,motion_export::server::export::reader=warn";

/// Prints the warnings of a command on standard error, one line each, in the form of its errors.
///
/// # Errors
/// Returns an error if the filter cannot be parsed.
pub fn init_for_command() -> anyhow::Result<()> {
    let filter = EnvFilter::builder().parse(COMMAND_FILTER)?;
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(false)
        .event_format(CommandLine)
        .with_writer(std::io::stderr)
        .init();
    Ok(())
}

/// The format of a command's warnings: `warning: `, the message, and the reason.
struct CommandLine;

impl<S, N> FormatEvent<S, N> for CommandLine
where
    S: tracing::Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut message = EventMessage::default();
        event.record(&mut message);
        match message.error {
            Some(error) => writeln!(writer, "warning: {}: {error}", message.message),
            None => writeln!(writer, "warning: {}", message.message),
        }
    }
}

/// The message of an event, and its error, if it has one.
#[derive(Default)]
struct EventMessage {
    message: String,
    error: Option<String>,
}

impl Visit for EventMessage {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "message" => value.clone_into(&mut self.message),
            "error" => self.error = Some(value.to_owned()),
            _ => {}
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;

    /// Every field of the log, with the type of its value in JSON; docs/operations.md has the meanings. Each thing has one name;
    /// those of the specification are `user_id`, `camera_id`, `row_count`, `bytes_sent` and `duration_ms`.
    const FIELDS: [(&str, &str); 39] = [
        ("action", "text"),
        ("bytes", "number"),
        ("bytes_sent", "number"),
        ("camera_count", "number"),
        ("camera_id", "text"),
        ("changed_user_id", "text"),
        ("client_address", "text"),
        ("deleted_to", "text"),
        ("different", "text"),
        ("duration_ms", "number"),
        ("end_date", "text"),
        ("error", "text"),
        ("export_id", "text"),
        ("file_bytes", "number"),
        ("hold_id", "text"),
        ("imported", "number"),
        ("interrupted_exports", "number"),
        ("keep_days", "number"),
        ("listen_address", "text"),
        ("max_connections", "number"),
        ("method", "text"),
        ("path", "text"),
        ("reason", "text"),
        ("row_count", "number"),
        ("rule", "text"),
        ("running_exports", "number"),
        ("seconds", "number"),
        ("skipped", "number"),
        ("source", "text"),
        ("start_date", "text"),
        ("state", "text"),
        ("status", "number"),
        ("timezone", "text"),
        ("token", "text"),
        ("token_id", "text"),
        ("tokens_revoked", "boolean"),
        ("unrecorded_exports", "number"),
        ("user_id", "text"),
        ("valid_until", "text"),
    ];

    /// The fields of the span of a request.
    const SPAN_FIELDS: [&str; 2] = ["request_id", "user_id"];

    /// What each line has, and the span.
    const COMMON_FIELDS: [(&str, &str); 5] =
        [("timestamp", "text"), ("level", "text"), ("target", "text"), ("message", "text"), ("span", "object")];

    /// Returns the fields of all log lines in some code.
    fn fields(code: &str) -> Vec<String> {
        const MACROS: [&str; 6] = ["trace!(", "debug!(", "info!(", "warn!(", "error!(", "_span!("];
        let mut found = Vec::new();
        for name in MACROS {
            for rest in code.split(name).skip(1) {
                found.extend(arguments(rest).iter().filter_map(|argument| field(argument)));
            }
        }
        found
    }

    /// Returns the arguments of a macro call, from the text after its opening parenthesis.
    fn arguments(code: &str) -> Vec<String> {
        let (mut depth, mut in_text, mut escaped) = (0, false, false);
        let mut arguments = vec![String::new()];
        for letter in code.chars() {
            match letter {
                _ if escaped => escaped = false,
                '\\' if in_text => escaped = true,
                '"' => in_text = !in_text,
                _ if in_text => {}
                '(' | '[' | '{' => depth += 1,
                ')' | ']' | '}' if depth == 0 => break,
                ')' | ']' | '}' => depth -= 1,
                ',' if depth == 0 => {
                    arguments.push(String::new());
                    continue;
                }
                _ => {}
            }
            arguments.last_mut().expect("one").push(letter);
        }
        arguments
    }

    /// Returns the name of the field that an argument sets; `None` for the message.
    fn field(argument: &str) -> Option<String> {
        let argument = argument.trim().trim_start_matches(['%', '?']);
        let name = argument.split('=').next()?.trim();
        let is_name = name.starts_with(|first: char| first.is_ascii_lowercase())
            && name
                .bytes()
                .all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || b"_.".contains(&letter));
        is_name.then(|| name.to_owned())
    }

    fn sources(folder: &Path, found: &mut BTreeMap<String, String>) {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                sources(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).expect("a file");
                let code = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
                found.extend(fields(code).into_iter().map(|field| (field, path.display().to_string())));
            }
        }
    }

    #[test]
    fn every_field_of_the_log_is_a_known_one() {
        assert_eq!(
            fields("info!(%method, user_id = %user.id, a.b = f(c, \"x, y=z\"), \"words, x = {y}\");"),
            ["method", "user_id", "a.b"]
        );
        let mut found = BTreeMap::new();
        sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
        assert!(found.contains_key("user_id") && found.len() > 10, "{found:?}");
        let is_known = |field: &str| FIELDS.iter().any(|(known, _)| *known == field) || SPAN_FIELDS.contains(&field);
        let unknown: Vec<_> = found.iter().filter(|(field, _)| !is_known(field)).collect();
        assert!(unknown.is_empty(), "name these as FIELDS does, or add them there: {unknown:#?}");
        let unused: Vec<_> = FIELDS.iter().filter(|(known, _)| !found.contains_key(*known)).collect();
        assert!(unused.is_empty(), "no line has these: {unused:#?}");
    }

    #[test]
    fn the_documented_table_and_the_schema_have_each_field_of_the_log_with_its_type() {
        let document = include_str!("../../docs/operations.md");
        let (_, below) = document.split_once("\n### Fields\n").expect("a section");
        let rows: Vec<_> = below
            .lines()
            .skip_while(|line| !line.starts_with("| `"))
            .map_while(|line| line.strip_prefix("| ")?.strip_suffix(" |"))
            .map(|row| row.split(" | ").collect::<Vec<_>>())
            .collect();
        let documented: Vec<_> = rows.iter().map(|row| (row[0].trim_matches('`'), row[1])).collect();
        let expected: Vec<_> = COMMON_FIELDS.into_iter().chain(FIELDS).collect();
        assert_eq!(documented, expected);

        let schema: serde_json::Value = serde_json::from_str(include_str!("../../docs/log.schema.json")).expect("JSON");
        let properties = schema["properties"].as_object().expect("properties");
        assert_eq!(properties.len(), rows.len());
        for row in rows {
            let (name, meaning) = (row[0].trim_matches('`'), row[2].replace('`', ""));
            let in_schema = match row[1] {
                "text" => "string",
                "number" => "integer",
                other => other,
            };
            assert_eq!(properties[name]["type"], in_schema, "{name}");
            assert_eq!(properties[name]["description"], *meaning, "{name}");
        }
        let span = schema["properties"]["span"]["properties"].as_object().expect("properties");
        let of_span: Vec<_> = span.keys().map(String::as_str).filter(|name| *name != "name").collect();
        assert_eq!(of_span, SPAN_FIELDS);
    }
}
