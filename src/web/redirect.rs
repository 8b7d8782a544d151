//! Redirects, such as to the sign-in and back. They never leave this server.

use crate::api::paths::{LOGIN_PATH, SETTINGS_PATH};
use crate::api::tokens::REVOKE_TOKENS;
use crate::server::db::unix_micros::UnixMicros;

/// The value of the parameter `done` of a page whose form was sent without a session. The other parameters are what was
/// typed into the form.
pub const NOT_SENT: &str = "not-sent";

/// The fields of forms that survive the sign-in. None of them is secret: they are in the address.
pub const SURVIVING_FIELDS: [&str; 12] = [
    "action",
    "name",
    "from",
    "role",
    "days",
    "camera_id",
    REVOKE_TOKENS,
    "camera",
    "keep_days",
    "start_date",
    "end_date",
    "why",
];

/// The longest query string with such fields, in bytes. Proxies and browsers limit the length of an address.
const MAX_SURVIVING_BYTES: usize = 4_000;

/// Returns the address of a page whose form was sent without a session, with what was typed into it except secrets. `body`
/// is that of the form.
pub fn unsent_form(path: &str, body: &[u8]) -> String {
    let fields = form_urlencoded::parse(body).filter(|(name, _)| SURVIVING_FIELDS.contains(&&**name));
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("done", NOT_SENT).extend_pairs(fields);
    let query = query.finish();
    if query.len() > MAX_SURVIVING_BYTES { path.to_owned() } else { format!("{path}?{query}") }
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

/// Returns the address of the settings with this query string.
pub fn settings_address(query: Option<String>) -> String {
    query.map_or_else(
        || SETTINGS_PATH.to_owned(),
        |query| local_path_or_default(&format!("{SETTINGS_PATH}?{query}")).to_owned(),
    )
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::api::paths::login_url;

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
    fn what_was_typed_into_a_form_survives_except_secrets() {
        let body = b"action=password&password=hush&current_password=hush&revoke_tokens=true&name=a%26b&form_key=1";
        assert_eq!(
            unsent_form("/settings/account", body),
            "/settings/account?done=not-sent&action=password&revoke_tokens=true&name=a%26b"
        );
        let long = format!("name={}", "x".repeat(MAX_SURVIVING_BYTES));
        assert_eq!(unsent_form("/settings/tokens", long.as_bytes()), "/settings/tokens");
    }

    #[test]
    fn the_sign_in_carries_the_complete_address() {
        assert_eq!(login_url("/settings?a=b&c=d"), "/login?next=%2Fsettings%3Fa%3Db%26c%3Dd");
    }
}
