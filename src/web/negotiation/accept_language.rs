//! The header `Accept-Language` (RFC 9110, section 12.5.4).

use axum::http::HeaderMap;
use axum::http::header::ACCEPT_LANGUAGE;

use super::quality_list;
use crate::api::language::Language;

/// Returns the language with the highest weight; of equal weights, the first one. `None` if the header accepts none of ours.
pub fn preferred(headers: &HeaderMap) -> Option<Language> {
    let list = quality_list(headers, &ACCEPT_LANGUAGE);
    let is_named = |language: &Language| list.iter().any(|(range, _)| language_of(range) == Some(*language));
    let unnamed = Language::ALL.into_iter().find(|language| !is_named(language));
    // `*` matches any language that the list does not name.
    let matching = |range: &str| if range == "*" { unnamed } else { language_of(range) };
    let accepted = list.iter().filter(|(_, weight)| *weight > 0);
    let accepted = accepted.filter_map(|(range, weight)| Some((matching(range)?, *weight)));
    accepted.reduce(|best, next| if next.1 > best.1 { next } else { best }).map(|(language, _)| language)
}

/// Returns the language of a tag such as `de-AT`, whatever its region.
fn language_of(tag: &str) -> Option<Language> {
    Language::from_tag(&tag.split('-').next()?.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::Language::{English, German};
    use super::*;

    #[test]
    fn the_language_with_the_highest_weight_is_chosen() {
        for (header, language) in [
            ("de", Some(German)),
            ("de-AT", Some(German)),
            ("DE-ch-1996, en;q=0.9", Some(German)),
            ("en-GB,en;q=0.9,de;q=0.8", Some(English)),
            ("en;q=0.8, de;q=0.85", Some(German)),
            ("en;q=0.800 ,\tde ; q=0.801", Some(German)),
            ("fr-FR, fr;q=0.9, de;q=0.2", Some(German)),
            // Of equal weights, the first.
            ("de, en", Some(German)),
            ("en, de", Some(English)),
            ("en;q=0, de;q=0.001", Some(German)),
            ("de;q=0", None),
            // Any other language.
            ("*", Some(English)),
            ("fr, *;q=0.5", Some(English)),
            ("en;q=0, *", Some(German)),
            ("de, *;q=0.1", Some(German)),
            ("de;q=0.1, en;q=0, *", Some(German)),
            // Neither of the two, and malformed items.
            ("", None),
            ("fr", None),
            ("den, englisch", None),
            (",;,", None),
            ("de;q=2", None),
            ("de;q=0.1234, en;q=0.1", Some(English)),
            ("de;q=-1, de;x=1, de;q", None),
            ("de;q=", None),
        ] {
            let headers = HeaderMap::from_iter([(ACCEPT_LANGUAGE, header.parse().expect("a header"))]);
            assert_eq!(preferred(&headers), language, "{header}");
        }
    }
}
