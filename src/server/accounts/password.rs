//! Passwords, hashed with Argon2id by the crate `password-auth`, with its parameters, which are OWASP's. Hashing uses a
//! core and 19 MiB for a while, so only one is hashed at a time, and never on a thread that serves requests.

use std::sync::{Arc, LazyLock};

use anyhow::Context;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use crate::api::session::MIN_PASSWORD_CHARACTERS;
use crate::error::ApiError;
use crate::messages::forms::FormMessage;
use crate::server::internal_error::internal;

pub mod strength;

/// The longest password, in bytes: longer ones only make hashing slow.
const MAX_BYTES: usize = 1_024;

/// A hash with the parameters of [`hash`] that no password has. It is compared if there is no such user, so that the
/// response takes as long.
const DUMMY_HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5J3Mgc2FsdCE$\
                      Ykc4oPvKtKSfbcvTGOyIoJTAN2cPx0bdgV9IIKmVgWo";

/// Limits how many passwords are hashed at once.
static HASHING: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(1)));

/// Runs the work once no other one is running. It runs to its end, even if the caller no longer waits.
async fn run_exclusively<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> anyhow::Result<T> {
    let permit = Arc::clone(&HASHING).acquire_owned().await?;
    let working = spawn_blocking(move || {
        let _permit = permit;
        work()
    });
    working.await.context("hashing was interrupted")
}

/// Checks that a password of the user with this name is not too short, too long, or [easily guessed](strength).
///
/// # Errors
/// Returns `invalid_parameter` for the field `password`, or an error if the runtime is shutting down.
pub async fn check(password: &str, name: &str) -> Result<(), ApiError> {
    let refuse = |message| Err(ApiError::invalid("password", message));
    if password.chars().count() < MIN_PASSWORD_CHARACTERS {
        return refuse(FormMessage::PasswordTooShort { min: MIN_PASSWORD_CHARACTERS });
    }
    if password.len() > MAX_BYTES {
        return refuse(FormMessage::PasswordTooLong { max: MAX_BYTES });
    }
    let (password, name) = (password.to_owned(), name.to_owned());
    let weakness = run_exclusively(move || strength::weakness(&password, &name)).await;
    weakness.map_err(|error| internal(&error))?.map_or(Ok(()), refuse)
}

/// Returns the hash to store, in PHC string form.
///
/// # Errors
/// Returns an error if the runtime is shutting down.
pub async fn hash(password: String) -> anyhow::Result<String> {
    run_exclusively(move || password_auth::generate_hash(password)).await
}

/// Whether the password matches the hash. Without a hash the result is false, and takes the same work.
///
/// # Errors
/// Returns an error if the runtime is shutting down.
pub async fn verify(password: String, hash: Option<String>) -> anyhow::Result<bool> {
    run_exclusively(move || {
        let has_hash = hash.is_some();
        let matches = password_auth::verify_password(password, hash.as_deref().unwrap_or(DUMMY_HASH)).is_ok();
        has_hash && matches
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_same_password_matches() {
        let hash = hash("correct horse battery".to_owned()).await.expect("hashed");
        assert!(hash.starts_with("$argon2id$"));
        assert!(verify("correct horse battery".to_owned(), Some(hash.clone())).await.expect("verified"));
        assert!(!verify("Correct horse battery".to_owned(), Some(hash)).await.expect("verified"));
        assert!(!verify(String::new(), None).await.expect("verified"));
    }

    #[tokio::test]
    async fn an_unknown_user_takes_the_same_work() {
        let parameters = |hash: &str| hash.rsplitn(3, '$').nth(2).map(str::to_owned);
        let fresh = hash("whatever it may be".to_owned()).await.expect("hashed");
        assert_eq!(parameters(DUMMY_HASH), parameters(&fresh));
        assert_eq!(DUMMY_HASH.rsplit('$').next().map(str::len), fresh.rsplit('$').next().map(str::len));
        // It must be parsed completely, or the work is not done.
        assert_eq!(password_auth::is_hash_obsolete(DUMMY_HASH), Ok(false));
    }

    #[tokio::test]
    async fn a_password_that_is_too_short_too_long_or_easily_guessed_is_refused() {
        assert!(check("tulip & saw", "ann").await.is_ok());
        let nine = "äß÷ñøœþ¿ç";
        for (bad, words) in [
            ("", "too short"),
            (nine, "too short"),
            (&"tulip and saw ".repeat(MAX_BYTES / 14 + 1), "too long"),
            ("Ann.Example", "too little of the password is left"),
            ("0123456789", "easily guessed"),
        ] {
            let error = check(bad, "ann.example").await.expect_err(bad);
            assert_eq!(error.field.as_deref(), Some("password"));
            assert!(error.detail.contains(words), "{bad}: {error}");
        }
    }
}
