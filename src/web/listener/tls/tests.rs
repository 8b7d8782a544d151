//! Tests of certificates and their renewal.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::*;

const NOW: UnixMicros = UnixMicros::new(1_765_886_400_000_000);

fn days(days: u64) -> Duration {
    Duration::from_hours(days * 24)
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// Writes a certificate of an authority for `localhost` and its key, which is valid for 90 days from `now` on.
fn write_pair(folder: &Path, now: UnixMicros) {
    let key = rcgen::KeyPair::generate().expect("a key");
    let mut params = rcgen::CertificateParams::new(names(&["localhost"])).expect("a name");
    let seconds = |at: UnixMicros| time::OffsetDateTime::from_unix_timestamp(at.as_secs()).expect("a time");
    (params.not_before, params.not_after) = (seconds(now), seconds(now + days(90)));
    let certificate = params.self_signed(&key).expect("a certificate");
    std::fs::write(folder.join("cert.pem"), authority::pem("CERTIFICATE", certificate.der())).expect("written");
    std::fs::write(folder.join("key.pem"), authority::pem("PRIVATE KEY", &key.serialize_der())).expect("written");
}

fn settings_for(folder: &Path) -> Settings {
    let mut settings = Settings::default();
    settings.server.tls_certificate = folder.join("cert.pem").display().to_string();
    settings.server.tls_key = folder.join("key.pem").display().to_string();
    settings
}

fn open_at(settings: &Settings, now: UnixMicros) -> anyhow::Result<Renewal> {
    open_certificate(settings, Router::new(), now).map(|opened| opened.expect("TLS").1)
}

fn error_of(settings: &Settings) -> String {
    format!("{:#}", open_at(settings, NOW).err().expect("an error"))
}

#[test]
fn files_that_cannot_be_used_are_refused_with_the_setting_and_the_reason() {
    let folder = tempfile::tempdir().expect("a folder");
    let (certificate, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    let settings = settings_for(folder.path());
    let missing = error_of(&settings);
    assert!(missing.contains("server.tls_certificate") && missing.contains("there is no such file"), "{missing}");
    write_pair(folder.path(), NOW);
    let good = std::fs::read(&key).expect("a key");
    for (file, contents, reason) in [
        (&certificate, "", "server.tls_certificate: CERT has no certificate in the format PEM"),
        (&certificate, "-----BEGIN CERTIFICATE-----\n!\n", "server.tls_certificate: CERT is not in the format PEM"),
        (
            &certificate,
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            "server.tls_certificate: the first certificate in CERT is damaged",
        ),
        (&key, "", "server.tls_key: KEY has no private key in the format PEM"),
        (
            &key,
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
            "server.tls_key: KEY is encrypted with a password",
        ),
    ] {
        let (before, path) = (std::fs::read(file).expect("a file"), file.display().to_string());
        std::fs::write(file, contents).expect("written");
        let error = error_of(&settings);
        let reason = reason.replace("CERT", &path).replace("KEY", &path).replace("BEGIN CERTIFICATE", "");
        assert!(error.contains(&reason), "{error}\nexpected: {reason}");
        std::fs::write(file, before).expect("written");
    }
    write_pair(folder.path(), NOW);
    std::fs::write(&key, good).expect("written");
    let error = error_of(&settings);
    assert!(error.contains("server.tls_key:") && error.contains("is not the key of the certificate"), "{error}");
}

#[test]
fn a_certificate_that_is_replaced_is_used_without_a_restart_and_a_bad_one_is_not() {
    let folder = tempfile::tempdir().expect("a folder");
    write_pair(folder.path(), NOW);
    let mut renewal = open_at(&settings_for(folder.path()), NOW).expect("a certificate");
    let certificate = |renewal: &Renewal| renewal.current.get().cert[0].to_vec();
    let first = certificate(&renewal);
    renewal.renew(NOW);
    assert_eq!(certificate(&renewal), first, "nothing has changed");

    let key = std::fs::read(folder.path().join("key.pem")).expect("a key");
    write_pair(folder.path(), NOW + days(1));
    let next_key = std::fs::read(folder.path().join("key.pem")).expect("a key");
    // Programs replace one file after the other.
    std::fs::write(folder.path().join("key.pem"), key).expect("written");
    renewal.renew(NOW);
    assert_eq!(certificate(&renewal), first, "the key is still that of the old one");
    std::fs::write(folder.path().join("key.pem"), next_key).expect("written");
    renewal.renew(NOW);
    let second = certificate(&renewal);
    assert_ne!(second, first);

    write_pair(folder.path(), NOW);
    renewal.renew(NOW + days(91));
    assert_eq!(certificate(&renewal), second, "the next one has expired");
    std::fs::remove_file(folder.path().join("cert.pem")).expect("removed");
    renewal.renew(NOW);
    assert_eq!(certificate(&renewal), second, "there is no next one");
}

#[test]
fn an_expired_certificate_does_not_keep_the_server_from_starting() {
    let folder = tempfile::tempdir().expect("a folder");
    write_pair(folder.path(), NOW);
    let renewal = open_at(&settings_for(folder.path()), NOW + days(91)).expect("a server");
    assert_eq!(days_left(&renewal.current.get(), NOW), Some(90));
    assert!(is_expired(&renewal.current.get(), NOW + days(91)));
}

#[test]
fn the_own_authority_stays_the_same_and_only_its_user_may_read_its_key() {
    let folder = tempfile::tempdir().expect("a folder");
    let tls = folder.path().join("tls");
    let authority = Authority::open(&tls, NOW).expect("an authority");
    let (pem, fingerprint) = authority::certificate_in(&tls).expect("read").expect("a certificate");
    assert!(pem.starts_with(b"-----BEGIN CERTIFICATE-----\n"));
    assert_eq!(fingerprint, authority.fingerprint());
    assert_eq!(fingerprint.len(), 32 * 3 - 1);
    let mode = |path: &Path| std::fs::metadata(path).expect("a file").permissions().mode() & 0o777;
    assert_eq!((mode(&tls), mode(&tls.join("authority.key"))), (0o700, 0o600));
    let again = Authority::open(&tls, NOW + days(400)).expect("the same authority");
    assert_eq!(again.fingerprint(), fingerprint);
    // The next start repairs a start that was killed between the two files, with the same key.
    std::fs::remove_file(tls.join("authority.pem")).expect("removed");
    Authority::open(&tls, NOW).expect("a new certificate").issue(&names(&["localhost"]), NOW).expect("issued");
    std::fs::write(tls.join("authority.key"), "x").expect("written");
    let error = format!("{:#}", Authority::open(&tls, NOW).err().expect("damaged"));
    assert!(error.contains("authority.key is damaged"), "{error}");
}

#[test]
fn clients_that_trust_the_own_authority_trust_its_certificates_for_their_names_only() {
    use rustls::RootCertStore;
    use rustls::client::WebPkiServerVerifier;
    use rustls::client::danger::ServerCertVerifier;
    use rustls::pki_types::{ServerName, UnixTime};

    let folder = tempfile::tempdir().expect("a folder");
    let authority = Authority::open(folder.path(), NOW).expect("an authority");
    let issued = authority.issue(&names(&["nas.local", "192.168.1.2", "fd00::1", "xn--berwachung-8db.lan"]), NOW);
    let issued = issued.expect("a certificate");
    let mut roots = RootCertStore::empty();
    roots.add(issued.cert[1].clone()).expect("an authority");
    let provider = Arc::new(ring::default_provider());
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build().expect("a verifier");
    let at = |now: UnixMicros| UnixTime::since_unix_epoch(Duration::from_secs(now.as_secs().unsigned_abs()));
    let is_trusted = |name: &'static str, now: UnixMicros| {
        let name = ServerName::try_from(name).expect("a name");
        verifier.verify_server_cert(&issued.cert[0], &[], &name, &[], at(now)).is_ok()
    };
    for name in ["nas.local", "192.168.1.2", "fd00::1", "xn--berwachung-8db.lan"] {
        assert!(is_trusted(name, NOW), "{name}");
    }
    assert!(!is_trusted("evil.example", NOW) && !is_trusted("192.168.1.3", NOW));
    assert!(is_trusted("nas.local", NOW + days(89)) && !is_trusted("nas.local", NOW + days(91)));
}

#[test]
fn a_certificate_of_the_own_authority_is_renewed_before_its_end_and_for_other_names() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut settings = Settings::default();
    settings.database.url = format!("sqlite://{}/test.db", folder.path().display());
    settings.server.tls = settings::Tls::SelfSigned;
    let mut renewal = open_at(&settings, NOW).expect("a certificate");
    let certificate = |renewal: &Renewal| renewal.current.get().cert[0].to_vec();
    let first = certificate(&renewal);
    renewal.renew(NOW + days(59));
    assert_eq!(certificate(&renewal), first, "it is valid for another month");
    renewal.renew(NOW + days(61));
    let second = certificate(&renewal);
    assert_ne!(second, first);
    let Source::Authority(_, server, _) = &mut renewal.source else { panic!("an authority") };
    // As if the machine had got another address.
    server.hosts = "192.168.7.7".to_owned();
    renewal.renew(NOW + days(61));
    assert_ne!(certificate(&renewal), second);
}
