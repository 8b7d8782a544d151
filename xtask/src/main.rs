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
    /// Packs the release: binaries, an archive, a package of Debian, and the folder for a container image, with their SHA-256.
    Dist {
        /// The release binary, linked dynamically.
        binary: PathBuf,
        /// The same, linked statically.
        fixed: PathBuf,
        /// The folder into which everything is written. It is replaced.
        #[arg(default_value = "target/dist")]
        output: PathBuf,
    },
}

fn main() -> anyhow::Result<()> {
    let manifest = manifest::Manifest::read("Cargo.toml".as_ref())?;
    match Command::parse() {
        Command::Site { wasm, tools } => site::build(&manifest, &wasm, &tools),
        Command::Dist { binary, fixed, output } => {
            for file in dist::pack(&manifest, &binary, &fixed, &output)? {
                print_line(&format!("{:>12} bytes  {}", file.metadata()?.len(), file.display()));
            }
            Ok(())
        }
    }
}

/// Prints a line to standard output. A closed standard output is not an error.
fn print_line(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}
