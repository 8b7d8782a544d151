//! Reads events with statements. SeaORM builds them, and rusqlite steps through them, because it can stop a statement and read
//! rows without copying them. Both use the same SQLite library.
//!
//! A statement passes the columns of an event to a function of this program, `take_event`. SQLite checks
//! and locks the columns of a result one by one, and the arguments of a function only once.

use std::cell::Cell;
use std::ops::ControlFlow;

use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::{Type, Value as Bound, ValueRef};
use rusqlite::{Connection, ErrorCode, Rows};
use sea_orm::sea_query::{Alias, Expr, Func, Query, SelectStatement, SqliteQueryBuilder, Value};
use sea_orm::{DbErr, RuntimeErr};
use uuid::Uuid;

use crate::server::db::describe_error::describe_rusqlite;
use crate::server::export::event::{Cursor, Row, SELECTED_COLUMNS, ScanEnd};
use crate::server::export::reader::time_slice::{TimeSlice, interrupted};

/// The function that takes the columns of an event.
const TAKE_EVENT: &str = "take_event";

/// The error of the function if SQLite calls it for another event before it returns a row for the one before, as if it sorts the
/// results.
const SORTS: &str = "the statement sorts the results of take_event";

/// The largest limit of a statement.
const MAX_ROWS: u64 = i64::MAX as u64;

thread_local! {
    /// The event that the statement which runs on this thread has passed to [`TAKE_EVENT`]. SQLite calls the function on the
    /// thread that steps through the statement.
    static EVENT: Cell<Option<Row>> = const { Cell::new(None) };
}

/// Defines the function to which [`events`] passes the columns of each event.
///
/// # Errors
/// Returns an error if a statement of the connection is running.
pub fn define_function(connection: &Connection) -> rusqlite::Result<()> {
    let arguments = SELECTED_COLUMNS.len().try_into().unwrap_or(-1);
    connection.create_scalar_function(TAKE_EVENT, arguments, FunctionFlags::SQLITE_UTF8, |columns| {
        let event = event(columns)?;
        match EVENT.replace(Some(event)) {
            None => Ok(true),
            Some(_) => Err(rusqlite::Error::UserFunctionError(SORTS.into())),
        }
    })
}

/// Runs a statement for events and passes them to `take`: all of them, until it breaks, or as many as were read when the time
/// slice ended.
///
/// # Errors
/// Returns the errors of the database and of `take`.
pub fn events<E: From<DbErr>>(
    connection: &Connection,
    statement: &SelectStatement,
    slice: &TimeSlice,
    mut take: impl FnMut(&Row) -> Result<ControlFlow<()>, E>,
) -> Result<ScanEnd, E> {
    let streamed = statement.clone().clear_selects().expr(take_event()).to_owned();
    let mut result = step(connection, &streamed, slice, &mut take);
    if result.as_ref().is_err_and(sorts) {
        // Without an index in the order of the statement.
        result = step(connection, &after_sorting(statement), slice, &mut take);
    }
    slice.rows_released();
    result.map_err(|error| failed(&error))?
}

/// Returns the statement that calls the function for the sorted events of a subquery. The limit keeps SQLite from making one query
/// of both.
fn after_sorting(statement: &SelectStatement) -> SelectStatement {
    let mut sorted = Query::select();
    sorted.expr(take_event()).from_subquery(statement.clone(), Alias::new("sorted")).limit(MAX_ROWS);
    sorted
}

/// Calls the function for each event. Its columns have these names in each statement.
fn take_event() -> Expr {
    Func::cust(TAKE_EVENT).args(SELECTED_COLUMNS.map(Expr::col)).into()
}

fn sorts(error: &rusqlite::Error) -> bool {
    error.to_string().contains(SORTS)
}

/// Runs a statement that calls the function, and passes each event to `take`. If it fails after some events, these are what it
/// has returned.
fn step<E: From<DbErr>>(
    connection: &Connection,
    statement: &SelectStatement,
    slice: &TimeSlice,
    take: &mut impl FnMut(&Row) -> Result<ControlFlow<()>, E>,
) -> rusqlite::Result<Result<ScanEnd, E>> {
    EVENT.set(None);
    query(connection, statement, |rows| {
        let mut count = 0_u64;
        loop {
            match rows.next() {
                Ok(Some(_)) => {}
                Ok(None) => return Ok(Ok(ScanEnd::Exhausted)),
                Err(error) if count > 0 && (is_interrupted(&error) || sorts(&error)) => {
                    return Ok(Ok(ScanEnd::CutShort));
                }
                Err(error) => return Err(error),
            }
            let Some(event) = EVENT.take() else { return Err(rusqlite::Error::UserFunctionError(SORTS.into())) };
            match take(&event) {
                Ok(ControlFlow::Continue(())) => {}
                Ok(ControlFlow::Break(())) => return Ok(Ok(ScanEnd::CutShort)),
                Err(error) => return Ok(Err(error)),
            }
            if count == 0 {
                slice.rows_held();
            }
            count += 1;
        }
    })
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
    .map_err(|error| failed(&error))
}

fn query<T>(
    connection: &Connection,
    statement: &SelectStatement,
    take: impl FnOnce(&mut Rows<'_>) -> Result<T, rusqlite::Error>,
) -> rusqlite::Result<T> {
    let (sql, values) = statement.build(SqliteQueryBuilder);
    let values = values.into_iter().map(bound).collect::<rusqlite::Result<Vec<_>>>()?;
    let mut prepared = connection.prepare_cached(&sql)?;
    take(&mut prepared.query(rusqlite::params_from_iter(values))?)
}

/// Reads the [`SELECTED_COLUMNS`], which are the arguments of the function.
fn event(columns: &Context<'_>) -> rusqlite::Result<Row> {
    let required = |index| integer(columns, index)?.ok_or_else(|| unreadable(index, Type::Null));
    let id = columns.get_raw(1);
    let ValueRef::Blob(id) = id else { return Err(unreadable(1, id.data_type())) };
    Ok(Row {
        cursor: Cursor { timestamp: required(0)?, id: Uuid::from_slice(id).map_err(|_| unreadable(1, Type::Blob))? },
        camera_key: required(2)?,
        confidence: match columns.get_raw(3) {
            ValueRef::Real(number) => Some(number),
            ValueRef::Null => None,
            other => return Err(unreadable(3, other.data_type())),
        },
        detector_key: required(4)?,
        bounding_box: [integer(columns, 5)?, integer(columns, 6)?, integer(columns, 7)?, integer(columns, 8)?],
        zone_key: integer(columns, 9)?,
    })
}

fn integer(columns: &Context<'_>, index: usize) -> rusqlite::Result<Option<i64>> {
    match columns.get_raw(index) {
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
fn bound(value: Value) -> rusqlite::Result<Bound> {
    Ok(match value {
        Value::BigInt(number) => number.map_or(Bound::Null, Bound::Integer),
        Value::BigUnsigned(number) => match number.map(i64::try_from).transpose() {
            Ok(number) => number.map_or(Bound::Null, Bound::Integer),
            Err(error) => return Err(rusqlite::Error::ToSqlConversionFailure(error.into())),
        },
        Value::Int(number) => number.map_or(Bound::Null, |number| Bound::Integer(number.into())),
        Value::Bool(truth) => truth.map_or(Bound::Null, |truth| Bound::Integer(truth.into())),
        Value::String(text) => text.map_or(Bound::Null, Bound::Text),
        Value::Uuid(id) => id.map_or(Bound::Null, |id| Bound::Blob(id.as_bytes().to_vec())),
        other => return Err(rusqlite::Error::ToSqlConversionFailure(format!("cannot bind {other:?}").into())),
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
