//! The forms of live sources: tries one, and creates a token for a recipe.

use std::sync::Arc;

use tracing::info;

use super::form::{Form, FormResponse, unknown_action};
use crate::api::page::Outcome;
use crate::api::sources::{Recipe, TriedEvent};
use crate::api::tokens::Scope;
use crate::error::ApiError;
use crate::messages::Message;
use crate::messages::forms::FormMessage;
use crate::messages::sources::SourceMessage;
use crate::server::accounts::api_token::{self, TokenOptions};
use crate::server::db::clock::second;
use crate::server::db::unix_micros::UnixMicros;
use crate::server::ingest::live::sources::trial::{Trial, TrialError, Tried, trial};
use crate::web::preferences;

/// Reads the latest events of a source, or creates a token for a recipe and shows the recipe with it.
pub(in crate::web) async fn change_sources(form: Arc<Form>) -> Result<FormResponse, ApiError> {
    match form.field("action") {
        "test" => {
            let name = form.field("source").to_owned();
            let Some(source) = form.state.settings.source.get(&name) else {
                return Err(ApiError::invalid("source", FormMessage::NoSuchSource { name }));
            };
            let language = preferences::language(&form.parts.headers);
            let text = |message: &SourceMessage| language.translate(Message::from(message)).text;
            let tried = trial(source, form.state.clock.now()).await;
            let mut mqtt = None;
            let result = match tried {
                Ok(Trial { events, mqtt: broker }) => {
                    mqtt = broker.map(|broker| text(&broker.unwrap_or_else(|why| why)));
                    Ok(events.into_iter().map(|event| tried_event(event, &text)).collect())
                }
                Err(error) => Err(match error.downcast_ref::<TrialError>() {
                    Some(TrialError(message)) => text(message),
                    None => format!("{error:#}"),
                }),
            };
            Ok(FormResponse::Render(Outcome::Tried { name, result, mqtt }))
        }
        "token" => {
            let principal = form.principal()?;
            let (name, now) = (form.field("recipe"), form.state.clock.now());
            let Some(recipe) = Recipe::of(name) else {
                return Err(unknown_action(name));
            };
            let bits = form.token_bits(&principal, name, Scope::Write)?;
            let options = TokenOptions { name: recipe.title(), days: None, scope: Scope::Write, source: "" };
            let created = api_token::create(&form.state.writer, &principal.user, options, bits, now).await?;
            if created.is_new {
                info!(user_id = %principal.user.id, token_id = %created.record.id, "access token created");
            }
            Ok(FormResponse::Render(Outcome::Recipe { recipe, token: created.text }))
        }
        other => Err(unknown_action(other)),
    }
}

fn tried_event(event: Tried, text: &impl Fn(&SourceMessage) -> String) -> TriedEvent {
    match event {
        Tried::Open => {
            let notes = vec![text(&SourceMessage::NotEnded)];
            TriedEvent { time: None, camera: String::new(), detector: String::new(), notes }
        }
        Tried::LeftOut(why) => {
            TriedEvent { time: None, camera: String::new(), detector: String::new(), notes: vec![text(&why)] }
        }
        Tried::Stored(event, repaired) => TriedEvent {
            time: Some(second(UnixMicros::new(event.timestamp))),
            camera: event.camera_id,
            detector: event.algorithm,
            notes: repaired.iter().map(text).collect(),
        },
    }
}
