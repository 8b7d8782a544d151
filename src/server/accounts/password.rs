//! Passwords: hashed with Argon2id by the crate `password-auth`, with its parameters, which are OWASP's.
//! Hashing takes a core and 19 MiB for a while, so one at a time, and never on a thread that serves requests.

use std::sync::{Arc, LazyLock};

use anyhow::Context;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use crate::api::session::MIN_PASSWORD_CHARACTERS;
use crate::error::ApiError;
use crate::messages::forms::FormMessage;

/// The longest password, in bytes: longer ones only make hashing slow.
const MAX_BYTES: usize = 1_024;

/// The hash of no one's password, with the parameters of [`hash`]: what is compared where there is no such user, so that
/// the answer takes as long.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5J3Mgc2FsdCE$\
                      Ykc4oPvKtKSfbcvTGOyIoJTAN2cPx0bdgV9IIKmVgWo";

/// How many passwords are hashed at once.
static HASHING: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(1)));

/// Waits for its turn, and keeps it until the work is done, whether or not somebody still waits for the outcome.
async fn in_turn<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> anyhow::Result<T> {
    let turn = Arc::clone(&HASHING).acquire_owned().await?;
    let working = spawn_blocking(move || {
        let _turn = turn;
        work()
    });
    working.await.context("hashing was interrupted")
}

/// Refuses a password that is too short, too long, or the user's own name.
///
/// # Errors
/// `invalid_parameter` for the field `password`.
pub fn check(password: &str, name: &str) -> Result<(), ApiError> {
    let refuse = |message| Err(ApiError::invalid("password", message));
    if password.chars().count() < MIN_PASSWORD_CHARACTERS {
        return refuse(FormMessage::PasswordTooShort { min: MIN_PASSWORD_CHARACTERS });
    }
    if password.len() > MAX_BYTES {
        return refuse(FormMessage::PasswordTooLong { max: MAX_BYTES });
    }
    if password.eq_ignore_ascii_case(name) {
        return refuse(FormMessage::PasswordIsName);
    }
    Ok(())
}

/// The hash to store, in PHC string form.
///
/// # Errors
/// Returns an error if the runtime is ending.
pub async fn hash(password: String) -> anyhow::Result<String> {
    in_turn(move || password_auth::generate_hash(password)).await
}

/// Whether this is the password of that hash. Without a hash the answer is no, and takes the same work.
///
/// # Errors
/// Returns an error if the runtime is ending.
pub async fn verify(password: String, hash: Option<String>) -> anyhow::Result<bool> {
    in_turn(move || {
        let known = hash.is_some();
        let same = password_auth::verify_password(password, hash.as_deref().unwrap_or(NOBODY)).is_ok();
        known && same
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_same_password_is_right() {
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
        assert_eq!(parameters(NOBODY), parameters(&fresh));
        assert_eq!(NOBODY.rsplit('$').next().map(str::len), fresh.rsplit('$').next().map(str::len));
        // It has to be parsed whole, or the work is not done.
        assert_eq!(password_auth::is_hash_obsolete(NOBODY), Ok(false));
    }

    #[test]
    fn what_is_too_short_too_long_or_the_name_is_refused() {
        assert!(check("0123456789", "ann").is_ok());
        assert!(check("äöüäöüäöüä", "ann").is_ok(), "characters count, not bytes");
        for bad in ["", "012345678", &"x".repeat(MAX_BYTES + 1), "Ann.Example"] {
            assert_eq!(check(bad, "ann.example").expect_err(bad).field.as_deref(), Some("password"));
        }
    }
}
