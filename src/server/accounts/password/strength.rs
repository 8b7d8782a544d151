//! How easily a password is guessed: estimated by the crate `zxcvbn`, which knows common passwords, words, names, dates,
//! and rows of keys. It needs no other server.

use zxcvbn::feedback::{Feedback, Warning};
use zxcvbn::{Score, zxcvbn};

use crate::messages::forms::FormMessage;

/// The words of this program's name, which are tried first.
const PRODUCT: [&str; 2] = ["motion", "export"];

/// The shortest part of a user's name that counts as a name, in characters. Shorter ones occur in many words.
const MIN_PART_CHARACTERS: usize = 3;

/// How many letters and digits must be left of a password without the names in it.
const MIN_OTHER_CHARACTERS: usize = 8;

/// The lowest score that is accepted: more than 100 million guesses. Together with the limit of attempts that is enough
/// against guesses at the sign-in, and Argon2id makes guesses at a stolen database slow.
const MIN_SCORE: Score = Score::Three;

/// Returns why a password of the user with this name is easily guessed; `None` if it is not.
pub fn weakness(password: &str, name: &str) -> Option<FormMessage> {
    let names = names(name);
    if is_mostly_names(password, &names) {
        return Some(FormMessage::PasswordMostlyNames);
    }
    let inputs: Vec<&str> = names.iter().map(String::as_str).collect();
    let estimate = zxcvbn(password, &inputs);
    if estimate.score() >= MIN_SCORE {
        return None;
    }
    Some(match estimate.feedback().and_then(Feedback::warning) {
        Some(
            Warning::ThisIsATop10Password
            | Warning::ThisIsATop100Password
            | Warning::ThisIsACommonPassword
            | Warning::ThisIsSimilarToACommonlyUsedPassword,
        ) => FormMessage::PasswordCommon,
        Some(Warning::StraightRowsOfKeysAreEasyToGuess | Warning::ShortKeyboardPatternsAreEasyToGuess) => {
            FormMessage::PasswordRowOfKeys
        }
        Some(Warning::RepeatsLikeAaaAreEasyToGuess | Warning::RepeatsLikeAbcAbcAreOnlySlightlyHarderToGuess) => {
            FormMessage::PasswordRepeats
        }
        Some(Warning::SequencesLikeAbcAreEasyToGuess) => FormMessage::PasswordSequence,
        Some(Warning::RecentYearsAreEasyToGuess | Warning::DatesAreOftenEasyToGuess) => FormMessage::PasswordDate,
        Some(
            Warning::AWordByItselfIsEasyToGuess
            | Warning::NamesAndSurnamesByThemselvesAreEasyToGuess
            | Warning::CommonNamesAndSurnamesAreEasyToGuess,
        ) => FormMessage::PasswordOneWord,
        None => FormMessage::PasswordGuessable,
    })
}

/// Returns the user's name, its parts, and the words of this program's name, in lower case, longest first.
fn names(name: &str) -> Vec<String> {
    let name = name.to_lowercase();
    let parts = name.split(|character: char| !character.is_alphanumeric()).chain([&*name]);
    let parts = parts.filter(|part| part.chars().count() >= MIN_PART_CHARACTERS);
    let mut names: Vec<_> = parts.chain(PRODUCT).map(str::to_owned).collect();
    names.sort_by_key(|name| std::cmp::Reverse(name.chars().count()));
    names.dedup();
    names
}

/// Whether too little is left of a password without the names in it.
fn is_mostly_names(password: &str, names: &[String]) -> bool {
    let password = password.to_lowercase();
    let others = names.iter().fold(password.clone(), |others, name| others.replace(name, " "));
    others != password && others.chars().filter(|character| character.is_alphanumeric()).count() < MIN_OTHER_CHARACTERS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_that_is_guessed_soon_is_refused_with_the_reason() {
        for (password, reason) in [
            ("password123", FormMessage::PasswordCommon),
            ("Passw0rd2024!", FormMessage::PasswordCommon),
            ("iloveyou123", FormMessage::PasswordCommon),
            ("qwertyuiop[]", FormMessage::PasswordRowOfKeys),
            ("aaaaaaaaaaaa", FormMessage::PasswordRepeats),
            ("xkqxkqxkqxkq", FormMessage::PasswordRepeats),
            ("23456789012", FormMessage::PasswordSequence),
            ("24.12.1987", FormMessage::PasswordDate),
            ("constantinople", FormMessage::PasswordOneWord),
            ("comfortable", FormMessage::PasswordGuessable),
        ] {
            assert_eq!(weakness(password, "ann"), Some(reason), "{password}");
        }
        // Only the beginning of a long password is examined, which limits the work.
        assert_eq!(weakness(&"x".repeat(1_024), "ann"), Some(FormMessage::PasswordRepeats));
    }

    #[test]
    fn a_password_of_the_users_or_the_programs_name_is_refused() {
        for (password, name) in [
            ("Motion-Export", "ann"),
            ("motion export 2024", "ann"),
            ("MotionExport!1", "ann"),
            ("Ann.Example", "ann.example"),
            ("annmueller2024!", "ann.mueller@example.com"),
            ("müllermüller7", "Müller"),
        ] {
            assert_eq!(weakness(password, name), Some(FormMessage::PasswordMostlyNames), "{password}");
        }
        for (password, name) in [
            ("ann waters purple cactuses", "ann"),
            ("export seven wooden anchors", "ann"),
            // Letters that occur in other words as well are no name.
            ("tulip wagon harvest", "a"),
        ] {
            assert_eq!(weakness(password, name), None, "{password}");
        }
    }

    #[test]
    fn several_words_and_random_characters_are_accepted() {
        for password in [
            "correct horse battery",
            "Regen Zebra Lampe Turm",
            "8fK2-vQx9-Lm",
            "9c41f0b7d2e6a835",
            "雪が降る夜の猫と珈琲",
        ] {
            assert_eq!(weakness(password, "ann"), None, "{password}");
        }
    }
}
