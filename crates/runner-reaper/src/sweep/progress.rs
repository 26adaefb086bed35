//! Owns the words of a long run for a person who waits: every few seconds on a terminal, nowhere else.

use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

const EVERY: Duration = Duration::from_secs(3);

/// How far one step is.
#[derive(Debug)]
pub(super) struct Progress {
    /// When something was said last; nothing where nobody watches.
    last: Option<Instant>,
}

impl Progress {
    pub(super) fn new() -> Self {
        let watched = std::io::stderr().is_terminal();
        Self {
            last: watched.then(Instant::now),
        }
    }

    pub(super) fn say(&mut self, words: impl FnOnce() -> String) {
        if let Some(last) = &mut self.last
            && last.elapsed() >= EVERY
        {
            *last = Instant::now();
            log::info!("{}", words());
        }
    }
}
