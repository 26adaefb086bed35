//! Owns the rule by which looks at the runner manager after SIGTERM tell whether the pod ends and what is harmless. Pure.

use std::time::Duration;

use crate::runner_manager::ProcessState;

mod moves;

use moves::Moves;

/// A runner manager that has not begun to shut down by then goes on working.
const DECISION: Duration = Duration::from_secs(3);

/// When the grace period is used up the kubelet kills the runner manager together with its SIGTERM to us (7 to 31 ms after
/// it, as measured); the rest is for a busy node. A process that ends later has ended by itself, after its jobs.
pub(super) const KILLING: Duration = Duration::from_secs(1);

/// What one look showed.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Sight {
    /// Nobody listens, or there is no port to ask at.
    Nobody,
    /// Somebody listens and does not answer: it lives.
    Silent,
    /// Its state, and the jobs it runs as far as they were seen.
    State(ProcessState, Option<Vec<String>>),
    /// It lives and does not say its state: what its workers tell of that, what it has counted, and its jobs.
    Lives {
        state: Option<ProcessState>,
        moves: Option<f64>,
        jobs: Option<Vec<String>>,
    },
}

/// What a series of looks means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is not clear yet.
    Wait,
    /// It goes on working: only this container is stopped.
    NotTheEnd,
    /// It no longer polls and is about to end: shared entries may go.
    Ending,
    /// It has ended, with its jobs: everything may go.
    Gone,
    /// It ended with jobs, or before they could be seen; their runner must stay: GitLab finds such jobs by their runner.
    Killed,
    /// A second signal: everything goes.
    Now,
}

/// What was seen so far.
#[derive(Debug, Default)]
pub(super) struct Sights {
    /// Whether anybody was ever there.
    anybody: bool,
    first: Option<ProcessState>,
    last: Option<ProcessState>,
    /// Whether the last look was answered.
    answered: bool,
    jobs: Option<Vec<String>>,
    /// Whether it ever said its state.
    says: bool,
    moves: Moves,
}

impl Sights {
    /// The jobs of the last look that showed any list.
    pub(super) fn jobs(&self) -> &[String] {
        self.jobs.as_deref().unwrap_or_default()
    }

    /// Whether it was seen that no job runs.
    pub(super) fn is_idle(&self) -> bool {
        self.jobs.as_ref().is_some_and(Vec::is_empty)
    }

    /// Takes a look at time `at` after SIGTERM in.
    pub(super) fn assess(&mut self, at: Duration, look: Sight) -> Verdict {
        let look = match look {
            // It is at its end: one page did not answer any more.
            Sight::Lives { .. } if self.says => Sight::Silent,
            look => look,
        };
        let answered = matches!(look, Sight::State(..) | Sight::Lives { .. });
        let mut goes_on = at >= DECISION;
        match look {
            Sight::Nobody => return self.vanished(at),
            Sight::Silent => {}
            Sight::State(state, jobs) => {
                self.says = true;
                self.first.get_or_insert(state);
                self.last = Some(state);
                self.jobs = jobs.or(self.jobs.take());
            }
            Sight::Lives { state, moves, jobs } => {
                self.first = self.first.or(state);
                self.last = state;
                self.jobs = jobs.or(self.jobs.take());
                let moved = moves.is_some_and(|moves| self.moves.go_on(at, moves));
                goes_on &= moved || state.is_some();
            }
        }
        self.anybody = true;
        self.answered = answered;
        match (self.last, answered) {
            (Some(state), _) if state.is_ending() => Verdict::Ending,
            // That it goes on working is seen or not known.
            (_, true) if goes_on => Verdict::NotTheEnd,
            _ => Verdict::Wait,
        }
    }

    /// What is right where no more time is left to look: a runner manager that answered just now that it works is not at its
    /// end.
    pub(super) fn without_more_looks(&self, verdict: Verdict) -> Verdict {
        match (verdict, self.last) {
            (Verdict::Wait, Some(ProcessState::Running)) if self.answered => Verdict::NotTheEnd,
            _ => verdict,
        }
    }

    fn vanished(&self, at: Duration) -> Verdict {
        if !self.anybody || self.is_idle() {
            return Verdict::Gone;
        }
        match (self.first, self.last) {
            // It reports the jobs that it ends.
            (_, Some(ProcessState::Forceful)) => Verdict::Gone,
            // It was draining long before SIGTERM, and dies with it: the grace period is used up.
            (Some(ProcessState::Graceful), Some(ProcessState::Graceful)) if at < KILLING => {
                Verdict::Killed
            }
            // It drained and ended between two looks.
            (_, Some(ProcessState::Graceful)) => Verdict::Gone,
            // With every worker busy nothing tells that it drains. Where the grace period is used up, we do not live so long.
            (_, None) if self.jobs.is_some() && at >= DECISION => Verdict::Gone,
            _ => Verdict::Killed,
        }
    }
}

#[cfg(test)]
mod tests {
    use ProcessState::{Forceful, Graceful, Running};
    use Verdict::{Ending, Gone, Killed, NotTheEnd, Wait};

    use super::*;

    fn state(state: ProcessState, jobs: usize) -> Sight {
        Sight::State(state, Some((0..jobs).map(|n| format!("job {n}")).collect()))
    }

    #[test]
    fn without_time_to_look_on_a_runner_manager_at_work_is_not_at_its_end() {
        fn check(looks: &[Sight], want: Verdict) {
            let mut seen = Sights::default();
            let last = looks.iter().fold(Wait, |_, look| {
                seen.assess(Duration::from_millis(500), look.clone())
            });
            assert_eq!(seen.without_more_looks(last), want, "{looks:?}");
        }
        check(&[state(Running, 1)], NotTheEnd);
        check(&[state(Running, 0), Sight::Silent], Wait);
        check(&[Sight::Silent, state(Running, 0)], NotTheEnd);
        check(&[Sight::Silent], Wait);
        check(&[state(Graceful, 1)], Ending);
        check(&[Sight::Nobody], Gone);
    }

    /// Fails unless these looks, each with its time in milliseconds, mean this one after the other.
    pub(super) fn means(what: &str, looks: &[(u64, Sight)], want: &[Verdict]) {
        let mut seen = Sights::default();
        let got: Vec<Verdict> = looks
            .iter()
            .map(|(at, look)| seen.assess(Duration::from_millis(*at), look.clone()))
            .collect();
        assert_eq!(got, want, "{what}");
    }

    #[test]
    fn series_of_looks_has_one_meaning() {
        use means as check;
        check("ended before", &[(0, Sight::Nobody)], &[Gone]);
        check(
            "stopped alone",
            &[
                (0, state(Running, 1)),
                (2999, state(Running, 1)),
                (3000, state(Running, 1)),
            ],
            &[Wait, Wait, NotTheEnd],
        );
        check(
            "stopped with it, idle",
            &[
                (0, state(Running, 0)),
                (20, state(Graceful, 0)),
                (40, Sight::Nobody),
            ],
            &[Wait, Ending, Gone],
        );
        check(
            "stopped with it, job ends",
            &[
                (0, state(Running, 1)),
                (20, state(Graceful, 1)),
                (40, Sight::Nobody),
            ],
            &[Wait, Ending, Gone],
        );
        check(
            "grace period used up",
            &[(0, state(Graceful, 1)), (20, Sight::Nobody)],
            &[Ending, Killed],
        );
        check(
            "drains for long",
            &[
                (0, state(Graceful, 1)),
                (9000, state(Graceful, 1)),
                (9020, Sight::Nobody),
            ],
            &[Ending, Ending, Gone],
        );
        check(
            "its job ended a moment after SIGTERM, and it with the job",
            &[
                (0, state(Graceful, 1)),
                (1400, state(Graceful, 1)),
                (1500, Sight::Nobody),
            ],
            &[Ending, Ending, Gone],
        );
        check(
            "drained just now",
            &[
                (0, state(Graceful, 1)),
                (20, state(Graceful, 0)),
                (40, Sight::Nobody),
            ],
            &[Ending, Ending, Gone],
        );
        check(
            "ends its jobs",
            &[(0, state(Forceful, 1)), (20, Sight::Nobody)],
            &[Ending, Gone],
        );
        check(
            "crashed with jobs",
            &[(0, state(Running, 1)), (20, Sight::Nobody)],
            &[Wait, Killed],
        );
        check(
            "crashed idle",
            &[(0, state(Running, 0)), (20, Sight::Nobody)],
            &[Wait, Gone],
        );
        check(
            "throttled, then works on",
            &[
                (0, Sight::Silent),
                (3100, Sight::Silent),
                (3200, state(Running, 1)),
            ],
            &[Wait, Wait, NotTheEnd],
        );
        check(
            "throttled while it works",
            &[
                (0, state(Running, 1)),
                (3100, Sight::Silent),
                (9000, Sight::Silent),
            ],
            &[Wait, Wait, Wait],
        );
        check(
            "throttled while it drains",
            &[
                (0, state(Graceful, 1)),
                (2000, Sight::Silent),
                (9000, Sight::Nobody),
            ],
            &[Ending, Ending, Gone],
        );
        check(
            "died without ever having answered",
            &[(0, Sight::Silent), (20, Sight::Nobody)],
            &[Wait, Killed],
        );
        check(
            "died idle while it was silent",
            &[
                (0, state(Graceful, 0)),
                (20, Sight::Silent),
                (40, Sight::Nobody),
            ],
            &[Ending, Ending, Gone],
        );
        check(
            "list never seen",
            &[(0, Sight::State(Graceful, None)), (20, Sight::Nobody)],
            &[Ending, Killed],
        );
        check(
            "list not seen",
            &[
                (0, state(Graceful, 1)),
                (20, Sight::State(Graceful, None)),
                (40, Sight::Nobody),
            ],
            &[Ending, Ending, Killed],
        );
    }
}
