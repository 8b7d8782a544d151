//! The version of the page's files: `make site` puts them in a folder named after a digest of their contents.

use std::path::Path;

use leptos::config::LeptosOptions;
use tracing::warn;

/// The file, in the folder of the page's files, that contains the current version.
const VERSION_FILE: &str = "version";

/// The length of a version, in hexadecimal digits.
const VERSION_LENGTH: usize = 16;

/// Returns the options with the folder of the current version. Files without a version take precedence, because both
/// exist only during development.
pub fn versioned(mut options: LeptosOptions) -> LeptosOptions {
    let folder = Path::new(&*options.site_root).join(&*options.site_pkg_dir);
    let script = format!("{}.js", options.output_name);
    if folder.join(&script).exists() {
        return options;
    }
    let version = std::fs::read_to_string(folder.join(VERSION_FILE)).unwrap_or_default();
    let version = version.trim();
    if is_version(version) && folder.join(version).join(&script).exists() {
        options.site_pkg_dir = format!("{}/{version}", options.site_pkg_dir).into();
    } else {
        warn!(
            path = %folder.join(script).display(),
            "the page's files are missing, so pages work without scripts only; check LEPTOS_SITE_ROOT"
        );
    }
    options
}

/// Whether the name of a folder is that of a version.
pub fn is_version(name: &str) -> bool {
    name.len() == VERSION_LENGTH && name.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_current_version_is_used_unless_there_are_files_without_one() {
        let site = tempfile::tempdir().expect("a folder");
        let write = |name: &str, contents: &str| {
            let path = site.path().join("static/pkg").join(name);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("created");
            std::fs::write(path, contents).expect("written");
        };
        let folder = || {
            let root = site.path().to_str().expect("UTF-8").to_owned();
            let options = LeptosOptions::builder().output_name("page").site_root(root).site_pkg_dir("static/pkg");
            versioned(options.build()).site_pkg_dir.to_string()
        };
        assert_eq!(folder(), "static/pkg", "there are no files");
        write("00000000000000ff/page.js", "");
        write("version", "../../elsewhere\n");
        assert_eq!(folder(), "static/pkg", "not a version");
        write("ffffffffffffffff/page.js", "");
        write("version", "00000000000000ff\n");
        assert_eq!(folder(), "static/pkg/00000000000000ff");
        write("page.js", "");
        assert_eq!(folder(), "static/pkg", "files without a version");
    }
}
