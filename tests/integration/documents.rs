//! README, ARCHITECTURE.md and docs/ match the code: their tables are equal to it, their links resolve, and the tests that
//! they name exist.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::fs;
use std::path::{Path, PathBuf};

use motion_export::api::paths::INGEST_PATH;
use motion_export::error::ErrorCode;
use motion_export::export_params::{COLUMNS, EXPORT_PATH};
use motion_export::server::metrics::{MqttMessage, SourceTime};
use motion_export::server::settings::Settings;
use reqwest::header::AUTHORIZATION;
use serde::de::DeserializeOwned;
use toml::Table;

use crate::app::{PASSWORD, TestApp, TestDatabase, client_with, events, text_of};
use crate::binary::command;

/// The maximum length of README.md, which is a short overview.
const MAX_README_LINES: usize = 120;

/// The number of invariants in ARCHITECTURE.md, each with a test that holds it.
const INVARIANTS: usize = 23;

/// The options of every command. cli.md names them once, below its table.
const GLOBAL_OPTIONS: [&str; 4] = ["--settings", "--database-url", "--help", "--version"];

fn path(document: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(document)
}

fn read(document: &str) -> String {
    fs::read_to_string(path(document)).unwrap()
}

/// Returns the files with this extension below a folder, sorted.
fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|its| its == extension) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Returns README.md, ARCHITECTURE.md and all files below docs/.
fn documents() -> Vec<PathBuf> {
    let mut documents = files(&path("docs"), "md");
    documents.extend([path("README.md"), path("ARCHITECTURE.md")]);
    documents
}

/// Returns the cells of a table row.
fn cells(line: &str) -> Option<Vec<String>> {
    let inner = line.strip_prefix('|')?.strip_suffix('|')?.replace("\\|", "\0");
    Some(inner.split('|').map(|cell| cell.trim().replace('\0', "|")).collect())
}

/// Returns the rows of the first table below a heading, without its header.
fn table(document: &str, heading: &str) -> Vec<Vec<String>> {
    let text = format!("\n{}", read(document));
    let (_, below) = text.split_once(&format!("\n{heading}\n")).unwrap_or_else(|| panic!("{document}: {heading}"));
    let mut lines = below.lines().skip_while(|line| !line.starts_with('|'));
    assert!(lines.next().is_some(), "{document} has no table below {heading}");
    lines.skip(1).map_while(cells).collect()
}

/// Returns the texts between backticks.
fn quoted(text: &str) -> Vec<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// Returns the names between backticks in the first column of a table.
fn first_names(document: &str, heading: &str) -> BTreeSet<String> {
    table(document, heading).iter().flat_map(|row| quoted(&row[0])).collect()
}

/// Asserts that a document and the code have the same names.
fn assert_same<T: Ord + Debug>(what: &str, documented: &BTreeSet<T>, in_code: &BTreeSet<T>) {
    let missing: Vec<_> = in_code.difference(documented).collect();
    let unknown: Vec<_> = documented.difference(in_code).collect();
    assert!(missing.is_empty(), "{what}: not documented: {missing:?}");
    assert!(unknown.is_empty(), "{what}: documented but not in the code: {unknown:?}");
}

fn owned<'a>(names: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    names.into_iter().map(str::to_owned).collect()
}

/// Returns the names that serde lists in the error for an unknown name.
fn offered(error: &str) -> BTreeSet<String> {
    let (_, offered) = error.split_once("expected").expect("serde lists the expected names");
    quoted(offered).into_iter().collect()
}

/// Returns the names of the variants of an enum or the fields of a struct, as serde parses them.
pub fn names_of<T: DeserializeOwned + Debug>(json: &str) -> BTreeSet<String> {
    offered(&serde_json::from_str::<T>(json).unwrap_err().to_string())
}

/// A deprecated setting, which neither the file nor the table of settings has.
const DEPRECATED: (&str, &str) = ("database", "keep_months");

/// Returns all settings as `section.key`, with their defaults as text.
pub fn settings() -> BTreeMap<String, String> {
    let file: Table = read("Leptos.toml").parse().unwrap();
    let mut found = BTreeMap::new();
    for section in names_of::<Settings>(r#"{"no": 1}"#) {
        if section == "package" {
            continue;
        }
        for key in names_of::<Settings>(&format!(r#"{{"{section}": {{"no": 1}}}}"#)) {
            if (&*section, &*key) == DEPRECATED {
                continue;
            }
            let value = &file[&section][&key];
            let default =
                value.as_integer().map_or_else(|| value.as_str().unwrap().to_owned(), |number| number.to_string());
            found.insert(format!("{section}.{key}"), default);
        }
    }
    found
}

#[test]
fn the_table_of_settings_has_each_setting_with_its_variable_and_its_default() {
    let documented: BTreeMap<_, _> = table("docs/configuration.md", "## Settings")
        .into_iter()
        .map(|row| (quoted(&row[0]).concat(), (quoted(&row[1]).first().cloned(), row[2].trim_matches('`').to_owned())))
        .collect();
    let settings = settings();
    assert_same("settings", &documented.keys().cloned().collect(), &settings.keys().cloned().collect());
    for (name, (variable, default)) in documented {
        assert_eq!(variable, Some(format!("MOTION_EXPORT_{}", name.replace('.', "_").to_uppercase())), "{name}");
        let in_code = Some(settings[&name].as_str()).filter(|default| !default.is_empty()).unwrap_or("not set");
        assert_eq!(default, in_code, "the default of {name}");
    }
}

#[test]
fn the_table_of_errors_has_each_code_with_its_status() {
    let documented: BTreeSet<_> = table("docs/http-api.md", "## Errors")
        .into_iter()
        .map(|row| (quoted(&row[1]).concat(), row[0].clone()))
        .collect();
    let in_code: BTreeSet<_> =
        ErrorCode::ALL.into_iter().map(|(_, name, status)| (name.to_owned(), status.to_string())).collect();
    assert_same("error codes", &documented, &in_code);
}

/// Returns the names that the API lists in the error for an unknown parameter or value.
async fn allowed(app: &TestApp, address: &str) -> BTreeSet<String> {
    let detail: serde_json::Value = serde_json::from_str(&text_of(app.get(address).await).await).unwrap();
    let detail = detail["detail"].as_str().unwrap();
    let (_, allowed) = detail.trim_end_matches('.').split_once("Allowed: ").unwrap_or_else(|| panic!("{detail}"));
    owned(allowed.split(", "))
}

#[tokio::test]
async fn the_tables_of_the_api_have_each_endpoint_parameter_state_and_column() {
    let app = TestDatabase::new().await.serve(10).await;
    let page = "docs/http-api.md";
    let description: serde_json::Value =
        serde_json::from_str(&text_of(app.get("/api/v1/openapi.json").await).await).unwrap();
    let described = description["paths"].as_object().unwrap().keys().cloned().collect();
    // Without method and query string.
    let documented = first_names(page, "## Endpoints").into_iter().map(|endpoint| {
        endpoint.split(' ').next_back().unwrap_or_default().split('?').next().unwrap_or_default().to_owned()
    });
    assert_same("endpoints", &documented.collect(), &described);
    let parameters = allowed(&app, &format!("{EXPORT_PATH}?no=1")).await;
    assert_same("parameters of an export", &first_names(page, "## Parameters of an export"), &parameters);
    let parameters = allowed(&app, "/api/v1/exports?no=1").await;
    assert_same("parameters of records", &first_names(page, "## Export records"), &parameters);
    let states = allowed(&app, "/api/v1/exports?state=no").await;
    assert_same("states", &first_names(page, "### States"), &states);
    assert_same("columns", &first_names(page, "## The file"), &owned(COLUMNS));
}

/// Returns a metric with the names of its labels, as in `name{one,two}`.
fn metric(line: &str) -> String {
    let (name, labels) = match line.split_once('{') {
        Some((name, rest)) => (name, rest.split_once('}').unwrap().0),
        None => (line.split(' ').next().unwrap(), ""),
    };
    let name = ["_bucket", "_sum", "_count"].into_iter().find_map(|part| name.strip_suffix(part)).unwrap_or(name);
    let labels: Vec<_> = labels.split(',').filter_map(|label| Some(label.split_once('=')?.0)).collect();
    let labels: Vec<_> = labels.into_iter().filter(|label| *label != "le").collect();
    if labels.is_empty() { name.to_owned() } else { format!("{name}{{{}}}", labels.join(",")) }
}

#[tokio::test]
async fn the_table_of_metrics_has_each_metric_with_its_labels() {
    let database = TestDatabase::with(events(2)).await;
    let ann = database.add_viewer("ann", &["front"]).await;
    let app = database.serve(10).await;
    // Counters with labels appear once something is counted.
    app.export("").await.bytes().await.unwrap();
    app.post(&client_with(&[]), "/login", &[("name", "ann"), ("password", PASSWORD)]).await;
    let writer = format!("Bearer {}", app.database.write_token_of(&ann).await);
    let refused = app.post(&client_with(&[(AUTHORIZATION, &writer)]), INGEST_PATH, &[("camera_id", "front")]).await;
    assert_eq!(refused.status(), 422);
    let metrics = &app.state.metrics;
    metrics.source_up("garage", true);
    metrics.source_time("garage", SourceTime::LastEvent, 1);
    metrics.source_events("garage", 1, 0, 0);
    metrics.source_failed("garage");
    metrics.source_mqtt_connected("garage", true);
    metrics.source_mqtt_message("garage", MqttMessage::End);
    app.idle().await;
    let shown = text_of(app.get("/metrics").await).await;
    let in_code: BTreeSet<_> = shown.lines().filter(|line| line.starts_with("motion_export_")).map(metric).collect();
    assert_same("metrics", &first_names("docs/operations.md", "## Metrics"), &in_code);
    // Each metric that the code names was in the response.
    for file in files(&path("src/server"), "rs") {
        for name in fs::read_to_string(&file).unwrap().split('"').skip(1).step_by(2) {
            let is_metric = name.starts_with("motion_export_")
                && name.bytes().all(|byte| byte == b'_' || byte.is_ascii_lowercase());
            let is_seen = in_code.iter().any(|metric| metric.split('{').next() == Some(name));
            assert!(!is_metric || is_seen, "{name} in {} is not in the response of /metrics", file.display());
        }
    }
}

/// Collects a command and its subcommands with their long options, from `--help`.
fn commands(folder: &Path, command_line: &[String], found: &mut BTreeMap<String, BTreeSet<String>>) {
    let mut arguments: Vec<&str> = command_line.iter().map(String::as_str).collect();
    arguments.push("--help");
    let help = command(folder, &arguments).output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let section = |title: &str| {
        let below = help.split_once(&format!("\n{title}:\n")).map_or("", |(_, below)| below);
        below
            .split("\n\n")
            .take(if title == "Options" { usize::MAX } else { 1 })
            .flat_map(str::lines)
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let below: Vec<_> =
        section("Commands").iter().filter_map(|line| line.split_whitespace().next().map(str::to_owned)).collect();
    if below.is_empty() {
        // A line begins with the option, or with its short form.
        let options = section("Options").into_iter().filter_map(|line| {
            let option = line.trim_start();
            let option = option.split_once(", ").filter(|(short, _)| short.len() == 2).map_or(option, |(_, long)| long);
            Some(option.strip_prefix("--")?.split([' ', '=']).next()?.to_owned())
        });
        let options = options.map(|name| format!("--{name}")).filter(|name| !GLOBAL_OPTIONS.contains(&&**name));
        found.insert(command_line.join(" "), options.collect());
    }
    for name in below.into_iter().filter(|name| name != "help") {
        commands(folder, &[command_line, &[name]].concat(), found);
    }
}

#[test]
fn the_table_of_commands_has_each_command_with_its_options() {
    let folder = tempfile::tempdir().unwrap();
    let mut in_code = BTreeMap::new();
    commands(folder.path(), &[], &mut in_code);
    let mut documented = BTreeMap::new();
    for usage in table("docs/cli.md", "# The command line").iter().flat_map(|row| quoted(&row[0])) {
        let words: Vec<_> = usage.split([' ', '[', ']', '…']).filter(|word| !word.is_empty()).collect();
        let is_command = |word: &&&str| word.bytes().all(|byte| byte.is_ascii_lowercase());
        let name: Vec<_> = words.iter().take_while(is_command).copied().collect();
        let options = words.iter().filter(|word| word.starts_with("--")).map(|word| (*word).to_owned()).collect();
        documented.insert(name.join(" "), options);
    }
    assert_same("commands", &documented.keys().cloned().collect(), &in_code.keys().cloned().collect());
    for (name, options) in &documented {
        assert_same(&format!("options of {name}"), options, &in_code[name]);
    }
    let page = read("docs/cli.md");
    for option in GLOBAL_OPTIONS.into_iter().filter(|option| *option != "--version") {
        assert!(page.contains(option), "{option}");
    }
}

/// Returns the lines of a document outside of code blocks, without the texts in backticks.
fn prose(text: &str) -> String {
    let mut is_code = false;
    let lines = text.lines().filter(|line| {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        !is_code && !is_fence
    });
    let lines = lines.map(|line| line.split('`').step_by(2).collect::<Vec<_>>().join("`"));
    lines.collect::<Vec<_>>().join("\n")
}

/// Returns the anchors of the headings, as GitHub generates them.
fn anchors(text: &str) -> BTreeSet<String> {
    let mut is_code = false;
    let headings = text.lines().filter(|line| {
        is_code ^= line.starts_with("```");
        !is_code && line.starts_with('#')
    });
    headings
        .map(|line| {
            let heading = line.trim_start_matches('#').trim().to_lowercase();
            let kept = heading.chars().filter(|char| char.is_alphanumeric() || matches!(char, ' ' | '-' | '_'));
            kept.map(|char| if char == ' ' { '-' } else { char }).collect()
        })
        .collect()
}

#[test]
fn every_relative_link_leads_to_a_file_and_to_a_heading_in_it() {
    let mut broken = Vec::new();
    for document in documents() {
        let text = fs::read_to_string(&document).unwrap();
        for link in prose(&text).split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if link.contains("://") {
                continue;
            }
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() { document.clone() } else { document.with_file_name(file) };
            let exists = target.exists()
                && (anchor.is_empty() || anchors(&fs::read_to_string(&target).unwrap()).contains(anchor));
            if !exists {
                broken.push(format!("{}: {link}", document.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn readme_is_short_and_leads_to_every_document() {
    let readme = read("README.md");
    let lines = readme.lines().count();
    assert!(lines <= MAX_README_LINES, "README.md has {lines} lines; move the rest to docs/");
    for document in documents().iter().filter(|document| document.parent() == Some(&path("docs"))) {
        let name = document.file_name().unwrap().to_str().unwrap();
        assert!(readme.contains(&format!("](docs/{name})")), "README.md does not link {name}");
    }
}

/// Whether a name is the sentence of a test, and not the name of a metric.
fn is_test(name: &str) -> bool {
    !name.starts_with("motion_export_")
        && name.split('_').count() > 4
        && name.bytes().all(|byte| byte == b'_' || byte.is_ascii_lowercase())
}

#[test]
fn each_test_that_a_document_names_exists() {
    let folders = ["src", "tests", "migration/src", "xtask/src"];
    let code = folders.into_iter().flat_map(|folder| files(&path(folder), "rs"));
    let code: String = code.map(|file| fs::read_to_string(file).unwrap()).collect();
    let mut missing = Vec::new();
    for document in documents() {
        let text = fs::read_to_string(&document).unwrap().replace("```", "");
        for name in quoted(&text).into_iter().filter(|name| is_test(name) && !code.contains(&format!("fn {name}("))) {
            missing.push(format!("{}: {name}", document.display()));
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn architecture_lists_the_invariants_and_each_names_its_test() {
    let text = read("ARCHITECTURE.md");
    let (_, below) = text.split_once("\n## Invariants\n").unwrap();
    let items: Vec<_> = below.lines().filter(|line| line.starts_with(|first: char| first.is_ascii_digit())).collect();
    assert_eq!(items.len(), INVARIANTS);
    for item in items {
        assert!(quoted(item).iter().any(|name| is_test(name)), "this names no test: {item}");
    }
}

#[test]
fn the_map_of_architecture_has_each_folder_of_the_program_and_no_other() {
    let documented = first_names("ARCHITECTURE.md", "## Map");
    for name in &documented {
        assert!(path(name).exists(), "{name} is in the map, and does not exist");
    }
    for entry in fs::read_dir(path("src")).unwrap().map(Result::unwrap).filter(|entry| entry.path().is_dir()) {
        let name = format!("src/{}/", entry.file_name().into_string().unwrap());
        assert!(documented.contains(&name), "{name} is not in the map");
    }
}

#[test]
fn sizes_of_texts_shadows_and_typefaces_are_tokens() {
    // A token has its value in one place. Paper has sizes of its own.
    let sheets = files(&path("style"), "css").into_iter().filter(|file| !file.ends_with("tokens.css"));
    let mut count = 0;
    for file in sheets.filter(|file| !file.ends_with("print.css")) {
        for line in fs::read_to_string(&file).unwrap().lines().map(str::trim) {
            let is_measured = ["font-size:", "box-shadow:", "font-family:"].iter().any(|name| line.starts_with(name));
            count += u32::from(is_measured);
            assert!(
                !is_measured || line.contains("var(--") || line.ends_with("inherit;"),
                "{}: {line}",
                file.display()
            );
        }
    }
    assert!(count > 20, "{count}");
}

#[test]
fn what_runs_on_one_database_only_does_not_ask_which_one_it_has() {
    let makefile = read("Makefile");
    let (_, list) = makefile.split_once("WITHOUT_DATABASE := ").unwrap();
    let modules = files(&path("tests/integration"), "rs");
    let names: Vec<&str> = modules.iter().filter_map(|file| file.file_stem()?.to_str()).collect();
    for module in list.lines().next().unwrap().split(' ') {
        // Tests are left out by a part of their names.
        let skipped: Vec<_> = names.iter().filter(|name| name.ends_with(module)).collect();
        assert_eq!(skipped, [&module]);
        let source = read(&format!("tests/integration/{module}.rs"));
        assert!(!source.contains(concat!("backend", "::")), "{module} asks for the database");
    }
}
