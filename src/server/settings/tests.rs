//! Tests of the settings as a whole.

use std::time::Duration;

use toml::{Table, Value};

use super::environment::PREFIX;
use super::renamed::{RENAMED, Renamed};
use super::*;

fn parse(text: &str, environment: &[(&str, &str)]) -> anyhow::Result<Settings> {
    Settings::parse(text, environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
}

fn refusal(text: &str, environment: &[(&str, &str)]) -> String {
    format!("{:#}", parse(text, environment).expect_err("refused"))
}

#[test]
fn the_settings_file_of_this_repository_contains_the_defaults() {
    let file = include_str!("../../../Leptos.toml");
    assert_eq!(parse(file, &[]).expect("valid"), Settings::default());
}

#[test]
fn an_environment_variable_sets_each_key_of_the_settings_file() {
    let file: Table = include_str!("../../../Leptos.toml").parse().expect("TOML");
    for (section, keys) in file.iter().filter(|(section, _)| *section != "package") {
        for (key, default) in keys.as_table().expect("a section") {
            let name = format!("{PREFIX}{section}_{key}").to_uppercase();
            let value = match default {
                Value::String(text) => text.clone(),
                Value::Integer(number) => number.to_string(),
                // A list has no form for a variable.
                _ => continue,
            };
            assert_eq!(parse("", &[(&*name, &*value)]).expect(&name), Settings::default());
        }
    }
}

#[test]
fn the_documents_list_every_deprecated_name() {
    let document = include_str!("../../../docs/configuration.md");
    for Renamed { section, old, new } in &RENAMED {
        let row = format!("\n| `{section}.{old}` | `{section}.{new}` |\n");
        assert!(document.contains(&row), "{row}");
    }
}

#[test]
fn motion_export_database_url_overrides_database_url_in_any_order() {
    let mut both = [("DATABASE_URL", "sqlite://theirs"), ("MOTION_EXPORT_DATABASE_URL", "sqlite://ours")];
    for _ in 0..2 {
        assert_eq!(parse("", &both).expect("valid").database.url, "sqlite://ours");
        both.reverse();
    }
}

#[test]
fn a_settings_file_that_was_given_must_exist() {
    let error = Settings::load(Some(Path::new("/nowhere/typo.toml")), std::iter::empty()).expect_err("missing");
    assert!(format!("{error:#}").contains("typo.toml"));
}

#[test]
fn the_leptos_options_agree_with_those_of_cargo_leptos() {
    let manifest: Table = include_str!("../../../Cargo.toml").parse().expect("TOML");
    let theirs = &manifest["package"]["metadata"]["leptos"];
    let ours = Settings::default();
    let leptos = ours.leptos_options();
    assert_eq!(theirs["output-name"].as_str(), Some(&*leptos.output_name));
    assert_eq!(theirs["site-root"].as_str(), Some(&*leptos.site_root));
    assert_eq!(theirs["site-pkg-dir"].as_str(), Some(&*leptos.site_pkg_dir));
    assert_eq!(theirs["site-addr"].as_str(), Some(&*ours.server.listen.to_string()));
    assert_eq!(theirs["reload-port"].as_integer(), Some(leptos.reload_port.into()));
}

#[test]
fn the_environment_overrides_each_key() {
    let file = "[server]\nlisten = '127.0.0.1:1'\n";
    let settings = parse(
        file,
        &[
            ("MOTION_EXPORT_SERVER_LISTEN", "127.0.0.1:2"),
            ("MOTION_EXPORT_SERVER_LOG", "debug"),
            ("DATABASE_URL", "sqlite://x.db"),
            ("MOTION_EXPORT_DATABASE_CONNECTIONS", "3"),
            ("MOTION_EXPORT_EXPORT_PAGE_ROWS", "7"),
            ("LEPTOS_SITE_ROOT", "elsewhere"),
            ("LEPTOS_BIN_TARGET", "not ours"),
            ("PATH", "not ours"),
        ],
    )
    .expect("valid");
    assert_eq!(settings.server.listen.port(), 2);
    assert_eq!(settings.server.log, "debug");
    assert_eq!(settings.database.url, "sqlite://x.db");
    assert_eq!(settings.database.connections.get(), 3);
    assert_eq!(settings.export.page_rows.get(), 7);
    assert_eq!(&*settings.leptos_options().site_root, "elsewhere");
}

#[test]
fn the_files_in_the_program_are_used_unless_a_folder_is_set() {
    static FILES: [EmbeddedFile; 1] = [EmbeddedFile { path: "favicon.svg", digest: "1", contents: b"" }];
    let site = |file: &str, environment: &[(&str, &str)], files| {
        let mut settings = parse(file, environment).expect("valid");
        settings.embed_site(files);
        settings.site()
    };
    let (with, default) = (&FILES[..], include_str!("../../../Leptos.toml"));
    assert_eq!(site("", &[], &[]), Site::Folder("target/site".into()));
    assert_eq!(site("", &[], with), Site::Embedded(with));
    assert_eq!(site(default, &[], with), Site::Embedded(with), "the file has the default");
    let other = "[package.metadata.leptos]\nsite-root = 'elsewhere'";
    assert_eq!(site(other, &[], with), Site::Folder("elsewhere".into()));
    assert_eq!(site("", &[("LEPTOS_SITE_ROOT", "target/site")], with), Site::Folder("target/site".into()));
}

#[test]
fn an_address_to_listen_on_has_the_same_forms_in_the_file_and_the_environment() {
    for (value, address) in [
        ("':3000'", "127.0.0.1:3000"),
        ("'3000'", "127.0.0.1:3000"),
        ("3000", "127.0.0.1:3000"),
        ("'localhost:80'", "127.0.0.1:80"),
        ("'[::1]:80'", "[::1]:80"),
    ] {
        let file = parse(&format!("[server]\nlisten = {value}"), &[]).expect(value);
        assert_eq!(file.server.listen.to_string(), address);
        let environment = parse("", &[("MOTION_EXPORT_SERVER_LISTEN", value.trim_matches('\''))]).expect(value);
        assert_eq!(environment.server.listen.to_string(), address);
    }
    for value in ["'localhost'", "'example.com:80'", "99999", "-1", "true"] {
        let error = refusal(&format!("[server]\nlisten = {value}"), &[]);
        assert!(error.contains("server.listen") && error.contains("127.0.0.1:3000"), "{error}");
        let error = refusal("", &[("MOTION_EXPORT_SERVER_LISTEN", value.trim_matches('\''))]);
        assert!(error.contains("MOTION_EXPORT_SERVER_LISTEN") && error.contains("127.0.0.1:3000"), "{error}");
    }
}

#[test]
fn deprecated_names_work_in_the_file_and_in_the_environment() {
    let file = "[server]\nclient_timeout_seconds = 1\nstop_grace_seconds = 2\n\
                [database]\nexport_url = 'postgres://replica'\nreplica_away = 'primary'\n\
                [export]\nmax_per_user = 3\nmax_at_once = 4\n";
    let environment = [
        ("MOTION_EXPORT_SERVER_CLIENT_TIMEOUT_SECONDS", "1"),
        ("MOTION_EXPORT_SERVER_STOP_GRACE_SECONDS", "2"),
        ("MOTION_EXPORT_DATABASE_EXPORT_URL", "postgres://replica"),
        ("MOTION_EXPORT_DATABASE_REPLICA_AWAY", "primary"),
        ("MOTION_EXPORT_EXPORT_MAX_PER_USER", "3"),
        ("MOTION_EXPORT_EXPORT_MAX_AT_ONCE", "4"),
    ];
    for (file, environment) in [(file, &[] as &[_]), ("", &environment)] {
        let settings = parse(file, environment).expect("valid");
        assert_eq!(settings.server.write_timeout(), Duration::from_secs(1));
        assert_eq!(settings.server.shutdown_timeout(), Duration::from_secs(2));
        assert_eq!(settings.database.replica_url, "postgres://replica");
        assert_eq!(settings.database.on_replica_unavailable, OnReplicaUnavailable::Primary);
        assert_eq!(settings.export.max_concurrent_per_user.get(), 3);
        assert_eq!(settings.export.max_concurrent.get(), 4);
        assert_eq!(settings.deprecated.len(), RENAMED.len());
    }
    assert!(parse(include_str!("../../../Leptos.toml"), &[]).expect("valid").deprecated.is_empty());
}

#[test]
fn the_old_and_the_new_name_of_a_setting_must_not_have_different_values() {
    for Renamed { section, old, new } in &RENAMED {
        let file = |value: u8| format!("[{section}]\n{old} = 1\n{new} = {value}\n");
        let error = refusal(&file(2), &[]);
        assert!(error.contains(&format!("{section}.{old} and {section}.{new}")), "{error}");
        let [old, new] = [old, new].map(|key| format!("{PREFIX}{section}_{key}").to_uppercase());
        let error = refusal("", &[(&old, "1"), (&new, "2")]);
        assert!(error.contains(&format!("{old} and {new}")), "{error}");
    }
    let same = parse("[export]\nmax_at_once = 5\nmax_concurrent = 5", &[]).expect("valid");
    assert_eq!((same.export.max_concurrent.get(), same.deprecated.len()), (5, 1));
    let same = [("MOTION_EXPORT_EXPORT_MAX_AT_ONCE", "5"), ("MOTION_EXPORT_EXPORT_MAX_CONCURRENT", "5")];
    let same = parse("", &same).expect("valid");
    assert_eq!((same.export.max_concurrent.get(), same.deprecated.len()), (5, 1));
}

#[test]
fn the_months_to_keep_are_a_deprecated_name_that_only_limits_detaching() {
    for (file, environment) in [
        ("[database]\nkeep_months = 3", &[] as &[_]),
        ("", &[("MOTION_EXPORT_DATABASE_KEEP_MONTHS", "3")]),
        ("[database]\nkeep_months = 3\n[retention]\nkeep_days = 93", &[]),
        ("", &[("MOTION_EXPORT_DATABASE_KEEP_MONTHS", "3"), ("MOTION_EXPORT_RETENTION_KEEP_DAYS", "93")]),
    ] {
        let settings = parse(file, environment).expect("valid");
        assert_eq!((settings.database.keep_months, settings.deprecated.len()), (Some(3), 1));
        let warning = settings.deprecated[0].to_string().to_lowercase();
        assert!(warning.contains("retention") && warning.contains("only limits partitions detach"), "{warning}");
    }
    assert_eq!(parse("[database]\nkeep_months = 3", &[]).expect("valid").retention.keep_days, 0, "nothing is deleted");
    let error = refusal("[database]\nkeep_months = 0\n[retention]\nkeep_days = 30", &[]);
    assert!(error.contains("database.keep_months and retention.keep_days"), "{error}");
    let error =
        refusal("", &[("MOTION_EXPORT_DATABASE_KEEP_MONTHS", "3"), ("MOTION_EXPORT_RETENTION_KEEP_DAYS", "90")]);
    assert!(error.contains("MOTION_EXPORT_RETENTION_KEEP_DAYS have different values"), "{error}");
    assert!(refusal("[database]\nkeep_months = 'many'", &[]).contains("keep_months"));
}

#[test]
fn the_environment_overrides_the_file_by_the_old_and_by_the_new_name() {
    for key in ["max_at_once", "max_concurrent"] {
        for variable in ["MOTION_EXPORT_EXPORT_MAX_AT_ONCE", "MOTION_EXPORT_EXPORT_MAX_CONCURRENT"] {
            let settings = parse(&format!("[export]\n{key} = 5"), &[(variable, "6")]).expect("valid");
            assert_eq!(settings.export.max_concurrent.get(), 6, "{key} {variable}");
        }
    }
}

#[test]
fn a_wrong_value_of_a_deprecated_name_is_refused_by_both_names() {
    let error = refusal("[export]\nmax_at_once = 0", &[]);
    assert!(error.contains("export.max_at_once is read as export.max_concurrent"), "{error}");
    let error = refusal("", &[("MOTION_EXPORT_EXPORT_MAX_AT_ONCE", "many")]);
    assert!(error.contains("MOTION_EXPORT_EXPORT_MAX_AT_ONCE") && error.contains("max_concurrent"), "{error}");
}

#[test]
fn unknown_keys_are_refused_by_name() {
    assert!(refusal("[export]\npage_size = 5", &[]).contains("page_size"));
    assert!(refusal("[exprot]\n", &[]).contains("exprot"));
    assert!(refusal("[package.metadata.leptos]\nsite-rot = ''", &[]).contains("site-rot"));
    assert!(refusal("", &[("MOTION_EXPORT_EXPORT_PAGE_SIZE", "5")]).contains("MOTION_EXPORT_EXPORT_PAGE_SIZE"));
    assert!(refusal("", &[("MOTION_EXPORT_LISTEN", "x")]).contains("MOTION_EXPORT_LISTEN"));
}

#[test]
fn a_number_for_a_setting_that_needs_a_word_is_refused_with_the_words() {
    for (variable, words) in [
        ("MOTION_EXPORT_DATABASE_ON_REPLICA_UNAVAILABLE", "`refuse` or `primary`"),
        ("MOTION_EXPORT_SERVER_LOG_FORMAT", "`text` or `json`"),
    ] {
        let error = refusal("", &[(variable, "1")]);
        assert!(error.contains(variable) && error.contains("unknown variant `1`"), "{error}");
        assert!(error.contains(words) && !error.contains("integer"), "{error}");
    }
    // A number is a valid text.
    let settings = parse("", &[("MOTION_EXPORT_DATABASE_URL", "5")]).expect("valid");
    assert_eq!(settings.database.url, "5");
}

#[test]
fn invalid_values_are_refused_by_name() {
    assert!(refusal("[export]\npage_rows = 0", &[]).contains("page_rows"));
    let error = refusal("", &[("MOTION_EXPORT_EXPORT_PAGE_ROWS", "many")]);
    assert!(error.contains("MOTION_EXPORT_EXPORT_PAGE_ROWS") && error.contains("many"), "{error}");
    let error = refusal("", &[("MOTION_EXPORT_EXPORT_PAGE_ROWS", "0")]);
    assert!(error.contains("invalid value: integer `0`"), "{error}");
}
