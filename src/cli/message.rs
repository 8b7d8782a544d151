//! Error messages of commands: what is wrong and what to do, once, in the terms of the command line.

use std::error::Error;

use sea_orm::{DbErr, sqlx};

use crate::error::{ApiError, ErrorCode};
use crate::server::db::describe_error::{describe, describe_io, describe_rusqlite, describe_sqlx};
use crate::server::export::error::ExportError;

/// Returns the message of an error: its context, and the first cause with a description. Further causes repeat the same
/// in the words of a driver.
pub fn of(error: &anyhow::Error) -> String {
    let mut parts: Vec<String> = Vec::new();
    for cause in error.chain() {
        let described = description(cause);
        let is_last = described.is_some();
        let text = described.unwrap_or_else(|| cause.to_string());
        if !parts.iter().any(|part| part.contains(&text)) {
            parts.push(text);
        }
        if is_last {
            break;
        }
    }
    parts.join(": ")
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
    if let Some(error) = error.downcast_ref::<DbErr>() {
        return Some(describe(error));
    }
    if let Some(error) = error.downcast_ref::<sqlx::Error>() {
        return Some(describe_sqlx(error));
    }
    if let Some(error) = error.downcast_ref::<rusqlite::Error>() {
        return Some(describe_rusqlite(error));
    }
    if let Some(error) = error.downcast_ref::<std::io::Error>() {
        return Some(describe_io(error));
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
