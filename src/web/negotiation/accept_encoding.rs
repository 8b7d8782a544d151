//! The header `Accept-Encoding` (RFC 9110, section 12.5.3).

use axum::http::HeaderMap;
use axum::http::header::ACCEPT_ENCODING;

use super::quality_list;
use crate::server::export::pipeline::encoding::Encoding;

/// Returns the offered encoding with the highest weight; of equal weights, the first one. `None` if the client accepts none of
/// them or prefers the unencoded file.
pub fn preferred(headers: &HeaderMap, offered: &[Encoding]) -> Option<Encoding> {
    let list = quality_list(headers, &ACCEPT_ENCODING);
    let named = |name: &str| {
        let item = list.iter().find(|(item, _)| item.eq_ignore_ascii_case(name));
        item.map(|(_, weight)| *weight)
    };
    // Unless the client says otherwise, any encoding that it names is preferred to none.
    let identity = named("identity").unwrap_or(0);
    let weights =
        offered.iter().filter_map(|encoding| Some((*encoding, named(encoding.name()).or_else(|| named("*"))?)));
    let accepted = weights.filter(|(_, weight)| *weight > 0 && *weight >= identity);
    // `max_by_key` returns the last of equal ones.
    accepted.rev().max_by_key(|(_, weight)| *weight).map(|(encoding, _)| encoding)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepted(lines: &[&str]) -> Option<&'static str> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(ACCEPT_ENCODING, line.parse().expect("a header"));
        }
        preferred(&headers, &Encoding::ALL).map(Encoding::name)
    }

    #[test]
    fn the_client_chooses_and_the_server_decides_between_equal_weights() {
        for (line, chosen) in [
            ("gzip, deflate, br, zstd", Some("zstd")),
            ("gzip, deflate, br", Some("br")),
            ("gzip, deflate", Some("gzip")),
            ("zstd;q=0.5, gzip", Some("gzip")),
            ("zstd;q=0, br;q=0.0, gzip;q=0.001", Some("gzip")),
            ("GZIP;Q=0.7", Some("gzip")),
            ("*", Some("zstd")),
            ("*;q=0.1, zstd;q=0", Some("br")),
            ("identity", None),
            ("identity;q=1, gzip;q=0.5", None),
            ("deflate", None),
            ("", None),
            ("gzip;q=2", None),
            ("gzip;q=many", None),
        ] {
            assert_eq!(accepted(&[line]), chosen, "{line}");
        }
        assert_eq!(accepted(&[]), None);
        assert_eq!(accepted(&["deflate", "br"]), Some("br"));
        let headers = HeaderMap::from_iter([(ACCEPT_ENCODING, "zstd, gzip;q=0.5".parse().expect("a header"))]);
        assert_eq!(
            preferred(&headers, &[Encoding::Brotli, Encoding::Gzip]),
            Some(Encoding::Gzip),
            "zstd is not offered"
        );
    }
}
