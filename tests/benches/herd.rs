//! A thousand pods that start at once, for each source, against GitLab.com's rate limits. `cargo bench -p acceptance --bench herd`
//! prints requests, time beside what the rate limit alone dictates, and memory; each pod is held to one runner, time to nothing.
//! Another number of pods: `-- 200`.

#![expect(clippy::cast_precision_loss, reason = "it measures")]

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use acceptance::herd::{Herd, Ran, Source};
use acceptance::programs;
use gitlab_simulator::{RateLimits, Throttle};

/// Pods unless told otherwise.
const PODS: usize = 1000;

const MINUTE: Duration = Duration::from_secs(60);

/// GitLab.com's limits a minute: of an address without a known token, and of a user.
const ADDRESS: u32 = 500;
const USER: u32 = 2000;

fn main() {
    programs::prefer_release();
    let told = std::env::args().find_map(|argument| argument.parse().ok());
    let pods = told.unwrap_or(PODS);
    println!("{pods} pods at once; a window of the rate limit begins as they start");
    println!(
        "  {:<42} {:>8} {:>8} {:>8} {:>10} {:>8} {:>9} {:>9}",
        "", "requests", "refused", "time", "limit's", "times", "one", "all"
    );
    let rows = [
        ("authentication token", Source::AuthenticationToken, USER),
        ("access token", Source::AccessToken, USER),
        (
            "access token, others use up 1500 of 2000",
            Source::AccessToken,
            ADDRESS,
        ),
        ("registration token", Source::RegistrationToken, USER),
    ];
    for (name, source, user) in rows {
        let throttle = |requests| Throttle {
            requests,
            period: MINUTE,
        };
        let rate_limits = RateLimits {
            unauthenticated: Some(throttle(ADDRESS)),
            authenticated: Some(throttle(user)),
            ..RateLimits::default()
        };
        let herd = Herd::gather(source, pods, rate_limits);
        let limit = match source {
            // GitLab counts no request with a runner's token.
            Source::AuthenticationToken => u32::MAX,
            Source::AccessToken => user,
            Source::RegistrationToken => ADDRESS,
        };
        let windows = pods.div_ceil(limit as usize).saturating_sub(1);
        let dictated = MINUTE * u32::try_from(windows).unwrap_or(u32::MAX);
        wait_for_a_window();
        show(name, &herd.run(), dictated);
    }
}

/// Windows are counted from 1970 on; a herd in the middle of one would have an easy life.
fn wait_for_a_window() {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let into = now.unwrap_or_default().as_millis() % MINUTE.as_millis();
    std::thread::sleep(MINUTE.saturating_sub(Duration::from_millis(into as u64)));
}

fn show(name: &str, ran: &Ran, dictated: Duration) {
    let times = if dictated.is_zero() {
        "-".to_owned()
    } else {
        format!("{:.2}", ran.took.as_secs_f64() / dictated.as_secs_f64())
    };
    println!(
        "  {name:<42} {:>8} {:>8} {:>6.1} s {:>8.1} s {times:>8} {:>5.1} MiB {:>5.0} MiB",
        ran.answered,
        ran.refused,
        ran.took.as_secs_f64(),
        dictated.as_secs_f64(),
        ran.one_kib as f64 / 1024.0,
        ran.all_kib as f64 / 1024.0,
    );
}
