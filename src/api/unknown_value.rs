//! The error of parsing a value that must be one of a fixed set.

use std::fmt;

/// The text is not one of the allowed values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownValue;

impl fmt::Display for UnknownValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("unknown value")
    }
}

impl std::error::Error for UnknownValue {}

/// Implements serde's traits for an enum by the function that returns a value's name, and by the one that finds a value by its
/// name. Derived ones are several times as large in the WASM.
macro_rules! serialize_as_str {
    ($name:ident, $as_str:path, $find:expr) => {
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str($as_str(*self))
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let name = <String as serde::Deserialize>::deserialize(deserializer)?;
                let find: fn(&str) -> Option<Self> = $find;
                find(&name).ok_or_else(|| serde::de::Error::custom("unknown value"))
            }
        }
    };
}

pub(crate) use serialize_as_str;
