//! `runner-init`: a drop-in for `gitlab-runner register` in an init container.
//!
//! [`args`] reads what was asked for, [`template`] and [`entry`] work out the runner entry from it; all three are rules
//! without network or disk writing.

pub mod args;
pub mod entry;
pub mod executor;
pub mod fields;
pub mod flags;
pub mod help;
pub mod template;
pub mod values;
