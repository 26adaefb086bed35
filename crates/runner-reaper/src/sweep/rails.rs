//! Owns what must hold before anything is deleted: a whole list in its order, and a clock that agrees. Pure. Whatever breaks one
//! of these ends the run.

use std::time::{Duration, SystemTime};

use runner_lifecycle::duration::show;
use runner_lifecycle::exit::Failure;
use runner_lifecycle::gitlab::Page;

/// How far GitLab's clock may be from ours. More, and one of the two is wrong about what is old.
const CLOCKS: Duration = Duration::from_secs(60);

/// GitLab counts no list that is longer.
const COUNTED: u64 = 10_000;

/// A list under way.
#[derive(Debug)]
pub(crate) struct PagedList {
    /// The page that is expected, 1 for the first.
    pub next: u64,
    size: Option<u64>,
    last_id: Option<i64>,
}

impl Default for PagedList {
    fn default() -> Self {
        Self {
            next: 1,
            size: None,
            last_id: None,
        }
    }
}

impl PagedList {
    /// Takes the next page in; true when it was the last.
    ///
    /// Fails when the list is cut short, in another order than by number, or shifted while it was read.
    pub(crate) fn admit(&mut self, page: &Page) -> Result<bool, Failure> {
        let rows = page.rows.len() as u64;
        let size = *self.size.get_or_insert(page.size);
        if page.number != self.next || page.size != size || rows > size {
            return Err(broken(
                "GitLab answered with another page of the list than the one requested",
            ));
        }
        for row in &page.rows {
            if self.last_id.is_some_and(|last| row.id <= last) {
                return Err(broken("the list is not in the order of the runners' IDs"));
            }
            self.last_id = Some(row.id);
        }
        // Each answer is held to what it says itself: runners come and go while a long list is read, and one that goes lets those
        // behind it move up unseen, to the next run.
        let here = (self.next - 1).saturating_mul(size);
        let so_far = here + rows;
        let whole = match (page.next, page.total) {
            (Some(next), total) => {
                next == self.next + 1 && rows == size && total.is_none_or(|total| total > so_far)
            }
            (None, Some(total)) => rows == total.saturating_sub(here),
            (None, None) => so_far > COUNTED,
        };
        if !whole {
            return Err(broken(
                "the list is cut short, or changed while it was read",
            ));
        }
        self.next += 1;
        Ok(page.next.is_none())
    }
}

/// GitLab's own time, if it is near ours.
///
/// Fails when the two differ by more than a minute, or GitLab does not tell its own.
pub(crate) fn clock(ours: SystemTime, gitlab: Option<SystemTime>) -> Result<SystemTime, Failure> {
    let gitlab = gitlab.ok_or_else(|| {
        broken("GitLab's response has no Date header, so the clocks cannot be compared")
    })?;
    let (behind, apart) = match gitlab.duration_since(ours) {
        Ok(apart) => ("behind", apart),
        Err(error) => ("ahead of", error.duration()),
    };
    if apart > CLOCKS {
        let apart = show(apart);
        return Err(broken(&format!(
            "the clock of this machine is {apart} {behind} GitLab's, so the age of a contact is not known: set the clock"
        )));
    }
    Ok(gitlab)
}

fn broken(why: &str) -> Failure {
    Failure::unusable(format!("{why}; the sweep stopped there: run it again"))
}

#[cfg(test)]
mod tests;
