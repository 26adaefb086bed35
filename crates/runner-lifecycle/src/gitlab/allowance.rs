//! Owns what GitLab said last about its limit of requests, so that many calls in a row stay inside of it.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use super::Client;
use super::answer::Answer;
use crate::deadline::Deadline;
use crate::duration::show;

/// How many requests are left until when; nothing where GitLab does not say.
#[derive(Debug, Default)]
pub(super) struct Allowance(Mutex<Option<(u64, SystemTime)>>);

impl Allowance {
    /// Takes what an answer says. One that says nothing leaves what is known: not every node in front of GitLab adds it.
    pub(super) fn note(&self, answer: &Answer, now: SystemTime) {
        if let (Some(remaining), Some(wait)) = (answer.remaining(), answer.asked_wait(now)) {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((remaining, now + wait));
        }
    }

    /// How long to wait before so many requests.
    fn wait(&self, requests: u64, now: SystemTime) -> Option<Duration> {
        let (remaining, reset) = (*self.0.lock().unwrap_or_else(PoisonError::into_inner))?;
        let wait = reset.duration_since(now).ok()?;
        (remaining < requests && !wait.is_zero()).then_some(wait)
    }
}

impl Client {
    /// Waits until GitLab's limit lets so many requests through one after the other, as far as it has told, or until the
    /// deadline. What must happen right after a look is not to be held up between the two.
    pub async fn make_room(&self, requests: u64, deadline: Deadline) {
        if let Some(wait) = self.allowance.wait(requests, SystemTime::now()) {
            let wait = wait.min(deadline.left());
            log::info!(
                "the rate limit of {} is reached: next request in {}",
                self.endpoint,
                show(wait)
            );
            tokio::time::sleep(wait).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_requests_left_are_waited_for_until_the_reset_and_not_longer() {
        fn check(remaining: &str, reset: Option<&str>, requests: u64, want: Option<u64>) {
            let mut headers = reqwest::header::HeaderMap::new();
            headers.insert("ratelimit-remaining", remaining.parse().unwrap());
            if let Some(reset) = reset {
                headers.insert("ratelimit-resettime", reset.parse().unwrap());
            }
            let answer = Answer::new(200, headers, Vec::new());
            // Sun, 06 Nov 1994 08:49:37 GMT
            let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
            let allowance = Allowance::default();
            allowance.note(&answer, now);
            let wait = allowance.wait(requests, now).map(|wait| wait.as_secs());
            assert_eq!(wait, want, "{remaining} {reset:?}");
            // An answer without the headers changes nothing.
            let silent = Answer::new(200, reqwest::header::HeaderMap::new(), Vec::new());
            allowance.note(&silent, now);
            assert_eq!(
                allowance.wait(requests, now).map(|wait| wait.as_secs()),
                want
            );
            assert_eq!(
                allowance.wait(requests, now + Duration::from_secs(60)),
                None
            );
        }
        let soon = Some("Sun, 06 Nov 1994 08:49:47 GMT");
        check("0", soon, 1, Some(10));
        check("3", soon, 4, Some(10));
        check("4", soon, 4, None);
        check("0", Some("Sun, 06 Nov 1994 08:49:27 GMT"), 1, None);
        check("0", None, 1, None);
        check("some", soon, 1, None);
    }
}
