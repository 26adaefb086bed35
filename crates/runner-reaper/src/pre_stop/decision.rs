//! Owns what follows from the way polling ended: whether shared entries may go at once, and what becomes of the jobs. Pure.

use crate::pause::End;

/// What else counts.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Circumstances {
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
    pub(super) jobs: JobsDecision,
}

/// What becomes of the jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum JobsDecision {
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
pub(super) fn after(end: &End, facts: Circumstances) -> Decision {
    let Circumstances {
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
        End::Gone if !others => JobsDecision::Over,
        End::Ending => JobsDecision::Ending,
        End::Off(quiet, ..) if quiet.idle && !wrapped && !others => JobsDecision::Over,
        // Jobs that cannot be seen are waited for only where a runner would go with them.
        End::Unseen if !owned && !wrapped => JobsDecision::NoMatter,
        End::On => JobsDecision::Wait,
        _ if owned || wrapped || told => JobsDecision::Wait,
        _ => JobsDecision::NoMatter,
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

    fn facts(words: &str) -> Circumstances {
        Circumstances {
            wrapped: words.contains("wrapped"),
            others: words.contains("others"),
            owned: words.contains("owned"),
            told: words.contains("told"),
        }
    }

    #[test]
    fn end_of_polling_decides_with_what_hangs_on_the_jobs() {
        fn check(end: &End, words: &str, shared_now: bool, jobs: JobsDecision) {
            let decision = after(end, facts(words));
            let got = (decision.shared_now, decision.jobs);
            assert_eq!(got, (shared_now, jobs), "{end:?} {words}");
        }
        let (idle, busy, held) = (off(true, false), off(false, false), off(false, true));
        check(&idle, "", true, JobsDecision::Over);
        check(&idle, "owned told", true, JobsDecision::Over);
        check(&idle, "others owned", true, JobsDecision::Wait);
        check(&busy, "", true, JobsDecision::NoMatter);
        check(&busy, "told", true, JobsDecision::Wait);
        check(&busy, "owned", true, JobsDecision::Wait);
        check(&held, "", false, JobsDecision::NoMatter);
        check(&held, "told", false, JobsDecision::Wait);
        check(&End::On, "", false, JobsDecision::Wait);
        check(&End::Gone, "owned told", true, JobsDecision::Over);
        check(&End::Gone, "others owned", true, JobsDecision::Wait);
        check(&End::Unseen, "told", true, JobsDecision::NoMatter);
        check(&End::Unseen, "owned", true, JobsDecision::Wait);
        check(&End::Ending, "owned told", true, JobsDecision::Ending);
        check(&End::WasEnding, "", true, JobsDecision::NoMatter);
        check(&End::WasEnding, "owned", true, JobsDecision::Wait);
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
        assert_eq!(
            after(&off(true, false), facts("wrapped")).jobs,
            JobsDecision::Wait
        );
    }
}
