//! The URL of the database: parsing it, and showing it without its password.

use std::path::PathBuf;

use anyhow::bail;

use crate::server::db::postgres::single_connection;

/// The kind of database that a URL names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DatabaseKind {
    /// An SQLite file.
    File(PathBuf),
    /// A PostgreSQL database.
    Postgres,
}

/// Parses a URL.
///
/// # Errors
/// Returns an error if the URL is neither of SQLite nor of PostgreSQL, or malformed. The message does not show a
/// password.
pub fn parse_url(url: &str) -> anyhow::Result<DatabaseKind> {
    if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        single_connection::options("database.url", url)?;
        return Ok(DatabaseKind::Postgres);
    }
    let Some(path) = url.strip_prefix("sqlite:") else {
        bail!(
            "database.url is “{}”; it must be sqlite://PATH, such as sqlite://data/motion-export.db, or \
             postgres://USER:PASSWORD@HOST/DATABASE",
            redacted(url)
        );
    };
    let path = path.strip_prefix("//").unwrap_or(path);
    // Other programs that use sqlx need it; here it is the default.
    let path = path.strip_suffix("?mode=rwc").unwrap_or(path);
    if path.is_empty() || path.contains('?') || path == ":memory:" {
        bail!("database.url is “{url}”; after sqlite:// there must be the path of a file, and nothing else");
    }
    Ok(DatabaseKind::File(path.into()))
}

/// Returns a URL without its password and most parameters. It still names the same server and database.
pub fn redacted(url: &str) -> String {
    if !url.starts_with("postgres") {
        return url.to_owned();
    }
    single_connection::options("the URL", url).map_or_else(
        |_| "postgres://…".to_owned(),
        |options| {
            let (host, port) = (options.get_host(), options.get_port());
            let user = percent_encoded(options.get_username());
            let database = options.get_database().map_or_else(|| user.clone(), percent_encoded);
            // If the URL has no host, sqlx uses the folder of a socket that it finds as the host.
            let default = host.starts_with('/').then(|| host.into());
            match options.get_socket().map(|folder| folder.to_string_lossy()).or(default) {
                Some(folder) => {
                    let folder = percent_encoded(&folder).replace("%2F", "/");
                    format!("postgres://{user}@localhost:{port}/{database}?host={folder}")
                }
                None => format!("postgres://{user}@{host}:{port}/{database}"),
            }
        },
    )
}

/// Percent-encodes a text as a part of a URL.
fn percent_encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_shown_wherever_the_url_has_it() {
        for (url, shown) in [
            ("postgres://app:S3cret@db/motion", "postgres://app@db:5432/motion"),
            ("postgres://db/motion?user=app&password=S3cret", "postgres://app@db:5432/motion"),
            ("postgresql://app:S3c%2Fret@db:5433/motion?sslmode=require", "postgres://app@db:5433/motion"),
            (
                "postgres://app:S3cret@localhost:5433/motion?host=/var/run/pg%20x",
                "postgres://app@localhost:5433/motion?host=/var/run/pg%20x",
            ),
            ("postgres://app:S3cret@%2Frun%2Fpg/motion", "postgres://app@localhost:5432/motion?host=/run/pg"),
            ("postgres://a%40b:S3cret@db/mo%23tion", "postgres://a%40b@db:5432/mo%23tion"),
            ("postgres://app:S3/cret@db/motion", "postgres://…"),
            ("postgres://app:53/S3cret@db/motion", "postgres://…"),
            ("postgres://app:53#S3cret@db/motion", "postgres://…"),
            ("postgres://app:53?S3cret@db/motion", "postgres://…"),
            ("sqlite://data/motion-export.db", "sqlite://data/motion-export.db"),
        ] {
            assert_eq!(redacted(url), shown);
            if shown != "postgres://…" {
                assert_eq!(redacted(shown), shown, "it can be copied");
            }
        }
        let error = format!("{:#}", parse_url("postgres://app:S3/cret@db/motion").expect_err("malformed"));
        assert!(error.contains("database.url") && !error.contains("S3"), "{error}");
    }
}
