//! Decides how an export gets to the user's disk.

/// From this size on, a file is written to disk directly, if the browser can do that. About what a tab can hold on a small
/// machine.
const LARGE_BYTES: u64 = 100_000_000;

/// From this size on, the browser's download manager fetches the file, if it cannot be written to disk directly.
const TOO_LARGE_BYTES: u64 = 500_000_000;

/// What is known of an export before it begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Expected {
    /// Number of events.
    pub rows: Option<u64>,
    /// Size of the file in bytes.
    pub bytes: Option<u64>,
}

/// How an export is saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SaveMethod {
    /// The page fetches the file into blobs and saves it once it is checked.
    Blob,
    /// The page writes the file to disk while it arrives.
    FileSystem,
    /// The browser's download manager fetches the file.
    BrowserDownload,
}

impl SaveMethod {
    /// Chooses the method for a file of that size; `None` if the size is unknown.
    pub fn choose(bytes: Option<u64>, has_file_system_access: bool) -> Self {
        match bytes {
            // A file whose size could not be estimated in time may be the largest of all.
            None | Some(LARGE_BYTES..) if has_file_system_access => Self::FileSystem,
            Some(TOO_LARGE_BYTES..) => Self::BrowserDownload,
            _ => Self::Blob,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_save_method_depends_on_the_size_and_on_file_system_access() {
        let methods = |has_access| {
            [None, Some(99_999_999), Some(100_000_000), Some(500_000_000)]
                .map(|bytes| SaveMethod::choose(bytes, has_access))
        };
        assert_eq!(
            methods(true),
            [SaveMethod::FileSystem, SaveMethod::Blob, SaveMethod::FileSystem, SaveMethod::FileSystem]
        );
        assert_eq!(methods(false), [SaveMethod::Blob, SaveMethod::Blob, SaveMethod::Blob, SaveMethod::BrowserDownload]);
    }
}
