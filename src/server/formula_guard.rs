//! The guard against spreadsheet formulas, and its exact inverse. Nothing here does I/O.
//!
//! A spreadsheet treats a cell as a formula if it begins with one of some characters (OWASP's list for CSV injection,
//! and their full-width forms, which some locales treat as the same). The guard puts a `'` in front of them. A cell
//! that begins with `'` and then such a character gets another one, so that removing one `'` always restores the cell.
//! The guard also applies after each `;`, TAB, CR and LF within a cell, because a spreadsheet that splits at another
//! delimiter starts a cell there; in a file with semicolons, after each `,`, too.

use std::borrow::Cow;

use crate::export_params::Delimiter;

/// The first characters of formulas, and characters that spreadsheets skip before one.
const FORMULA_STARTS: [char; 12] = ['=', '+', '-', '@', '＝', '＋', '－', '＠', '\t', '\r', '\n', '\0'];

/// Characters that may end a cell in a spreadsheet that uses another delimiter. The delimiter of the file itself is inside of
/// quotes.
fn cell_ends(delimiter: Delimiter) -> &'static [char] {
    match delimiter {
        Delimiter::Comma => &[';', '\t', '\r', '\n'],
        Delimiter::Semicolon => &[';', '\t', '\r', '\n', ','],
    }
}

const GUARD: char = '\'';

/// Returns the text with the guard, for a cell of a file with this delimiter.
pub fn guard(text: &str, delimiter: Delimiter) -> Cow<'_, str> {
    // Ordinary text needs only this check.
    let begins_ordinarily = text.starts_with(|first: char| first.is_ascii_alphanumeric());
    let ends = cell_ends(delimiter);
    if begins_ordinarily && !text.bytes().any(|byte| ends.contains(&char::from(byte))) {
        return Cow::Borrowed(text);
    }
    rewrite(text, ends, |guarded, rest| {
        if starts_formula(rest) {
            guarded.push(GUARD);
        }
        0
    })
}

/// Returns the text without the guard: the inverse of [`guard`].
pub fn unguard(text: &str, delimiter: Delimiter) -> Cow<'_, str> {
    if !text.contains(GUARD) {
        return Cow::Borrowed(text);
    }
    let remove = |_: &mut String, rest: &str| {
        if rest.starts_with(GUARD) && starts_formula(rest) { GUARD.len_utf8() } else { 0 }
    };
    rewrite(text, cell_ends(delimiter), remove)
}

/// Whether a text is any number of guards, followed by the start of a formula.
fn starts_formula(text: &str) -> bool {
    text.trim_start_matches(GUARD).starts_with(FORMULA_STARTS)
}

/// Calls `change` with the text after each start of a cell, which is after each of `ends`. `change` may append to the new text, and returns the number
/// of bytes of the old text to skip.
fn rewrite<'text>(text: &'text str, ends: &[char], change: impl Fn(&mut String, &str) -> usize) -> Cow<'text, str> {
    let mut changed = String::new();
    let mut copied = 0;
    let starts = std::iter::once(0).chain(text.match_indices(ends).map(|(end, _)| end + 1));
    for start in starts {
        let before = changed.len();
        let kept = &text[copied..start];
        changed.push_str(kept);
        let skipped = change(&mut changed, &text[start..]);
        if skipped == 0 && changed.len() == before + kept.len() {
            changed.truncate(before);
        } else {
            copied = start + skipped;
        }
    }
    if copied == 0 && changed.is_empty() {
        return Cow::Borrowed(text);
    }
    changed.push_str(&text[copied..]);
    Cow::Owned(changed)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_cell_that_could_be_a_formula_gets_another_quote() {
        for (text, guarded) in [
            ("", ""),
            ("a", "a"),
            ("=1+1", "'=1+1"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@SUM", "'@SUM"),
            ("＝1", "'＝1"),
            ("＋1", "'＋1"),
            ("－1", "'－1"),
            ("＠SUM", "'＠SUM"),
            ("\0=1", "'\0=1"),
            // One more, for any number of quotes.
            ("'=1", "''=1"),
            ("''=1", "'''=1"),
            ("'＝1", "''＝1"),
            // No formula follows.
            ("'", "'"),
            ("'a", "'a"),
            ("it's = 1", "it's = 1"),
            // A spreadsheet with another delimiter starts a cell here.
            ("Tor;=1+2", "Tor;'=1+2"),
            ("Tor;'=1+2", "Tor;''=1+2"),
            ("a;b;-c", "a;b;'-c"),
            (";;=", ";;'="),
            ("a\t=1", "a\t'=1"),
            ("a\n@x", "a\n'@x"),
            ("a\rx", "a\rx"),
            // A cell would start after the CR, and the LF begins a formula.
            ("a\r\nb", "a\r'\nb"),
            ("\t=1", "'\t'=1"),
            // A comma is the delimiter of this file, and inside quotes.
            ("a,=1", "a,=1"),
            ("a =1", "a =1"),
        ] {
            assert_eq!(guard(text, Delimiter::Comma), guarded, "{text:?}");
            assert_eq!(unguard(guarded, Delimiter::Comma), text, "{guarded:?}");
        }
    }

    #[test]
    fn in_a_file_with_semicolons_a_cell_may_also_start_after_a_comma() {
        for (text, guarded) in [
            ("a,=1", "a,'=1"),
            ("Tor,'=1+2;-3", "Tor,''=1+2;'-3"),
            (",,=", ",,'="),
            ("=1", "'=1"),
            ("a, b", "a, b"),
            ("a\n,+1", "a\n,'+1"),
        ] {
            assert_eq!(guard(text, Delimiter::Semicolon), guarded, "{text:?}");
            assert_eq!(unguard(guarded, Delimiter::Semicolon), text, "{guarded:?}");
        }
    }

    #[test]
    fn ordinary_text_is_not_copied() {
        for text in ["Front Door", "zone-1", "Küche", "no need; none", "it's", "one, two"] {
            for delimiter in Delimiter::ALL {
                let both = (guard(text, delimiter), unguard(text, delimiter));
                assert!(matches!(both, (Cow::Borrowed(_), Cow::Borrowed(_))), "{text}");
            }
        }
    }

    /// A literal and slow implementation of the rule.
    fn by_the_rule(text: &str, delimiter: Delimiter) -> String {
        let mut guarded = String::new();
        let mut is_start = true;
        for (index, character) in text.char_indices() {
            if is_start {
                let next = text[index..].chars().find(|next| *next != '\'');
                if next.is_some_and(|next| FORMULA_STARTS.contains(&next)) {
                    guarded.push('\'');
                }
            }
            is_start = cell_ends(delimiter).contains(&character);
            guarded.push(character);
        }
        guarded
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn removing_the_guard_restores_any_text(text in prop_oneof![
            any::<String>(),
            "['=+@＝－;,\t\r\n\0a\"-]{0,12}",
        ]) {
            for delimiter in Delimiter::ALL {
                let guarded = guard(&text, delimiter);
                prop_assert_eq!(&guarded, &by_the_rule(&text, delimiter));
                prop_assert_eq!(unguard(&guarded, delimiter), &text[..]);
            }
        }

        #[test]
        fn guarded_text_contains_no_formula(text in "['=+@＝－;,\t\r\n\0a\"-]{0,12}") {
            for delimiter in Delimiter::ALL {
                let guarded = guard(&text, delimiter);
                for cell in guarded.split(cell_ends(delimiter)).filter(|cell| !cell.is_empty()) {
                    prop_assert!(!cell.starts_with(FORMULA_STARTS), "{:?} in {:?}", cell, guarded);
                }
            }
        }
    }
}
