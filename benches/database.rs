//! A database of generated events for the benchmarks. The events are the same each time.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use motion_export::server::db::connect::{self, IfMissing};
use motion_export::server::db::unix_micros::UnixMicros;
use motion_export::server::demo::Demo;
use motion_export::server::export::event::Row;
use motion_export::server::export::pipeline::keyset::{KeysetPager, RowLimit};
use motion_export::server::export::query::Filter;
use motion_export::server::export::reader::sqlite::SqliteConnection;
use motion_export::server::export::reader::{Connection, TimeSlice};
use motion_export::server::settings::Settings;
use sea_orm::DbErr;

/// Reads `rows` events page by page, and passes each to `take`.
pub fn read(connection: &mut Connection, rows: usize, mut take: impl FnMut(&Row)) {
    let mut pages = KeysetPager::new(Filter::default(), 5_000.try_into().expect("not zero"), Vec::new());
    let mut left = rows;
    while left > 0 {
        pages
            .next(connection, &TimeSlice::new(), RowLimit::PageRows, |row| {
                take(row);
                left -= 1;
                Ok::<_, DbErr>(if left > 0 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
            })
            .expect("read");
    }
}

/// Opens a database for reading.
pub fn open(path: &Path) -> Connection {
    Connection::Sqlite(SqliteConnection::open(path).expect("opened"))
}

/// Creates a database with `rows` events in a folder, and returns its path.
pub fn make(folder: &Path, rows: usize) -> PathBuf {
    let path = folder.join("events.db");
    let mut settings = Settings::default();
    settings.database.url = format!("sqlite://{}", path.display());
    let demo = Demo { events: rows as u64, cameras: 8, days: 365, seed: 1 };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let database = connect::open_migrated(&settings.database, IfMissing::Create).await.expect("created");
        demo.write(&database, UnixMicros::new(1_764_547_200_000_000)).await.expect("filled");
        database.close().await.expect("closed");
    });
    path
}
