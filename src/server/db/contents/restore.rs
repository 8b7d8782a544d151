//! Replaces an SQLite database by a backup, so that a kill at any time leaves either the old database or the new one.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{MetadataExt, chown};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use rustix::fs::{FlockOperation, fcntl_lock};

use super::backup::{Counts, Stop, check, fold_log, open};
use super::{Owner, is_known_migration};
use crate::server::db::sqlite::path::{beside, uri};
use crate::server::db::unix_micros::UnixMicros;

/// What SQLite puts beside a database.
const BESIDE: [&str; 3] = ["-wal", "-shm", "-journal"];

/// Checks that a file is a backup of Motion Export that this version can use. Changes nothing.
///
/// # Errors
/// Returns an error that says what the file is instead.
pub fn check_is_usable(file: &Path) -> anyhow::Result<()> {
    let shown = file.display();
    let contents = super::of_file(file)?.with_context(|| format!("there is no file {shown}"))?;
    ensure!(contents.owner() == Owner::MotionExport, "{shown} is not a backup of Motion Export; nothing was changed");
    if let Some(newer) = contents.migrations.iter().find(|migration| !is_known_migration(migration)) {
        bail!(
            "{shown} was made by a newer version of Motion Export (it has the migration {newer}); install that version first"
        );
    }
    Ok(())
}

/// Checks that no process has the database open. This process must not have it open.
///
/// # Errors
/// Returns an error if one has, or if that cannot be determined.
pub fn check_is_unused(database: &Path) -> anyhow::Result<()> {
    let shown = database.display();
    let file = match File::options().read(true).write(true).open(database) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error).with_context(|| format!("cannot open the database {shown}")),
    };
    // Every connection of SQLite in write-ahead mode holds a shared lock for as long as it is open.
    match fcntl_lock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(()),
        Err(rustix::io::Errno::AGAIN | rustix::io::Errno::ACCESS) => bail!(
            "the database {shown} is open; stop the server and all other commands of Motion Export, and try again. Nothing was changed"
        ),
        Err(error) => Err(io::Error::from(error)).with_context(|| format!("cannot lock the database {shown}")),
    }
}

/// Copies a backup to `to`, together with the files that belong to it if it was copied from a running server. The copy belongs to
/// the owner of the database that it replaces, or to that of its folder.
///
/// # Errors
/// Returns an error if a file cannot be read or written.
pub fn copy_files(backup: &Path, to: &Path, database: &Path) -> anyhow::Result<()> {
    let cannot =
        || format!("cannot copy {} beside the database {}; nothing was changed", backup.display(), database.display());
    let mode = fs::metadata(to).with_context(cannot)?.permissions();
    fs::copy(backup, to).with_context(cannot)?;
    // The bits of the backup are copied as well.
    fs::set_permissions(to, mode).with_context(cannot)?;
    for suffix in ["-wal", "-journal"] {
        let from = beside(backup, suffix);
        if from.exists() {
            fs::copy(from, beside(to, suffix)).with_context(cannot)?;
        }
    }
    let folder = database.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let like = fs::metadata(database).or_else(|_| fs::metadata(folder)).with_context(cannot)?;
    let copy = fs::metadata(to).with_context(cannot)?;
    if (like.uid(), like.gid()) != (copy.uid(), copy.gid()) {
        let owner = format!("cannot give the database to the owner of {}", database.display());
        chown(to, Some(like.uid()), Some(like.gid())).context(owner)?;
    }
    Ok(())
}

/// What a restored database no longer has, or has again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Differences {
    /// The number of tokens that were revoked after the backup, and were revoked again.
    pub revoked_tokens: usize,
    /// The users who were removed after the backup.
    pub removed_users: Vec<String>,
    /// The users who have their old password again.
    pub old_passwords: Vec<String>,
    /// The users who see a camera again, or are administrators again, which they were no longer.
    pub regained_access: Vec<String>,
    /// The number of holds that were created after the backup.
    pub lost_holds: i64,
}

/// Checks the copy of a backup, and removes all sessions from it, and with them signed links. Returns its counts.
///
/// # Errors
/// Returns an error if the copy is damaged or cannot be written to, or the check was stopped.
pub fn prepare(copy: &Path, stop: &Stop) -> anyhow::Result<Counts> {
    let connection = open(copy)?;
    let counts = check(&connection, stop).context("the backup cannot be used; nothing was changed")?;
    if connection.table_exists(None, "sessions")? {
        let deleted = connection.execute("DELETE FROM sessions", []);
        deleted.context("cannot remove the sessions from the copy of the backup; nothing was changed")?;
    }
    connection.close().map_err(|(_, error)| error)?;
    Ok(counts)
}

/// Compares the copy of a backup with the database that it replaces. Tokens that this one has as revoked are revoked in the copy
/// too: they must not come back to life.
///
/// # Errors
/// Returns an error if one of them cannot be read, or has an older schema.
pub fn compare(copy: &Path, current: &Path, now: UnixMicros) -> rusqlite::Result<Differences> {
    let connection = open(copy)?;
    connection.execute("ATTACH ? AS current", [uri(current, "mode=rw")])?;
    let names = |sql: &str| -> rusqlite::Result<Vec<String>> {
        connection.prepare(sql)?.query_map([], |row| row.get(0))?.collect()
    };
    let differences = Differences {
        revoked_tokens: connection.execute(
            "UPDATE main.api_tokens SET revoked_at = ? WHERE revoked_at IS NULL \
             AND id IN (SELECT id FROM current.api_tokens WHERE revoked_at IS NOT NULL)",
            [now.as_micros()],
        )?,
        // A new database without users has removed none.
        removed_users: names(
            "SELECT name FROM main.users WHERE id NOT IN (SELECT id FROM current.users) \
             AND EXISTS (SELECT 1 FROM current.users) ORDER BY name",
        )?,
        old_passwords: names(
            "SELECT old.name FROM main.users AS old JOIN current.users AS new ON new.id = old.id \
             WHERE new.password_hash <> old.password_hash ORDER BY old.name",
        )?,
        regained_access: names(
            "SELECT old.name FROM main.users AS old JOIN current.users AS new ON new.id = old.id \
             WHERE old.role = 'admin' AND new.role <> 'admin' OR EXISTS (SELECT 1 FROM main.camera_access AS granted \
             WHERE granted.user_id = old.id AND NOT EXISTS (SELECT 1 FROM current.camera_access AS kept \
             WHERE kept.user_id = granted.user_id AND kept.camera_id = granted.camera_id)) ORDER BY old.name",
        )?,
        lost_holds: connection.query_row(
            "SELECT count(*) FROM current.holds WHERE released_at IS NULL AND id NOT IN (SELECT id FROM main.holds)",
            [],
            |row| row.get(0),
        )?,
    };
    connection.close().map_err(|(_, error)| error)?;
    Ok(differences)
}

/// Moves the log of the database into it, so that it is one file. A damaged database stays as it is.
///
/// # Errors
/// Returns an error if another program has it open, or it cannot be written to.
pub fn make_one_file(database: &Path) -> anyhow::Result<bool> {
    use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};

    let folded = open(database).and_then(|connection| fold_log(&connection));
    match folded {
        Ok(()) => Ok(true),
        Err(error) if matches!(error.sqlite_error_code(), Some(DatabaseCorrupt | NotADatabase)) => Ok(false),
        Err(error) => Err(error).context("cannot move the log of the database into it; nothing was changed"),
    }
}

/// Gives the database another name beside its own, which a restored database then takes over. Returns that name.
///
/// # Errors
/// Returns an error if the name is taken, or the file system is full or read-only.
pub fn keep_aside(database: &Path, stamp: &str) -> anyhow::Result<PathBuf> {
    let aside = beside(database, &format!(".replaced-{stamp}"));
    let cannot = || format!("cannot keep the old database as {}; nothing was changed", aside.display());
    ensure!(!aside.exists(), "there is a file {} already; nothing was changed", aside.display());
    for suffix in ["", "-wal", "-journal"] {
        let (from, to) = (beside(database, suffix), beside(&aside, suffix));
        if from.exists() && fs::hard_link(&from, &to).is_err() {
            // Some file systems have no links.
            fs::copy(&from, &to).with_context(cannot)?;
        }
    }
    Ok(aside)
}

/// Removes the files beside the database. They belong to the old one, and SQLite would apply them to the new one.
///
/// # Errors
/// Returns an error if one cannot be removed.
pub fn remove_beside(database: &Path) -> anyhow::Result<()> {
    for suffix in BESIDE {
        let path = beside(database, suffix);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("cannot remove {}", path.display()));
            }
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;

    fn database(path: &Path, sql: &str) -> Connection {
        let connection = Connection::open(path).expect("created");
        let tables =
            "CREATE TABLE sessions (x); CREATE TABLE api_tokens (id, revoked_at); CREATE TABLE holds (id, released_at);
                      CREATE TABLE users (id, name, password_hash, role); CREATE TABLE camera_access (user_id, camera_id);
                      PRAGMA journal_mode = wal;";
        connection.execute_batch(&format!("{tables} {sql}")).expect("filled");
        connection
    }

    #[test]
    fn what_was_taken_away_since_the_backup_does_not_come_back() {
        let folder = tempfile::tempdir().expect("a folder");
        let (copy, current) = (folder.path().join("copy.db"), folder.path().join("current.db"));
        let users = "INSERT INTO users VALUES (1, 'ann', 'a', 'admin'), (2, 'ben', 'b', 'user'), (3, 'cem', 'c', 'user'), \
                     (4, 'dora', 'd', 'user'); INSERT INTO camera_access VALUES (2, 'x'), (2, 'y'), (4, 'x');";
        drop(database(
            &copy,
            &format!("{users} INSERT INTO sessions VALUES (1); INSERT INTO api_tokens VALUES (1, NULL), (2, NULL)"),
        ));
        drop(database(
            &current,
            "INSERT INTO users VALUES (1, 'ann', 'a', 'user'), (2, 'ben', 'new', 'user'), (4, 'dora', 'd', 'user');
             INSERT INTO camera_access VALUES (2, 'x'), (4, 'x'), (4, 'z'); INSERT INTO holds VALUES (1, NULL), (2, 5);
             INSERT INTO api_tokens VALUES (1, 7), (2, NULL)",
        ));
        // POSIX locks do not exclude their own process, so that an open database is refused is tested with two processes.
        check_is_unused(&current).expect("closed");
        check_is_unused(&folder.path().join("none.db")).expect("there is none");
        assert_eq!(prepare(&copy, &Stop::default()).expect("prepared").users, 4);
        let differences = compare(&copy, &current, UnixMicros::new(9)).expect("compared");
        let expected = Differences {
            revoked_tokens: 1,
            removed_users: vec!["cem".to_owned()],
            old_passwords: vec!["ben".to_owned()],
            regained_access: vec!["ann".to_owned(), "ben".to_owned()],
            lost_holds: 1,
        };
        assert_eq!(differences, expected);
        let connection = open(&copy).expect("opened");
        let number = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).expect("counted");
        assert_eq!(number("SELECT count(*) FROM sessions"), 0);
        assert_eq!(number("SELECT count(*) FROM api_tokens WHERE revoked_at = 9"), 1);
        assert!(make_one_file(&current).expect("folded"));
        // A damaged database stays as it is.
        drop(connection);
        fs::write(&current, "damaged ".repeat(1_000)).expect("written");
        assert!(!make_one_file(&current).expect("stays"));
        compare(&copy, &current, UnixMicros::new(9)).expect_err("damaged");
    }

    #[test]
    fn a_new_database_without_users_has_removed_none() {
        let folder = tempfile::tempdir().expect("a folder");
        let (copy, current) = (folder.path().join("copy.db"), folder.path().join("current.db"));
        drop(database(&copy, "INSERT INTO users VALUES (1, 'ann', 'a', 'admin')"));
        drop(database(&current, ""));
        let differences = compare(&copy, &current, UnixMicros::new(9)).expect("compared");
        assert_eq!(differences, Differences::default());
    }

    #[test]
    fn the_old_database_keeps_its_place_until_the_new_one_takes_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("test.db");
        fs::write(&path, "old").expect("written");
        fs::write(beside(&path, "-wal"), "log").expect("written");
        let aside = keep_aside(&path, "1").expect("kept");
        assert_eq!(aside, folder.path().join("test.db.replaced-1"));
        for (file, contents) in [(&path, "old"), (&aside, "old"), (&beside(&aside, "-wal"), "log")] {
            assert_eq!(fs::read_to_string(file).expect("there"), contents);
        }
        let error = keep_aside(&path, "1").expect_err("taken");
        assert!(error.to_string().contains("nothing was changed"), "{error}");
        remove_beside(&path).expect("removed");
        remove_beside(&path).expect("nothing to remove");
        assert!(!beside(&path, "-wal").exists());
    }
}
