//! The first administrator: made with a link that is printed where the server starts, and works once.

use std::sync::Arc;

use tokio::sync::Mutex;

use super::secret::{self, Secret};
use super::user::{self, NewUser, User};
use crate::api::session::Role;
use crate::error::{ApiError, ErrorCode};
use crate::messages::forms::FormMessage;
use crate::server::db::pool::Pool;
use crate::server::db::unix_micros::UnixMicros;

/// The key of the setup link, while there is nobody yet.
#[derive(Clone, Debug, Default)]
pub struct Setup(Arc<Mutex<Option<Vec<u8>>>>);

impl Setup {
    /// Setup with that key; kept by its hash.
    pub fn with_key(key: Secret) -> Self {
        Self(Arc::new(Mutex::new(Some(secret::hash(key.to_hex().as_bytes())))))
    }

    /// Whether the key opens the setup now.
    ///
    /// # Errors
    /// `forbidden` where it does not, or somebody was made since; `unavailable` where the database does not answer.
    pub async fn check(&self, database: &Pool, key: &str) -> Result<(), ApiError> {
        check(self.0.lock().await.as_deref(), database, key).await
    }

    /// Makes the first administrator, and closes the setup.
    ///
    /// # Errors
    /// As [`Setup::check`] and [`user::add`]; the setup stays open then.
    pub async fn finish(
        &self,
        database: &Pool,
        key: &str,
        name: String,
        password: String,
        now: UnixMicros,
    ) -> Result<User, ApiError> {
        // Held to the end, so that of two who come at once one finds it closed.
        let mut open = self.0.lock().await;
        check(open.as_deref(), database, key).await?;
        let user = user::add(database, NewUser { name, role: Role::Admin, password }, now).await?;
        *open = None;
        Ok(user)
    }
}

async fn check(open: Option<&[u8]>, database: &Pool, key: &str) -> Result<(), ApiError> {
    // Hashes are compared: how long that takes tells nothing of the key.
    let right = open.is_some_and(|hash| hash == secret::hash(key.as_bytes()));
    if right && user::has_no_users(database).await? {
        return Ok(());
    }
    Err(ApiError::new(ErrorCode::Forbidden, FormMessage::InvalidSetupLink))
}
