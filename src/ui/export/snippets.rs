//! Snippets that fetch a selection with other tools, ready to copy and run. Calls no browser API.

use crate::api::shell::shell_quote;
use crate::export_params::{COLUMNS, Delimiter, EXPORT_PATH, ExportParams};

/// The placeholder for an access token.
pub const TOKEN: &str = "YOUR_TOKEN";

/// A tool that can fetch an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    /// The URL itself.
    Url,
    /// curl, at a command line.
    Curl,
    /// pandas, in Python.
    Pandas,
    /// polars, in Python.
    Polars,
    /// DuckDB's command line.
    DuckDb,
    /// Power Query, in Excel and Power BI.
    PowerQuery,
    /// Google Sheets, which cannot send a token.
    Sheets,
}

impl Tool {
    /// All tools, in the order in which the page shows them.
    pub const ALL: [Self; 7] =
        [Self::Url, Self::Curl, Self::Pandas, Self::Polars, Self::DuckDb, Self::PowerQuery, Self::Sheets];

    /// Returns the name to show.
    pub fn name(self) -> &'static str {
        match self {
            Self::Url => "URL",
            Self::Curl => "curl",
            Self::Pandas => "Python (pandas)",
            Self::Polars => "Python (polars)",
            Self::DuckDb => "DuckDB",
            Self::PowerQuery => "Power Query",
            Self::Sheets => "Google Sheets",
        }
    }

    /// Returns the name in the ids of the page's elements.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Url => "url",
            Self::Curl => "curl",
            Self::Pandas => "pandas",
            Self::Polars => "polars",
            Self::DuckDb => "duckdb",
            Self::PowerQuery => "power-query",
            Self::Sheets => "sheets",
        }
    }

    /// Returns the snippet. `origin` is scheme, host and port of the server.
    ///
    /// Each snippet fails if the file is incomplete: curl and Python detect a body that was cut off. Each one that reads
    /// the file gives the type of every column, because tools that detect types by the first rows change values: a
    /// confidence of 85.5 becomes 86, and a camera called 007 becomes 7.
    pub fn snippet(self, origin: &str, params: &ExportParams) -> String {
        // The byte-order mark, the column of local time and the formula guard are for spreadsheets. So are semicolons, but who
        // chose them for a file may want the same file by its URL.
        let raw = matches!(self, Self::Pandas | Self::Polars | Self::DuckDb);
        let delimiter = if matches!(self, Self::Url | Self::Curl) { params.delimiter } else { Delimiter::Comma };
        let params = ExportParams { delimiter, bom: false, excel_date: false, raw, ..params.clone() };
        let url = format!("{origin}{}", params.to_url());
        match self {
            Self::Url => url,
            // Power Query gets the URL in parts, because it stores credentials by host.
            Self::PowerQuery => power_query(origin, &params),
            Self::Curl => format!(
                "curl --fail --remote-name --remote-header-name --remove-on-error \\\n  --header 'Authorization: Bearer {TOKEN}' \\\n  {}",
                shell_quote(&url)
            ),
            Self::Pandas => format!(
                "import pandas as pd\n\nevents = pd.read_csv(\n    {},\n    storage_options={{\"Authorization\": \"Bearer {TOKEN}\"}},\n    \
                 dtype={},\n    keep_default_na=False,\n    na_values=[\"\"],\n    float_precision=\"round_trip\",\n)\n\
                 events[\"timestamp\"] = pd.to_datetime(events[\"timestamp\"], format=\"ISO8601\", utc=True).dt.tz_convert({})\n\
                 print(events)",
                python(&url),
                columns('"', ["str", "float", "\"Int64\"", "str"]),
                python(&params.timezone)
            ),
            Self::Polars => format!(
                "import urllib.request\nimport polars as pl\n\nrequest = urllib.request.Request(\n    {},\n    \
                 headers={{\"Authorization\": \"Bearer {TOKEN}\"}},\n)\nwith urllib.request.urlopen(request) as response:\n    \
                 events = pl.read_csv(response.read(), schema={})\nmoment = \
                 pl.col(\"timestamp\").str.to_datetime(\"%Y-%m-%dT%H:%M:%S%.f%:z\", time_unit=\"us\")\n\
                 events = events.with_columns(moment.dt.convert_time_zone({}))\nprint(events)",
                python(&url),
                columns('"', ["pl.String", "pl.Float64", "pl.Int64", "pl.String"]),
                python(&params.timezone)
            ),
            Self::DuckDb => format!(
                "curl --fail --output motion-events.csv --remove-on-error \\\n  --header 'Authorization: Bearer {TOKEN}' \\\n  {} &&\nduckdb -c \
                 \"FROM read_csv('motion-events.csv', auto_detect = false, header = true, delim = ',', \
                 quote = '\\\"', escape = '\\\"', columns = {})\"",
                shell_quote(&url),
                columns('\'', ["'VARCHAR'", "'DOUBLE'", "'BIGINT'", "'TIMESTAMPTZ'"])
            ),
            Self::Sheets => format!("=IMPORTDATA(\"{}\")", url.replace('"', "\"\"")),
        }
    }
}

/// Returns a dictionary of all columns with their types: those of texts, of fractions, of whole numbers and of
/// timestamps. `quote` stands around the names.
fn columns(quote: char, [text, fraction, whole, timestamp]: [&str; 4]) -> String {
    let typed = COLUMNS.map(|name| {
        let column_type = match name {
            "timestamp" => timestamp,
            "confidence" => fraction,
            "x" | "y" | "width" | "height" => whole,
            _ => text,
        };
        format!("{quote}{name}{quote}: {column_type}")
    });
    format!("{{\n        {},\n    }}", typed.join(",\n        "))
}

fn python(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn power_query(origin: &str, params: &ExportParams) -> String {
    // `#(` begins an escape sequence.
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
    fn a_relative_range_stays_relative_in_each_snippet() {
        let params = ExportParams::parse("start_date=-6d&end_date=today").expect("valid");
        for tool in Tool::ALL {
            assert!(tool.snippet(ORIGIN, &params).contains("-6d"), "{}", tool.name());
        }
    }

    #[test]
    fn only_a_file_to_keep_has_semicolons() {
        let params = ExportParams { delimiter: Delimiter::Semicolon, ..ExportParams::default() };
        for tool in Tool::ALL {
            let has = tool.snippet(ORIGIN, &params).contains("delimiter");
            assert_eq!(has, matches!(tool, Tool::Url | Tool::Curl), "{}", tool.name());
        }
    }

    #[test]
    fn the_id_of_a_camera_cannot_end_a_string() {
        let params = ExportParams {
            camera_ids: vec!["'; rm -rf / #\"\\".to_owned(), "Gate#(lf)".to_owned()],
            ..ExportParams::default()
        };
        for tool in Tool::ALL.into_iter().filter(|tool| *tool != Tool::PowerQuery) {
            // The URL encodes every special character.
            let snippet = tool.snippet(ORIGIN, &params);
            assert!(snippet.contains("camera_id=%27%3B+rm+-rf+%2F+%23%22%5C"), "{snippet}");
        }
        let power_query = Tool::PowerQuery.snippet(ORIGIN, &params);
        assert!(power_query.contains("camera_id = {\"'; rm -rf / #\"\"\\\", \"Gate#(#)(lf)\"}"), "{power_query}");
        assert_eq!(shell_quote("it's"), r"'it'\''s'");
        assert_eq!(python(r#"a\"b"#), r#""a\\\"b""#);
    }
}
