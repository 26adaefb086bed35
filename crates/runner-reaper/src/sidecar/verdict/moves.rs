//! Owns the rule by which counters tell that a runner manager goes on working that does not say its state: one before 19.1. Pure.

use std::time::Duration;

use super::DECISION;

/// The counters of what it hands to its workers and of the jobs that it takes. Told to stop, it adds to none of them.
#[derive(Debug, Default)]
pub(super) struct Moves {
    at_decision: Option<f64>,
}

impl Moves {
    /// Takes a look at time `at` after SIGTERM in. Says whether anything has moved since the moment by which a stop signal
    /// would have reached it too: what came before that may have been the last.
    pub(super) fn go_on(&mut self, at: Duration, moves: f64) -> bool {
        if at < DECISION {
            return false;
        }
        let before = *self.at_decision.get_or_insert(moves);
        moves.total_cmp(&before).is_ne()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Sight, Sights, Verdict};
    use super::*;
    use crate::runner_manager::ProcessState::{self, Graceful, Running, Starting};
    use Verdict::{Ending, Gone, Killed, NotTheEnd, Wait};

    /// A look at a runner manager with this many jobs whose counters are at `moves`.
    fn lives(state: Option<ProcessState>, jobs: usize, moves: f64) -> Sight {
        Sight::Lives {
            state,
            moves: Some(moves),
            jobs: Some((0..jobs).map(|n| format!("job {n}")).collect()),
        }
    }

    #[test]
    fn without_a_state_the_safe_meaning_is_taken() {
        use crate::sidecar::verdict::tests::means as check;
        let busy = |moves: f64| lives(None, 1, moves);
        check(
            "works on",
            &[
                (0, busy(4.0)),
                (2900, busy(6.0)),
                (3000, busy(7.0)),
                (3900, busy(7.0)),
                (4000, busy(8.0)),
            ],
            &[Wait, Wait, Wait, Wait, NotTheEnd],
        );
        check(
            "idle, with all its workers",
            &[
                (0, lives(Some(Running), 0, 4.0)),
                (2999, lives(Some(Running), 0, 4.0)),
                (3000, lives(Some(Running), 0, 4.0)),
            ],
            &[Wait, Wait, NotTheEnd],
        );
        check(
            "starts",
            &[
                (0, lives(Some(Starting), 0, 0.0)),
                (3000, lives(Some(Starting), 0, 0.0)),
            ],
            &[Wait, NotTheEnd],
        );
        check(
            "saturated and draining for long",
            &[
                (0, busy(4.0)),
                (3000, busy(4.0)),
                (60_000, busy(4.0)),
                (60_050, Sight::Nobody),
            ],
            &[Wait, Wait, Wait, Gone],
        );
        check(
            "saturated and killed with our SIGTERM",
            &[(0, busy(4.0)), (20, Sight::Nobody)],
            &[Wait, Killed],
        );
        check(
            "saturated and gone within the time in which everything is killed",
            &[(0, busy(4.0)), (2900, busy(4.0)), (2950, Sight::Nobody)],
            &[Wait, Wait, Killed],
        );
        check(
            "an idle worker went home",
            &[
                (0, lives(None, 1, 4.0)),
                (500, lives(Some(Graceful), 1, 4.0)),
                (9000, lives(Some(Graceful), 1, 5.0)),
                (9050, Sight::Nobody),
            ],
            &[Wait, Ending, Ending, Gone],
        );
        check(
            "idle and told to stop with us",
            &[(0, lives(Some(Running), 0, 4.0)), (20, Sight::Nobody)],
            &[Wait, Gone],
        );
        let held_back = Sight::Lives {
            state: None,
            moves: None,
            jobs: Some(Vec::new()),
        };
        check(
            "its page held back by a rotation",
            &[(0, held_back.clone()), (3000, held_back)],
            &[Wait, Wait],
        );
    }

    #[test]
    fn without_time_to_look_on_nothing_is_taken_for_certain() {
        let mut seen = Sights::default();
        let last = seen.assess(Duration::from_millis(500), lives(None, 1, 4.0));
        assert_eq!(seen.without_more_looks(last), Wait);
        let last = seen.assess(Duration::from_millis(600), lives(Some(Running), 0, 4.0));
        assert_eq!(seen.without_more_looks(last), NotTheEnd);
    }
}
