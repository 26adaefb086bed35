//! Owns the words for tokens here. What a token is, and what its look tells, is [`runner_config::token`]'s.

pub use runner_config::token::{Token, TokenError, TokenKind};
