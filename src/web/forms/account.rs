//! The form of the user's own account.

use std::sync::Arc;

use tracing::info;

use super::form::{Form, FormResponse};
use crate::api::page::Notice;
use crate::api::paths::{ACCOUNT_PATH, LOGIN_PATH};
use crate::error::ApiError;
use crate::messages::forms::FormMessage;
use crate::server::accounts::user;
use crate::web::redirect::if_signed_in;

/// Changes the user's own password. All sessions end except this one, which gets a new id.
pub(in crate::web) async fn change_password(form: Arc<Form>) -> Result<FormResponse, ApiError> {
    let principal = form.principal()?;
    let current = form.with_password(&principal.user.name, form.field("current_password")).await?;
    let current = current
        .filter(|user| user.id == principal.user.id)
        .ok_or_else(|| ApiError::invalid("current_password", FormMessage::WrongCurrentPassword))?;
    let revoke = form.revokes_tokens();
    let changed = user::set_password(&form.state.writer, &current, form.field("password").to_owned(), revoke).await?;
    info!(user_id = %changed.id, tokens_revoked = revoke.is_some(), "password changed");
    let done = if revoke.is_some() { Notice::PasswordChangedTokensRevoked } else { Notice::PasswordChanged };
    if form.sign_in(&changed).await.is_err() {
        // The password is changed all the same, and the user must sign in again.
        return Ok(FormResponse::done(LOGIN_PATH, done));
    }
    Ok(FormResponse::Redirect(if_signed_in(&format!("{ACCOUNT_PATH}?done={}", done.as_str()), form.state.clock.now())))
}
