//! Reads events from SQLite. SeaORM builds the statements, and rusqlite steps through them, because it can stop a statement and
//! read rows without copying them. Both use the same SQLite library.

use std::ops::ControlFlow;
use std::path::Path;

use rusqlite::types::{Type, Value as Bound, ValueRef};
use rusqlite::{Connection, ErrorCode, OpenFlags, Rows};
use sea_orm::sea_query::{SelectStatement, SqliteQueryBuilder, Value};
use sea_orm::{DbErr, RuntimeErr};
use uuid::Uuid;

use super::time_slice::{TimeSlice, interrupted};
use crate::server::db::describe_error::describe_rusqlite;
use crate::server::db::timeouts::BUSY_TIMEOUT;
use crate::server::export::event::{Cursor, Row, ScanEnd};
use crate::server::export::reader::worker_threads;

/// The number of SQLite's virtual machine steps between two checks of the time slice: some microseconds.
const STEPS_PER_CHECK: i32 = 1_000;

/// The number of these checks after which other threads may use the core: some 0.1 ms. It takes no time if none waits.
const CHECKS_PER_YIELD: u32 = 4;

/// The number of prepared statements that a connection keeps: those of the first and later pages, for some filters.
const STATEMENTS: usize = 32;

/// Opens a connection that only reads.
///
/// # Errors
/// Returns an error if the file does not exist or is not a database.
pub fn open(path: &Path) -> Result<Connection, DbErr> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let open = || {
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        Ok(connection)
    };
    open().map_err(|error| failed(&error))
}

/// Stops queries on the connection when the time slice says so.
///
/// # Errors
/// Returns an error if rusqlite does not own the connection.
pub fn watch(connection: &Connection, slice: TimeSlice) -> Result<(), DbErr> {
    let mut checks = 0_u32;
    let should_stop = move || {
        checks = checks.wrapping_add(1);
        if checks.is_multiple_of(CHECKS_PER_YIELD) {
            worker_threads::yield_cpu();
        }
        slice.should_stop()
    };
    connection.progress_handler(STEPS_PER_CHECK, Some(should_stop)).map_err(|error| failed(&error))
}

/// Runs a statement for events, as [`Connection::events`](super::Connection::events) describes.
///
/// # Errors
/// Returns the errors of the database and of `take`.
pub fn events<E: From<DbErr>>(
    connection: &Connection,
    statement: &SelectStatement,
    slice: &TimeSlice,
    mut take: impl FnMut(&Row) -> Result<ControlFlow<()>, E>,
) -> Result<ScanEnd, E> {
    let result = query(connection, statement, |rows| {
        let mut count = 0_u64;
        loop {
            let row = match rows.next() {
                Ok(Some(row)) => event(row)?,
                Ok(None) => return Ok(Ok(ScanEnd::Exhausted)),
                Err(error) if is_interrupted(&error) && count > 0 => return Ok(Ok(ScanEnd::CutShort)),
                Err(error) => return Err(error),
            };
            match take(&row) {
                Ok(ControlFlow::Continue(())) => {}
                Ok(ControlFlow::Break(())) => return Ok(Ok(ScanEnd::CutShort)),
                Err(error) => return Ok(Err(error)),
            }
            if count == 0 {
                slice.rows_held();
            }
            count += 1;
        }
    });
    slice.rows_released();
    result?
}

/// Runs a statement for numbers and passes each to `take`.
///
/// # Errors
/// Returns the errors of the database.
pub fn numbers(connection: &Connection, statement: &SelectStatement, mut take: impl FnMut(i64)) -> Result<(), DbErr> {
    query(connection, statement, |rows| {
        while let Some(row) = rows.next()? {
            take(row.get(0)?);
        }
        Ok(())
    })
}

fn query<T>(
    connection: &Connection,
    statement: &SelectStatement,
    take: impl FnOnce(&mut Rows<'_>) -> Result<T, rusqlite::Error>,
) -> Result<T, DbErr> {
    let (sql, values) = statement.build(SqliteQueryBuilder);
    let values = values.into_iter().map(bound).collect::<Result<Vec<_>, _>>()?;
    let run = || {
        let mut prepared = connection.prepare_cached(&sql)?;
        take(&mut prepared.query(rusqlite::params_from_iter(values))?)
    };
    run().map_err(|error| failed(&error))
}

/// Reads a row of the [`SELECTED_COLUMNS`](crate::server::export::event::SELECTED_COLUMNS). Without rusqlite's conversions, an
/// export is some 3 % faster.
fn event(row: &rusqlite::Row<'_>) -> Result<Row, rusqlite::Error> {
    let required = |index| integer(row, index)?.ok_or_else(|| unreadable(index, Type::Null));
    let ValueRef::Blob(id) = row.get_ref(1)? else { return Err(unreadable(1, row.get_ref(1)?.data_type())) };
    Ok(Row {
        cursor: Cursor { timestamp: required(0)?, id: Uuid::from_slice(id).map_err(|_| unreadable(1, Type::Blob))? },
        camera_key: required(2)?,
        confidence: match row.get_ref(3)? {
            ValueRef::Real(number) => Some(number),
            ValueRef::Null => None,
            other => return Err(unreadable(3, other.data_type())),
        },
        detector_key: required(4)?,
        bounding_box: [integer(row, 5)?, integer(row, 6)?, integer(row, 7)?, integer(row, 8)?],
        zone_key: integer(row, 9)?,
    })
}

fn integer(row: &rusqlite::Row<'_>, index: usize) -> Result<Option<i64>, rusqlite::Error> {
    match row.get_ref(index)? {
        ValueRef::Integer(number) => Ok(Some(number)),
        ValueRef::Null => Ok(None),
        other => Err(unreadable(index, other.data_type())),
    }
}

fn unreadable(index: usize, actual: Type) -> rusqlite::Error {
    rusqlite::Error::InvalidColumnType(index, format!("column {index}"), actual)
}

fn is_interrupted(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::OperationInterrupted)
}

/// Converts a value of a statement to one of SQLite.
fn bound(value: Value) -> Result<Bound, DbErr> {
    Ok(match value {
        Value::BigInt(number) => number.map_or(Bound::Null, Bound::Integer),
        Value::BigUnsigned(number) => match number.map(i64::try_from).transpose() {
            Ok(number) => number.map_or(Bound::Null, Bound::Integer),
            Err(error) => return Err(DbErr::Query(RuntimeErr::Internal(error.to_string()))),
        },
        Value::Int(number) => number.map_or(Bound::Null, |number| Bound::Integer(number.into())),
        Value::Bool(truth) => truth.map_or(Bound::Null, |truth| Bound::Integer(truth.into())),
        Value::String(text) => text.map_or(Bound::Null, Bound::Text),
        Value::Uuid(id) => id.map_or(Bound::Null, |id| Bound::Blob(id.as_bytes().to_vec())),
        other => return Err(DbErr::Query(RuntimeErr::Internal(format!("cannot bind {other:?}")))),
    })
}

/// Converts an error of rusqlite: to a connection error if the database is unavailable, to a query error otherwise.
pub fn failed(error: &rusqlite::Error) -> DbErr {
    if is_interrupted(error) {
        return interrupted();
    }
    let unavailable = [
        ErrorCode::DatabaseBusy,
        ErrorCode::DatabaseLocked,
        ErrorCode::CannotOpen,
        ErrorCode::DiskFull,
        ErrorCode::SystemIoFailure,
        ErrorCode::FileLockingProtocolFailed,
    ];
    let reason = RuntimeErr::Internal(describe_rusqlite(error));
    if error.sqlite_error_code().is_some_and(|code| unavailable.contains(&code)) {
        DbErr::Conn(reason)
    } else {
        DbErr::Query(reason)
    }
}
