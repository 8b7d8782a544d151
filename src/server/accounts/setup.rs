//! Creates the first administrator, with a one-time link that is printed when the server starts.

use std::sync::Arc;

use tokio::sync::Mutex;

use super::secret::{self, Secret};
use super::user::{self, NewUser, User};
use crate::api::session::Role;
use crate::error::{ApiError, ErrorCode};
use crate::messages::forms::FormMessage;
use crate::server::db::pool::Pool;
use crate::server::db::unix_micros::UnixMicros;

/// The hash of the key in the setup link, while there are no users.
#[derive(Clone, Debug, Default)]
pub struct Setup(Arc<Mutex<Option<Vec<u8>>>>);

impl Setup {
    /// Returns a setup with that key.
    pub fn with_key(key: Secret) -> Self {
        Self(Arc::new(Mutex::new(Some(secret::hash(key.to_hex().as_bytes())))))
    }

    /// Checks that the key is valid and that there are no users.
    ///
    /// # Errors
    /// Returns `forbidden` if the key is wrong or a user exists, or `unavailable` if the database does not answer.
    pub async fn check(&self, database: &Pool, key: &str) -> Result<(), ApiError> {
        check(self.0.lock().await.as_deref(), database, key).await
    }

    /// Creates the first administrator, and closes the setup.
    ///
    /// # Errors
    /// Returns the errors of [`Setup::check`] and [`user::add`]; the setup stays open then.
    pub async fn finish(
        &self,
        database: &Pool,
        key: &str,
        name: String,
        password: String,
        now: UnixMicros,
    ) -> Result<User, ApiError> {
        // Locked until the end, so that the second of two concurrent requests finds it closed.
        let mut key_hash = self.0.lock().await;
        check(key_hash.as_deref(), database, key).await?;
        let user = user::add(database, NewUser { name, role: Role::Admin, password }, now).await?;
        *key_hash = None;
        Ok(user)
    }
}

async fn check(key_hash: Option<&[u8]>, database: &Pool, key: &str) -> Result<(), ApiError> {
    // Comparing hashes does not reveal the key by its duration.
    let is_correct = key_hash.is_some_and(|hash| hash == secret::hash(key.as_bytes()));
    if is_correct && user::has_no_users(database).await? {
        return Ok(());
    }
    Err(ApiError::new(ErrorCode::Forbidden, FormMessage::InvalidSetupLink))
}
