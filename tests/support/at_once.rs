//! Pieces of work that wait more than they work, several at once.

use std::sync::Mutex;
use std::thread;

use crate::versions::{play, played};

/// Does every piece of work, on so many threads. They play the version of the caller's; one that fails fails the test.
pub fn at_once<T: Send>(
    threads: usize,
    work: impl IntoIterator<Item = T, IntoIter: Send>,
    each: impl Fn(T) + Sync,
) {
    let queue = Mutex::new(work.into_iter());
    let version = played();
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                play(version);
                loop {
                    let next = queue.lock().unwrap().next();
                    let Some(next) = next else { return };
                    each(next);
                }
            });
        }
    });
}
