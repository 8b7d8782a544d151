//! Host names: those in `Host` headers and settings, and those of this machine.

use std::net::IpAddr;

use axum::http::uri::Authority;
use reqwest::Url;

/// Returns the name in a `Host` header, without the port.
pub fn name(host: &str) -> Option<String> {
    host.parse::<Authority>().ok().map(|authority| authority.host().to_lowercase())
}

/// Whether the name in a `Host` header, with or without a port, is one of this machine's own.
pub fn is_this_machine(host: &str) -> bool {
    let Some(name) = name(host) else { return false };
    let name = name.trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost")
        || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Returns a host name or IP address of the settings as it is in a `Host` header, without brackets: in lower case, and an
/// international name in its ASCII form (`xn--…`). `None` if it is neither.
pub fn to_ascii(host: &str) -> Option<String> {
    let host = host.trim_start_matches('[').trim_end_matches(']').trim_end_matches('.');
    if let Ok(address) = host.parse::<IpAddr>() {
        return Some(address.to_canonical().to_string());
    }
    let is_name = !host.contains([':', '/', '\\', '?', '#', '@', '%']) && !host.contains(char::is_whitespace);
    let url = Url::parse(&format!("https://{host}/")).ok().filter(|_| is_name && !host.is_empty())?;
    url.host_str().map(str::to_owned)
}

/// Returns the host names of this machine: its own, and the one by which mDNS resolves it (`.local`). A machine that is called
/// `localhost` has none.
pub fn names_of_machine() -> Vec<String> {
    let uname = rustix::system::uname();
    names_for(&uname.nodename().to_string_lossy())
}

fn names_for(machine: &str) -> Vec<String> {
    let Some(name) = to_ascii(machine).filter(|name| name.parse::<IpAddr>().is_err()) else { return Vec::new() };
    let short = name.split('.').next().unwrap_or_default();
    if short == "localhost" {
        return Vec::new();
    }
    let mut names = vec![short.to_owned(), format!("{short}.local")];
    if !names.contains(&name) {
        names.push(name);
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_settings_are_compared_in_their_ascii_form() {
        for (host, ascii) in [
            ("Motion.LAN", "motion.lan"),
            ("motion.lan.", "motion.lan"),
            ("Überwachung.local", "xn--berwachung-8db.local"),
            ("xn--berwachung-8db.local", "xn--berwachung-8db.local"),
            ("192.168.1.2", "192.168.1.2"),
            ("[FD00::1]", "fd00::1"),
            ("fd00::1", "fd00::1"),
            ("::ffff:192.168.1.2", "192.168.1.2"),
        ] {
            assert_eq!(to_ascii(host).as_deref(), Some(ascii), "{host}");
        }
        for wrong in ["", ".", "https://motion.lan", "motion.lan:3000", "motion lan", "a/b", "user@motion.lan", "a%2fb"]
        {
            assert_eq!(to_ascii(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_machine_is_known_by_its_name_and_that_of_mdns() {
        assert_eq!(names_for("NAS"), ["nas", "nas.local"]);
        assert_eq!(names_for("nas.fritz.box"), ["nas", "nas.local", "nas.fritz.box"]);
        assert_eq!(names_for("nas.local"), ["nas", "nas.local"]);
        for none in ["localhost", "localhost.localdomain", "", "(none) x"] {
            assert!(names_for(none).is_empty(), "{none}");
        }
    }

    #[test]
    fn names_of_this_machine_are_recognized() {
        for own in ["localhost", "LOCALHOST:3000", "127.0.0.1:3000", "127.1.2.3", "[::1]:3000"] {
            assert!(is_this_machine(own), "{own}");
        }
        for other in ["evil.example", "localhost.evil.example:3000", "192.168.1.2", "127.0.0.1.evil.example", "", "a b"]
        {
            assert!(!is_this_machine(other), "{other}");
        }
    }
}
