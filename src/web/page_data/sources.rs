//! Loads the page of live sources.

use axum::http::{HeaderMap, header};

use crate::api::language::Language;
use crate::api::sources::{Source, SourceList, SourceState};
use crate::error::ApiError;
use crate::messages::Message;
use crate::server::accounts::api_token;
use crate::server::db::clock::second;
use crate::server::ingest::live::source_state::{self, State, Stored};
use crate::server::state::AppState;
use crate::server::stored_message;

/// A difference of clocks that is shown, in microseconds.
const CLOCK_OFFSET: i64 = 5_000_000;

/// Loads the sources of the settings, and those whose state is stored.
///
/// # Errors
/// Returns an error if the database does not answer.
pub async fn load(state: &AppState, headers: &HeaderMap, language: Language) -> Result<SourceList, ApiError> {
    let settings = &state.settings.source;
    let stored = source_state::list(&state.database).await?;
    let new = settings.keys().filter(|name| stored.iter().all(|stored| stored.source.name != **name));
    let mut sources: Vec<_> = new.map(|name| not_followed(name)).collect();
    sources.extend(stored.iter().map(|stored| source(stored, settings.contains_key(&stored.source.name), language)));
    sources.sort_by(|a, b| a.name.cmp(&b.name));
    let server = &state.settings.server;
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let listen = server.listen.to_string();
    let address = server.address_for_people(host.unwrap_or(&listen));
    Ok(SourceList { sources, address, form_key: api_token::random_bits()?.to_hex() })
}

fn not_followed(name: &str) -> Source {
    Source {
        name: name.to_owned(),
        state: SourceState::NotFollowed,
        accepted: 0,
        last_event: None,
        last_contact: None,
        complete_to: None,
        clock_offset: None,
        error: None,
        mqtt: None,
        reasons: Vec::new(),
        gaps: Vec::new(),
    }
}

fn source(stored: &Stored, is_set: bool, language: Language) -> Source {
    let Stored { source, reasons, gaps } = stored;
    let sentence = |message: Message| language.translate(message).text;
    let error = source.error.as_deref().zip(source.error_at);
    let offset = source.clock_offset.filter(|offset| offset.abs() >= CLOCK_OFFSET);
    Source {
        name: source.name.clone(),
        state: match State::of(&source.state) {
            _ if !is_set => SourceState::NotInSettings,
            Some(State::CatchingUp) | None => SourceState::CatchingUp,
            Some(State::Live) => SourceState::Live,
            Some(State::Away) => SourceState::Away,
            Some(State::Refused) => SourceState::Refused,
        },
        accepted: source.accepted,
        last_event: source.last_event_at.map(second),
        last_contact: source.last_contact_at.map(second),
        complete_to: source.complete_to.map(second),
        clock_offset: offset.map(|offset| offset / 1_000_000),
        error: error.map(|(error, at)| (second(at), sentence(stored_message::read(error)))),
        mqtt: source.mqtt.as_deref().map(|state| sentence(stored_message::read(state))),
        reasons: reasons.iter().map(|(code, count)| (sentence(stored_message::of_code(code)), *count)).collect(),
        gaps: gaps.iter().map(|(begin, end)| (second(*begin), second(*end))).collect(),
    }
}
