//! Owns what a person watches: a line for each thing that happened, with the time since the start.

use std::io::Write as _;
use std::time::Instant;

/// The clock of the demo.
pub(crate) struct Timeline {
    started: Instant,
}

impl Timeline {
    pub(crate) fn start() -> Self {
        Self {
            started: Instant::now(),
        }
    }

    /// One thing that happened.
    pub(crate) fn say(&self, what: &str) {
        print(&format!(
            "{:>8.3}s  {what}\n",
            self.started.elapsed().as_secs_f64()
        ));
    }

    /// A new part of the story.
    pub(crate) fn chapter(&mut self, title: &str) {
        print(&format!("\n{title}\n"));
    }

    /// Something that was said or written elsewhere.
    pub(crate) fn quote(&self, text: &str) {
        for line in text.lines() {
            print(&format!("           | {line}\n"));
        }
    }
}

/// What goes on before the clock starts.
pub(crate) fn before(what: &str) {
    print(&format!("           {what}\n"));
}

fn print(text: &str) {
    // A closed pipe (`cargo demo | head`) is no reason to stop before the end.
    drop(std::io::stdout().write_all(text.as_bytes()));
}
