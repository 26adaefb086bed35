//! How long is waited, and by whose word.

use std::time::{Duration, Instant, SystemTime};

use gitlab_simulator::{Fault, RateLimits, Settings, Throttle};
use runner_lifecycle::deadline::Deadline;
use runner_lifecycle::gitlab::Error;

use crate::world::{Ask, World, ample};

/// The time between the first two calls, as the simulator saw them.
fn gap(world: &World) -> Duration {
    let journal = world.sim.journal();
    journal[1].at - journal[0].at
}

#[tokio::test]
async fn retry_after_is_waited_for() {
    let world = World::new();
    world
        .sim
        .fault(Fault::on("*").status(503).header("Retry-After", "1"));
    world
        .ask(&world.client(), Ask::Verify, ample())
        .await
        .unwrap();
    assert!(gap(&world) >= Duration::from_secs(1), "{:?}", gap(&world));
}

#[tokio::test]
async fn the_reset_time_counts_before_retry_after() {
    let world = World::new();
    let at = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(3));
    let throttled = Fault::on("*").status(429).body("Retry later\n");
    let throttled = throttled.header("RateLimit-ResetTime", &at);
    world.sim.fault(throttled.header("Retry-After", "3600"));
    world
        .ask(&world.client(), Ask::Verify, ample())
        .await
        .unwrap();
    // Dates have no fractions: what was waited for is the second itself, however late the first call was.
    assert!(SystemTime::now() >= httpdate::parse_http_date(&at).unwrap());
    assert_eq!(world.sim.journal().len(), 2);
}

#[tokio::test]
async fn a_wait_past_the_deadline_is_not_begun() {
    for (status, said) in [(429, "limits requests"), (503, "check that GitLab is up")] {
        let world = World::new();
        world.sim.fault(
            Fault::on("*")
                .status(status)
                .header("Retry-After", "60")
                .forever(),
        );
        let start = Instant::now();
        let deadline = Deadline::after(Duration::from_secs(30));
        let error = world
            .ask(&world.client(), Ask::Verify, deadline)
            .await
            .unwrap_err();
        assert!(
            start.elapsed() < Duration::from_secs(3),
            "{:?}",
            start.elapsed()
        );
        assert!(matches!(error, Error::Unreachable(_)), "{error:?}");
        assert!(error.to_string().contains(said), "{error}");
        assert_eq!(world.sim.journal().len(), 1);
    }
}

#[tokio::test]
async fn nonsense_in_the_headers_falls_back_to_our_own_pace() {
    let world = World::new();
    let busy = Fault::on("*").status(429).header("Retry-After", "soon");
    world.sim.fault(
        busy.header("RateLimit-ResetTime", "Sun, 06 Nov 1994 08:49:37 GMT")
            .times(3),
    );
    world
        .ask(&world.client(), Ask::Verify, ample())
        .await
        .unwrap();
    // Milliseconds, and more on a busy machine.
    assert!(gap(&world) < Duration::from_secs(10), "{:?}", gap(&world));
    assert_eq!(world.sim.journal().len(), 4);
}

#[tokio::test]
async fn a_throttled_address_waits_for_its_window() {
    let period = Duration::from_secs(2);
    let unauthenticated = Some(Throttle {
        requests: 1,
        period,
    });
    let rate_limits = RateLimits {
        unauthenticated,
        ..RateLimits::default()
    };
    let world = World::with(Settings {
        rate_limits,
        ..Settings::default()
    });
    let client = world.client();
    world.ask(&client, Ask::Register, ample()).await.unwrap();
    world.ask(&client, Ask::Register, ample()).await.unwrap();
    let calls = world.sim.calls("POST /runners");
    assert!(calls.len() <= 4, "{}", calls.len());
    assert_eq!(world.sim.runners().len(), 3);
}
