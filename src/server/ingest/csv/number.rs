//! Numbers as files with commas and with semicolons have them.

use std::borrow::Cow;

use crate::export_params::Delimiter;

/// Returns a number with a decimal point. In a file with semicolons, numbers may have decimal commas.
pub fn with_decimal_point(digits: &str, delimiter: Delimiter) -> Cow<'_, str> {
    match delimiter {
        Delimiter::Semicolon if digits.contains(',') => Cow::Owned(digits.replace(',', ".")),
        _ => Cow::Borrowed(digits),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_file_with_semicolons_may_have_decimal_commas() {
        for (digits, delimiter, expected) in [
            ("85,5", Delimiter::Semicolon, "85.5"),
            ("85.5", Delimiter::Semicolon, "85.5"),
            ("85,5", Delimiter::Comma, "85,5"),
            ("", Delimiter::Semicolon, ""),
        ] {
            assert_eq!(with_decimal_point(digits, delimiter), expected);
        }
    }
}
