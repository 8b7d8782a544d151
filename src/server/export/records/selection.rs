//! Conditions on the selection of an export, which its record has as a query string. No I/O.
//!
//! The query strings are those that [`ExportParams::to_query`](crate::export_params::ExportParams::to_query) writes, so each
//! parameter has another one before and behind it, except for the first and the last.

use chrono::{Days, NaiveDate};
use sea_orm::sea_query::{Expr, ExprTrait, Func, SimpleExpr};
use sea_orm::{Condition, DbBackend};

use crate::export_params::FileDays;
use crate::server::db::entity::export::Column;

/// Selects exports whose file may have events of a camera: those that name it, and those of all cameras.
pub fn may_contain(camera_id: &str, backend: DbBackend) -> Condition {
    let id: String = form_urlencoded::byte_serialize(camera_id.as_bytes()).collect();
    let names = |text: &str| position(text, backend).gt(0);
    let of_all = position("&camera_id=", backend).eq(0);
    Condition::any().add(names(&format!("&camera_id={id}&"))).add(of_all)
}

/// Selects exports whose file has the name of these days. A time of the day before or after may be of the day in the time zone
/// of the export.
pub fn gives_file_of(days: FileDays, backend: DbBackend) -> Condition {
    let of_one = |name: &str, day: Option<NaiveDate>| {
        let contains = |text: String| position(&text, backend).gt(0);
        let Some(day) = day else { return Condition::all().add(position(&format!("&{name}="), backend).eq(0)) };
        let near = [day.checked_sub_days(Days::new(1)), Some(day), day.checked_add_days(Days::new(1))];
        near.into_iter().flatten().fold(Condition::any().add(contains(format!("&{name}={day}&"))), |any, near| {
            any.add(contains(format!("&{name}={near}T")))
        })
    };
    Condition::all().add(of_one("start_date", days.first)).add(of_one("end_date", days.last))
}

/// Returns the position of a text in the query string; 0 if it is not in it. Unlike `LIKE`, it has no special characters, and
/// capital letters are others.
fn position(text: &str, backend: DbBackend) -> SimpleExpr {
    let function = if backend == DbBackend::Postgres { "strpos" } else { "instr" };
    Func::cust(function).arg(Expr::col(Column::Query)).arg(Expr::val(text)).into()
}
