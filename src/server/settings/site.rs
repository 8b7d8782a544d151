//! Where the files of the pages are: in the program, or in a folder. `make site` puts them in a folder named after a digest of
//! their contents, which is their version.

use std::path::Path;
use std::sync::Arc;

use leptos::config::LeptosOptions;
use tracing::warn;

/// The file, in the folder of the page's files, that contains the current version.
const VERSION_FILE: &str = "version";

/// The length of a version, in hexadecimal digits.
const VERSION_LENGTH: usize = 16;

/// A file of the pages that is compiled into the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EmbeddedFile {
    /// Its path below the root of the site, such as `pkg/00c0ffee00c0ffee/motion-export.js`.
    pub path: &'static str,
    /// The first digits of the SHA-256 of its contents.
    pub digest: &'static str,
    /// Its contents. Compressed versions are files of their own: `.br` or `.gz` is appended to the path.
    pub contents: &'static [u8],
}

/// Where the files of the pages are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Site {
    /// In the program, as in the release binary.
    Embedded(&'static [EmbeddedFile]),
    /// In this folder, as in development.
    Folder(Arc<str>),
}

impl Site {
    /// Returns the text of a small file; `None` if it does not exist.
    fn text(&self, path: &str) -> Option<String> {
        match self {
            Self::Embedded(_) => String::from_utf8(self.embedded(path)?.contents.to_vec()).ok(),
            Self::Folder(root) => std::fs::read_to_string(Path::new(&**root).join(path)).ok(),
        }
    }

    fn has(&self, path: &str) -> bool {
        match self {
            Self::Embedded(_) => self.embedded(path).is_some(),
            Self::Folder(root) => Path::new(&**root).join(path).exists(),
        }
    }

    /// Returns a file in the program by its path below the root of the site.
    pub fn embedded(&self, path: &str) -> Option<&'static EmbeddedFile> {
        match self {
            Self::Embedded(files) => files.iter().find(|file| file.path == path),
            Self::Folder(_) => None,
        }
    }

    /// Returns the options with the folder of the current version. Files without a version take precedence, because both
    /// exist only during development.
    pub fn versioned(&self, mut options: LeptosOptions) -> LeptosOptions {
        let (folder, script) = (&*options.site_pkg_dir, format!("{}.js", options.output_name));
        if self.has(&format!("{folder}/{script}")) {
            return options;
        }
        let version = self.text(&format!("{folder}/{VERSION_FILE}")).unwrap_or_default();
        let version = version.trim();
        if is_version(version) && self.has(&format!("{folder}/{version}/{script}")) {
            options.site_pkg_dir = format!("{folder}/{version}").into();
        } else {
            warn!(
                path = %Path::new(&*options.site_root).join(folder).join(script).display(),
                "the page's files are missing, so pages work without scripts only; check LEPTOS_SITE_ROOT"
            );
        }
        options
    }
}

/// Whether the name of a folder is that of a version.
pub fn is_version(name: &str) -> bool {
    name.len() == VERSION_LENGTH && name.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder_of(site: &Site) -> String {
        let options = LeptosOptions::builder().output_name("page").site_root("nowhere").site_pkg_dir("static/pkg");
        site.versioned(options.build()).site_pkg_dir.to_string()
    }

    #[test]
    fn the_current_version_is_used_unless_there_are_files_without_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, contents: &str| {
            let path = folder.path().join("static/pkg").join(name);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("created");
            std::fs::write(path, contents).expect("written");
        };
        let site = Site::Folder(folder.path().to_str().expect("UTF-8").into());
        assert_eq!(folder_of(&site), "static/pkg", "there are no files");
        write("00000000000000ff/page.js", "");
        write("version", "../../elsewhere\n");
        assert_eq!(folder_of(&site), "static/pkg", "not a version");
        write("ffffffffffffffff/page.js", "");
        write("version", "00000000000000ff\n");
        assert_eq!(folder_of(&site), "static/pkg/00000000000000ff");
        write("page.js", "");
        assert_eq!(folder_of(&site), "static/pkg", "files without a version");
    }

    #[test]
    fn files_in_the_program_have_a_version_too() {
        static FILES: [EmbeddedFile; 2] = [
            EmbeddedFile { path: "static/pkg/00000000000000ff/page.js", digest: "1", contents: b"" },
            EmbeddedFile { path: "static/pkg/version", digest: "2", contents: b"00000000000000ff" },
        ];
        assert_eq!(folder_of(&Site::Embedded(&FILES)), "static/pkg/00000000000000ff");
        assert_eq!(folder_of(&Site::Embedded(&FILES[1..])), "static/pkg", "the script is missing");
    }
}
