//! The order of names in lists, and the search for them. Every list of cameras and people uses this, on every page and by
//! every command, so databases do not sort them.

/// A key by which names are sorted as people expect: `Cam 2` before `Cam 10`, upper and lower case together, and letters
/// with marks beside those without.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SortKey {
    parts: Vec<Part>,
    /// Decides between names that differ in case, marks or leading zeros only.
    name: String,
}

/// A part of a name. Numbers are before letters, as in a table of characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    /// A number without leading zeros. The one with more digits is greater.
    Number { digits: usize, text: String },
    /// Any other character.
    Letter(char),
}

/// Returns the key by which a name is sorted.
pub fn sort_key(name: &str) -> SortKey {
    let lowercase: Vec<char> = name.to_lowercase().chars().map(without_mark).collect();
    let runs = lowercase.chunk_by(|one, other| one.is_ascii_digit() == other.is_ascii_digit());
    let mut parts = Vec::new();
    for run in runs {
        if run.first().is_some_and(char::is_ascii_digit) {
            let text: String = run.iter().collect();
            let text = text.trim_start_matches('0').to_owned();
            parts.push(Part::Number { digits: text.len(), text });
        } else {
            parts.extend(run.iter().copied().map(Part::Letter));
        }
    }
    SortKey { parts, name: name.to_owned() }
}

/// Whether a name contains what was searched for, in upper or lower case. Everything contains nothing.
pub fn matches(name: &str, search: &str) -> bool {
    name.to_lowercase().contains(&search.trim().to_lowercase())
}

/// Returns the letter without its mark, for the letters of European languages.
fn without_mark(letter: char) -> char {
    match letter {
        'à'..='å' | 'ā' | 'ă' | 'ą' => 'a',
        'ç' | 'ć' | 'č' => 'c',
        'ď' => 'd',
        'è'..='ë' | 'ē' | 'ę' | 'ě' => 'e',
        'ğ' => 'g',
        'ì'..='ï' | 'ī' => 'i',
        'ł' => 'l',
        'ñ' | 'ń' | 'ň' => 'n',
        'ò'..='ö' | 'ø' | 'ō' | 'ő' => 'o',
        'ř' => 'r',
        'ß' | 'ś' | 'ş' | 'š' => 's',
        'ť' => 't',
        'ù'..='ü' | 'ū' | 'ů' | 'ű' => 'u',
        'ý' | 'ÿ' => 'y',
        'ź' | 'ż' | 'ž' => 'z',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_the_order_that_people_expect() {
        let expected = [
            "",
            "1 Gate",
            "2 Gate",
            "10 Gate",
            "Äußeres Tor",
            "Avenue",
            "Cam 2",
            "cam 02b",
            "CAM 10",
            "cam 10 north",
            "Cam 18446744073709551616",
            "Kuche",
            "Küche",
            "Kühlraum",
            "Ölkeller",
            "Zaun",
            "駐車場",
        ];
        let mut names = expected;
        names.reverse();
        names.sort_by_cached_key(|name| sort_key(name));
        assert_eq!(names, expected);
        // The order is total: what is the same for people is not left to chance.
        assert!(sort_key("cam 1") > sort_key("Cam 1") && sort_key("cam 01") < sort_key("cam 1"));
    }

    #[test]
    fn a_search_ignores_case_and_surrounding_spaces() {
        for (name, search, expected) in [
            ("Front Door", "", true),
            ("Front Door", "  ", true),
            ("Front Door", "DOOR ", true),
            ("KÜCHE", "küche", true),
            ("Front Door", "back", false),
        ] {
            assert_eq!(matches(name, search), expected, "{name}, {search}");
        }
    }
}
