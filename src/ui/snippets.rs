//! What fetches a selection from other tools: complete, to be copied and run. Made of the export's URL; knows no browser.

use crate::export::{EXPORT_PATH, ExportParams};

/// What stands for an access token.
pub const TOKEN: &str = "YOUR_TOKEN";

/// A tool that can fetch an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    /// The address itself.
    Url,
    /// curl, at a command line.
    Curl,
    /// pandas, in Python.
    Pandas,
    /// DuckDB's command line.
    DuckDb,
    /// Power Query, in Excel and Power BI.
    PowerQuery,
    /// Google Sheets, which can send no token.
    Sheets,
}

impl Tool {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 6] = [Self::Url, Self::Curl, Self::Pandas, Self::DuckDb, Self::PowerQuery, Self::Sheets];

    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Url => "URL",
            Self::Curl => "curl",
            Self::Pandas => "Python (pandas)",
            Self::DuckDb => "DuckDB",
            Self::PowerQuery => "Power Query",
            Self::Sheets => "Google Sheets",
        }
    }

    /// The word for it in the ids of the page's elements.
    pub fn word(self) -> &'static str {
        match self {
            Self::Url => "url",
            Self::Curl => "curl",
            Self::Pandas => "pandas",
            Self::DuckDb => "duckdb",
            Self::PowerQuery => "power-query",
            Self::Sheets => "sheets",
        }
    }

    /// What to copy. `origin` is scheme, host and port of the server.
    ///
    /// Each of them fails where the file is not whole: curl and Python see a body that was cut off.
    pub fn snippet(self, origin: &str, params: &ExportParams) -> String {
        // The mark and the column of local time are for spreadsheets; these read UTF-8 and time zones by themselves. And what is no spreadsheet takes no cell for a formula.
        let raw = matches!(self, Self::Pandas | Self::DuckDb);
        let params = ExportParams { bom: false, excel_date: false, raw, ..params.clone() };
        let url = format!("{origin}{}", params.to_url());
        match self {
            Self::Url => url,
            // Power Query takes the address apart, so that it can keep the credentials by its host.
            Self::PowerQuery => power_query(origin, &params),
            Self::Curl => format!(
                "curl --fail --remote-name --remote-header-name --remove-on-error \\\n  --header 'Authorization: Bearer {TOKEN}' \\\n  {}",
                shell(&url)
            ),
            Self::Pandas => format!(
                "import pandas as pd\n\nevents = pd.read_csv(\n    {},\n    storage_options={{\"Authorization\": \"Bearer {TOKEN}\"}},\n    \
                 dtype={{\"camera_id\": str, \"camera_name\": str, \"zone_id\": str}},\n)\nevents[\"timestamp\"] = \
                 pd.to_datetime(events[\"timestamp\"], format=\"ISO8601\", utc=True).dt.tz_convert({})\nprint(events)",
                python(&url),
                python(&params.timezone)
            ),
            Self::DuckDb => format!(
                "curl --fail --output motion-events.csv --remove-on-error \\\n  --header 'Authorization: Bearer {TOKEN}' \\\n  {} &&\nduckdb -c \
                 \"FROM read_csv('motion-events.csv', types = {{'camera_id': 'VARCHAR', 'zone_id': 'VARCHAR'}})\"",
                shell(&url)
            ),
            Self::Sheets => format!("=IMPORTDATA(\"{}\")", url.replace('"', "\"\"")),
        }
    }
}

fn shell(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

fn python(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn power_query(origin: &str, params: &ExportParams) -> String {
    // A `#(` begins an escape.
    let text = |text: &str| format!("\"{}\"", text.replace('"', "\"\"").replace("#(", "#(#)("));
    let mut fields: Vec<(String, Vec<String>)> = Vec::new();
    for (name, value) in form_urlencoded::parse(params.to_query().as_bytes()) {
        match fields.iter_mut().find(|(known, _)| *known == name) {
            Some((_, values)) => values.push(text(&value)),
            None => fields.push((name.into_owned(), vec![text(&value)])),
        }
    }
    let fields = fields.iter().map(|(name, values)| match values.as_slice() {
        [one] => format!("{name} = {one}"),
        many => format!("{name} = {{{}}}", many.join(", ")),
    });
    format!(
        "let\n  Source = Web.Contents({}, [\n    RelativePath = {},\n    Query = [{}],\n    Headers = [Authorization = \"Bearer {TOKEN}\"]\n  ]),\n  \
         Rows = Csv.Document(Source, [Delimiter = \",\", Encoding = 65001, QuoteStyle = QuoteStyle.Csv]),\n  \
         Events = Table.PromoteHeaders(Rows, [PromoteAllScalars = true])\nin\n  Events",
        text(origin),
        text(EXPORT_PATH.trim_start_matches('/')),
        fields.collect::<Vec<_>>().join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORIGIN: &str = "https://cameras.example.org";

    fn params() -> ExportParams {
        let query = "start_date=2025-12-01&end_date=2025-12-16&camera_id=it's&camera_id=a+%22b%22&timezone=Europe/Berlin&bom=true";
        ExportParams::parse(query).expect("valid")
    }

    #[test]
    fn snippets_are_complete() {
        let all = Tool::ALL.map(|tool| format!("# {}\n{}\n", tool.name(), tool.snippet(ORIGIN, &params())));
        insta::assert_snapshot!(all.join("\n"));
    }

    #[test]
    fn what_a_camera_is_called_cannot_end_a_string() {
        let params = ExportParams {
            camera_ids: vec!["'; rm -rf / #\"\\".to_owned(), "Gate#(lf)".to_owned()],
            ..ExportParams::default()
        };
        for tool in Tool::ALL.into_iter().filter(|tool| *tool != Tool::PowerQuery) {
            // In a URL, all of it is encoded.
            let snippet = tool.snippet(ORIGIN, &params);
            assert!(snippet.contains("camera_id=%27%3B+rm+-rf+%2F+%23%22%5C"), "{snippet}");
        }
        let power_query = Tool::PowerQuery.snippet(ORIGIN, &params);
        assert!(power_query.contains("camera_id = {\"'; rm -rf / #\"\"\\\", \"Gate#(#)(lf)\"}"), "{power_query}");
        assert_eq!(shell("it's"), r"'it'\''s'");
        assert_eq!(python(r#"a\"b"#), r#""a\\\"b""#);
    }
}
