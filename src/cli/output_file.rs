//! An output file that appears under its name only when it is complete.
//!
//! Until then it has no name (`O_TMPFILE`), so nothing remains if the program is killed. File systems without such
//! files get a temporary name. The next export into the same folder removes it if it is left behind.

use std::ffi::OsStr;
use std::fs::{File, OpenOptions, Permissions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, OFlags, linkat};
use tempfile::{NamedTempFile, TempPath};

const PREFIX: &str = ".motion-export-";
const SUFFIX: &str = ".part";

/// The mode of ordinary files, from which the umask is subtracted.
const MODE: u32 = 0o666;

/// The mode of files that only their owner may read.
const PRIVATE_MODE: u32 = 0o600;

/// What SQLite appends to the names of the files beside a database.
const BESIDE: [&str; 3] = ["-journal", "-shm", "-wal"];

/// How often a new temporary file is created if another export removes it at once.
const MAX_ATTEMPTS: u32 = 5;

/// A file that is being written.
#[derive(Debug)]
pub struct OutputFile {
    file: File,
    path: PathBuf,
    /// Its name until it is complete, on file systems that need one.
    temporary: Option<TempPath>,
}

impl OutputFile {
    /// Creates a file that will appear at `path`, and removes files in that folder that killed exports have left.
    ///
    /// # Errors
    /// Returns an error if no file can be created in that folder.
    pub fn create(path: &Path) -> io::Result<Self> {
        remove_stale(folder_of(path));
        Self::without_name(path).or_else(|_| Self::with_temporary_name(path, MODE))
    }

    /// Does the same for a file that has a temporary name meanwhile, for programs and libraries that open files by their names.
    /// Only its owner may read it.
    ///
    /// # Errors
    /// Returns an error if no file can be created in that folder.
    pub fn create_named(path: &Path) -> io::Result<Self> {
        remove_stale(folder_of(path));
        Self::with_temporary_name(path, PRIVATE_MODE)
    }

    /// Returns the temporary name, if it has one.
    pub fn temporary_name(&self) -> Option<&Path> {
        self.temporary.as_deref()
    }

    fn without_name(path: &Path) -> io::Result<Self> {
        let flags = OFlags::TMPFILE.bits().cast_signed();
        let file = OpenOptions::new().write(true).mode(MODE).custom_flags(flags).open(folder_of(path))?;
        // The file is linked by this path later.
        std::fs::symlink_metadata(descriptor(&file))?;
        // While it is locked, no other export treats it as stale.
        let _ = file.try_lock();
        Ok(Self { file, path: path.to_owned(), temporary: None })
    }

    fn with_temporary_name(path: &Path, mode: u32) -> io::Result<Self> {
        for _ in 0..MAX_ATTEMPTS {
            let permissions = Permissions::from_mode(mode);
            let (file, temporary) = names().permissions(permissions).tempfile_in(folder_of(path))?.into_parts();
            let _ = file.try_lock();
            // Another export may have removed it as stale before it was locked.
            if file.metadata()?.nlink() > 0 {
                return Ok(Self { file, path: path.to_owned(), temporary: Some(temporary) });
            }
        }
        Err(io::Error::other("the temporary file was removed by another program"))
    }

    /// Returns a handle to write to.
    ///
    /// # Errors
    /// Returns an error if there are too many open files.
    pub fn writer(&self) -> io::Result<File> {
        self.file.try_clone()
    }

    /// Waits until everything is on the disk.
    ///
    /// # Errors
    /// Returns an error if the disk fails.
    pub fn sync(&self) -> io::Result<()> {
        self.file.sync_all()
    }

    /// Gives the file its name, and replaces a file with that name. Call [`Self::sync`] before: after a power cut, a
    /// file under its name must be complete.
    ///
    /// # Errors
    /// Returns an error if the name cannot be taken.
    pub fn publish(self) -> io::Result<()> {
        let Self { file, path, temporary } = self;
        match temporary {
            Some(temporary) => temporary.persist(&path).map_err(|error| error.error)?,
            None => match link(&file, &path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    // A link cannot replace a file, but a renamed file can.
                    let named: NamedTempFile<()> = names().make_in(folder_of(&path), |name| link(&file, name))?;
                    named.persist(&path).map_err(|error| error.error)?;
                }
                linked => linked?,
            },
        }
        // So that the name survives a power cut too. Not every file system supports it.
        let _ = File::open(folder_of(&path)).and_then(|folder| folder.sync_all());
        Ok(())
    }
}

fn names() -> tempfile::Builder<'static, 'static> {
    let mut names = tempfile::Builder::new();
    names.prefix(PREFIX).suffix(SUFFIX);
    names
}

/// Returns the folder of a file.
pub fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn descriptor(file: &File) -> String {
    format!("/proc/self/fd/{}", file.as_raw_fd())
}

fn link(file: &File, name: &Path) -> io::Result<()> {
    Ok(linkat(CWD, descriptor(file), CWD, name, AtFlags::SYMLINK_FOLLOW)?)
}

/// Removes the files that exports of this user have left in a folder, if no process has locked them.
fn remove_stale(folder: &Path) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten().filter(|entry| is_ours(&entry.file_name())) {
        let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
        let Ok(file) = OpenOptions::new().read(true).custom_flags(flags).open(entry.path()) else { continue };
        let is_regular = file
            .metadata()
            .is_ok_and(|metadata| metadata.is_file() && metadata.uid() == rustix::process::geteuid().as_raw());
        if is_regular && file.try_lock().is_ok() {
            let _ = std::fs::remove_file(entry.path());
            for suffix in BESIDE {
                let mut beside = entry.path().into_os_string();
                beside.push(suffix);
                let _ = std::fs::remove_file(beside);
            }
        }
    }
}

/// Whether a name is one of [`names`].
fn is_ours(name: &OsStr) -> bool {
    let random = name.to_str().and_then(|name| name.strip_prefix(PREFIX)?.strip_suffix(SUFFIX));
    random.is_some_and(|random| random.len() == 6 && random.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn names_in(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_appears_complete_and_replaces_another_one_with_and_without_a_temporary_name() {
        type Create = fn(&Path) -> io::Result<OutputFile>;
        let ways: [(Create, usize); 2] =
            [(OutputFile::without_name, 0), (|path| OutputFile::with_temporary_name(path, MODE), 1)];
        for (create, temporary_names) in ways {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("out.csv");
            for text in ["first", "second"] {
                let output = create(&path).unwrap();
                output.writer().unwrap().write_all(text.as_bytes()).unwrap();
                assert_eq!(names_in(folder.path()).iter().filter(|name| *name != "out.csv").count(), temporary_names);
                output.sync().unwrap();
                output.publish().unwrap();
                assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
                assert_eq!(names_in(folder.path()), ["out.csv"]);
                let mode = path.metadata().unwrap().mode() & 0o777;
                let plain = folder.path().join("plain");
                File::create(&plain).unwrap();
                assert_eq!(mode, plain.metadata().unwrap().mode() & 0o777, "as any other file's");
                std::fs::remove_file(plain).unwrap();
            }
            drop(create(&path).unwrap());
            assert_eq!(names_in(folder.path()), ["out.csv"], "a dropped file leaves nothing");
        }
    }

    #[test]
    fn files_of_killed_exports_are_removed_and_those_of_running_ones_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.csv");
        let running = OutputFile::with_temporary_name(&path, MODE).unwrap();
        let stale = OutputFile::with_temporary_name(&path, MODE).unwrap();
        let stale_name = stale.temporary.unwrap().keep().unwrap();
        let stale_name = stale_name.file_name().unwrap().to_str().unwrap().to_owned();
        drop(stale.file);
        for other in [".motion-export-notes.part", "motion-export-abcdef.part", ".motion-export-ab.def.part"] {
            std::fs::write(folder.path().join(other), "").unwrap();
        }
        // What SQLite has put beside the stale one.
        std::fs::write(folder.path().join(format!("{stale_name}-wal")), "").unwrap();
        std::os::unix::fs::symlink("/dev/null", folder.path().join(".motion-export-abcdef.part")).unwrap();
        let output = OutputFile::create(&path).unwrap();
        assert_eq!(names_in(folder.path()).len(), 5, "{:?}", names_in(folder.path()));
        running.publish().unwrap();
        drop(output);
    }

    #[test]
    fn a_missing_folder_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let error = OutputFile::create(&folder.path().join("nowhere/out.csv")).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }
}
