//! The server's own certificate authority, for networks in which no public one issues a certificate. Its key and certificate are
//! in a folder beside the database; certificates that it issues are only in memory.

use std::fs::{self, DirBuilder};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, anyhow};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::sign::CertifiedKey;
use sha2::{Digest, Sha256};
use time::{Duration, OffsetDateTime};

use crate::server::db::describe_error::describe_io;
use crate::server::db::unix_micros::UnixMicros;

/// The file with the certificate, in PEM.
pub const CERTIFICATE_FILE: &str = "authority.pem";

/// The file with the key, in PEM. Who has it can pretend to be any site for those who installed the certificate.
const KEY_FILE: &str = "authority.key";

/// How long an issued certificate is valid. Apple's systems accept no more than 825 days.
const VALID_FOR: Duration = Duration::days(90);

/// How long before it is issued a certificate is valid, for devices whose clocks are late.
const VALID_BEFORE: Duration = Duration::days(1);

/// How long the authority is valid. Devices must install the next one themselves.
const AUTHORITY_VALID_FOR: Duration = Duration::days(30 * 365);

/// A certificate authority.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// Its certificate.
    certificate: CertificateDer<'static>,
}

impl Authority {
    /// Opens the authority in a folder, and creates what is missing. Only this user may read the files.
    ///
    /// # Errors
    /// Returns an error that names the file if one cannot be read or created.
    pub fn open(folder: &Path, now: UnixMicros) -> anyhow::Result<Self> {
        let (key_file, certificate_file) = (folder.join(KEY_FILE), folder.join(CERTIFICATE_FILE));
        let shown = || format!("server.tls: the server's own certificate authority in {}", folder.display());
        let key = match read(&key_file).with_context(shown)? {
            Some(pem) => pem,
            None => {
                create(&key_file, &pem("PRIVATE KEY", &KeyPair::generate()?.serialize_der())).with_context(shown)?
            }
        };
        let key =
            PrivatePkcs8KeyDer::from_pem_slice(&key).ok().and_then(|key| KeyPair::try_from(&key).ok()).with_context(
                || format!("{} is damaged; restore it, or remove the folder: {}", KEY_FILE, folder.display()),
            )?;
        let params = authority_params(&key, now)?;
        let certificate = match read(&certificate_file).with_context(shown)? {
            Some(pem) => pem,
            None => {
                create(&certificate_file, &pem("CERTIFICATE", params.self_signed(&key)?.der())).with_context(shown)?
            }
        };
        let certificate = CertificateDer::from_pem_slice(&certificate)
            .map_err(|_| anyhow!("{} is damaged; remove it, then it is created again", certificate_file.display()))?;
        Ok(Self { issuer: Issuer::new(params, key), certificate })
    }

    /// Issues a certificate for these names and addresses.
    ///
    /// # Errors
    /// Returns an error if a name is invalid.
    pub fn issue(&self, names: &[String], now: UnixMicros) -> anyhow::Result<Arc<CertifiedKey>> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::new(names)?;
        params.distinguished_name = common_name("Motion Export");
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        (params.not_before, params.not_after) = validity(now, VALID_FOR)?;
        let certificate = params.signed_by(&key, &self.issuer)?;
        let chain = vec![certificate.der().clone(), self.certificate.clone()];
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        Ok(Arc::new(CertifiedKey::from_der(chain, key, &ring::default_provider())?))
    }

    /// Returns the SHA-256 fingerprint of the authority's certificate, as systems show it: `AB:CD:…`.
    pub fn fingerprint(&self) -> String {
        fingerprint(&self.certificate)
    }
}

/// Returns the certificate of the authority in a folder, in PEM and as its fingerprint. `None` if there is none.
///
/// # Errors
/// Returns an error if the file cannot be read.
pub fn certificate_in(folder: &Path) -> io::Result<Option<(Vec<u8>, String)>> {
    match fs::read(folder.join(CERTIFICATE_FILE)) {
        Ok(pem) => {
            let certificate = CertificateDer::from_pem_slice(&pem).map_err(|_| ErrorKind::InvalidData)?;
            let fingerprint = fingerprint(&certificate);
            Ok(Some((pem, fingerprint)))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn fingerprint(certificate: &CertificateDer<'_>) -> String {
    let digest = Sha256::digest(certificate);
    digest.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":")
}

/// Returns the parameters of the authority with this key. Those that issued certificates depend on follow from the key alone.
fn authority_params(key: &KeyPair, now: UnixMicros) -> anyhow::Result<CertificateParams> {
    let digest = Sha256::digest(key.public_key_raw());
    let id = digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
    let mut params = CertificateParams::default();
    // Someone with two of these servers can tell them apart.
    params.distinguished_name = common_name(&format!("Motion Export CA {id}"));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    (params.not_before, params.not_after) = validity(now, AUTHORITY_VALID_FOR)?;
    Ok(params)
}

fn common_name(name: &str) -> DistinguishedName {
    let mut distinguished_name = DistinguishedName::new();
    distinguished_name.push(DnType::CommonName, name);
    distinguished_name
}

/// Returns the first and the last moment of a certificate.
fn validity(now: UnixMicros, valid_for: Duration) -> anyhow::Result<(OffsetDateTime, OffsetDateTime)> {
    let now = OffsetDateTime::from_unix_timestamp(now.as_secs())?;
    Ok((now - VALID_BEFORE, now + valid_for))
}

/// Returns bytes in PEM (RFC 7468).
pub fn pem(label: &str, der: &[u8]) -> Vec<u8> {
    let base64 = BASE64_STANDARD.encode(der);
    let lines: Vec<_> = base64.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n")).into_bytes()
}

fn read(path: &Path) -> anyhow::Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(anyhow!("cannot read {}: {}", path.display(), describe_io(&error))),
    }
}

/// Creates a file that only this user may read, complete or not at all. If another process has created it meanwhile, that one
/// stays. Returns its contents.
fn create(path: &Path, contents: &[u8]) -> anyhow::Result<Vec<u8>> {
    let parent: PathBuf = path.parent().map(Path::to_owned).unwrap_or_default();
    let write = || -> io::Result<Vec<u8>> {
        DirBuilder::new().recursive(true).mode(0o700).create(&parent)?;
        let mut file = tempfile::NamedTempFile::new_in(&parent)?;
        file.write_all(contents)?;
        file.as_file().sync_all()?;
        match file.persist_noclobber(path) {
            Ok(_) => Ok(contents.to_owned()),
            Err(error) if error.error.kind() == ErrorKind::AlreadyExists => fs::read(path),
            Err(error) => Err(error.error),
        }
    };
    write().map_err(|error| anyhow!("cannot create {}: {}", path.display(), describe_io(&error)))
}
