//! The form of the user's own account.

use std::sync::Arc;

use tracing::info;

use super::form::{Form, FormResponse, unknown_action};
use crate::api::page::Notice;
use crate::api::paths::{ACCOUNT_PATH, LOGIN_PATH};
use crate::error::ApiError;
use crate::messages::forms::FormMessage;
use crate::server::accounts::principal::Principal;
use crate::server::accounts::user::{self, User};
use crate::web::redirect::if_signed_in;

/// Changes the user's own password, or ends one of the user's own sessions.
pub(in crate::web) async fn change_account(form: Arc<Form>) -> Result<FormResponse, ApiError> {
    let principal = form.principal()?;
    match form.field("action") {
        // What a page of an older version sends.
        "" | "password" => change_password(&form, &principal).await,
        "end-session" => {
            form.end_session(&principal.user).await?;
            info!(user_id = %principal.user.id, "session ended");
            Ok(FormResponse::done(ACCOUNT_PATH, Notice::SessionEnded))
        }
        other => Err(unknown_action(other)),
    }
}

impl Form {
    /// Ends the session of `user` that the form names.
    ///
    /// # Errors
    /// Returns an error if the user has no such session, or the database cannot be written to.
    pub(super) async fn end_session(&self, user: &User) -> Result<(), ApiError> {
        let not_found = || ApiError::invalid("session", FormMessage::SessionNotInList);
        let id = self.field("session").parse().map_err(|_| not_found())?;
        let is_ended = self.state.sessions.end(user.id, id).await?;
        if is_ended { Ok(()) } else { Err(not_found()) }
    }
}

/// Changes the user's own password. All sessions end except this one, which gets a new id.
async fn change_password(form: &Form, principal: &Principal) -> Result<FormResponse, ApiError> {
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
