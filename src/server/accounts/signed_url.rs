//! Signed URLs that expire. They give access to one export, for tools that cannot send a header.
//!
//! A signed URL is the export's URL with one additional parameter, `link=EXPIRES.SESSION.SIGNATURE`: when it expires,
//! the session that signed it, and the HMAC-SHA256 of the URL and the expiry under that session's key. It expires no
//! later than its session, and gives no more access than its session's user has at the time of use.

use hmac::{Hmac, Mac};
use sha2::Sha256;
use uuid::Uuid;

use super::secret::{from_hex, to_hex};
use super::session_store::Sessions;
use super::user::{self, User};
use crate::error::{ApiError, ErrorCode};
use crate::export_params::{EXPORT_PATH, ExportParams};
use crate::messages::http::HttpMessage;
use crate::server::db::entity::session;
use crate::server::db::pool::Pool;
use crate::server::db::unix_micros::UnixMicros;

/// The parameter with the signature.
const PARAMETER: &str = "link";

/// Returns the signed URL of an export, which works until `expires`.
pub fn sign(params: &ExportParams, expires: UnixMicros, session: &session::Model) -> String {
    let query = params.to_query();
    let (expires, id) = (expires.as_secs(), session.link_id.simple());
    let signature = to_hex(&mac(&session.link_key, &query, expires).finalize().into_bytes());
    format!("{EXPORT_PATH}?{query}&{PARAMETER}={expires}.{id}.{signature}")
}

fn mac(key: &[u8], query: &str, expires: i64) -> Hmac<Sha256> {
    let mut mac = Hmac::new_from_slice(key).expect("HMAC takes keys of any length");
    for part in [EXPORT_PATH, query, &expires.to_string()] {
        mac.update(part.as_bytes());
        // No part can contain a line break, so two different URLs never have the same input.
        mac.update(b"\n");
    }
    mac
}

/// A parsed signed URL, whose signature has not been verified.
#[derive(Debug, PartialEq, Eq)]
pub struct SignedUrl<'a> {
    /// The query string that was signed.
    pub query: &'a str,
    /// When it expires, in seconds since 1970-01-01T00:00:00Z.
    expires: i64,
    session: Uuid,
    signature: Vec<u8>,
}

impl<'a> SignedUrl<'a> {
    /// Parses the query string of a signed URL; `None` if it is not signed.
    ///
    /// # Errors
    /// Returns `unauthenticated` if the parameter is malformed.
    pub fn parse(query: &'a str) -> Option<Result<Self, ApiError>> {
        let is_link = |part: &&str| part.split('=').next() == Some(PARAMETER);
        query.split('&').find(is_link)?;
        // It is the last parameter, and the only one of its name.
        let read = || {
            let (query, last) = query.rsplit_once('&')?;
            let value = last.strip_prefix(PARAMETER)?.strip_prefix('=')?;
            let mut parts = value.split('.');
            let link = Self {
                query,
                expires: parts.next()?.parse().ok()?,
                session: parts.next()?.parse().ok()?,
                signature: from_hex(parts.next()?)?,
            };
            (parts.next().is_none() && !query.split('&').any(|part| is_link(&part))).then_some(link)
        };
        Some(read().ok_or_else(refused))
    }

    /// Verifies the signature. Returns the user, and the hash of the id of the session that signed it.
    ///
    /// # Errors
    /// Returns `unauthenticated` if it was altered or has expired, or its session or user no longer exists, or
    /// `unavailable` if the database does not answer.
    pub async fn owner(
        &self,
        sessions: &Sessions,
        database: &Pool,
        now: UnixMicros,
    ) -> Result<(User, Vec<u8>), ApiError> {
        let session = sessions.by_link_id(self.session).await?.ok_or_else(refused)?;
        let genuine = mac(&session.link_key, self.query, self.expires).verify_slice(&self.signature).is_ok();
        if !genuine || now.as_secs() >= self.expires {
            return Err(refused());
        }
        let user = user::by_id(database, session.user_id).await?.ok_or_else(refused)?;
        Ok((user, session.id_hash))
    }
}

/// Returns the same error for everything that can be wrong, because the details concern only its owner.
fn refused() -> ApiError {
    ApiError::new(ErrorCode::Unauthenticated, HttpMessage::InvalidLink)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(key: u8) -> session::Model {
        session::Model {
            id_hash: Vec::new(),
            user_id: Uuid::nil(),
            data: Vec::new(),
            created_at: UnixMicros::default(),
            last_seen_at: UnixMicros::default(),
            expires_at: UnixMicros::default(),
            link_id: Uuid::from_u128(7),
            link_key: vec![key; 32],
        }
    }

    #[test]
    fn a_signed_url_is_parsed_as_it_was_written() {
        let params = ExportParams::parse("start_date=2025-12-01&camera_id=a%26link%3D1").expect("valid");
        let url = sign(&params, UnixMicros::new(1_765_000_000_999_999), &session(1));
        let (path, query) = url.split_once('?').expect("a query");
        assert_eq!(path, EXPORT_PATH);
        let link = SignedUrl::parse(query).expect("a link").expect("well-formed");
        assert_eq!((link.expires, link.session), (1_765_000_000, Uuid::from_u128(7)));
        assert_eq!(ExportParams::parse(link.query).expect("valid"), params);
        let genuine = |key: &[u8], query: &str, expires| mac(key, query, expires).verify_slice(&link.signature).is_ok();
        assert!(genuine(&[1; 32], link.query, link.expires));
        assert!(!genuine(&[2; 32], link.query, link.expires), "another session's key");
        assert!(!genuine(&[1; 32], link.query, link.expires + 1), "a later expiry");
        assert!(!genuine(&[1; 32], "format=csv", link.expires), "another export");
    }

    #[test]
    fn an_unsigned_query_is_none_and_a_malformed_signature_is_refused() {
        for none in ["", "format=csv", "camera_id=link", "links=1"] {
            assert!(SignedUrl::parse(none).is_none(), "{none}");
        }
        let id = Uuid::nil().simple();
        for odd in [
            "link",
            "link=",
            &format!("link=1.{id}.00"),
            &format!("a=b&link=1.{id}.0"),
            &format!("a=b&link=1.{id}.00.00"),
            &format!("a=b&link=x.{id}.00"),
            &format!("link=1.{id}.00&a=b"),
            &format!("link=1.{id}.00&link=1.{id}.00"),
        ] {
            assert!(SignedUrl::parse(odd).expect(odd).is_err(), "{odd}");
        }
    }
}
