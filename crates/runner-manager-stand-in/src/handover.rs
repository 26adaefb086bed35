//! A channel without a buffer, as Go has it: whoever gives stands there until somebody takes. The held entry of a
//! saturated runner manager is nothing but a giver that stands there. Needs the one-thread runtime: between the two sides of a
//! hand-over no other task may run.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

struct Held<T> {
    number: u64,
    value: T,
    taken: oneshot::Sender<()>,
}

struct Sides<T> {
    takers: VecDeque<oneshot::Sender<T>>,
    givers: VecDeque<Held<T>>,
    next_number: u64,
}

/// The place where givers and takers meet.
pub(crate) struct Handover<T> {
    sides: Mutex<Sides<T>>,
}

impl<T> Handover<T> {
    pub(crate) fn new() -> Self {
        let sides = Sides {
            takers: VecDeque::new(),
            givers: VecDeque::new(),
            next_number: 0,
        };
        Self {
            sides: Mutex::new(sides),
        }
    }

    fn sides(&self) -> MutexGuard<'_, Sides<T>> {
        self.sides.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives only if a taker is waiting now; otherwise the value comes back.
    pub(crate) fn offer(&self, mut value: T) -> Result<(), T> {
        loop {
            let Some(taker) = self.sides().takers.pop_front() else {
                return Err(value);
            };
            match taker.send(value) {
                Ok(()) => return Ok(()),
                // That taker went away for another reason; ask the next one.
                Err(back) => value = back,
            }
        }
    }

    /// Gives, standing there until the value is taken. Dropped before that, the value is gone.
    pub(crate) async fn give(&self, value: T) {
        let Err(value) = self.offer(value) else {
            return;
        };
        let (taken, seen) = oneshot::channel();
        let number = {
            let mut sides = self.sides();
            let number = sides.next_number;
            sides.next_number += 1;
            sides.givers.push_back(Held {
                number,
                value,
                taken,
            });
            number
        };
        let _leave = Leave {
            handover: self,
            number,
        };
        let _ = seen.await;
    }

    /// Starts to take: from a giver that stands there, else from the next one.
    pub(crate) fn take(&self) -> oneshot::Receiver<T> {
        let (taker, receiver) = oneshot::channel();
        let mut sides = self.sides();
        sides.takers.retain(|taker| !taker.is_closed());
        match sides.givers.pop_front() {
            Some(held) => {
                let _ = taker.send(held.value);
                let _ = held.taken.send(());
            }
            None => sides.takers.push_back(taker),
        }
        receiver
    }
}

struct Leave<'a, T> {
    handover: &'a Handover<T>,
    number: u64,
}

impl<T> Drop for Leave<'_, T> {
    fn drop(&mut self) {
        self.handover
            .sides()
            .givers
            .retain(|held| held.number != self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::Handover;
    use std::time::Duration;

    fn block_on<F: Future>(future: F) -> F::Output {
        tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap()
            .block_on(future)
    }

    #[test]
    fn giver_stands_there_until_somebody_takes() {
        block_on(async {
            let handover = Handover::new();
            let mut giving = Box::pin(handover.give(1));
            assert!(
                tokio::time::timeout(Duration::ZERO, &mut giving)
                    .await
                    .is_err(),
                "nobody takes"
            );
            assert_eq!(handover.take().await, Ok(1));
            giving.await;
        });
    }

    #[test]
    fn offer_finds_only_takers_that_wait_now() {
        block_on(async {
            let handover = Handover::new();
            assert_eq!(handover.offer(1), Err(1));
            drop(handover.take());
            assert_eq!(handover.offer(1), Err(1), "the taker went away");
            let taker = handover.take();
            assert_eq!(handover.offer(2), Ok(()));
            assert_eq!(taker.await, Ok(2));
        });
    }

    #[test]
    fn giver_that_leaves_takes_its_value_along() {
        block_on(async {
            let handover = Handover::new();
            assert!(
                tokio::time::timeout(Duration::ZERO, handover.give(1))
                    .await
                    .is_err()
            );
            let mut taker = handover.take();
            assert!(taker.try_recv().is_err());
        });
    }
}
