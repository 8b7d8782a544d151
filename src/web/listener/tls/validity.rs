//! Until when a certificate is valid.

use std::time::Duration;

use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::pki_types::UnixTime;
use rustls::server::ParsedCertificate;
use rustls::sign::CertifiedKey;
use rustls::{CertificateError, Error, RootCertStore};

use crate::server::db::unix_micros::UnixMicros;

/// A time after the end of each certificate: the year 10000.
const DISTANT_FUTURE: Duration = Duration::from_hours(70_389_528);

/// Returns until when a certificate is valid; `None` if it cannot be read.
///
/// rustls parses certificates, but does not show their fields. Its error for a certificate that has ended names the end, and it
/// checks that before anything else, such as the authority.
pub fn not_after(certificate: &CertifiedKey) -> Option<UnixMicros> {
    let parsed = ParsedCertificate::try_from(certificate.end_entity_cert().ok()?).ok()?;
    let future = UnixTime::since_unix_epoch(DISTANT_FUTURE);
    let verified = verify_server_cert_signed_by_trust_anchor(&parsed, &RootCertStore::empty(), &[], future, &[]);
    let Err(Error::InvalidCertificate(CertificateError::ExpiredContext { not_after, .. })) = verified else {
        return None;
    };
    Some(UnixMicros::new(i64::try_from(not_after.as_secs()).ok()?.checked_mul(1_000_000)?))
}

/// Returns how many days a certificate is still valid, rounded down.
pub fn days_left(certificate: &CertifiedKey, now: UnixMicros) -> Option<i64> {
    Some((not_after(certificate)?.as_secs() - now.as_secs()).div_euclid(24 * 60 * 60))
}

/// Whether a certificate is no longer valid.
pub fn is_expired(certificate: &CertifiedKey, now: UnixMicros) -> bool {
    days_left(certificate, now).is_some_and(|days| days < 0)
}
