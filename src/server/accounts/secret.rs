//! Random secrets and their hashes. All secrets of this program are created here, except the ids of sessions, which
//! `tower-sessions` creates.

use std::fmt::Write;

use sha2::{Digest, Sha256};

/// 256 random bits. They are shown once, and only their hash is stored.
#[derive(Clone, Copy)]
pub struct Secret([u8; 32]);

impl Secret {
    /// Returns a new secret from the operating system.
    ///
    /// # Errors
    /// Returns an error if the operating system provides no random bits.
    pub fn random() -> Result<Self, getrandom::Error> {
        let mut bits = [0; 32];
        getrandom::fill(&mut bits)?;
        Ok(Self(bits))
    }

    /// Returns the secret with these bits.
    pub const fn from_bits(bits: [u8; 32]) -> Self {
        Self(bits)
    }

    /// Returns the bits.
    pub fn bits(&self) -> &[u8; 32] {
        &self.0
    }

    /// Returns the bits as 64 hexadecimal digits.
    pub fn to_hex(self) -> String {
        to_hex(&self.0)
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

/// Returns the SHA-256 of a secret, which is stored. A slow hash would add nothing, because 128 or more random bits
/// cannot be guessed.
pub fn hash(secret: &[u8]) -> Vec<u8> {
    Sha256::digest(secret).to_vec()
}

/// Returns bytes as hexadecimal digits.
pub fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Returns the bytes of lower-case hexadecimal digits; `None` for any other text.
pub fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    rest.is_empty().then_some(())?;
    pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hexadecimal_digits_are_converted_back_to_the_same_bytes() {
        let secret = Secret::from_bits(std::array::from_fn(|index| u8::try_from(index * 8).expect("small")));
        assert_eq!(from_hex(&secret.to_hex()).as_deref(), Some(&secret.bits()[..]));
        for wrong in ["0", "0G", "0A", "é0", " 00"] {
            assert_eq!(from_hex(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn two_secrets_differ_and_their_debug_output_hides_them() {
        let (one, other) = (Secret::random().expect("random"), Secret::random().expect("random"));
        assert_ne!(one.bits(), other.bits());
        assert_eq!(format!("{one:?}"), "Secret");
    }
}
