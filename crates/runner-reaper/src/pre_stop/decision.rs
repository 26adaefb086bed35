//! Owns what follows from the way polling ended: whether shared entries may go at once, and what becomes of the jobs. Pure.

use crate::pause::End;

/// What else counts.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Facts {
    /// Whether the runner manager is the child of a `gitlab-runner wrapper`, which outlives it.
    pub(super) wrapped: bool,
    /// Whether others work on the same file, of which nothing but their life is seen.
    pub(super) others: bool,
    /// Whether a runner would go with its jobs.
    pub(super) owned: bool,
    /// Whether the grace period was told.
    pub(super) told: bool,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Decision {
    /// Whether shared entries go now; else they go with the rest.
    pub(super) shared_now: bool,
    /// Whether the child is told to drain (SIGQUIT): under a wrapper that is no end of the container.
    pub(super) drain_child: bool,
    /// What becomes of the jobs.
    pub(super) jobs: Jobs,
}

/// What becomes of the jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Jobs {
    /// None runs.
    Over,
    /// Nothing hangs on them.
    NoMatter,
    /// They are waited for.
    Wait,
    /// The runner manager began to shut down: there is less time than told.
    Ending,
}

/// Decides, once polling has ended in this way and nobody has told us twice to stop.
pub(super) fn after(end: &End, facts: Facts) -> Decision {
    let Facts {
        wrapped,
        others,
        owned,
        told,
    } = facts;
    // An entry in the feeder's hand is polled once more, and a poll brings a deleted runner manager back.
    let may_poll = match end {
        End::Off(quiet, ..) => quiet.held,
        End::On => true,
        _ => false,
    };
    let jobs = match end {
        End::Gone if !others => Jobs::Over,
        End::Ending => Jobs::Ending,
        End::Off(quiet, ..) if quiet.idle && !wrapped && !others => Jobs::Over,
        // Jobs that cannot be seen are waited for only where a runner would go with them.
        End::Unseen if !owned && !wrapped => Jobs::NoMatter,
        End::On => Jobs::Wait,
        _ if owned || wrapped || told => Jobs::Wait,
        _ => Jobs::NoMatter,
    };
    Decision {
        shared_now: !may_poll,
        drain_child: wrapped && !matches!(end, End::On | End::Gone),
        jobs,
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;
    use crate::drain::{Pass, Quiet, Watch};

    fn off(idle: bool, held: bool) -> End {
        let watch = Watch::new(None, 1.0, Pass::default());
        End::Off(Quiet { idle, held }, Box::new(watch), Instant::now())
    }

    fn facts(words: &str) -> Facts {
        Facts {
            wrapped: words.contains("wrapped"),
            others: words.contains("others"),
            owned: words.contains("owned"),
            told: words.contains("told"),
        }
    }

    #[test]
    fn end_of_polling_decides_with_what_hangs_on_the_jobs() {
        fn check(end: &End, words: &str, shared_now: bool, jobs: Jobs) {
            let decision = after(end, facts(words));
            let got = (decision.shared_now, decision.jobs);
            assert_eq!(got, (shared_now, jobs), "{end:?} {words}");
        }
        let (idle, busy, held) = (off(true, false), off(false, false), off(false, true));
        check(&idle, "", true, Jobs::Over);
        check(&idle, "owned told", true, Jobs::Over);
        check(&idle, "others owned", true, Jobs::Wait);
        check(&busy, "", true, Jobs::NoMatter);
        check(&busy, "told", true, Jobs::Wait);
        check(&busy, "owned", true, Jobs::Wait);
        check(&held, "", false, Jobs::NoMatter);
        check(&held, "told", false, Jobs::Wait);
        check(&End::On, "", false, Jobs::Wait);
        check(&End::Gone, "owned told", true, Jobs::Over);
        check(&End::Gone, "others owned", true, Jobs::Wait);
        check(&End::Unseen, "told", true, Jobs::NoMatter);
        check(&End::Unseen, "owned", true, Jobs::Wait);
        check(&End::Ending, "owned told", true, Jobs::Ending);
        check(&End::WasEnding, "", true, Jobs::NoMatter);
        check(&End::WasEnding, "owned", true, Jobs::Wait);
    }

    #[test]
    fn child_of_a_wrapper_is_drained_once_it_does_not_poll() {
        fn check(end: &End, words: &str, want: bool) {
            let decision = after(end, facts(words));
            assert_eq!(decision.drain_child, want, "{end:?} {words}");
        }
        check(&off(true, false), "wrapped", true);
        check(&off(false, true), "wrapped", true);
        check(&End::On, "wrapped", false);
        check(&End::Gone, "wrapped", false);
        check(&off(true, false), "", false);
        assert_eq!(after(&off(true, false), facts("wrapped")).jobs, Jobs::Wait);
    }
}
