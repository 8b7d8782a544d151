//! The forms of the user's own access tokens.

use std::sync::Arc;

use tracing::info;

use super::form::{Form, FormResponse, unknown_action};
use crate::api::page::{Notice, Outcome};
use crate::api::paths::TOKENS_PATH;
use crate::api::tokens::Scope;
use crate::api::unknown_value::UnknownValue;
use crate::error::{ApiError, ErrorCode};
use crate::messages::forms::FormMessage;
use crate::server::accounts::api_token::{self, NewToken, TokenOptions};

/// Creates a token and shows it, or revokes one.
pub(in crate::web) async fn change_tokens(form: Arc<Form>) -> Result<FormResponse, ApiError> {
    let principal = form.principal()?;
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
            let name = form.field("name");
            let scope = match form.field("scope") {
                "" => Scope::Read,
                scope => scope.parse().map_err(|UnknownValue| {
                    ApiError::invalid("scope", FormMessage::ScopeExpected { value: scope.to_owned() })
                })?,
            };
            let bits = form.token_bits(&principal, name, scope)?;
            let created =
                api_token::create(database, &principal.user, TokenOptions { name, days, scope, source: "" }, bits, now)
                    .await?;
            if created.is_new {
                info!(user_id = %principal.user.id, token_id = %created.record.id, "access token created");
            }
            let NewToken { record, text, .. } = created;
            Ok(FormResponse::Render(Outcome::Token { name: record.name, text, scope }))
        }
        "revoke" => {
            let id = form
                .field("token")
                .parse()
                .map_err(|_| ApiError::new(ErrorCode::TokenNotFound, FormMessage::TokenNotInList))?;
            api_token::revoke(database, id, Some(principal.user.id), now).await?;
            info!(user_id = %principal.user.id, token_id = %id, "access token revoked");
            Ok(FormResponse::done(TOKENS_PATH, Notice::TokenRevoked))
        }
        other => Err(unknown_action(other)),
    }
}
