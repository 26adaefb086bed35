//! Owns the faults that are still to strike, and counts calls off them; never carries one out.

use std::time::Duration;

use super::{Effect, Fault, matches};
use crate::random::Random;

/// Faults in the order in which they were ordered: the first that strikes wins.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    planned: Vec<Planned>,
    ordered: u64,
}

#[derive(Debug)]
struct Planned {
    fault: Fault,
    passed: u32,
    struck: u32,
    /// Its own sequence, so that calls of others do not shift it.
    random: Random,
}

/// What is to happen to one call.
#[derive(Debug, Clone)]
pub(crate) struct Strike {
    pub(crate) delay_before: Duration,
    pub(crate) delay: Duration,
    pub(crate) effect: Effect,
}

impl Plan {
    pub(crate) fn add(&mut self, fault: Fault, seed: u64) {
        self.ordered += 1;
        let random = Random::seeded(seed.wrapping_mul(1_000_003).wrapping_add(self.ordered));
        self.planned.push(Planned {
            fault,
            passed: 0,
            struck: 0,
            random,
        });
    }

    pub(crate) fn clear(&mut self) {
        self.planned.clear();
    }

    /// What strikes this call, if anything; counts it.
    pub(crate) fn strike(&mut self, method: &str, endpoint: &str) -> Option<Strike> {
        let planned = self
            .planned
            .iter_mut()
            .filter(|planned| matches(&planned.fault.on, method, endpoint))
            .find_map(|planned| planned.take().then_some(planned))?;
        let Fault {
            delay_before,
            delay,
            effect,
            ..
        } = planned.fault.clone();
        Some(Strike {
            delay_before,
            delay,
            effect,
        })
    }
}

impl Planned {
    fn take(&mut self) -> bool {
        if self.fault.times.is_some_and(|times| self.struck >= times) {
            return false;
        }
        if self.passed < self.fault.after {
            self.passed += 1;
            return false;
        }
        let strikes = self.random.chance(self.fault.probability);
        self.struck += u32::from(strikes);
        strikes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_strikes_as_often_as_ordered_after_letting_some_pass() {
        check(Fault::on("*").drop_before(), "x...");
        check(Fault::on("*").times(2).drop_before(), "xx..");
        check(Fault::on("*").after(1).times(2).drop_before(), ".xx.");
        check(Fault::on("*").forever().drop_before(), "xxxx");
        check(Fault::on("POST /other").forever().drop_before(), "....");
    }

    fn check(fault: Fault, expected: &str) {
        let mut plan = Plan::default();
        plan.add(fault, 0);
        let struck: String = (0..4)
            .map(|_| {
                if plan.strike("GET", "/runners").is_some() {
                    'x'
                } else {
                    '.'
                }
            })
            .collect();
        assert_eq!(struck, expected);
    }

    #[test]
    fn chance_is_the_same_for_the_same_seed() {
        let run = |seed| {
            let mut plan = Plan::default();
            plan.add(
                Fault::on("*").forever().probability(0.5).drop_before(),
                seed,
            );
            (0..64)
                .map(|_| plan.strike("GET", "/").is_some())
                .collect::<Vec<_>>()
        };
        assert_eq!(run(3), run(3));
        assert_ne!(run(3), run(4));
    }
}
