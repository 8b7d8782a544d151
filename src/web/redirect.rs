//! Where to go after signing in: back to the page that was asked for, and to nowhere but this server.

use crate::api::paths::{LOGIN_PATH, SETTINGS_PATH};
use crate::server::db::unix_micros::UnixMicros;

/// The sign-in that leads to `next` afterwards.
pub fn login_url(next: &str) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish();
    format!("{LOGIN_PATH}?{query}")
}

/// What the sign-in's parameter `done` says after a right password.
pub const SIGNED_IN: &str = "signed-in";

/// The parameter of an address that a form led to: when that was, in seconds since 1970-01-01T00:00:00Z.
pub const LED_AT: &str = "at";

/// For how long such an address says whether a cookie was kept, in seconds. Opened later, it is a bookmark, or somebody has
/// typed it.
const JUST_NOW: u64 = 60;

/// Returns the value of [`LED_AT`] at `now`.
pub fn led_at(now: UnixMicros) -> String {
    now.as_secs().to_string()
}

/// Whether a value of [`LED_AT`] is of a form that was sent just now.
pub fn is_just_now(led_at: Option<&str>, now: UnixMicros) -> bool {
    let led_at = led_at.and_then(|seconds| seconds.parse::<i64>().ok());
    // The clock of another server may be a bit ahead.
    led_at.is_some_and(|led_at| led_at.abs_diff(now.as_secs()) < JUST_NOW)
}

/// Returns the address that leads to `next` if the browser has kept the cookie that it was just given, and that otherwise
/// says that it has not, for a minute. It is that of the sign-in, which leads on whoever is signed in.
pub fn if_signed_in(next: &str, now: UnixMicros) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("done", SIGNED_IN).append_pair(LED_AT, &led_at(now)).append_pair("next", next);
    format!("{LOGIN_PATH}?{}", query.finish())
}

/// `next`, where it is a path on this server; the settings otherwise.
pub fn local_path_or_default(next: &str) -> &str {
    // Browsers take `\` for `/`, drop line breaks and tabs, and read what follows two slashes as a host.
    let plain = next.chars().all(|character| character.is_ascii_graphic() && character != '\\');
    let is_local = next.starts_with('/') && !next.starts_with("//") && plain;
    if is_local { next } else { SETTINGS_PATH }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn only_paths_on_this_server_are_gone_to() {
        for ours in ["/", "/settings", "/settings?start=1#x", "/a//b", "/%5Cevil.example"] {
            assert_eq!(local_path_or_default(ours), ours);
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
            assert_eq!(local_path_or_default(theirs), SETTINGS_PATH, "{theirs}");
        }
    }

    #[test]
    fn only_an_address_of_the_last_minute_is_of_just_now() {
        const NOW: UnixMicros = UnixMicros::new(1_765_886_400_999_999);
        for (led_at, expected) in [
            (Some("1765886400"), true),
            (Some("1765886341"), true),
            (Some("1765886340"), false),
            (Some("1765886459"), true),
            (Some("1765886460"), false),
            (Some(""), false),
            (Some("now"), false),
            (Some("-9223372036854775808"), false),
            (None, false),
        ] {
            assert_eq!(is_just_now(led_at, NOW), expected, "{led_at:?}");
        }
        assert!(is_just_now(Some(&led_at(NOW)), NOW + Duration::from_secs(59)));
    }

    #[test]
    fn the_sign_in_carries_the_whole_address() {
        assert_eq!(login_url("/settings?a=b&c=d"), "/login?next=%2Fsettings%3Fa%3Db%26c%3Dd");
    }
}
