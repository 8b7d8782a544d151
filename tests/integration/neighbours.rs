//! docs/neighbours.md: its compose files can be read, and everything in them exists.

use std::collections::BTreeMap;

use motion_export::server::db::unix_micros::UnixMicros;
use motion_export::server::ingest::live::sources::trial::trial;
use motion_export::server::settings::{Settings, Source, SourceKind};
use serde_json::{Map, Value};

use crate::app::NOW;
use crate::backend;
use crate::documents::{names_of, settings};
use crate::import_argusai::on_postgres;
use crate::sources::source;

const PAGE: &str = include_str!("../../docs/neighbours.md");

/// The image of which the page speaks.
const CONTAINERFILE: &str = include_str!("../../packaging/Containerfile");

/// What the compose files of ArgusAI and Frigate have: a volume, and a network.
const OF_OTHERS: [&str; 2] = ["argusai-data", "argusai-net"];

/// Returns the code blocks of a language.
fn blocks(language: &str) -> Vec<&'static str> {
    let fence = format!("```{language}\n");
    let parts = PAGE.split(&*fence).skip(1);
    parts.map(|part| part.split_once("```").expect("its end").0).collect()
}

/// Reads the part of YAML that the page uses: mappings, lists of texts, and texts, indented by two spaces each. Anything else is
/// refused, because it would be read as something else than it is.
fn yaml(lines: &[(usize, &str)]) -> Value {
    let Some((depth, first)) = lines.first() else { return Value::Null };
    if first.starts_with("- ") {
        return lines.iter().map(|(_, line)| text(line.strip_prefix("- ").expect("one list"))).collect();
    }
    let mut map = Map::new();
    for part in lines.chunk_by(|_, (next, _)| next > depth) {
        let (name, value) = part[0].1.split_once(':').expect("a mapping");
        let inner = &part[1..];
        assert!(inner.iter().all(|(inner, _)| *inner > *depth) && part[0].0 == *depth, "indentation: {part:?}");
        let value = match value.trim() {
            "" => yaml(inner),
            value => text(value),
        };
        assert!(map.insert(name.to_owned(), value).is_none(), "{name} is there twice");
    }
    Value::Object(map)
}

/// Reads a text. One with special characters must have quotes.
fn text(text: &str) -> Value {
    let quoted = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    let is_plain =
        text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_./:".contains(&byte)) && !text.ends_with(':');
    assert!(quoted.is_some_and(|quoted| !quoted.contains(['"', '\\'])) || is_plain, "needs quotes: {text}");
    Value::from(quoted.unwrap_or(text))
}

/// Returns the compose files of the page.
fn compose_files() -> Vec<Value> {
    let parsed = blocks("yaml").into_iter().map(|block| {
        let lines: Vec<_> = block
            .lines()
            .map(|line| (line.len() - line.trim_start_matches(' ').len(), line.trim_start_matches(' ')))
            .collect();
        assert!(lines.iter().all(|(depth, _)| depth % 2 == 0), "{block}");
        yaml(&lines)
    });
    parsed.collect()
}

/// Returns the variables of a service, with a value for each that compose would take from its own environment.
fn environment(service: &Value) -> BTreeMap<String, String> {
    let variables = service["environment"].as_object().into_iter().flatten();
    variables
        .map(|(name, value)| {
            let value = value.as_str().unwrap();
            let value = match value.split_once("${") {
                Some((before, rest)) => {
                    let (variable, after) = rest.split_once('}').expect("its end");
                    assert!(variable.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_'), "{variable}");
                    format!("{before}secret{after}")
                }
                None => value.to_owned(),
            };
            (name.clone(), value)
        })
        .collect()
}

/// Reads settings from a file with this text, and from these variables only.
fn load(file: &str, environment: BTreeMap<String, String>) -> Settings {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("settings.toml");
    std::fs::write(&path, file).unwrap();
    let shown = format!("{file}{environment:?}");
    Settings::load(Some(&path), environment.into_iter()).unwrap_or_else(|error| panic!("{error:#}: {shown}"))
}

#[test]
fn each_compose_file_can_be_read_and_its_settings_make_a_server_that_follows_its_neighbour() {
    let files = compose_files();
    assert_eq!(files.len(), 5);
    let mut followed = Vec::new();
    for file in &files {
        assert!(file.as_object().unwrap().keys().all(|key| ["services", "volumes"].contains(&&**key)), "{file}");
        let services = file["services"].as_object().unwrap();
        assert_eq!(services.keys().collect::<Vec<_>>(), ["motion-export"]);
        let service = &services["motion-export"];
        let known =
            ["build", "restart", "stop_grace_period", "ports", "environment", "volumes", "networks", "group_add"];
        assert!(service.as_object().unwrap().keys().all(|key| known.contains(&&**key)), "{service}");
        let texts = |key: &str| -> Vec<String> {
            let list = service[key].as_array().into_iter().flatten();
            list.map(|text| text.as_str().unwrap().to_owned()).collect()
        };
        // Each volume is declared, here or by the neighbour, and each path is one of the image or of a setting.
        let variables = environment(service);
        for volume in texts("volumes") {
            let parts: Vec<_> = volume.split(':').collect();
            let is_declared = file["volumes"].get(parts[0]).is_some() || OF_OTHERS.contains(&parts[0]);
            assert!(is_declared || parts[0].starts_with("./motion-export/"), "{volume}");
            let is_of_image = CONTAINERFILE.lines().any(|line| line == format!("VOLUME {}", parts[1]));
            let is_read = variables.values().any(|value| value.contains(parts[1])) && parts.get(2) == Some(&"ro");
            assert!(is_of_image || is_read, "{volume}");
        }
        assert!(texts("networks").iter().all(|network| OF_OTHERS.contains(&&**network)));
        if variables.is_empty() {
            continue;
        }
        let settings = load("", variables);
        assert_eq!(settings.source.len(), 1);
        let (name, Source { kind, url, .. }) = settings.source.iter().next().unwrap();
        followed.push((name.clone(), *kind, url.0.clone()));
        if service["build"].is_null() {
            continue;
        }
        settings.server.check().unwrap();
        assert!(settings.server.listen.ip().is_unspecified(), "others can reach it");
        let port = settings.server.listen.port();
        assert!(CONTAINERFILE.contains(&format!("EXPOSE {port}\n")));
        let published = texts("ports")[0].split_once(':').map(|(outer, inner)| (outer.to_owned(), inner.to_owned()));
        let (outer, inner) = published.unwrap();
        assert_eq!(inner, port.to_string());
        assert!(settings.server.public_url.ends_with(&format!(":{outer}")), "{}", settings.server.public_url);
        // Docker kills a container that has not ended by then.
        let grace: u32 = service["stop_grace_period"].as_str().unwrap().trim_end_matches('s').parse().unwrap();
        assert!(grace > settings.server.shutdown_timeout_seconds, "{grace}");
    }
    let kinds: Vec<_> = followed.iter().map(|(name, kind, url)| (&**name, *kind, &**url)).collect();
    assert_eq!(
        kinds,
        [
            ("argusai", SourceKind::Argusai, "sqlite:////argusai/app.db"),
            ("argusai", SourceKind::Argusai, "postgresql://motion_export:secret@postgres:5432/argusai"),
            ("frigate", SourceKind::Frigate, "http://frigate:5000"),
            ("frigate", SourceKind::Frigate, "https://frigate:8971"),
        ]
    );
    for block in blocks("toml") {
        assert_eq!(load(block, BTreeMap::new()).source.len(), 2);
    }
    let user = CONTAINERFILE.lines().find_map(|line| line.strip_prefix("USER ")?.split(':').next()).unwrap();
    assert!(PAGE.contains(&format!("as user {user},")), "the user of the image");
}

#[test]
fn each_setting_and_variable_that_the_page_names_exists() {
    let settings = settings();
    let keys = names_of::<Source>(r#"{"no": 1}"#);
    let words = PAGE.split(|c: char| !c.is_ascii_alphanumeric() && !"_<>".contains(c));
    let mut seen = 0;
    for word in words.filter(|word| word.starts_with("MOTION_EXPORT_")) {
        seen += 1;
        let name = word.strip_prefix("MOTION_EXPORT_").unwrap().to_lowercase();
        let (section, key) = name.split_once('_').unwrap();
        let exists = match section {
            "source" => key.split_once('_').is_some_and(|(_, key)| keys.contains(key)),
            _ => settings.contains_key(&format!("{section}.{key}")),
        };
        assert!(exists, "{word}");
    }
    assert!(seen > 20, "{seen}");
}

#[tokio::test]
async fn the_documented_role_reads_what_is_needed_of_argusai_and_no_passwords() {
    let schema = "CREATE TABLE cameras (id text, name text, password text);
        CREATE TABLE motion_events (id text, camera_id text, timestamp timestamptz, confidence real, algorithm_used text,
            bounding_box text, frame_thumbnail text);
        INSERT INTO cameras VALUES ('front', 'Front Door', 'secret');
        INSERT INTO motion_events SELECT 'event-' || i, 'front', timestamptz '2025-12-16 10:00:00+00' + i * interval '1 second',
            0.5, 'knn', NULL, 'thumbnail' FROM generate_series(1, 20) AS i";
    let Some((home, url)) = on_postgres(schema).await else { return };
    // Roles belong to the whole cluster.
    let role = format!("motion_export_{}", std::process::id());
    let [documented] = blocks("sql")[..] else { panic!("one block") };
    backend::psql_of(home.path(), &documented.replace("motion_export", &role));
    let url = url.replace("test@", &format!("{role}:secret@"));
    let settings = source(&format!("kind = \"argusai\"\nurl = \"{url}\""));
    let events = trial(&settings, UnixMicros::new(NOW)).await.unwrap().events.len();
    let may_read = |what: &str| {
        let asked = format!("SELECT {what}");
        backend::psql_of(home.path(), &asked)
    };
    let passwords = may_read(&format!("has_column_privilege('{role}', 'cameras', 'password', 'SELECT')"));
    let writes = may_read(&format!("has_table_privilege('{role}', 'motion_events', 'INSERT, UPDATE, DELETE')"));
    backend::psql_of(home.path(), &format!("DROP OWNED BY {role}; DROP ROLE {role}"));
    assert_eq!((events, &*passwords, &*writes), (5, "f", "f"));
}
