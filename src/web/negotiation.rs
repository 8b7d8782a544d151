//! Content negotiation: what the client prefers, as the headers `Accept-Language` and `Accept-Encoding` say.

use axum::http::HeaderMap;
use axum::http::header::HeaderName;

pub mod accept_encoding;
pub mod accept_language;

/// Returns the items of a quality list (RFC 9110, section 12.4.2) in their order, each with its weight in thousandths.
/// Items with a malformed weight are left out.
fn quality_list<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Vec<(&'a str, u16)> {
    let lines = headers.get_all(name).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).filter_map(item).collect()
}

/// Parses one item, such as `de` or `gzip;q=0.8`.
fn item(text: &str) -> Option<(&str, u16)> {
    let mut parts = text.split(';').map(str::trim);
    let value = parts.next().filter(|value| !value.is_empty())?;
    let weight = match parts.next() {
        None => 1_000,
        Some(parameter) => {
            let (name, weight) = parameter.split_once('=')?;
            quality(weight.trim()).filter(|_| name.trim().eq_ignore_ascii_case("q"))?
        }
    };
    Some((value, weight))
}

/// Parses a number from 0 to 1 with at most three decimal places into thousandths.
fn quality(text: &str) -> Option<u16> {
    let (integer, fraction) = text.split_once('.').unwrap_or((text, ""));
    if fraction.len() > 3 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let thousandths = format!("{fraction:0<3}").parse().ok()?;
    match (integer, thousandths) {
        ("0", thousandths) => Some(thousandths),
        ("1", 0) => Some(1_000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use axum::http::header::ACCEPT;

    use super::*;

    #[test]
    fn a_list_keeps_its_order_and_drops_malformed_items() {
        let mut headers = HeaderMap::new();
        for line in ["a, b;q=0.5 ,\tc ; Q=1.000", ",;,", "d;q=0, e;q=2, f;q=0.1234, g;q=-1, h;x=1, i;q, j;q="] {
            headers.append(ACCEPT, line.parse().expect("a header"));
        }
        assert_eq!(quality_list(&headers, &ACCEPT), [("a", 1_000), ("b", 500), ("c", 1_000), ("d", 0)]);
    }
}
