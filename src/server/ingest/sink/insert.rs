//! The statement that stores events. On SQLite, its text depends only on the number of events, so the database prepares it once
//! for all full batches. On PostgreSQL, it has an array for each column and is always the same: PostgreSQL takes up to a tenth longer to
//! store a thousand events if each value is a parameter of its own.

use sea_orm::sea_query::ArrayType;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement, Value};

use crate::server::db::entity::motion_event::Model;
use crate::server::db::pool::Transaction;

/// The columns of an event.
const COLUMNS: &str = "timestamp, event_id, camera_key, confidence, detector_key, x, y, width, height, zone_key";

/// The number of columns.
const COLUMN_COUNT: usize = 10;

/// What follows the events.
const IF_NEW: &str = " ON CONFLICT (timestamp, event_id) DO NOTHING";

/// The events, of arrays that have no NULL: SeaORM cannot bind those that do. `$11` stands for NULL in the columns of integers.
const EVENTS_OF_ARRAYS: &str = "SELECT timestamp, event_id, camera_key, nullif(confidence, 'NaN'), detector_key, \
    nullif(x, $11), nullif(y, $11), nullif(width, $11), nullif(height, $11), nullif(zone_key, $11) \
    FROM unnest($1::bigint[], $2::uuid[], $3::integer[], $4::double precision[], $5::integer[], $6::integer[], \
    $7::integer[], $8::integer[], $9::integer[], $10::integer[]) AS added";

/// Writes events, at most [`BATCH`](crate::server::ingest::recognize::BATCH), except for those whose moment and id are
/// stored. Returns how many were written.
///
/// # Errors
/// Returns an error if the database cannot be written to.
pub async fn insert(events: Vec<Model>, transaction: &Transaction) -> Result<u64, DbErr> {
    if events.is_empty() {
        return Ok(0);
    }
    let statement = statement(events, transaction.get_database_backend());
    Ok(transaction.execute_raw(statement).await?.rows_affected())
}

/// Returns the statement that [`insert`] executes for these events, of which there is at least one.
pub fn statement(events: Vec<Model>, backend: DbBackend) -> Statement {
    if backend == DbBackend::Postgres {
        let sql = format!("INSERT INTO motion_events ({COLUMNS}) {EVENTS_OF_ARRAYS} ({COLUMNS}){IF_NEW}");
        return Statement::from_sql_and_values(backend, sql, arrays(&events));
    }
    let one = format!("({})", ["?"; COLUMN_COUNT].join(", "));
    let all = vec![one; events.len()].join(", ");
    let sql = format!("INSERT INTO motion_events ({COLUMNS}) VALUES {all}{IF_NEW}");
    Statement::from_sql_and_values(backend, sql, events.into_iter().flat_map(values))
}

fn values(event: Model) -> [Value; COLUMN_COUNT] {
    [
        event.timestamp.into(),
        event.id.into(),
        event.camera_key.into(),
        event.confidence.into(),
        event.detector_key.into(),
        event.x.into(),
        event.y.into(),
        event.width.into(),
        event.height.into(),
        event.zone_key.into(),
    ]
}

/// Returns an array for each column, and the number that stands for NULL.
fn arrays(events: &[Model]) -> [Value; COLUMN_COUNT + 1] {
    fn array<T: Into<Value>>(kind: ArrayType, events: &[Model], value: impl Fn(&Model) -> T) -> Value {
        Value::Array(kind, Some(Box::new(events.iter().map(|event| value(event).into()).collect())))
    }
    let optional: [fn(&Model) -> Option<i32>; 5] =
        [|event| event.x, |event| event.y, |event| event.width, |event| event.height, |event| event.zone_key];
    let null = unused(|number| events.iter().any(|event| optional.iter().any(|value| value(event) == Some(number))));
    let [x, y, width, height, zone_key] =
        optional.map(|value| array(ArrayType::Int, events, |event| value(event).unwrap_or(null)));
    [
        array(ArrayType::BigInt, events, |event| event.timestamp),
        array(ArrayType::Uuid, events, |event| event.id),
        array(ArrayType::Int, events, |event| event.camera_key),
        array(ArrayType::Double, events, |event| event.confidence.unwrap_or(f64::NAN)),
        array(ArrayType::Int, events, |event| event.detector_key),
        x,
        y,
        width,
        height,
        zone_key,
        null.into(),
    ]
}

/// Returns the least number that is not used.
fn unused(is_used: impl Fn(i32) -> bool) -> i32 {
    (i32::MIN..=i32::MAX).find(|number| !is_used(*number)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn event(x: Option<i32>, zone_key: Option<i32>) -> Model {
        Model {
            timestamp: 1,
            id: Uuid::nil(),
            camera_key: 1,
            confidence: None,
            detector_key: 1,
            x,
            y: x,
            width: x,
            height: x,
            zone_key,
        }
    }

    #[test]
    fn the_statement_has_one_placeholder_for_each_value() {
        let sqlite = statement(vec![event(None, None), event(Some(1), Some(1))], DbBackend::Sqlite);
        let row = "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
        assert!(sqlite.sql.contains(&format!("VALUES {row}, {row} ON CONFLICT")), "{}", sqlite.sql);
        let postgres = [1, 2].map(|events| statement(vec![event(None, None); events], DbBackend::Postgres));
        assert_eq!(postgres[0].sql, postgres[1].sql);
        assert_eq!(postgres[0].values.as_ref().map(|values| values.0.len()), Some(11));
    }

    #[test]
    fn the_number_that_stands_for_null_is_the_value_of_no_event() {
        for (events, null) in [
            (vec![event(None, None)], i32::MIN),
            (vec![event(Some(i32::MIN), None)], i32::MIN + 1),
            (vec![event(None, Some(i32::MIN)), event(Some(i32::MIN + 1), Some(0))], i32::MIN + 2),
        ] {
            assert_eq!(arrays(&events)[COLUMN_COUNT], null.into());
        }
    }
}
