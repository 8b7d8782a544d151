//! `motion-export completions` and `manual`: the command line described for shells and for man. They need neither settings nor a
//! database.

use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::Cli;
use crate::cli::standard_output::print;

/// The name of the program.
const NAME: &str = "motion-export";

#[derive(Debug, Args)]
pub struct Completions {
    /// The shell.
    shell: Shell,
}

#[derive(Debug, Args)]
pub struct Manual {
    /// The folder into which the pages are written. It is created if it does not exist.
    folder: PathBuf,
}

impl Completions {
    /// Prints the script.
    pub fn run(self) {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), NAME, &mut script);
        print(&String::from_utf8_lossy(&script));
    }
}

impl Manual {
    /// Writes a page for each command.
    pub fn run(self) -> anyhow::Result<()> {
        let cannot = || format!("cannot write the manual into {}", self.folder.display());
        std::fs::create_dir_all(&self.folder).with_context(cannot)?;
        clap_mangen::generate_to(Cli::command().name(NAME), &self.folder).with_context(cannot)
    }
}
