//! The browser of a session in a few words, so that its user recognizes it in a list.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// The key of the client in the data of a session.
pub const CLIENT_KEY: &str = "client";

/// What is known of the browser that signed in. Only these words are stored, not what the browser sent: that would be enough
/// to recognize a browser elsewhere.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Client {
    /// The name of the browser; empty if it is unknown.
    pub browser: String,
    /// The name of its operating system; empty if it is unknown.
    pub system: String,
    /// The IP address from which the user signed in; empty if it is unknown.
    pub address: String,
}

/// What the header of a browser contains, with the browser's name. Most browsers name others as well, so the order matters.
const BROWSERS: [(&str, &str); 11] = [
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Vivaldi/", "Vivaldi"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chromium/", "Chromium"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
];

/// What the header of a browser contains, with the name of the operating system.
const SYSTEMS: [(&str, &str); 8] = [
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Macintosh", "macOS"),
    ("Linux", "Linux"),
    ("FreeBSD", "FreeBSD"),
];

impl Client {
    /// Returns the client that sent this `User-Agent` from this address.
    pub fn new(user_agent: &str, address: Option<IpAddr>) -> Self {
        let named = |names: &[(&str, &str)]| {
            let found = names.iter().find(|(part, _)| user_agent.contains(part));
            found.map(|(_, name)| (*name).to_owned()).unwrap_or_default()
        };
        Self {
            browser: named(&BROWSERS),
            system: named(&SYSTEMS),
            address: address.map(|address| address.to_string()).unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_recognized_by_its_header() {
        for (header, browser, system) in [
            ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox", "Linux"),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
                "Chrome",
                "Windows",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 \
                 Safari/537.36 Edg/142.0.0.0",
                "Edge",
                "Windows",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 \
                 Safari/605.1.15",
                "Safari",
                "macOS",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 \
                 Mobile/15E148 Safari/604.1",
                "Safari",
                "iPhone",
            ),
            (
                "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 \
                 Chrome/130.0.0.0 Mobile Safari/537.36",
                "Samsung Internet",
                "Android",
            ),
            ("curl/8.14.1", "curl", ""),
            ("", "", ""),
            ("<script>alert(1)</script>", "", ""),
        ] {
            let client = Client::new(header, "192.0.2.7".parse().ok());
            assert_eq!(
                (&*client.browser, &*client.system, &*client.address),
                (browser, system, "192.0.2.7"),
                "{header}"
            );
        }
        assert_eq!(Client::new("", None).address, "");
    }
}
