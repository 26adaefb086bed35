//! Owns Rack::Attack's throttles, which stand before the API: who is counted, in which window, and what a refusal says.
//! GitLab's own limits of single endpoints are not here.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::user;
use crate::answer::Answer;
use crate::request::Request;
use crate::settings::Throttle;
use crate::state::State;

/// What an answer tells of a throttle.
type Headers = Vec<(&'static str, String)>;

/// Counts a request; the refusal when it is one too many. A signed-in user hears with each answer how much is left.
///
/// A valid runner token makes a request an authenticated one that neither throttle counts. An unknown one, and a registration
/// token, count for the address.
pub(super) fn check(state: &mut State, request: &Request) -> Result<Headers, Answer> {
    let params = request.params().ok();
    let token = params.and_then(|mut params| params.text("token"));
    if token.is_some_and(|token| state.runner_of(&token).is_some()) {
        return Ok(Headers::new());
    }
    let limits = &state.settings.rate_limits;
    let is_signed_in = user::signed_in(state, request).is_some();
    let (name, key, throttle) = match user::signed_in(state, request) {
        Some(user) => {
            let key = format!("user {user}");
            ("throttle_authenticated_api", key, limits.authenticated)
        }
        None => {
            let key = format!("ip {}", request.peer);
            ("throttle_unauthenticated_api", key, limits.unauthenticated)
        }
    };
    match throttle {
        Some(throttle) => {
            let headers = count(state, name, key, throttle)?;
            Ok(headers.into_iter().filter(|_| is_signed_in).collect())
        }
        None => Ok(Headers::new()),
    }
}

fn count(
    state: &mut State,
    name: &str,
    key: String,
    throttle: Throttle,
) -> Result<Headers, Answer> {
    let Throttle { requests, period } = throttle;
    let window = Window::of(state.now(), period);
    let counted = state.throttled.entry(key).or_insert((window.number, 0));
    if counted.0 != window.number {
        *counted = (window.number, 0);
    }
    counted.1 += 1;
    let observed = counted.1;
    // As many a minute, rounded up, whatever the period is: GitLab's words for those who expect a window of a minute.
    let a_minute = (u64::from(requests) * 60).div_ceil(window.period);
    let reset = UNIX_EPOCH + Duration::from_secs(window.reset);
    let headers = vec![
        ("RateLimit-Name", name.to_owned()),
        ("RateLimit-Limit", a_minute.to_string()),
        ("RateLimit-Observed", observed.to_string()),
        (
            "RateLimit-Remaining",
            requests.saturating_sub(observed).to_string(),
        ),
        ("RateLimit-Reset", window.reset.to_string()),
        ("RateLimit-ResetTime", httpdate::fmt_http_date(reset)),
    ];
    if observed <= requests {
        return Ok(headers);
    }
    let answer =
        Answer::text(429, "Retry later\n").header("Retry-After", window.retry_after.to_string());
    let with = |answer: Answer, (name, value): (&str, String)| answer.header(name, value);
    Err(headers.into_iter().fold(answer, with))
}

/// A window at a moment, in whole seconds: it begins at a multiple of its period since 1970.
#[derive(Debug, PartialEq, Eq)]
struct Window {
    period: u64,
    number: u64,
    reset: u64,
    retry_after: u64,
}

impl Window {
    fn of(now: SystemTime, period: Duration) -> Window {
        let now = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let period = period.as_secs().max(1);
        let retry_after = period - now % period;
        Window {
            period,
            number: now / period,
            reset: now + retry_after,
            retry_after,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_of_one_window_are_told_the_same_moment() {
        let at = |millis| {
            Window::of(
                UNIX_EPOCH + Duration::from_millis(millis),
                Duration::from_secs(60),
            )
        };
        let (first, last, next) = (
            at(1_609_833_900_000),
            at(1_609_833_959_999),
            at(1_609_833_960_000),
        );
        assert_eq!((first.retry_after, last.retry_after), (60, 1));
        assert_eq!((first.reset, first.number), (last.reset, last.number));
        assert_eq!(
            (next.number, next.reset),
            (first.number + 1, first.reset + 60)
        );
    }
}
