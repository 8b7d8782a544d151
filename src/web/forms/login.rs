//! Signing in and out.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use tracing::{info, warn};

use super::form::{Form, FormResponse};
use crate::api::page::Notice;
use crate::api::paths::LOGIN_PATH;
use crate::error::{ApiError, ErrorCode};
use crate::messages::forms::FormMessage;
use crate::server::accounts::user;
use crate::server::accounts::user::User;
use crate::server::metrics::LoginOutcome;
use crate::web::listener::client_ip::client_ip;
use crate::web::redirect::{if_signed_in, local_path_or_default};

/// Signs in with name and password, and redirects to the address in the form.
pub(in crate::web) async fn login(form: Arc<Form>) -> Result<FormResponse, ApiError> {
    let user = form.with_password(form.field("name"), form.field("password")).await?;
    let user = user.ok_or_else(|| ApiError::new(ErrorCode::Forbidden, FormMessage::WrongPassword))?;
    form.sign_in(&user).await?;
    info!(user_id = %user.id, "signed in");
    Ok(FormResponse::Redirect(if_signed_in(local_path_or_default(form.field("next")), form.state.clock.now())))
}

/// Ends the session. The links that it signed stop working.
pub(in crate::web) async fn logout(form: Arc<Form>) -> Result<FormResponse, ApiError> {
    let mut session = form.session()?;
    let ended = session.logout().await.map_err(|error| {
        warn!(%error, "cannot delete the session");
        ApiError::new(ErrorCode::Unavailable, FormMessage::CannotSignOut)
    })?;
    if let Some(user) = ended {
        info!(user_id = %user.id, "signed out");
    }
    Ok(FormResponse::RedirectSignedOut(format!("{LOGIN_PATH}?done={}", Notice::SignedOut.as_str())))
}

impl Form {
    /// Returns the user with this name and password. Counts as an attempt for the account and for the client's IP address.
    ///
    /// # Errors
    /// Returns `too_many_attempts`, or an error if the database cannot answer.
    pub(super) async fn with_password(&self, name: &str, password: &str) -> Result<Option<User>, ApiError> {
        let trusted = &self.state.trusted_proxies;
        let address = client_ip(&self.parts.extensions, &self.parts.headers, trusted);
        let address = address.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        // The name is not logged, because users may type their password into the wrong field.
        if let Err(error) = self.state.throttle.attempt(name, address) {
            self.state.metrics.login_attempted(LoginOutcome::Throttled);
            warn!(client_address = %address, "sign-in throttled");
            return Err(error);
        }
        match user::with_password(&self.state.database, name, password.to_owned()).await? {
            Ok(user) => {
                self.state.metrics.login_attempted(LoginOutcome::Success);
                self.state.throttle.record_success(name, address);
                Ok(Some(user))
            }
            Err(account) => {
                self.state.metrics.login_attempted(LoginOutcome::Failure);
                warn!(user_id = account.map(display), client_address = %address, "sign-in failed");
                Ok(None)
            }
        }
    }
}
