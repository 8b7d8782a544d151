//! Puts the site together that the server serves: what `cargo leptos build --release` does, for those who do not have
//! cargo-leptos, which takes longer to build than this whole project. It reads the same options from Cargo.toml.
//!
//! `bundle WASM WASM_OPT`: the compiled module, and the wasm-opt to shrink it with. Run in the project's folder. Does
//! nothing where the site is as the last run left it, and was made of the same files.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use anyhow::{Context, ensure};
use toml::Table;
use wasm_bindgen_cli_support::Bindgen;

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let wasm = arguments.next().context("usage: bundle WASM WASM_OPT")?;
    let wasm_opt = arguments.next().context("usage: bundle WASM WASM_OPT")?;

    let manifest: Table = fs::read_to_string("Cargo.toml").context("no Cargo.toml here")?.parse()?;
    let options = &manifest["package"]["metadata"]["leptos"];
    let option = |name: &str| options[name].as_str().with_context(|| format!("{name} is not set in Cargo.toml"));
    let name = option("output-name")?;
    let site = Path::new(option("site-root")?);
    let pkg = site.join(option("site-pkg-dir")?);

    let style_file = Path::new(option("style-file")?);
    let assets_dir = Path::new(option("assets-dir")?);
    let stamp_file = site.with_extension("stamp");
    let sources = [Path::new("Cargo.toml"), &wasm, &wasm_opt, style_file, assets_dir];
    if fs::read_to_string(&stamp_file).is_ok_and(|stamp| stamp == stamp_of(&sources, site)) {
        return Ok(());
    }

    // Put together beside it and swapped in at the end: a site is whole or not there.
    let (new_site, old_site) = (site.with_extension("new"), site.with_extension("old"));
    let new_pkg = new_site.join(pkg.strip_prefix(site)?);
    for leftover in [&new_site, &old_site] {
        if leftover.exists() {
            fs::remove_dir_all(leftover)?;
        }
    }
    fs::create_dir_all(&new_pkg)?;

    Bindgen::new().input_path(&wasm).web(true)?.typescript(false).out_name(name).generate(&new_pkg)?;
    // The page asks for NAME.wasm, as cargo-leptos calls it.
    let bound = new_pkg.join(format!("{name}_bg.wasm"));
    let flags = options["wasm-opt-features"].as_array().context("wasm-opt-features is not set in Cargo.toml")?;
    let status = Command::new(&wasm_opt)
        .args(flags.iter().filter_map(|flag| flag.as_str()))
        .arg(&bound)
        .arg("-o")
        .arg(new_pkg.join(format!("{name}.wasm")))
        .status()
        .with_context(|| format!("cannot run {}", wasm_opt.display()))?;
    ensure!(status.success(), "{} failed", wasm_opt.display());
    fs::remove_file(bound)?;

    fs::copy(style_file, new_pkg.join(format!("{name}.css")))?;
    copy_files(assets_dir, &new_site)?;

    if site.exists() {
        fs::rename(site, &old_site)?;
    }
    fs::rename(&new_site, site)?;
    if old_site.exists() {
        fs::remove_dir_all(old_site)?;
    }
    fs::write(stamp_file, stamp_of(&sources, site))?;
    Ok(())
}

/// Tells whether anything has changed: the sizes and times of the sources, of this program, and of the site.
fn stamp_of(sources: &[&Path], site: &Path) -> String {
    let program = std::env::current_exe().unwrap_or_default();
    let paths = sources.iter().copied().chain([program.as_path(), site]);
    format!("{:?}", paths.flat_map(files).collect::<Vec<_>>())
}

/// The file at a path, or all files below it, in order, with size and time of change.
fn files(path: &Path) -> Vec<(PathBuf, u64, Option<SystemTime>)> {
    let Ok(metadata) = fs::metadata(path) else { return Vec::new() };
    let Ok(entries) = fs::read_dir(path) else {
        return vec![(path.to_owned(), metadata.len(), metadata.modified().ok())];
    };
    let mut entries: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    entries.sort();
    entries.iter().flat_map(|entry| files(entry)).collect()
}

/// Copies a folder's contents, folders and all.
fn copy_files(from: &Path, to: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_files(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
