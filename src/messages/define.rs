//! The macro that defines the messages of an area.

/// Defines an enum of messages: each variant with its values, its code, and its sentence in English and in German. The
/// enum converts into [`Message`](crate::messages::Message).
macro_rules! messages {
    (
        $(#[$doc:meta])*
        pub enum $name:ident {
            $(
                $(#[$variant_doc:meta])*
                $variant:ident $({ $($field:ident: $type:ty),* })? = $code:literal,
                $english:literal,
                $german:literal;
            )*
        }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum $name {
            $($(#[$variant_doc])* $variant $({
                $(#[doc = concat!("`", stringify!($field), "` in the sentence.")] $field: $type),*
            })?),*
        }

        impl $name {
            /// The names of the values of each message.
            #[cfg(test)]
            pub const FIELDS: &[&[&str]] = &[$(&[$($(stringify!($field)),*)?]),*];
            /// The sentences in English.
            pub const ENGLISH: $crate::messages::Sentences = &[$(($code, $english)),*];
            /// The sentences in German.
            pub const GERMAN: $crate::messages::Sentences = &[$(($code, $german)),*];
        }

        impl From<&$name> for $crate::messages::Message {
            fn from(message: &$name) -> Self {
                let (code, sentence, params): (_, _, Vec<(&str, String)>) = match message {
                    $($name::$variant $({ $($field),* })? => {
                        ($code, $english, vec![$($((stringify!($field), $field.to_string())),*)?])
                    })*
                };
                let params = params.into_iter().map(|(name, value)| (name.to_owned(), value));
                Self::new(code, sentence, params.collect())
            }
        }

        impl From<$name> for $crate::messages::Message {
            fn from(message: $name) -> Self {
                Self::from(&message)
            }
        }
    };
}

pub(super) use messages;
