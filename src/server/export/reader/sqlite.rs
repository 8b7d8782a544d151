//! SQLite: SeaORM builds the statements, rusqlite steps through them, on the same SQLite as SeaORM's, because there a
//! statement can be stopped, and rows be read without a copy.

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
use crate::server::export::event::{Cursor, Row};
use crate::server::export::reader::worker_threads;

/// After how many steps of SQLite's machine it is asked whether somebody still waits: some microseconds.
const STEPS_BETWEEN_QUESTIONS: i32 = 1_000;

/// After how many of these questions it lets others go first, which takes it no time if there are none: some 0.1 ms.
const QUESTIONS_BETWEEN_PAUSES: u32 = 4;

/// How many statements a connection remembers: those of an export's first and later pages, for some filters.
const STATEMENTS: usize = 32;

/// Opens a connection that only reads.
///
/// # Errors
/// Where there is no such file, or it is no database.
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

/// Has what runs on the connection stopped as the turn says.
///
/// # Errors
/// Where the connection is one of somebody else's.
pub fn watch(connection: &Connection, turn: TimeSlice) -> Result<(), DbErr> {
    let mut questions = 0_u32;
    let asks = move || {
        questions = questions.wrapping_add(1);
        if questions.is_multiple_of(QUESTIONS_BETWEEN_PAUSES) {
            worker_threads::pause();
        }
        turn.should_stop()
    };
    connection.progress_handler(STEPS_BETWEEN_QUESTIONS, Some(asks)).map_err(|error| failed(&error))
}

/// Runs a statement for events and gives its rows to `take`: all of them, or until it wants no more, or as many as were
/// found when the first ones had waited for long enough. Says whether there are no more.
///
/// # Errors
/// The database's own, and those of `take`.
pub fn events<E: From<DbErr>>(
    connection: &Connection,
    statement: &SelectStatement,
    turn: &TimeSlice,
    mut take: impl FnMut(&Row<'_>) -> Result<ControlFlow<()>, E>,
) -> Result<bool, E> {
    let stepped = query(connection, statement, |rows| {
        let mut found = 0_u64;
        loop {
            let row = match rows.next() {
                Ok(Some(row)) => event(row)?,
                Ok(None) => return Ok(Ok(true)),
                Err(error) if is_interrupted(&error) && found > 0 => return Ok(Ok(false)),
                Err(error) => return Err(error),
            };
            match take(&row) {
                Ok(ControlFlow::Continue(())) => {}
                Ok(ControlFlow::Break(())) => return Ok(Ok(false)),
                Err(failure) => return Ok(Err(failure)),
            }
            if found == 0 {
                turn.has_found();
            }
            found += 1;
        }
    });
    turn.has_given();
    stepped?
}

/// Runs a statement for numbers and gives each to `take`.
///
/// # Errors
/// The database's own.
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

/// Reads a row of [`super::super::query::page`]. By hand, without rusqlite's conversions: for each event, that saves some
/// 3 % of an export.
fn event<'a>(row: &'a rusqlite::Row<'_>) -> Result<Row<'a>, rusqlite::Error> {
    let timestamp = integer(row, 0)?.ok_or_else(|| unreadable(0, Type::Null))?;
    let ValueRef::Blob(id) = row.get_ref(1)? else { return Err(unreadable(1, row.get_ref(1)?.data_type())) };
    Ok(Row {
        cursor: Cursor { timestamp, id: Uuid::from_slice(id).map_err(|_| unreadable(1, Type::Blob))? },
        camera_id: text(row, 2)?.ok_or_else(|| unreadable(2, Type::Null))?,
        confidence: match row.get_ref(3)? {
            ValueRef::Real(number) => Some(number),
            ValueRef::Null => None,
            other => return Err(unreadable(3, other.data_type())),
        },
        algorithm: text(row, 4)?.ok_or_else(|| unreadable(4, Type::Null))?,
        bounding_box: [integer(row, 5)?, integer(row, 6)?, integer(row, 7)?, integer(row, 8)?],
        zone_id: text(row, 9)?,
    })
}

fn integer(row: &rusqlite::Row<'_>, index: usize) -> Result<Option<i64>, rusqlite::Error> {
    match row.get_ref(index)? {
        ValueRef::Integer(number) => Ok(Some(number)),
        ValueRef::Null => Ok(None),
        other => Err(unreadable(index, other.data_type())),
    }
}

fn text<'a>(row: &'a rusqlite::Row<'_>, index: usize) -> Result<Option<&'a [u8]>, rusqlite::Error> {
    match row.get_ref(index)? {
        ValueRef::Text(text) => Ok(Some(text)),
        ValueRef::Null => Ok(None),
        other => Err(unreadable(index, other.data_type())),
    }
}

fn unreadable(index: usize, found: Type) -> rusqlite::Error {
    rusqlite::Error::InvalidColumnType(index, format!("column {index}"), found)
}

fn is_interrupted(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::OperationInterrupted)
}

/// A value of a statement, as SQLite takes it.
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
        other => return Err(DbErr::Query(RuntimeErr::Internal(format!("{other:?} is bound nowhere yet")))),
    })
}

/// An error of the database, as everybody else here knows it: whether it is away, or gave something unreadable.
pub fn failed(error: &rusqlite::Error) -> DbErr {
    if is_interrupted(error) {
        return interrupted();
    }
    let away = [
        ErrorCode::DatabaseBusy,
        ErrorCode::DatabaseLocked,
        ErrorCode::CannotOpen,
        ErrorCode::DiskFull,
        ErrorCode::SystemIoFailure,
        ErrorCode::FileLockingProtocolFailed,
    ];
    let reason = RuntimeErr::Internal(describe_rusqlite(error));
    if error.sqlite_error_code().is_some_and(|code| away.contains(&code)) {
        DbErr::Conn(reason)
    } else {
        DbErr::Query(reason)
    }
}
