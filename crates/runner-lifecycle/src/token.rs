//! Owns what is told of a token before GitLab is asked. What a token is, is [`runner_config::token`]'s.

mod kind;

pub use runner_config::token::{Token, TokenError};

pub(crate) use kind::reads_like_a_placeholder;
pub use kind::{Kind, no_token};
