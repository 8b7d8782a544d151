//! The version of the page's files: the folder that `make site` puts them in is named for what is in them.

use std::path::Path;

use leptos::config::LeptosOptions;
use tracing::warn;

/// In the folder of the files, the name of the version that pages ask for.
const VERSION_FILE: &str = "version";

/// The length of a version: so many hexadecimal digits.
const VERSION_LENGTH: usize = 16;

/// The options with the version of the files that are there, where they have one: pages ask for those. Files without one
/// come first, because only whoever works on the page has both.
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

/// Whether a folder is named as versions are.
pub fn is_version(name: &str) -> bool {
    name.len() == VERSION_LENGTH && name.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_the_one_that_is_named_and_files_without_one_come_first() {
        let site = tempfile::tempdir().expect("a folder");
        let write = |name: &str, contents: &str| {
            let path = site.path().join("static/pkg").join(name);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            std::fs::write(path, contents).expect("written");
        };
        let folder = || {
            let root = site.path().to_str().expect("UTF-8").to_owned();
            let options = LeptosOptions::builder().output_name("page").site_root(root).site_pkg_dir("static/pkg");
            versioned(options.build()).site_pkg_dir.to_string()
        };
        assert_eq!(folder(), "static/pkg", "nothing is there");
        write("00000000000000ff/page.js", "");
        write("version", "../../elsewhere\n");
        assert_eq!(folder(), "static/pkg", "that is no version");
        write("ffffffffffffffff/page.js", "");
        write("version", "00000000000000ff\n");
        assert_eq!(folder(), "static/pkg/00000000000000ff");
        write("page.js", "");
        assert_eq!(folder(), "static/pkg", "somebody works on the page");
    }
}
