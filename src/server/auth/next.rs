//! Where to go after signing in: back to the page that was asked for, and to nowhere but this server.

use crate::paths::{LOGIN_PATH, SETTINGS_PATH};

/// The sign-in that leads to `next` afterwards.
pub fn login_url(next: &str) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish();
    format!("{LOGIN_PATH}?{query}")
}

/// What the sign-in's parameter `done` says after a right password.
pub const SIGNED_IN: &str = "signed-in";

/// Returns the address that leads to `next` if the browser has kept the cookie that it was just given, and that otherwise
/// says that it has not. It is that of the sign-in, which leads on whoever is signed in.
pub fn if_signed_in(next: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    format!("{LOGIN_PATH}?{}", query.append_pair("done", SIGNED_IN).append_pair("next", next).finish())
}

/// `next`, where it is a path on this server; the settings otherwise.
pub fn local(next: &str) -> &str {
    // Browsers take `\` for `/`, drop line breaks and tabs, and read what follows two slashes as a host.
    let plain = next.chars().all(|character| character.is_ascii_graphic() && character != '\\');
    let is_local = next.starts_with('/') && !next.starts_with("//") && plain;
    if is_local { next } else { SETTINGS_PATH }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_on_this_server_are_gone_to() {
        for ours in ["/", "/settings", "/settings?start=1#x", "/a//b", "/%5Cevil.example"] {
            assert_eq!(local(ours), ours);
        }
        for theirs in [
            "",
            "settings",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "https://evil.example",
            "javascript:alert(1)",
            "/\t/evil.example",
            "/\n/evil.example",
            " /settings",
            "/ä",
        ] {
            assert_eq!(local(theirs), SETTINGS_PATH, "{theirs}");
        }
    }

    #[test]
    fn the_sign_in_carries_the_whole_address() {
        assert_eq!(login_url("/settings?a=b&c=d"), "/login?next=%2Fsettings%3Fa%3Db%26c%3Dd");
    }
}
