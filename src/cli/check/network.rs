//! Addresses, TLS and the proxy.

use std::time::Duration;

use super::Finding;
use crate::cli::database::now;
use crate::server::db::unix_micros::UnixMicros;
use crate::server::settings::Settings;
use crate::web::listener::tls::certificate_files::CertificateFiles;
use crate::web::listener::tls::validity::days_left;

/// For how many days a certificate should be valid at least.
const MIN_DAYS: i64 = 7;

/// How long the public address may take to respond.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Checks the settings of the section `server`, and whether the public address leads to a server.
pub async fn check(settings: &Settings) -> Vec<Finding> {
    let server = &settings.server;
    if let Err(error) = server.check() {
        return vec![Finding::failed("address", &error)];
    }
    let mut findings = vec![Finding::ok("address", format!("listens on {}", server.listen))];
    let has_proxies = server.trusted_networks().is_ok_and(|networks| !networks.is_empty());
    findings.extend(CertificateFiles::of(server).map(|files| of_certificate(&files, now())));
    if server.is_https() && !server.has_own_tls() && !has_proxies {
        findings.push(Finding::warning(
            "proxy",
            "server.trusted_proxies is not set, so all clients behind the proxy share one limit of sign-in attempts",
            "Set it to the address from which the proxy connects, and let the proxy set X-Forwarded-For (docs/install.md).",
        ));
    } else if has_proxies && server.public_url.is_empty() {
        findings.push(Finding::warning(
            "proxy",
            "server.trusted_proxies is set, but server.public_url is not, so requests with the name of the proxy are refused (421)",
            "Set server.public_url to the address of the proxy.",
        ));
    }
    if !server.public_url.is_empty() {
        let url = format!("{}/healthz", server.public_url.trim_end_matches('/'));
        findings.push(match responds(&url).await {
            Ok(()) => Finding::ok("public address", format!("{url} leads to a server")),
            Err(reason) => Finding::warning(
                "public address",
                format!("{url}: {reason}"),
                "Start the server, or check the name, the proxy and its certificate. The address may be reachable from elsewhere only.",
            ),
        });
    }
    findings
}

/// Checks the files of a certificate, and for how long it is still valid.
fn of_certificate(files: &CertificateFiles, now: UnixMicros) -> Finding {
    let path = files.certificate_path();
    let certificate = match files.read() {
        Ok(certificate) => certificate,
        Err(error) => return Finding::failed("certificate", &error),
    };
    match days_left(&certificate, now) {
        Some(days) if days < 0 => Finding::error(
            "certificate",
            format!("{path} has expired"),
            "Renew it; the server reads the new one by itself.",
        ),
        Some(days) if days < MIN_DAYS => Finding::warning(
            "certificate",
            format!("{path} is valid for {days} more days only"),
            "Renew it; the server reads the new one by itself.",
        ),
        Some(days) => Finding::ok("certificate", format!("{path} and its key fit, and are valid for {days} days")),
        None => Finding::ok("certificate", format!("{path} and its key fit")),
    }
}

/// Checks that a Motion Export responds at an address.
async fn responds(url: &str) -> Result<(), String> {
    let client = reqwest::Client::builder().timeout(TIMEOUT).build().map_err(|error| error.to_string())?;
    let response = client.get(url).send().await.map_err(|error| deepest(&error))?;
    let status = response.status();
    let text = response.text().await.map_err(|error| deepest(&error))?;
    match (status.is_success(), text.trim()) {
        (true, "ok") => Ok(()),
        (true, _) => Err("another program responds".to_owned()),
        (false, _) => Err(format!("the response is {status}")),
    }
}

/// Returns the text of the innermost cause, which says what happened.
fn deepest(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
