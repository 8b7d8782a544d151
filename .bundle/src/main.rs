//! Puts the site together that the server serves: what `cargo leptos build --release` does, for those who do not have
//! cargo-leptos, which takes longer to build than this whole project. It reads the same options from Cargo.toml.
//!
//! `bundle WASM WASM_OPT`: the compiled module, and the wasm-opt to shrink it with. Run in the project's folder. Does
//! nothing where the site is as the last run left it, and was made of the same files.
//!
//! The files come into a folder that is named for what is in them, so that browsers may keep them for good, and each
//! compressed beside itself. Fails where a page would have to load more than [`BUDGET`].

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use anyhow::{Context, ensure};
use brotli::enc::BrotliEncoderParams;
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};
use toml::Table;
use wasm_bindgen_cli_support::Bindgen;

/// How much script and WASM may be together on the wire, in bytes, as brotli makes them.
const BUDGET: usize = 350_000;

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
    let new_pkg = site.with_extension("pkg");
    for leftover in [&new_site, &old_site, &new_pkg] {
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
    let version = version_of(&new_pkg)?;
    let on_the_wire = compress(&new_pkg)?;
    say(&format!("  script and WASM are {on_the_wire} bytes on the wire; they may be {BUDGET}"));
    ensure!(on_the_wire <= BUDGET, "the page has become too large; `make size` shows what takes the space");
    copy_files(assets_dir, &new_site)?;
    let new_folder = new_site.join(pkg.strip_prefix(site)?);
    // A server that runs, and pages that are open, ask for the version before until they are started or loaded again.
    if let Ok(before) = fs::read_to_string(pkg.join("version"))
        && pkg.join(&before).is_dir()
    {
        copy_files(&pkg.join(&before), &new_folder.join(&before))?;
    }
    copy_files(&new_pkg, &new_folder.join(&version))?;
    fs::write(new_folder.join("version"), version)?;
    fs::remove_dir_all(new_pkg)?;

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

/// Stands for all files of a folder and what is in them.
fn version_of(folder: &Path) -> anyhow::Result<String> {
    let mut digest = Sha256::new();
    for (file, ..) in files(folder) {
        digest.update(file.strip_prefix(folder)?.to_string_lossy().as_bytes());
        digest.update(Sha256::digest(fs::read(&file)?));
    }
    let digest = digest.finalize();
    let (first, _) = digest.split_first_chunk().context("a digest is longer")?;
    Ok(format!("{:016x}", u64::from_be_bytes(*first)))
}

/// Puts each file of a folder beside itself as brotli and as gzip, as small as they can. Gives the size of script and WASM
/// as brotli, in bytes.
fn compress(folder: &Path) -> anyhow::Result<usize> {
    let mut script_and_wasm = 0;
    for (file, size, _) in files(folder) {
        let contents = fs::read(&file)?;
        let parameters = BrotliEncoderParams { quality: 11, lgwin: 22, ..BrotliEncoderParams::default() };
        let mut smaller = Vec::new();
        brotli::BrotliCompress(&mut &contents[..], &mut smaller, &parameters)?;
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        say(&format!("  {name}: {size} bytes, {} as brotli", smaller.len()));
        if !name.ends_with(".css") {
            script_and_wasm += smaller.len();
        }
        fs::write(file.with_file_name(format!("{name}.br")), smaller)?;
        let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
        gzip.write_all(&contents)?;
        fs::write(file.with_file_name(format!("{name}.gz")), gzip.finish()?)?;
    }
    Ok(script_and_wasm)
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

/// Writes a line to standard output. Somebody who no longer listens is no error.
fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
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
