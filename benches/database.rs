//! A database of made-up events to measure with: the same ones each time.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use motion_export::server::db::connect::{self, IfMissing};
use motion_export::server::db::unix_micros::UnixMicros;
use motion_export::server::demo::Demo;
use motion_export::server::export::event::Row;
use motion_export::server::export::pipeline::keyset::KeysetPager;
use motion_export::server::export::query::Filter;
use motion_export::server::export::reader::{Connection, TimeSlice};
use motion_export::server::settings::Settings;
use sea_orm::DbErr;

/// Reads so many events, in pages.
pub fn read(connection: &mut Connection, rows: usize, mut take: impl FnMut(&Row<'_>)) {
    let mut pages = KeysetPager::new(Filter::default(), 5_000.try_into().expect("not zero"), Vec::new());
    let mut left = rows;
    while left > 0 {
        pages
            .next(connection, &TimeSlice::begin(), u64::MAX, |row| {
                take(row);
                left -= 1;
                Ok::<_, DbErr>(if left > 0 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
            })
            .expect("read");
    }
}

/// Opens one to read.
pub fn open(path: &Path) -> Connection {
    Connection::Sqlite(rusqlite::Connection::open(path).expect("opened"))
}

/// Makes one in a folder, and says where.
pub fn make(folder: &Path, rows: usize) -> PathBuf {
    let path = folder.join("events.db");
    let mut settings = Settings::default();
    settings.database.url = format!("sqlite://{}", path.display());
    let demo = Demo { events: rows as u64, cameras: 8, days: 365, seed: 1 };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let database = connect::open_migrated(&settings.database, IfMissing::Create).await.expect("made");
        demo.write(&database, UnixMicros::new(1_764_547_200_000_000)).await.expect("filled");
        database.close().await.expect("closed");
    });
    path
}
