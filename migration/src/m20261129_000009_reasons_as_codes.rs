//! Replaces the reason of an export record, an English sentence, by the code and the values of a message, in JSON. A
//! sentence that is not in [`SENTENCES`] stays as it is, because people can read it in English.

use std::collections::BTreeMap;

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::FromQueryResult;
use serde_json::json;

#[derive(DeriveMigrationName)]
pub struct Migration;

/// The sentences that earlier versions recorded, with values as `{name}`, and the codes of their messages.
const SENTENCES: &[(&str, &str)] = &[
    ("The client went away before the end.", "client_disconnected"),
    ("The client took nothing for too long (server.client_timeout_seconds).", "client_timeout"),
    ("The server was stopped.", "server_stopped"),
    ("The command was stopped.", "command_stopped"),
    ("The server that made the file went away.", "server_lost"),
    ("The command was ended before the file was whole.", "command_lost"),
    ("Another server took this one for dead.", "heartbeats_late"),
    ("It was not recorded as whole.", "not_recorded_as_whole"),
    ("The file was not whole.", "file_incomplete"),
    ("The export could not be recorded.", "not_recorded"),
    ("The server had a fault of its own.", "server_fault"),
    ("Months of events were detached while the export ran; export again.", "events_detached_meanwhile"),
    ("The database gave no page within {seconds} s (export.page_timeout_seconds).", "page_timeout"),
    ("The events could not be read from the database. The server's log tells more.", "database_failed"),
    ("The events could not be read from the database. The command has printed why.", "database_failed_in_command"),
    ("An event could not be written: {reason}.", "event_not_encoded"),
    ("The command failed. It has printed why.", "command_failed"),
    ("The program that read the output ended before the file was whole.", "pipe_closed"),
    ("The export could not be written: standard output was closed.", "standard_output_closed"),
    ("The export could not be written to {output}: the folder does not exist.", "no_such_folder"),
    ("The export could not be written to {output}: permission was denied.", "permission_denied"),
    ("The export could not be written to {output}: no space was left.", "no_space_left"),
    ("The export could not be written to {output}: the file system is read-only.", "read_only_file_system"),
    ("The export could not be written to {output}: this is a folder.", "output_is_a_folder"),
    ("The export could not be written to {output}: a part of the path is a file, not a folder.", "path_through_a_file"),
    (
        "The export could not be written to {output}: the file system does not take files of that size.",
        "file_too_large",
    ),
    ("The export could not be written to {output}. The command has printed why.", "output_failed"),
    ("The user was removed.", "user_removed"),
    ("The access token has expired. Create a new one and try again.", "token_expired"),
    ("The access token was revoked. Use another one.", "token_revoked"),
    ("The session has reached its maximum age (accounts.session_max_hours). Sign in and try again.", "session_expired"),
    (
        "The session was ended: the user signed out, or the password was changed. Sign in and try again.",
        "session_ended",
    ),
    (
        "The session that signed the link has reached its maximum age (accounts.session_max_hours). Ask for a new link.",
        "link_session_expired",
    ),
    (
        "The session that signed the link was ended: its user signed out, or the password was changed. Ask for a new link.",
        "link_session_ended",
    ),
    ("Access to a camera of this selection was revoked. Choose among the cameras that you see now.", "camera_revoked"),
    (
        "The user is no longer an administrator, who sees all cameras. Choose among the cameras that you see now.",
        "administrator_demoted",
    ),
    ("Camera_id: There is no camera “{camera}”. Leave camera_id out to export all cameras.", "no_such_camera"),
];

#[derive(FromQueryResult)]
struct Reason {
    error: String,
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        replace(manager, message_of).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        replace(manager, sentence_of).await
    }
}

/// Replaces each reason for which `convert` returns a value.
async fn replace(manager: &SchemaManager<'_>, convert: fn(&str) -> Option<String>) -> Result<(), DbErr> {
    let connection = manager.get_connection();
    let backend = manager.get_database_backend();
    let reasons = Query::select()
        .distinct()
        .column("error")
        .from("exports")
        .and_where(Expr::col("error").is_not_null())
        .to_owned();
    for Reason { error } in Reason::find_by_statement(backend.build(&reasons)).all(connection).await? {
        let Some(converted) = convert(&error) else { continue };
        let update = Query::update()
            .table("exports")
            .value("error", converted)
            .and_where(Expr::col("error").eq(error))
            .to_owned();
        connection.execute_raw(backend.build(&update)).await?;
    }
    Ok(())
}

/// Returns a sentence's message in its stored form.
fn message_of(sentence: &str) -> Option<String> {
    SENTENCES.iter().find_map(|(pattern, code)| {
        let params = match pattern.split_once('{') {
            None => (*pattern == sentence).then(BTreeMap::new)?,
            Some((before, rest)) => {
                let (name, after) = rest.split_once('}')?;
                let value = sentence.strip_prefix(before)?.strip_suffix(after)?;
                BTreeMap::from([(name, value)])
            }
        };
        Some(json!({ "code": code, "params": params }).to_string())
    })
}

/// Returns a message's sentence, as earlier versions recorded it.
fn sentence_of(stored: &str) -> Option<String> {
    let message: serde_json::Value = serde_json::from_str(stored).ok()?;
    let code = message.get("code")?.as_str()?;
    let (pattern, _) = SENTENCES.iter().find(|(_, known)| *known == code)?;
    let Some((before, rest)) = pattern.split_once('{') else { return Some((*pattern).to_owned()) };
    let (name, after) = rest.split_once('}')?;
    Some(format!("{before}{}{after}", message.get("params")?.get(name)?.as_str()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sentence_survives_the_conversion_to_a_message_and_back() {
        for (pattern, code) in SENTENCES {
            let sentence = pattern.split('{').next().map_or_else(String::new, |before| match pattern.split_once('}') {
                Some((_, after)) => format!("{before}a \"b\".csv{after}"),
                None => before.to_owned(),
            });
            let stored = message_of(&sentence).expect(&sentence);
            assert!(stored.contains(&format!("\"code\":\"{code}\"")), "{sentence}: {stored}");
            assert_eq!(sentence_of(&stored).as_deref(), Some(&*sentence));
        }
    }

    #[test]
    fn a_sentence_that_no_version_recorded_stays_as_it_is() {
        assert_eq!(message_of("Somebody wrote this by hand."), None);
        assert_eq!(message_of(r#"{"code":"server_stopped","params":{}}"#), None, "a second time changes nothing");
        assert_eq!(sentence_of(r#"{"code":"of_a_newer_version","params":{}}"#), None);
        assert_eq!(sentence_of("Somebody wrote this by hand."), None);
    }
}
