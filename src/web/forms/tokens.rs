//! The caller's access tokens.

use std::sync::Arc;

use tracing::info;

use super::form::{Form, FormResponse, unknown_action};
use crate::api::page::{Notice, Outcome};
use crate::api::paths::TOKENS_PATH;
use crate::error::{ApiError, ErrorCode};
use crate::messages::forms::FormMessage;
use crate::server::accounts::api_token;

/// Makes a token and shows it, or revokes one.
pub(in crate::web) async fn change_tokens(form: Arc<Form>) -> Result<FormResponse, ApiError> {
    let caller = form.caller()?;
    let (database, now) = (&form.state.writer, form.state.clock.now());
    match form.field("action") {
        "create" => {
            let days = match form.field("days") {
                "" => None,
                days => Some(
                    days.parse()
                        .map_err(|_| ApiError::invalid("days", FormMessage::DaysExpected { value: days.to_owned() }))?,
                ),
            };
            let made =
                api_token::create(database, &caller.user, form.field("name"), days, api_token::bits()?, now).await?;
            info!(user_id = %caller.user.id, token_id = %made.record.id, "access token created");
            Ok(FormResponse::Render(Outcome::Token { name: made.record.name, text: made.text }))
        }
        "revoke" => {
            let id = form
                .field("token")
                .parse()
                .map_err(|_| ApiError::new(ErrorCode::TokenNotFound, FormMessage::TokenNotInList))?;
            api_token::revoke(database, id, Some(caller.user.id), now).await?;
            info!(user_id = %caller.user.id, token_id = %id, "access token revoked");
            Ok(FormResponse::done(TOKENS_PATH, Notice::TokenRevoked))
        }
        other => Err(unknown_action(other)),
    }
}
