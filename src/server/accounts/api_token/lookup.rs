//! Looks up the tokens of requests. A sender of many events presents one token with many requests at once, so those that
//! arrive while it is looked up share the next lookup.

use std::array;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sea_orm::DbErr;
use tokio::sync::Mutex;

use super::{Model, find, works};
use crate::server::accounts::secret;
use crate::server::accounts::user::User;
use crate::server::db::pool::Pool;
use crate::server::db::unix_micros::UnixMicros;

/// The number of tokens that can be looked up at once.
const SLOTS: usize = 64;

/// A token and its user, as they are stored; `None` for a text that is no token.
type Found = Option<Arc<(Model, User)>>;

/// Looks up tokens. What a request gets was read after it arrived, so a token that is revoked ends at once.
#[derive(Clone, Debug)]
pub struct TokenLookup {
    database: Pool,
    /// Counts the requests and the lookups, in the order in which they begin.
    count: Arc<AtomicU64>,
    /// The last lookup of a token, for the requests that waited for it. Tokens that share a slot wait for each other.
    slots: Arc<[Mutex<Option<Lookup>>; SLOTS]>,
}

/// A lookup that has ended.
#[derive(Debug)]
struct Lookup {
    /// The hash of the text that was looked up.
    text_hash: Vec<u8>,
    /// When it began.
    began: u64,
    found: Result<Found, Arc<DbErr>>,
}

impl TokenLookup {
    /// Looks up tokens in this database.
    pub fn new(database: Pool) -> Self {
        Self { database, count: Arc::default(), slots: Arc::new(array::from_fn(|_| Mutex::default())) }
    }

    /// Returns a token and its user, unless the token is expired or revoked at that time.
    ///
    /// # Errors
    /// Returns an error if the database does not answer.
    pub async fn resolve(&self, text: &str, now: UnixMicros) -> Result<Found, Arc<DbErr>> {
        let found = self.shared(text, find(&self.database, text)).await?;
        Ok(found.filter(|token| works(&token.0, text, now)))
    }

    /// Returns the result of `find`, which must do nothing until it is polled, or of another request's lookup of the same text
    /// that began after this call.
    async fn shared(
        &self,
        text: &str,
        find: impl Future<Output = Result<Option<(Model, User)>, DbErr>>,
    ) -> Result<Found, Arc<DbErr>> {
        let arrived = self.count.fetch_add(1, Ordering::SeqCst);
        let text_hash = secret::hash(text.as_bytes());
        let slot = text_hash.first().map_or(0, |byte| usize::from(*byte) % SLOTS);
        let mut last = self.slots[slot].lock().await;
        if let Some(lookup) = last.as_ref().filter(|last| last.text_hash == text_hash && last.began > arrived) {
            return lookup.found.clone();
        }
        let began = self.count.fetch_add(1, Ordering::SeqCst);
        let found = find.await.map(|found| found.map(Arc::new)).map_err(Arc::new);
        last.insert(Lookup { text_hash, began, found }).found.clone()
    }
}

#[cfg(test)]
mod tests {
    use std::future::{Ready, ready};

    use futures_util::future::{join, join_all, pending};
    use tokio::sync::oneshot;
    use tokio::time::timeout;

    use super::*;
    use crate::server::db::entity::user;

    fn lookup() -> TokenLookup {
        TokenLookup::new(Pool::default())
    }

    fn token(name: &str) -> (Model, User) {
        let now = UnixMicros::default();
        let token = Model {
            id: uuid::Uuid::nil(),
            user_id: uuid::Uuid::nil(),
            name: name.to_owned(),
            token_hash: Vec::new(),
            created_at: now,
            expires_at: None,
            last_used_at: None,
            revoked_at: None,
            scope: "read".to_owned(),
            source: None,
        };
        let user = user::Model {
            id: uuid::Uuid::nil(),
            name: "ada".to_owned(),
            role: "user".to_owned(),
            password_hash: String::new(),
            created_at: now,
        };
        (token, user.into())
    }

    fn found(name: &str) -> Ready<Result<Option<(Model, User)>, DbErr>> {
        ready(Ok(Some(token(name))))
    }

    fn name(found: &Result<Found, Arc<DbErr>>) -> &str {
        &found.as_ref().unwrap().as_ref().unwrap().0.name
    }

    #[tokio::test]
    async fn requests_that_wait_share_the_next_lookup_and_not_the_running_one() {
        let lookup = lookup();
        let (answer, answered) = oneshot::channel();
        let first = lookup.shared("a", async { answered.await.unwrap() });
        let more = join_all((0..3).map(|number| lookup.shared("a", found(&format!("after {number}")))));
        let later = async {
            // The others wait by now.
            tokio::task::yield_now().await;
            answer.send(Ok(Some(token("running")))).unwrap();
        };
        let (first, more, ()) = tokio::join!(first, more, later);
        assert_eq!(name(&first), "running");
        assert_eq!(more.iter().map(name).collect::<Vec<_>>(), ["after 0"; 3]);
    }

    #[tokio::test]
    async fn a_request_that_arrives_later_looks_again() {
        let lookup = lookup();
        for answer in ["before", "after"] {
            assert_eq!(name(&lookup.shared("a", found(answer)).await), answer);
        }
    }

    #[tokio::test]
    async fn a_lookup_whose_request_was_cancelled_is_made_again() {
        let lookup = lookup();
        let cancelled = timeout(std::time::Duration::ZERO, lookup.shared("a", pending()));
        let (cancelled, found) = tokio::join!(cancelled, lookup.shared("a", found("again")));
        assert!(cancelled.is_err());
        assert_eq!(name(&found), "again");
    }

    #[tokio::test]
    async fn requests_that_share_a_lookup_share_its_error() {
        let lookup = lookup();
        let (answer, answered) = oneshot::channel();
        let first = lookup.shared("a", async { answered.await.unwrap() });
        let error = lookup.shared("a", ready(Err(DbErr::Custom("unavailable".to_owned()))));
        let more = join(error, lookup.shared("a", pending()));
        let later = async {
            tokio::task::yield_now().await;
            answer.send(Ok(Some(token("first")))).unwrap();
        };
        let (_, (error, shared), ()) = tokio::join!(first, more, later);
        assert_eq!(error.unwrap_err(), shared.unwrap_err());
    }

    #[tokio::test]
    async fn texts_that_share_a_slot_do_not_share_a_lookup() {
        let lookup = lookup();
        let texts: Vec<_> = (0..200).map(|number| number.to_string()).collect();
        let found = join_all(texts.iter().map(|text| lookup.shared(text, found(text)))).await;
        assert!(found.iter().map(name).eq(&texts));
    }
}
