//! A certificate and its key in PEM files.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, anyhow, bail, ensure};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::{Error, InconsistentKeys};

use crate::server::db::describe_error::describe_io;
use crate::server::settings::Server;

/// The state of the two files: inode, size and time of the last change. `None` for a file that cannot be read.
pub type Stamp = [Option<(u64, u64, i64, i64)>; 2];

/// The files of `server.tls_certificate` and `server.tls_key`.
#[derive(Clone, Debug)]
pub struct CertificateFiles {
    certificate: PathBuf,
    key: PathBuf,
}

impl CertificateFiles {
    /// Returns the files in the settings, if there are some.
    pub fn of(server: &Server) -> Option<Self> {
        let Server { tls_certificate, tls_key, .. } = server;
        (!tls_certificate.is_empty()).then(|| Self { certificate: tls_certificate.into(), key: tls_key.into() })
    }

    /// Returns the path of the certificate, to show.
    pub fn certificate_path(&self) -> String {
        self.certificate.display().to_string()
    }

    /// Returns the state of the files. Another one means that they have changed.
    pub fn stamp(&self) -> Stamp {
        [&self.certificate, &self.key].map(|path| {
            let file = fs::metadata(path).ok()?;
            Some((file.ino(), file.len(), file.mtime(), file.mtime_nsec()))
        })
    }

    /// Reads the certificate with its key.
    ///
    /// # Errors
    /// Returns an error that names the setting if a file cannot be read, has no certificate or key, or if they do not belong
    /// together.
    pub fn read(&self) -> anyhow::Result<Arc<CertifiedKey>> {
        let chain = read_chain(&self.certificate).context("server.tls_certificate")?;
        let key = read_key(&self.key).context("server.tls_key")?;
        let certified = CertifiedKey::from_der(chain, key, &ring::default_provider()).map_err(|error| match error {
            Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => anyhow!(
                "server.tls_key: {} is not the key of the certificate in {} (server.tls_certificate)",
                self.key.display(),
                self.certificate.display()
            ),
            Error::InvalidCertificate(_) => {
                anyhow!("server.tls_certificate: the first certificate in {} is damaged", self.certificate.display())
            }
            error => anyhow!("server.tls_key: {} cannot be used: {error}", self.key.display()),
        })?;
        Ok(Arc::new(certified))
    }
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    fs::read(path).map_err(|error| anyhow!("cannot read {}: {}", path.display(), describe_io(&error)))
}

fn read_chain(path: &Path) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&read(path)?).collect();
    let chain = chain.map_err(|_| anyhow!("{} is not in the format PEM", path.display()))?;
    ensure!(!chain.is_empty(), "{} has no certificate in the format PEM (-----BEGIN CERTIFICATE-----)", path.display());
    Ok(chain)
}

fn read_key(path: &Path) -> anyhow::Result<PrivateKeyDer<'static>> {
    let text = read(path)?;
    if let Ok(key) = PrivateKeyDer::from_pem_slice(&text) {
        return Ok(key);
    }
    let is_encrypted = String::from_utf8_lossy(&text).contains("ENCRYPTED");
    if is_encrypted {
        bail!(
            "{} is encrypted with a password; write it without one, such as with openssl pkey -in {} -out plain.pem",
            path.display(),
            path.display()
        );
    }
    bail!("{} has no private key in the format PEM (-----BEGIN PRIVATE KEY-----)", path.display())
}
