//! Builds the site that the server serves, like `cargo leptos build --release`, but without cargo-leptos, which takes
//! longer to compile than this project. Both read the same options from Cargo.toml.
//!
//! Does nothing if neither the site nor its sources have changed since the last run. The files go into a folder whose
//! name is a digest of their contents, so browsers can cache them permanently. Compressed versions are beside each
//! file. A list beside the site includes its files in the release binary.

use std::ffi::OsStr;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::manifest::Manifest;
use crate::{bindings, files, print_line};
use anyhow::{Context, ensure};

/// The maximum size of all scripts and the WASM together, compressed with brotli, in bytes.
const BUDGET: usize = 350_000;

/// The folder of the style sheets; `main.css` in it imports the others, in the order in which they apply.
const STYLES: &str = "style";

/// Builds the site from the compiled module, with wasm-opt and esbuild from `tools`.
///
/// # Errors
/// If a tool fails, a file cannot be read or written, or script and WASM exceed the budget.
pub fn build(manifest: &Manifest, wasm: &Path, tools: &Path) -> anyhow::Result<()> {
    let site = manifest.leptos_path("site-root")?;
    let style_folder = Path::new(STYLES);
    let public = manifest.leptos_path("assets-dir")?;
    let stamp_file = site.with_extension("stamp");
    let tool_files = [tools.join("wasm-opt"), tools.join("esbuild")];
    let mut sources = vec![Path::new("Cargo.toml"), wasm, style_folder, &public];
    sources.extend(tool_files.iter().map(PathBuf::as_path));
    let list = site.with_extension("rs");
    if list.is_file() && fs::read_to_string(&stamp_file).is_ok_and(|stamp| stamp == stamp_of(&sources, &site)) {
        return Ok(());
    }

    // The new site is built beside the old one and swapped in at the end, so a site is complete or missing.
    let (new_site, old_site, new_pkg) =
        (site.with_extension("new"), site.with_extension("old"), site.with_extension("pkg"));
    for leftover in [&new_site, &old_site, &new_pkg] {
        if leftover.exists() {
            fs::remove_dir_all(leftover)?;
        }
    }
    fs::create_dir_all(&new_pkg)?;
    let name = manifest.leptos("output-name")?;
    bind(manifest, wasm, tools, &new_pkg, name)?;
    // cargo-leptos reads the bundle from here, because it does not resolve @import.
    let style_sheet = manifest.leptos_path("style-file")?;
    bundle(&tools.join("esbuild"), &style_folder.join("main.css"), &style_sheet, &[])?;
    fs::copy(style_sheet, new_pkg.join(format!("{name}.css")))?;
    let version = files::version_of(&new_pkg)?;

    files::copy(&public, &new_site)?;
    minify_scripts(&tools.join("esbuild"), &public, &new_site)?;
    compress_within_budget(&[&new_pkg, &new_site])?;
    let pkg = Path::new(manifest.leptos("site-pkg-dir")?);
    keep_previous_version(&site.join(pkg), &new_site.join(pkg))?;
    files::copy(&new_pkg, &new_site.join(pkg).join(&version))?;
    fs::write(new_site.join(pkg).join("version"), &version)?;
    fs::remove_dir_all(new_pkg)?;
    if site.exists() {
        fs::rename(&site, &old_site)?;
    }
    fs::rename(&new_site, &site)?;
    if old_site.exists() {
        fs::remove_dir_all(old_site)?;
    }
    fs::write(list, list_of(&site, pkg, &version)?)?;
    fs::write(stamp_file, stamp_of(&sources, &site))?;
    Ok(())
}

/// Returns the Rust expression with which the release binary includes the site: a slice of `EmbeddedFile`, without the files of
/// the previous version.
fn list_of(site: &Path, pkg: &Path, version: &str) -> anyhow::Result<String> {
    let mut list = "// The files of the pages. `make site` writes this file.\n&[\n".to_owned();
    for file in files::list(site) {
        let path = file.path.strip_prefix(site)?;
        let is_current =
            path.strip_prefix(pkg).is_ok_and(|path| path.starts_with(version) || path == Path::new("version"));
        if path.starts_with(pkg) && !is_current {
            continue;
        }
        let (path, contents) = (path.display().to_string(), std::path::absolute(&file.path)?.display().to_string());
        let digest = files::digest_of(&file.path)?;
        writeln!(list, "    server::settings::site::EmbeddedFile {{ path: {path:?}, digest: {digest:?},")?;
        writeln!(list, "        contents: include_bytes!({contents:?}) }},")?;
    }
    list.push_str("]\n");
    Ok(list)
}

/// Generates the module's script and optimizes both. Only the final two files stay in `folder`.
fn bind(manifest: &Manifest, wasm: &Path, tools: &Path, folder: &Path, name: &str) -> anyhow::Result<()> {
    let generated = folder.with_extension("bindings");
    if generated.exists() {
        fs::remove_dir_all(&generated)?;
    }
    bindings::generate(wasm, &generated, name)?;

    // The page requests NAME.wasm, which is cargo-leptos' name for it.
    let bound = generated.join(format!("{name}_bg.wasm"));
    let optimized = folder.join(format!("{name}.wasm"));
    let mut arguments: Vec<&OsStr> = manifest.leptos_list("wasm-opt-features")?.into_iter().map(OsStr::new).collect();
    arguments.extend([bound.as_os_str(), OsStr::new("-o"), optimized.as_os_str()]);
    run(&tools.join("wasm-opt"), &arguments)?;

    let entry = generated.join("entry.js");
    fs::write(&entry, format!("export {{ default, hydrate }} from \"./{name}.js\";\n"))?;
    bundle(&tools.join("esbuild"), &entry, &folder.join(format!("{name}.js")), &["--format=esm"])?;
    fs::remove_dir_all(generated)?;
    Ok(())
}

/// Bundles a script or style sheet with all that it imports into one minified file.
fn bundle(esbuild: &Path, entry: &Path, output: &Path, options: &[&str]) -> anyhow::Result<()> {
    let mut to = OsStr::new("--outfile=").to_owned();
    to.push(output);
    let mut arguments = vec![entry.as_os_str(), &to];
    arguments.extend(["--bundle", "--minify", "--log-level=warning"].iter().chain(options).map(OsStr::new));
    run(esbuild, &arguments)
}

/// Minifies the scripts directly in `public`, which pages request by their names.
fn minify_scripts(esbuild: &Path, public: &Path, site: &Path) -> anyhow::Result<()> {
    for file in files::list(public).iter().filter(|file| is_script(&file.path)) {
        let mut to = OsStr::new("--outfile=").to_owned();
        to.push(site.join(file.path.strip_prefix(public)?));
        let options = ["--minify", "--log-level=warning"].map(OsStr::new);
        run(esbuild, &[&[file.path.as_os_str(), &to], &options[..]].concat())?;
    }
    Ok(())
}

fn is_script(file: &Path) -> bool {
    file.extension() == Some(OsStr::new("js"))
}

fn run(program: &Path, arguments: &[&OsStr]) -> anyhow::Result<()> {
    let status = Command::new(program).args(arguments).status();
    let status = status.with_context(|| format!("cannot run {}", program.display()))?;
    ensure!(status.success(), "{} failed", program.display());
    Ok(())
}

/// Compresses style sheets, scripts and WASM, and fails if scripts and WASM together exceed the budget.
fn compress_within_budget(folders: &[&Path]) -> anyhow::Result<()> {
    let mut script_and_wasm = 0;
    let kinds = ["css", "js", "wasm"].map(OsStr::new).map(Some);
    let files = folders.iter().flat_map(|folder| files::list(folder));
    for file in files.filter(|file| kinds.contains(&file.path.extension())) {
        let compressed = files::compress(&file.path)?;
        let name = file.path.file_name().unwrap_or_default().to_string_lossy();
        print_line(&format!("  {name}: {} bytes, {compressed} as brotli", file.size));
        if file.path.extension() != Some(OsStr::new("css")) {
            script_and_wasm += compressed;
        }
    }
    print_line(&format!("  scripts and WASM: {script_and_wasm} bytes on the wire, budget {BUDGET}"));
    ensure!(script_and_wasm <= BUDGET, "scripts and WASM exceed their budget; `make size` shows what takes the space");
    Ok(())
}

/// Copies the previous version into the new site, because running servers and open pages request it until they are
/// restarted or reloaded.
fn keep_previous_version(old_pkg: &Path, new_pkg: &Path) -> anyhow::Result<()> {
    let Ok(previous) = fs::read_to_string(old_pkg.join("version")) else { return Ok(()) };
    let folder = old_pkg.join(&previous);
    if folder.is_dir() { files::copy(&folder, &new_pkg.join(&previous)) } else { Ok(()) }
}

/// Returns the sizes and times of the sources, of this program and of the site. If it is unchanged, so is the site.
fn stamp_of(sources: &[&Path], site: &Path) -> String {
    let program = std::env::current_exe().unwrap_or_default();
    let paths = sources.iter().copied().chain([program.as_path(), site]);
    format!("{:?}", paths.flat_map(files::list).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A style sheet that is not imported would silently be missing from the page.
    #[test]
    fn every_style_sheet_is_imported_once() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(STYLES);
        let entry = fs::read_to_string(folder.join("main.css")).expect("main.css");
        let mut imported: Vec<_> =
            entry.lines().filter_map(|line| line.strip_prefix("@import \"./")?.strip_suffix("\";")).collect();
        imported.sort_unstable();
        let mut present: Vec<_> = files::list(&folder)
            .iter()
            .filter_map(|file| file.path.file_name()?.to_str().map(str::to_owned))
            .filter(|name| name != "main.css")
            .collect();
        present.sort_unstable();
        assert_eq!(imported, present);
    }

    #[test]
    fn the_previous_version_is_kept_beside_the_new_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let (old, new) = (folder.path().join("old"), folder.path().join("new"));
        fs::create_dir_all(old.join("00aa")).expect("created");
        fs::write(old.join("00aa/page.js"), "old").expect("written");
        keep_previous_version(&old, &new).expect("no version is not an error");
        assert!(!new.exists());
        fs::write(old.join("version"), "00aa").expect("written");
        keep_previous_version(&old, &new).expect("copied");
        assert_eq!(fs::read_to_string(new.join("00aa/page.js")).expect("there"), "old");
    }

    #[test]
    fn the_list_has_the_files_of_the_current_version_only() {
        let folder = tempfile::tempdir().expect("a folder");
        let site = folder.path().join("site");
        for name in ["icon.svg", "pkg/version", "pkg/00aa/page.js", "pkg/00bb/page.js", "pkg/00bb/page.js.br"] {
            let path = site.join(name);
            fs::create_dir_all(path.parent().expect("a folder")).expect("created");
            fs::write(path, name).expect("written");
        }
        let list = list_of(&site, Path::new("pkg"), "00bb").expect("listed");
        let listed: Vec<_> = list.split("path: \"").skip(1).filter_map(|rest| Some(rest.split_once('"')?.0)).collect();
        assert_eq!(listed, ["icon.svg", "pkg/00bb/page.js", "pkg/00bb/page.js.br", "pkg/version"]);
        let icon = format!("include_bytes!({:?})", site.join("icon.svg").display().to_string());
        assert!(
            list.contains(&icon) && list.contains(&files::digest_of(&site.join("icon.svg")).expect("read")),
            "{list}"
        );
    }

    #[test]
    fn the_stamp_changes_with_a_source_and_with_the_site() {
        let folder = tempfile::tempdir().expect("a folder");
        let (source, site) = (folder.path().join("source"), folder.path().join("site"));
        let stamp = || stamp_of(&[&source], &site);
        let before = stamp();
        fs::write(&source, "1").expect("written");
        let with_source = stamp();
        fs::write(&site, "1").expect("written");
        assert!(before != with_source && with_source != stamp());
        assert_eq!(stamp(), stamp());
    }
}
