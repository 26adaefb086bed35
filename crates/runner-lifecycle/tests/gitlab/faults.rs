//! Every fault at every call: what passes is repeated until it has passed, and never past the deadline.

use std::time::{Duration, Instant};

use gitlab_simulator::{Effect, Fault, Settings};
use runner_lifecycle::deadline::Deadline;
use runner_lifecycle::gitlab::{Error, Gone, Pace};
use serde_json::json;

use crate::world::{
    Ask, Got, NOTE, PACE, World, ample, at_an_address_of_its_own, client, heard, listen,
};

/// Waits so short that a fault that hangs is soon given up.
const IMPATIENT: Pace = Pace {
    attempt: Duration::from_millis(150),
    creation: Duration::from_millis(150),
    ..PACE
};

/// Faults that may pass for a call, and whether GitLab may have done what was asked.
fn passing(ask: Ask) -> Vec<(&'static str, Fault, bool)> {
    let mut faults = always_passing();
    if matches!(ask, Ask::UnregisterRunner | Ask::UnregisterRunnerManager) {
        faults.extend(passing_for_a_farewell());
    }
    faults
}

/// What somebody in between answers: final for whoever starts, waited out by whoever ends.
fn passing_for_a_farewell() -> Vec<(&'static str, Fault, bool)> {
    let html = |status| Fault::on("*").effect(Effect::Html { status });
    let stranger = Fault::on("*").status(403).body("RBAC: access denied");
    vec![
        ("page 401", html(401), false),
        ("page 403", html(403), false),
        ("page 404", html(404), false),
        ("stranger", stranger, false),
    ]
}

fn always_passing() -> Vec<(&'static str, Fault, bool)> {
    let on = || Fault::on("*");
    let html = |status| on().effect(Effect::Html { status });
    let read_only =
        json!({"message": "You cannot perform write operations on a read-only instance"});
    vec![
        ("408", on().status(408), false),
        ("425", on().status(425), false),
        ("429", on().status(429), false),
        ("429 text", on().status(429).body("Retry later\n"), false),
        ("500", on().status(500), true),
        ("502", on().status(502), true),
        ("503", on().status(503), false),
        ("504", on().status(504), true),
        ("page 502", html(502), true),
        ("read-only", on().status(403).json(read_only), false),
        ("drop before", on().drop_before(), true),
        ("drop after", on().drop_after(), true),
        ("reset before", on().reset_before(), true),
        ("reset after", on().reset_after(), true),
        ("hang", on().hang(), true),
        ("hang after", on().hang_after(), true),
    ]
}

fn on(ask: Ask, fault: Fault) -> Fault {
    Fault {
        on: ask.pattern().to_owned(),
        ..fault
    }
}

#[tokio::test]
async fn what_may_pass_is_repeated_at_every_call_until_it_has_passed() {
    for ask in Ask::ALL {
        for (name, fault, lost) in passing(ask) {
            let case = format!("{ask:?} {name}");
            listen();
            let world = World::new();
            let hangs = matches!(fault.effect, Effect::Hang | Effect::HangAfter);
            let client = client(&world.sim.url(), if hangs { IMPATIENT } else { PACE });
            if ask == Ask::UnregisterRunnerManager {
                world.ask(&client, Ask::Verify, ample()).await.unwrap();
            }
            world.sim.fault(on(ask, fault.times(2)));
            let got = world.ask(&client, ask, ample()).await.expect(&case);
            let calls = world.sim.calls(ask.pattern());
            // On a busy machine an answer that was on its way may be given up too.
            let exact = calls.len() == 3;
            assert!(
                exact || (hangs && calls.len() > 3),
                "{case}: {}",
                calls.len()
            );
            let ids: Vec<&String> = calls
                .iter()
                .map(|call| &call.headers["x-request-id"])
                .collect();
            assert!(
                ids.iter().all(|id| id == &ids[0]),
                "{case}: one call, one X-Request-Id"
            );
            assert!(
                calls.iter().all(|call| call.body == calls[0].body),
                "{case}"
            );
            let lines = heard();
            let warned: Vec<&String> = lines
                .iter()
                .filter(|line| line.starts_with("WARN"))
                .collect();
            assert!(
                warned.len() >= 2 && (hangs || warned.len() == 2),
                "{case}: {lines:?}"
            );
            for (line, number) in warned.iter().zip(1..) {
                assert!(
                    line.contains(&format!("attempt {number} failed")),
                    "{case}: {line}"
                );
                assert!(
                    line.contains("next attempt in") && line.contains("left"),
                    "{case}: {line}"
                );
                let says_so = line.contains("may have been created") && line.contains(NOTE);
                assert_eq!(says_so, lost && ask.creates(), "{case}: {line}");
                world.assert_no_secret(line);
            }
            if exact && !ask.creates() && ask != Ask::Verify {
                let was_gone = name.ends_with("after");
                let want = match (was_gone, ask) {
                    (false, _) => Gone::Deleted,
                    (true, Ask::UnregisterRunner) => Gone::Unknown,
                    (true, _) => Gone::WasGone,
                };
                assert_eq!(got, Got::Gone(want), "{case}");
            }
        }
    }
}

#[tokio::test]
async fn page_in_between_is_final_for_whoever_starts() {
    for ask in [Ask::Register, Ask::Create, Ask::Verify] {
        for (name, fault, _) in passing_for_a_farewell() {
            let world = World::new();
            world.sim.fault(on(ask, fault.forever()));
            let error = world.ask(&world.client(), ask, ample()).await.unwrap_err();
            let case = format!("{ask:?} {name}: {error}");
            assert!(matches!(error, Error::Unusable(_)), "{case}");
            assert!(error.to_string().contains("--url"), "{case}");
            assert!(!error.maybe_created(), "{case}");
            assert_eq!(world.sim.calls(ask.pattern()).len(), 1, "{case}");
        }
    }
}

#[tokio::test]
async fn a_truncated_answer_is_asked_for_again() {
    for ask in [Ask::Register, Ask::Create, Ask::Verify] {
        listen();
        let world = World::new();
        world.sim.fault(on(ask, Fault::on("*").truncate()));
        world.ask(&world.client(), ask, ample()).await.unwrap();
        assert_eq!(world.sim.calls(ask.pattern()).len(), 2, "{ask:?}");
        let said = heard()
            .iter()
            .any(|line| line.contains("may have been created"));
        assert_eq!(said, ask.creates(), "{ask:?}");
    }
}

#[tokio::test]
async fn what_does_not_pass_ends_before_the_deadline_as_unreachable() {
    for ask in Ask::ALL {
        for (name, fault, lost) in passing(ask) {
            let case = format!("{ask:?} {name}");
            let world = World::new();
            let client = client(&world.sim.url(), IMPATIENT);
            world.sim.fault(on(ask, fault.forever()));
            // Where the fault itself has to strike once, and not the deadline alone, it needs time to: more on a busy machine.
            let strikes = lost && ask.creates();
            let mut time = Duration::from_millis(if strikes { 250 } else { 40 });
            let (error, took) = loop {
                let start = Instant::now();
                let ended = world.ask(&client, ask, Deadline::after(time)).await;
                let error = ended.expect_err(&case);
                let struck = world.sim.journal().iter().any(|call| call.fault);
                if struck || !strikes || time > Duration::from_secs(10) {
                    break (error, start.elapsed());
                }
                time *= 2;
            };
            assert!(took < time + Duration::from_secs(2), "{case}: {took:?}");
            assert!(matches!(error, Error::Unreachable(_)), "{case}: {error:?}");
            // The attempt that the deadline cuts short may have arrived, so this can be so for any fault.
            assert!(error.maybe_created() || !(lost && ask.creates()), "{case}");
            assert!(ask.creates() || !error.maybe_created(), "{case}");
            let line = error.to_string();
            assert!(!line.contains('\n'), "{case}: {line}");
            assert!(line.contains(&world.sim.url()), "{case}: {line}");
            assert_eq!(line.contains(NOTE), error.maybe_created(), "{case}: {line}");
            world.assert_no_secret(&line);
        }
    }
}

#[tokio::test]
async fn creation_is_not_repeated_where_too_little_time_is_left_for_its_answer() {
    let room = Duration::from_secs(3600);
    for ask in Ask::ALL {
        let world = World::new();
        let client = client(&world.sim.url(), Pace { room, ..PACE });
        if ask == Ask::UnregisterRunnerManager {
            world.ask(&client, Ask::Verify, ample()).await.unwrap();
        }
        world.sim.fault(on(ask, Fault::on("*").status(503)));
        let got = world.ask(&client, ask, ample()).await;
        let asked = world.sim.calls(ask.pattern()).len();
        if ask.creates() {
            let error = got.unwrap_err();
            assert!(matches!(error, Error::Unreachable(_)), "{ask:?}: {error:?}");
            assert!(!error.maybe_created(), "{ask:?}: {error}");
            assert_eq!(asked, 1, "{ask:?}");
        } else {
            got.unwrap();
            assert_eq!(asked, 2, "{ask:?}");
        }
    }
}

#[tokio::test]
async fn nobody_listening_is_not_a_lost_creation() {
    let world = World::new();
    // Bound but not listening: the port stays ours, and every connection is refused.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
    let url = format!("http://{}", socket.local_addr().unwrap());
    let client = client(&url, PACE);
    for ask in Ask::ALL {
        listen();
        let deadline = Deadline::after(Duration::from_millis(500));
        let error = world.ask(&client, ask, deadline).await.unwrap_err();
        assert!(matches!(error, Error::Unreachable(_)), "{error:?}");
        assert!(error.to_string().contains("connection refused"), "{error}");
        assert!(error.to_string().contains("gave up after"), "{error}");
        let lines = heard();
        assert!(!lines.is_empty(), "{error}");
        for line in lines {
            assert!(line.contains("connection refused"), "{line}");
            assert!(!line.contains("may have been created"), "{line}");
        }
    }
}

#[tokio::test]
async fn a_gitlab_that_comes_up_late_is_found() {
    let world = World::with(at_an_address_of_its_own());
    let address = world.sim.address();
    let (client, registration) = (world.client(), world.registration.clone());
    drop(world);
    let attributes = crate::world::attributes();
    let waiting = client.register(&registration, &attributes, ample());
    let starting = tokio::task::spawn_blocking(move || {
        gitlab_simulator::Simulator::start(Settings {
            listen: address,
            ..Settings::default()
        })
    });
    let (made, sim) = tokio::join!(waiting, starting);
    assert_eq!(sim.unwrap().unwrap().runners()[0].id, made.unwrap().id);
}

#[tokio::test]
async fn a_deadline_that_has_passed_asks_nothing() {
    let world = World::new();
    for ask in Ask::ALL {
        let error = world
            .ask(&world.client(), ask, Deadline::after(Duration::ZERO))
            .await;
        assert!(matches!(error, Err(Error::Unreachable(_))), "{error:?}");
        assert!(!error.unwrap_err().maybe_created());
    }
    assert!(world.sim.journal().is_empty());
}
