//! Standard output as the destination of an export. Unlike [`std::io::Stdout`], it reports that it is closed.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;

use rustix::fs::{OFlags, fcntl_getfl, major, minor};

/// Paths that name standard output.
const NAMES: [&str; 4] = ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"];

/// Whether a path names standard output.
pub fn is_named_by(path: &Path) -> bool {
    NAMES.iter().any(|name| path == Path::new(name))
}

/// Opens standard output to write to it without a buffer.
///
/// # Errors
/// Returns an error if it is closed, or there are too many open files.
pub fn open() -> io::Result<File> {
    let output = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    if is_placeholder(&output)? {
        return Err(io::Error::new(
            io::ErrorKind::NotConnected,
            "it is closed, or /dev/null is open for reading too (as with Python's subprocess.DEVNULL), which looks the same; \
             write to a file with --output FILE, or discard the file with --output /dev/null",
        ));
    }
    Ok(output)
}

/// Whether this is `/dev/null`, open for reading too. Rust's runtime opens it in place of a closed standard output. A
/// shell's `> /dev/null` opens it for writing only. A program that opens it like Rust cannot be distinguished.
fn is_placeholder(output: &File) -> io::Result<bool> {
    let metadata = output.metadata()?;
    let is_null = metadata.file_type().is_char_device() && (major(metadata.rdev()), minor(metadata.rdev())) == (1, 3);
    Ok(is_null && fcntl_getfl(output)?.contains(OFlags::RDWR))
}

/// Writes to standard output. It is not an error if the reader has ended.
pub fn print(text: &str) {
    let _ = io::stdout().write_all(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_dev_null_that_is_open_for_reading_too_stands_for_a_closed_output() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("a");
        std::fs::write(&file, "").expect("written");
        for (path, reads, expected) in
            [(Path::new("/dev/null"), true, true), (Path::new("/dev/null"), false, false), (&file, true, false)]
        {
            let output = File::options().read(reads).write(true).open(path).expect("opened");
            assert_eq!(is_placeholder(&output).expect("asked"), expected, "{path:?} {reads}");
        }
    }
}
