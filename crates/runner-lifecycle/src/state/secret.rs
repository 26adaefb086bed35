//! Owns how an authentication token is written to the state file: the one place besides `config.toml` where its text appears.

use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

use crate::token::Token;

/// A token that must be there.
pub(super) mod required {
    use super::{Deserializer, Serializer, Token, read};

    pub(in crate::state) fn serialize<S: Serializer>(
        token: &Token,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.serialize_str(token.expose())
    }

    pub(in crate::state) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Token, D::Error> {
        read(from)
    }
}

/// A token that may be missing.
pub(super) mod optional {
    use super::{Deserializer, Serializer, Token, read};

    pub(in crate::state) fn serialize<S: Serializer>(
        token: &Option<Token>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        match token {
            Some(token) => to.serialize_str(token.expose()),
            None => to.serialize_none(),
        }
    }

    pub(in crate::state) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<Token>, D::Error> {
        read(from).map(Some)
    }
}

fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Token, D::Error> {
    Token::new(String::deserialize(from)?).map_err(D::Error::custom)
}
