//! Which language a browser asks for, in the header `Accept-Language` (RFC 9110, section 12.5.4).

use crate::api::language::Language;

/// The language of ours that the header asks for most, if it asks for one. Of two that it asks for alike, the first. What
/// is no quality is no wish.
pub fn asked_for(header: &str) -> Option<Language> {
    let wishes: Vec<_> = header.split(',').filter_map(wish).collect();
    let is_named = |language: &Language| wishes.iter().any(|(range, _)| of(range) == Some(*language));
    let unnamed = Language::ALL.into_iter().find(|language| !is_named(language));
    // `*` stands for whatever is not named.
    let meant = |range: &str| if range == "*" { unnamed } else { of(range) };
    let wanted = wishes.iter().filter(|(_, quality)| *quality > 0);
    let wanted = wanted.filter_map(|(range, quality)| Some((meant(range)?, *quality)));
    wanted.reduce(|best, next| if next.1 > best.1 { next } else { best }).map(|(language, _)| language)
}

/// A range of languages, and how much it is wanted, in thousandths.
fn wish(item: &str) -> Option<(&str, u16)> {
    let mut parts = item.split(';').map(str::trim);
    let range = parts.next().filter(|range| !range.is_empty())?;
    let quality = match parts.next() {
        None => 1_000,
        Some(parameter) => {
            let (name, value) = parameter.split_once('=')?;
            quality(value.trim()).filter(|_| name.trim().eq_ignore_ascii_case("q"))?
        }
    };
    Some((range, quality))
}

/// A number from 0 to 1 with three digits after the point at most.
fn quality(text: &str) -> Option<u16> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if fraction.len() > 3 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let thousandths = format!("{fraction:0<3}").parse().ok()?;
    match (whole, thousandths) {
        ("0", thousandths) => Some(thousandths),
        ("1", 0) => Some(1_000),
        _ => None,
    }
}

/// The language of a tag such as `de-AT`, wherever it is spoken.
fn of(tag: &str) -> Option<Language> {
    Language::from_tag(&tag.split('-').next()?.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::Language::{English, German};
    use super::*;

    #[test]
    fn the_language_that_is_wanted_most_is_found() {
        for (header, language) in [
            ("de", Some(German)),
            ("de-AT", Some(German)),
            ("DE-ch-1996, en;q=0.9", Some(German)),
            ("en-GB,en;q=0.9,de;q=0.8", Some(English)),
            ("en;q=0.8, de;q=0.85", Some(German)),
            ("en;q=0.800 ,\tde ; q=0.801", Some(German)),
            ("fr-FR, fr;q=0.9, de;q=0.2", Some(German)),
            // Alike: the first.
            ("de, en", Some(German)),
            ("en, de", Some(English)),
            ("en;q=0, de;q=0.001", Some(German)),
            ("de;q=0", None),
            // Whatever there is.
            ("*", Some(English)),
            ("fr, *;q=0.5", Some(English)),
            ("en;q=0, *", Some(German)),
            ("de, *;q=0.1", Some(German)),
            ("de;q=0.1, en;q=0, *", Some(German)),
            // Neither, and nonsense.
            ("", None),
            ("fr", None),
            ("den, englisch", None),
            (",;,", None),
            ("de;q=2", None),
            ("de;q=0.1234, en;q=0.1", Some(English)),
            ("de;q=-1, de;x=1, de;q", None),
            ("de;q=", None),
        ] {
            assert_eq!(asked_for(header), language, "{header}");
        }
    }
}
