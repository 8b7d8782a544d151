//! Paths of SQLite databases and of the files beside them.

use std::path::{Path, PathBuf};

/// Returns a path as a URI filename. Every byte that could have another meaning is escaped. `parameters` is the query
/// without its question mark, and may be empty.
pub fn uri(path: &Path, parameters: &str) -> String {
    use std::fmt::Write;
    use std::os::unix::ffi::OsStrExt;

    // After two slashes, SQLite expects a host.
    let mut uri = if path.is_absolute() { "file://".to_owned() } else { "file:".to_owned() };
    for byte in path.as_os_str().as_bytes() {
        if byte.is_ascii_alphanumeric() || b"/._-".contains(byte) {
            uri.push(char::from(*byte));
        } else {
            // Writing to a string does not fail.
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    if !parameters.is_empty() {
        uri.push('?');
        uri.push_str(parameters);
    }
    uri
}

/// Returns the path of a file that SQLite puts beside a database: `-wal`, `-shm` or `-journal` is appended to its name.
pub fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uri_names_the_path_and_nothing_else() {
        for (path, parameters, expected) in [
            ("x.db", "", "file:x.db"),
            ("/data/x.db", "mode=ro", "file:///data/x.db?mode=ro"),
            ("//data/x.db", "", "file:////data/x.db"),
            ("a?mode=rwc#b%41 ü.db", "immutable=1", "file:a%3Fmode%3Drwc%23b%2541%20%C3%BC.db?immutable=1"),
        ] {
            assert_eq!(uri(Path::new(path), parameters), expected);
        }
        assert_eq!(beside(Path::new("/data/x.db"), "-wal"), Path::new("/data/x.db-wal"));
    }
}
