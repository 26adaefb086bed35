//! Owns the last line: what it says follows from what was counted. Pure.

use log::Level;
use runner_lifecycle::exit::Exit;

use crate::entries::Nowhere;
use crate::runner_manager::jobs_in_words;

/// So many runners are named in the last line; the lines before it name all.
const NAMED: usize = 3;

/// What was counted.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Count<'a> {
    /// Unregistrations that GitLab confirmed.
    pub(super) gone: usize,
    /// Those of them that had gone before.
    pub(super) were_gone: usize,
    /// Unregistrations that failed, and entries whose token cannot be read.
    pub(super) left: usize,
    /// What nobody can unregister from here and is not known to be gone.
    pub(super) nowhere: &'a [Nowhere],
    /// Entries, and runners without one, that were not to go.
    pub(super) not_selected: usize,
    /// Jobs that still run.
    pub(super) jobs: usize,
}

impl Count<'_> {
    /// The last line of a run with this exit code, and how grave it is. "Nothing is left" stands only where that is known.
    pub(super) fn last_words(&self, exit: Exit) -> (Level, String) {
        let jobs = match self.jobs {
            0 => String::new(),
            n => format!(", {} still running", jobs_in_words(n)),
        };
        let before = match self.were_gone {
            0 => String::new(),
            n => format!(" ({n} of them already gone)"),
        };
        let gone = format!("{} unregistered{before}", self.gone);
        let code = exit.code();
        if self.left > 0 || !self.nowhere.is_empty() {
            let left = match self.left {
                0 => String::new(),
                n => format!("{n} left behind at GitLab, "),
            };
            let words = format!("{left}{}{gone}{jobs} (exit {code})", self.not_known());
            return (Level::Error, words);
        }
        match exit {
            Exit::Done if self.not_selected > 0 => {
                let stay = match self.not_selected {
                    1 => "1 runner that was not selected stays".to_owned(),
                    n => format!("{n} runners that were not selected stay"),
                };
                (Level::Info, format!("done: {gone}, {stay}{jobs}"))
            }
            Exit::Done if self.gone == 0 => {
                (Level::Info, format!("done: nothing to unregister{jobs}"))
            }
            Exit::Done => {
                let words = format!("done: {gone}, nothing is left at GitLab{jobs}");
                (Level::Info, words)
            }
            Exit::JobsRunning => {
                // Killed, or never seen.
                let jobs = match self.jobs {
                    0 => ", jobs may be unfinished",
                    _ => &jobs,
                };
                (Level::Warn, format!("{gone}{jobs} (exit {code})"))
            }
            _ => {
                let words =
                    format!("{gone}, config.toml could not be restored{jobs} (exit {code})");
                (Level::Error, words)
            }
        }
    }

    fn not_known(&self) -> String {
        let named: Vec<String> = self
            .nowhere
            .iter()
            .take(NAMED)
            .map(|one| format!("{} of {}", one.runner, one.url))
            .collect();
        match self.nowhere.len() {
            0 => String::new(),
            n if n > NAMED => format!(
                "{n} not known to be gone ({} and {} more), ",
                named.join(", "),
                n - NAMED
            ),
            n => format!("{n} not known to be gone ({}), ", named.join(", ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nowhere(count: usize) -> Vec<Nowhere> {
        (1..=count)
            .map(|number| Nowhere::test(&format!("runner {number}"), "http://h"))
            .collect()
    }

    #[test]
    fn last_line_follows_from_the_count() {
        fn check(exit: Exit, count: Count<'_>, level: Level, words: &str) {
            assert_eq!(count.last_words(exit), (level, words.to_owned()));
        }
        let gone = |gone| Count {
            gone,
            ..Count::default()
        };
        let (done, jobs) = (Exit::Done, Exit::JobsRunning);
        check(done, gone(0), Level::Info, "done: nothing to unregister");
        check(
            done,
            Count {
                were_gone: 1,
                jobs: 1,
                ..gone(2)
            },
            Level::Info,
            "done: 2 unregistered (1 of them already gone), nothing is left at GitLab, 1 job still running",
        );
        check(
            done,
            Count {
                not_selected: 1,
                ..gone(1)
            },
            Level::Info,
            "done: 1 unregistered, 1 runner that was not selected stays",
        );
        check(
            jobs,
            Count { jobs: 2, ..gone(1) },
            Level::Warn,
            "1 unregistered, 2 jobs still running (exit 75)",
        );
        check(
            jobs,
            gone(1),
            Level::Warn,
            "1 unregistered, jobs may be unfinished (exit 75)",
        );
        check(
            Exit::Unreachable,
            Count {
                left: 1,
                jobs: 1,
                ..gone(1)
            },
            Level::Error,
            "1 left behind at GitLab, 1 unregistered, 1 job still running (exit 69)",
        );
        check(
            Exit::Unusable,
            gone(1),
            Level::Error,
            "1 unregistered, config.toml could not be restored (exit 78)",
        );
        check(
            Exit::Unusable,
            Count {
                nowhere: &nowhere(2),
                ..gone(1)
            },
            Level::Error,
            "2 not known to be gone (runner 1 of http://h, runner 2 of http://h), 1 unregistered (exit 78)",
        );
        check(
            Exit::Unusable,
            Count {
                left: 1,
                nowhere: &nowhere(5),
                ..gone(0)
            },
            Level::Error,
            "1 left behind at GitLab, 5 not known to be gone (runner 1 of http://h, runner 2 of http://h, runner 3 of http://h and 2 more), 0 unregistered (exit 78)",
        );
    }

    #[test]
    fn nothing_is_left_is_said_only_with_exit_0_and_nothing_unknown() {
        for exit in [
            Exit::Done,
            Exit::JobsRunning,
            Exit::Unreachable,
            Exit::Unusable,
        ] {
            for (left, unknown) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
                let nowhere = nowhere(unknown);
                let count = Count {
                    gone: 1,
                    left,
                    nowhere: &nowhere,
                    ..Count::default()
                };
                let (_, words) = count.last_words(exit);
                let all_gone = exit == Exit::Done && left + unknown == 0;
                assert_eq!(words.contains("nothing is left"), all_gone, "{words}");
                assert_eq!(words.contains("done:"), all_gone, "{words}");
            }
        }
    }
}
