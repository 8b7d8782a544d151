//! TLS of client connections.
//!
//! Only HTTP/1.1 is offered. The record of an export says `completed` only if the kernel has the complete file, and with HTTP/2
//! this server could not tell for one of several responses on a connection.

pub mod authority;
pub mod certificate_files;
mod handshake;
pub mod machine;
pub mod validity;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tracing::{info, warn};

use self::authority::Authority;
use self::certificate_files::{CertificateFiles, Stamp};
pub use self::handshake::{Tls, open};
use self::machine::certificate_names;
use self::validity::{days_left, is_expired, not_after};
use crate::server::db::clock::{Clock, day};
use crate::server::db::unix_micros::UnixMicros;
use crate::server::db::url::{DatabaseKind, parse_url};
use crate::server::settings::{self, Settings};

/// How often the server looks for another certificate, and for other addresses of the machine.
const RENEWAL_INTERVAL: Duration = Duration::from_mins(1);

/// How many days before its end a certificate of the own authority is replaced.
const RENEW_DAYS_BEFORE: i64 = 30;

/// The certificate with which a new connection is opened. It can be replaced while the server runs.
#[derive(Debug)]
struct CurrentCertificate(Mutex<Arc<CertifiedKey>>);

impl CurrentCertificate {
    fn get(&self) -> Arc<CertifiedKey> {
        Arc::clone(&self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn set(&self, certificate: Arc<CertifiedKey>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = certificate;
    }
}

impl ResolvesServerCert for CurrentCertificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.get())
    }
}

/// Replaces the certificate when there is another one.
pub struct Renewal {
    current: Arc<CurrentCertificate>,
    source: Source,
}

/// Where the certificate comes from.
enum Source {
    /// Files, and the state in which they were last read.
    Files(CertificateFiles, Stamp),
    /// The own authority, for these names.
    Authority(Box<Authority>, settings::Server, Vec<String>),
}

/// Opens the certificate of the settings. `None` if they have none. `plain` answers clients that speak plain HTTP.
///
/// # Errors
/// Returns an error that names the setting if a file cannot be read, or is not what it must be.
pub fn open_certificate(settings: &Settings, plain: Router, now: UnixMicros) -> anyhow::Result<Option<(Tls, Renewal)>> {
    let server = &settings.server;
    if !server.has_own_tls() {
        return Ok(None);
    }
    let (certificate, source) = if let Some(files) = CertificateFiles::of(server) {
        let stamp = files.stamp();
        let certificate = files.read()?;
        if is_expired(&certificate, now) {
            warn!(path = files.certificate_path(), "server.tls_certificate: the certificate has expired; renew it");
        }
        (certificate, Source::Files(files, stamp))
    } else {
        let authority = Authority::open(&authority_folder(settings), now)?;
        let names = certificate_names(server)?;
        let certificate = authority.issue(&names, now)?;
        (certificate, Source::Authority(Box::new(authority), server.clone(), names))
    };
    let current = Arc::new(CurrentCertificate(Mutex::new(certificate)));
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_cert_resolver(Arc::clone(&current) as Arc<dyn ResolvesServerCert>);
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Some((Tls::new(config, plain), Renewal { current, source })))
}

/// Returns the folder of the own authority: `tls` beside SQLite's database, or in `data`.
pub fn authority_folder(settings: &Settings) -> PathBuf {
    match parse_url(&settings.database.url) {
        Ok(DatabaseKind::File(file)) => file.with_file_name("tls"),
        _ => PathBuf::from("data/tls"),
    }
}

impl Renewal {
    /// Looks for another certificate once a minute. Never returns.
    pub async fn run(mut self, clock: Clock) {
        let mut interval = tokio::time::interval(RENEWAL_INTERVAL);
        interval.tick().await;
        loop {
            interval.tick().await;
            self.renew(clock.now());
        }
    }

    /// Replaces the certificate if its files have changed, or if the own authority's one ends soon or the machine has other
    /// names. If that fails, the current certificate stays, and one line is logged.
    pub fn renew(&mut self, now: UnixMicros) {
        let renewed = match &mut self.source {
            Source::Files(files, read) => {
                let stamp = files.stamp();
                if stamp == *read {
                    return;
                }
                *read = stamp;
                files.read().and_then(|certificate| {
                    anyhow::ensure!(
                        !is_expired(&certificate, now),
                        "server.tls_certificate: the certificate in {} has expired",
                        files.certificate_path()
                    );
                    Ok(certificate)
                })
            }
            Source::Authority(authority, server, names) => {
                let current = certificate_names(server).unwrap_or_else(|_| names.clone());
                let is_due = days_left(&self.current.get(), now).is_none_or(|days| days < RENEW_DAYS_BEFORE);
                if current == *names && !is_due {
                    return;
                }
                let issued = authority.issue(&current, now);
                *names = current;
                issued
            }
        };
        match renewed {
            Ok(certificate) => {
                let until = not_after(&certificate).map(day).unwrap_or_default();
                info!(valid_until = until, "certificate renewed");
                self.current.set(certificate);
            }
            Err(error) => {
                warn!(error = format!("{error:#}"), "cannot renew the certificate, the current one is kept");
            }
        }
    }
}

#[cfg(test)]
mod tests;
