//! What people call things: the one rule for the names of users and of tokens.

use crate::error::ApiError;
use crate::messages::forms::FormMessage;

/// The longest name, in characters.
const MAX_CHARACTERS: usize = 64;

/// The name without blanks around it.
///
/// # Errors
/// `invalid_parameter` for the field `name`, where it is empty or too long, or holds what nobody sees, by which one name
/// could be passed off as another. `message` is what the error says of the longest name, in characters.
pub fn checked(name: &str, message: impl FnOnce(usize) -> FormMessage) -> Result<String, ApiError> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > MAX_CHARACTERS || name.chars().any(is_unseen) {
        return Err(ApiError::invalid("name", message(MAX_CHARACTERS)));
    }
    Ok(name.to_owned())
}

/// Control characters, and those of Unicode's category Cf that plain text gets along without.
fn is_unseen(character: char) -> bool {
    let is_format = matches!(character, '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}');
    character.is_control() || is_format
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_what_can_be_seen_of_it() {
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
