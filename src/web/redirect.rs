//! Redirects, such as to the sign-in and back. They never leave this server.

use crate::api::paths::{LOGIN_PATH, SETTINGS_PATH};
use crate::server::db::unix_micros::UnixMicros;

/// Returns the address of the sign-in that redirects to `next` afterwards.
pub fn login_url(next: &str) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish();
    format!("{LOGIN_PATH}?{query}")
}

/// The value of the parameter `done` of the sign-in after a successful attempt.
pub const SIGNED_IN: &str = "signed-in";

/// The parameter with the time at which a form redirected to an address, in seconds since 1970-01-01T00:00:00Z.
pub const LED_AT: &str = "at";

/// How long such an address shows whether the browser kept a cookie, in seconds. An older one is a bookmark or was typed.
const JUST_NOW: u64 = 60;

/// Returns the value of [`LED_AT`] at `now`.
pub fn led_at(now: UnixMicros) -> String {
    now.as_secs().to_string()
}

/// Whether a value of [`LED_AT`] belongs to a form that was just sent.
pub fn is_just_now(led_at: Option<&str>, now: UnixMicros) -> bool {
    let led_at = led_at.and_then(|seconds| seconds.parse::<i64>().ok());
    // The clock of another server may be slightly ahead.
    led_at.is_some_and(|led_at| led_at.abs_diff(now.as_secs()) < JUST_NOW)
}

/// Returns the address of the sign-in that redirects to `next` if the browser kept the cookie of the new session. If it did
/// not, that page shows an error, for a minute.
pub fn if_signed_in(next: &str, now: UnixMicros) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("done", SIGNED_IN).append_pair(LED_AT, &led_at(now)).append_pair("next", next);
    format!("{LOGIN_PATH}?{}", query.finish())
}

/// Returns `next` if it is a path on this server, and the path of the settings if it is not.
pub fn local_path_or_default(next: &str) -> &str {
    // Browsers treat `\` as `/`, ignore line breaks and tabs, and read a host after two slashes.
    let plain = next.chars().all(|character| character.is_ascii_graphic() && character != '\\');
    let is_local = next.starts_with('/') && !next.starts_with("//") && plain;
    if is_local { next } else { SETTINGS_PATH }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn only_paths_on_this_server_are_accepted() {
        for local in ["/", "/settings", "/settings?start=1#x", "/a//b", "/%5Cevil.example"] {
            assert_eq!(local_path_or_default(local), local);
        }
        for foreign in [
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
            assert_eq!(local_path_or_default(foreign), SETTINGS_PATH, "{foreign}");
        }
    }

    #[test]
    fn only_an_address_of_the_last_minute_is_current() {
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
    fn the_sign_in_carries_the_complete_address() {
        assert_eq!(login_url("/settings?a=b&c=d"), "/login?next=%2Fsettings%3Fa%3Db%26c%3Dd");
    }
}
