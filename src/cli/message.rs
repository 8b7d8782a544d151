//! Error messages of commands: what is wrong and what to do, once, in the terms of the command line.

use std::error::Error;

use sea_orm::DbErr;

use crate::error::{ApiError, ErrorCode};
use crate::server::db::describe_error::{describe, describe_cause, describe_chain};
use crate::server::export::error::ExportError;

/// Returns the message of an error: its context, and the first cause with a description. Further causes repeat the same
/// in the words of a driver.
pub fn of(error: &anyhow::Error) -> String {
    describe_chain(error, description)
}

/// Whether a command failed because of its database, and the error does not name the database yet.
pub fn is_of_database(error: &anyhow::Error) -> bool {
    let is_fault = |error: &ApiError| matches!(error.code, ErrorCode::Internal | ErrorCode::Unavailable);
    match error.downcast_ref::<ExportError>() {
        Some(ExportError::Database(_)) => true,
        Some(ExportError::Refused(error)) => is_fault(error),
        Some(_) => false,
        None => error.is::<DbErr>() || error.downcast_ref::<ApiError>().is_some_and(is_fault),
    }
}

/// Describes an error whose own text is not for users, or repeats its causes.
fn description(error: &(dyn Error + 'static)) -> Option<String> {
    let described = describe_cause(error);
    if described.is_some() {
        return described;
    }
    match error.downcast_ref::<ExportError>() {
        Some(ExportError::Database(error)) => Some(describe(error)),
        Some(ExportError::Refused(error)) => Some(describe_api_error(error)),
        Some(_) => None,
        None => error.downcast_ref::<ApiError>().map(describe_api_error),
    }
}

fn describe_api_error(error: &ApiError) -> String {
    match (error.code, &error.reason) {
        // The text for clients of the server refers to a log and a request.
        (ErrorCode::Internal | ErrorCode::Unavailable, Some(reason)) => reason.clone(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use anyhow::{Context, anyhow};
    use sea_orm::sqlx;

    use super::*;
    use crate::server::internal_error::internal;

    #[test]
    fn a_cause_is_printed_once_and_without_the_text_of_a_driver() {
        let io = || std::io::Error::from_raw_os_error(30);
        let error = Err::<(), _>(io()).context("cannot write out.csv").expect_err("an error");
        let message = of(&error);
        assert!(message.starts_with("cannot write out.csv: the file system is read-only"), "{message}");
        let sqlx = Err::<(), _>(DbErr::Conn(sea_orm::RuntimeErr::SqlxError(sqlx::Error::Io(io()).into())));
        let message = of(&sqlx.context("cannot open the database x").expect_err("an error"));
        assert_eq!(message.matches("read-only").count(), 1, "{message}");
        assert!(!message.contains("os error") && !message.contains("Connection Error"), "{message}");
    }

    #[test]
    fn an_error_that_repeats_its_cause_is_printed_once() {
        let error = anyhow!("no such thing").context("cannot do it: no such thing");
        assert_eq!(of(&error), "cannot do it: no such thing");
    }

    #[test]
    fn an_internal_error_is_printed_with_its_reason() {
        let error = anyhow::Error::from(internal(&"the reason"));
        assert_eq!(of(&error), "the reason");
    }
}
