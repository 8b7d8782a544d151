//! The rule for the names of users and tokens, and the order of names.

use crate::error::ApiError;
use crate::messages::forms::FormMessage;

pub mod order;

/// The longest name, in characters.
const MAX_CHARACTERS: usize = 64;

/// Returns the name without surrounding whitespace.
///
/// # Errors
/// Returns `invalid_parameter` for the field `name` if it is empty or too long, or contains invisible characters, by
/// which one name could be passed off as another. `message` gets the maximum length, in characters.
pub fn checked(name: &str, message: impl FnOnce(usize) -> FormMessage) -> Result<String, ApiError> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > MAX_CHARACTERS || name.chars().any(is_invisible) {
        return Err(ApiError::invalid("name", message(MAX_CHARACTERS)));
    }
    Ok(name.to_owned())
}

/// Whether a character is invisible: a control character, or one of Unicode's category Cf that plain text does not
/// need.
fn is_invisible(character: char) -> bool {
    let is_format = matches!(character, '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}');
    character.is_control() || is_format
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_only_visible_characters() {
        let user_name = |max| FormMessage::UserNameInvalid { max };
        assert_eq!(checked("  Änne Müller ", user_name).expect("a name"), "Änne Müller");
        assert_eq!(checked("駐車場", user_name).expect("a name"), "駐車場");
        for bad in ["", "  ", "a\nb", "a\u{0}", "admin\u{200B}", "\u{202E}nimda", &"x".repeat(65)] {
            let error = checked(bad, user_name).expect_err(bad);
            assert_eq!(error.field.as_deref(), Some("name"));
            assert!(error.detail.contains("such as ann"));
        }
    }
}
