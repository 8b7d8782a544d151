//! Descriptions of database and file errors, with what to do about them, for users of the command line. The text of a
//! driver is shown only if there is no better one.

use std::error::Error;
use std::io::ErrorKind;
use std::path::Path;

use rustix::fs::{Access, StatVfsMountFlags};
use sea_orm::sqlx::error::DatabaseError;
use sea_orm::sqlx::postgres::PgDatabaseError;
use sea_orm::sqlx::{self};
use sea_orm::{ConnAcquireErr, DbErr, RuntimeErr};

use crate::server::db::sqlite::open_file::advice_for_commands;

/// Returns the message of an error: its context, and the first cause with a description. Further causes repeat the same
/// in the words of a driver. `describe` describes an error whose own text is not for users, or repeats its causes.
pub fn describe_chain(error: &anyhow::Error, describe: fn(&(dyn Error + 'static)) -> Option<String>) -> String {
    let mut parts: Vec<String> = Vec::new();
    for cause in error.chain() {
        let described = describe(cause);
        let is_last = described.is_some();
        let text = described.unwrap_or_else(|| cause.to_string());
        if !parts.iter().any(|part| part.contains(&text)) {
            parts.push(text);
        }
        if is_last {
            break;
        }
    }
    parts.join(": ")
}

/// Describes an error of a database or of a file.
pub fn describe_cause(error: &(dyn Error + 'static)) -> Option<String> {
    if let Some(error) = error.downcast_ref::<DbErr>() {
        return Some(describe(error));
    }
    if let Some(error) = error.downcast_ref::<sqlx::Error>() {
        return Some(describe_sqlx(error));
    }
    if let Some(error) = error.downcast_ref::<rusqlite::Error>() {
        return Some(describe_rusqlite(error));
    }
    error.downcast_ref::<std::io::Error>().map(describe_io)
}

/// Describes an error of SeaORM.
pub fn describe(error: &DbErr) -> String {
    match error {
        DbErr::Conn(error) | DbErr::Exec(error) | DbErr::Query(error) => match error {
            RuntimeErr::SqlxError(error) => describe_sqlx(error),
            RuntimeErr::Internal(reason) => match advice_for_commands(reason) {
                Some(advice) => format!("{reason}; {advice}"),
                None => reason.clone(),
            },
        },
        DbErr::ConnectionAcquire(ConnAcquireErr::Timeout) => {
            "all connections were busy for too long; try again when the database is less busy".to_owned()
        }
        other => other.to_string(),
    }
}

/// Describes an error of sqlx.
pub fn describe_sqlx(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Io(error) => format!("the server cannot be reached: {}", describe_connection(error)),
        sqlx::Error::Tls(error) => {
            format!("the connection cannot be encrypted as the URL requires (sslmode, sslrootcert): {error}")
        }
        sqlx::Error::PoolTimedOut => {
            "no connection was free in time; try again when the database is less busy".to_owned()
        }
        sqlx::Error::Database(error) => match error.try_downcast_ref::<PgDatabaseError>() {
            Some(error) => describe_postgres(error.code(), error.message()),
            None => describe_sqlite_error(&**error),
        },
        other => other.to_string(),
    }
}

/// Describes an error of rusqlite.
pub fn describe_rusqlite(error: &rusqlite::Error) -> String {
    match error {
        rusqlite::Error::SqliteFailure(failure, message) => {
            describe_sqlite(failure.extended_code, message.as_deref().unwrap_or("no reason was given"))
        }
        other => other.to_string(),
    }
}

fn describe_sqlite_error(error: &dyn DatabaseError) -> String {
    let code = error.code().and_then(|code| code.parse().ok());
    code.map_or_else(|| error.message().to_owned(), |code| describe_sqlite(code, error.message()))
}

/// Describes a result code of SQLite; `code` may be an extended one.
fn describe_sqlite(code: i32, message: &str) -> String {
    let text = match code & 0xff {
        3 => "permission denied; check who owns the file and its folder",
        5 | 6 => "the database is locked: another program is writing to it; try again when it has ended, or stop it",
        8 if code == 1_032 => "the file was removed or replaced while it was open; start the command again",
        8 => {
            "it cannot be written to: the file, its folder or its file system is read-only; check their permissions and how \
             the file system is mounted"
        }
        // SQLITE_IOERR_SHMSIZE and SQLITE_IOERR_SHMMAP: no space for the file that connections share.
        10 if [4_874, 5_386].contains(&code) => {
            "no space is left on the device; free some, then start the command again"
        }
        10 => "reading or writing the file failed; check the disk, and the kernel's log",
        11 => "the file is damaged; restore a backup of it",
        13 => "no space is left on the device; free some, then start the command again",
        14 => {
            "the file cannot be opened; check that the path is right and that this user may read and write the file and its folder"
        }
        26 => "the file is not a database of SQLite, or it is encrypted",
        _ => return format!("SQLite reports: {message} (code {code})"),
    };
    text.to_owned()
}

/// Describes an error of PostgreSQL by its SQLSTATE.
fn describe_postgres(code: &str, message: &str) -> String {
    match code {
        "28P01" => format!("{message}; check user and password (in the URL, PGPASSWORD or ~/.pgpass)"),
        "28000" => format!("PostgreSQL rejected this user: {message}; check the user and pg_hba.conf"),
        "3D000" => format!("{message}; check the URL, or create it with CREATE DATABASE"),
        "42501" => format!("{message}; {}", missing_right(message)),
        "42P01" | "42703" | "3F000" => format!("{message}; check that the URL names the right database"),
        "25006" => "the server is read-only, as a replica is; give the URL of the primary".to_owned(),
        "53100" => {
            "no space is left on the disk of the database server; free some, then start the command again".to_owned()
        }
        "53300" => "the server accepts no more connections; close some, or raise its max_connections".to_owned(),
        "55P03" => "another program holds a lock that is needed; try again when it has ended".to_owned(),
        "57P01" | "57P02" | "57P03" => "the server is starting or stopping; try again in a moment".to_owned(),
        "57014" => format!("the server cancelled the statement: {message}"),
        _ => format!("PostgreSQL reports: {message} (SQLSTATE {code})"),
    }
}

/// Returns how to grant the right that PostgreSQL reports as missing. `ROLE` stands for the user of the URL.
fn missing_right(message: &str) -> String {
    let named =
        |kind: &str| message.strip_prefix("permission denied for ")?.strip_prefix(kind)?.trim().split(' ').next();
    if let Some(schema) = named("schema ") {
        return format!("GRANT USAGE, CREATE ON SCHEMA {schema} TO ROLE grants it to the user of the URL");
    }
    if let Some(table) = named("table ") {
        return format!(
            "GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO ROLE grants it to the user of the URL, who must own the tables \
             to migrate them"
        );
    }
    if let Some(database) = named("database ") {
        return format!("GRANT CONNECT, TEMPORARY ON DATABASE {database} TO ROLE grants it to the user of the URL");
    }
    if message.starts_with("must be owner of ") {
        return "ALTER TABLE … OWNER TO ROLE makes the user of the URL its owner".to_owned();
    }
    "grant it to the user of the URL".to_owned()
}

/// Describes why a server cannot be reached.
fn describe_connection(error: &std::io::Error) -> String {
    match error.kind() {
        ErrorKind::ConnectionRefused => {
            "the connection was refused; check that it is running, and host and port in the URL".to_owned()
        }
        ErrorKind::NotFound => "there is no such socket; check that it is running, and the host in the URL".to_owned(),
        ErrorKind::ConnectionReset
        | ErrorKind::ConnectionAborted
        | ErrorKind::BrokenPipe
        | ErrorKind::UnexpectedEof => "the connection was lost; try again, and check the server's log".to_owned(),
        ErrorKind::TimedOut | ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => {
            format!("{}; check the network, and host and port in the URL", describe_io(error))
        }
        _ if error.to_string().contains("lookup address") => {
            "its host name cannot be resolved; check the host in the URL".to_owned()
        }
        _ => describe_io(error),
    }
}

/// Describes an error of the operating system.
pub fn describe_io(error: &std::io::Error) -> String {
    let text = match error.kind() {
        ErrorKind::NotFound => "there is no such file or folder",
        ErrorKind::PermissionDenied => "permission denied; check who owns the file and its folder",
        ErrorKind::StorageFull => "no space is left on the device; free some, then start the command again",
        ErrorKind::QuotaExceeded => "the disk quota of this user is used up",
        ErrorKind::ReadOnlyFilesystem => "the file system is read-only; write elsewhere, or mount it for writing",
        ErrorKind::IsADirectory => "it is a folder; give the path of a file",
        ErrorKind::NotADirectory => "a part of the path is a file, not a folder",
        ErrorKind::FileTooLarge => "the file system does not support files of this size",
        ErrorKind::BrokenPipe => "the program that reads it has ended",
        ErrorKind::AddrInUse => "another program already listens there; stop it, or choose another port",
        ErrorKind::AddrNotAvailable => "this machine does not have that address",
        _ => {
            let text = error.to_string();
            return text.split_once(" (os error").map_or(text.clone(), |(text, _)| text.to_owned());
        }
    };
    text.to_owned()
}

/// Returns why SQLite cannot write to an existing file, if its file system or its permissions are the reason. SQLite
/// itself only reports that it cannot open it.
pub fn why_unwritable(file: &Path) -> Option<String> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !file.exists() {
        return None;
    }
    if file.is_dir() {
        return Some("it is a folder; give the path of a file".to_owned());
    }
    if rustix::fs::statvfs(folder).is_ok_and(|system| system.f_flag.contains(StatVfsMountFlags::RDONLY)) {
        return Some(
            "its file system is read-only; mount it for writing, or move the database to one that is not".to_owned(),
        );
    }
    let refused = |path: &Path, access| rustix::fs::access(path, access) == Err(rustix::io::Errno::ACCESS);
    if refused(file, Access::READ_OK | Access::WRITE_OK) {
        return Some("permission denied; this user must be able to read and write it".to_owned());
    }
    let needed = Access::WRITE_OK | Access::EXEC_OK;
    refused(folder, needed).then(|| {
        format!("permission denied; this user must be able to create files in its folder {}", folder.display())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn result_codes_of_sqlite_are_described_with_what_to_do() {
        for (code, words) in [
            (5, "locked"),
            (261, "locked"),
            (8, "read-only"),
            (1_544, "read-only"),
            (1_032, "replaced"),
            (13, "no space"),
            (14, "cannot be opened"),
            (26, "not a database"),
            (779, "damaged"),
            (1, "no such table: x (code 1)"),
        ] {
            assert!(describe_sqlite(code, "no such table: x").contains(words), "{code}");
        }
    }

    #[test]
    fn a_missing_right_is_named_with_the_statement_that_grants_it() {
        for (message, statement) in [
            ("permission denied for schema public", "GRANT USAGE, CREATE ON SCHEMA public TO ROLE"),
            ("permission denied for table users", "GRANT SELECT, INSERT, UPDATE, DELETE ON users TO ROLE"),
            ("permission denied for database motion", "ON DATABASE motion TO ROLE"),
            ("must be owner of table users", "OWNER TO ROLE"),
            ("permission denied to create extension \"x\"", "grant it"),
        ] {
            let words = describe_postgres("42501", message);
            assert!(words.starts_with(message) && words.contains(statement), "{words}");
        }
    }

    #[test]
    fn a_writable_or_missing_file_is_not_called_unwritable() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("a.db");
        assert_eq!(why_unwritable(&file), None);
        std::fs::write(&file, "").expect("written");
        assert_eq!(why_unwritable(&file), None);
    }

    #[test]
    fn errors_of_the_operating_system_have_no_numbers() {
        for code in [1, 2, 5, 13, 17, 20, 21, 27, 28, 30, 36, 98, 99, 111, 122] {
            let words = describe_io(&std::io::Error::from_raw_os_error(code));
            assert!(!words.contains("os error") && !words.is_empty(), "{words}");
        }
        assert!(describe_io(&std::io::Error::from_raw_os_error(30)).contains("file system is read-only"));
        assert!(describe_io(&std::io::Error::from_raw_os_error(28)).contains("no space"));
    }
}
