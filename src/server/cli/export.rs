//! `motion-export export`: the same export as the URL's, to a file or to standard output.

use std::fs::File;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use sea_orm::DatabaseConnection;

use super::told_to_stop;
use crate::export::ExportParams;
use crate::server::auth::user;
use crate::server::auth::viewer::Viewer;
use crate::server::export::run::Export as Run;
use crate::server::settings::Settings;

#[derive(Debug, Args)]
pub struct Export {
    /// First day, as YYYY-MM-DD in the time zone, or an RFC 3339 instant.
    #[arg(long, value_name = "DATE")]
    start_date: Option<String>,
    /// Last day, which counts, or an instant, which does not.
    #[arg(long, value_name = "DATE")]
    end_date: Option<String>,
    /// A camera; may be repeated. All cameras, if left out.
    #[arg(long, value_name = "ID")]
    camera_id: Vec<String>,
    /// IANA name of the zone of days and timestamps. UTC, if left out.
    #[arg(long, value_name = "ZONE")]
    timezone: Option<String>,
    /// Put a byte-order mark first, for Excel.
    #[arg(long)]
    bom: bool,
    /// Switch the guard against spreadsheet formulas off.
    #[arg(long)]
    raw: bool,
    /// Only what this user sees. Everything, if left out: whoever runs the command has the database itself.
    #[arg(long = "as", value_name = "USER")]
    as_user: Option<String>,
    /// Where to write. It appears only once it is whole. Standard output, if left out.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Export {
    pub async fn run(self, database: DatabaseConnection, settings: &Settings) -> anyhow::Result<()> {
        let params = ExportParams::parse(&self.query())?;
        let viewer = match &self.as_user {
            Some(name) => Viewer::User { id: user::by_name(&database, name).await?.id, by: None },
            None => Viewer::Operator,
        };
        let export = Run::begin(database, viewer, params, settings.export.page_rows).await?;
        write(export, self.output.as_deref()).await
    }

    /// The options as a query string, so that they are understood and refused as the URL's are.
    fn query(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        let single = [("start_date", &self.start_date), ("end_date", &self.end_date), ("timezone", &self.timezone)];
        for (name, value) in single {
            if let Some(value) = value {
                query.append_pair(name, value);
            }
        }
        for camera in &self.camera_id {
            query.append_pair("camera_id", camera);
        }
        query.append_pair("bom", &self.bom.to_string()).append_pair("raw", &self.raw.to_string());
        query.finish()
    }
}

async fn write(export: Run, output: Option<&Path>) -> anyhow::Result<()> {
    let Some(path) = output else {
        return match pull(export, &mut std::io::stdout().lock()).await {
            // Whoever read it has seen enough, as with `| head`.
            Err(error) if is_broken_pipe(&error) => Ok(()),
            other => other,
        };
    };
    let cannot = || format!("cannot write {}", path.display());
    // What a link points to is replaced, not the link.
    let path = &path.canonicalize().unwrap_or_else(|_| path.to_owned());
    // A pipe or a device cannot be replaced by a file.
    if path.metadata().is_ok_and(|there| !there.is_file()) {
        let mut file = File::options().write(true).open(path).with_context(cannot)?;
        return pull(export, &mut file).await;
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new()
        .prefix(".motion-export-")
        .suffix(".part")
        // As any other file: what the umask leaves.
        .permissions(std::fs::Permissions::from_mode(0o666))
        .tempfile_in(folder)
        .with_context(cannot)?;
    // Being stopped drops what was written so far, instead of leaving it about.
    let told_to_stop = told_to_stop()?;
    tokio::select! {
        pulled = pull(export, &mut file) => pulled.with_context(cannot)?,
        () = told_to_stop => bail!("stopped before {} was whole", path.display()),
    }
    file.as_file().sync_all().with_context(cannot)?;
    file.persist(path).with_context(cannot)?;
    Ok(())
}

async fn pull(mut export: Run, output: &mut impl Write) -> anyhow::Result<()> {
    while let Some(chunk) = export.next_chunk().await? {
        output.write_all(&chunk)?;
    }
    output.flush()?;
    Ok(())
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
}
