//! Build tasks that cargo alone cannot do. Run them in the project's folder, with `make` or as `cargo xtask COMMAND`.

use std::io::Write;
use std::path::PathBuf;

use clap::Parser;

mod bindings;
mod dist;
mod files;
mod manifest;
mod site;

/// Build tasks of Motion Export.
#[derive(Debug, Parser)]
enum Command {
    /// Builds the site that the server serves, from the compiled WASM, the style sheets and the public files.
    Site {
        /// The compiled WASM module of the page.
        wasm: PathBuf,
        /// The folder with the tools from npm: wasm-opt and esbuild.
        tools: PathBuf,
    },
    /// Packs the release binary, the site and the documents into an archive, with its SHA-256 beside it.
    Dist {
        /// The release binary.
        binary: PathBuf,
        /// The folder into which the archive is written.
        #[arg(default_value = "target/dist")]
        output: PathBuf,
    },
}

fn main() -> anyhow::Result<()> {
    let manifest = manifest::Manifest::read("Cargo.toml".as_ref())?;
    match Command::parse() {
        Command::Site { wasm, tools } => site::build(&manifest, &wasm, &tools),
        Command::Dist { binary, output } => {
            let archive = dist::pack(&manifest, &binary, &output)?;
            print_line(&format!("{} ({} bytes)", archive.display(), archive.metadata()?.len()));
            Ok(())
        }
    }
}

/// Prints a line to standard output. A closed standard output is not an error.
fn print_line(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}
