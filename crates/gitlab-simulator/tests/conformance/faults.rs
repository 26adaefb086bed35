//! Each kind of fault as a client sees it, and what it leaves behind in the state.

use std::io::{ErrorKind, Read};
use std::time::{Duration, SystemTime};

use gitlab_simulator::{Fault, Simulator};
use serde_json::json;

use crate::client::{LIMIT, Reply, call, receive, send};
use crate::gitlab::start;

const JSON: [(&str, &str); 1] = [("Content-Type", "application/json")];

/// Registers a runner; the answer, if one came.
fn register(sim: &Simulator) -> std::io::Result<Reply> {
    let body = json!({"token": "gitlabtoken"}).to_string();
    receive(&mut send(sim, "POST", "/api/v4/runners", &JSON, &body))
}

fn runners(sim: &Simulator) -> usize {
    sim.look(|state| state.runners.len())
}

#[test]
fn answers_with_status_headers_and_body_as_often_as_ordered() {
    let sim = start();
    sim.fault(
        Fault::on("POST /runners")
            .times(2)
            .status(503)
            .header("Retry-After", "7")
            .body("busy"),
    );
    for _ in 0..2 {
        let reply = register(&sim).unwrap();
        assert_eq!(
            (
                reply.status,
                reply.header("Retry-After"),
                reply.body.as_str()
            ),
            (503, Some("7"), "busy")
        );
    }
    assert_eq!(runners(&sim), 0);
    assert_eq!(register(&sim).unwrap().status, 201);
    let faults: Vec<bool> = sim.journal().iter().map(|call| call.fault).collect();
    assert_eq!(faults, [true, true, false]);
}

#[test]
fn answers_with_gitlabs_usual_words_or_json() {
    let sim = start();
    sim.fault(Fault::on("*").status(502));
    sim.fault(Fault::on("*").status(422).json(json!({"error": "no"})));
    sim.fault(
        Fault::on("*")
            .status(200)
            .header("content-type", "text/xml")
            .body("<a/>"),
    );
    assert_eq!(register(&sim).unwrap().message(), "502 Bad Gateway");
    assert_eq!(register(&sim).unwrap().error(), "no");
    let strange = register(&sim).unwrap();
    let kinds = strange
        .headers
        .iter()
        .filter(|(name, _)| name == "content-type");
    assert_eq!(
        kinds.map(|(_, value)| value.as_str()).collect::<Vec<_>>(),
        ["text/xml"]
    );
}

#[test]
fn strikes_only_what_matches_and_after_the_calls_that_pass() {
    let sim = start();
    sim.fault(Fault::on("DELETE /runners").forever().status(500));
    sim.fault(Fault::on("POST /runners").after(1).status(500));
    assert_eq!(register(&sim).unwrap().status, 201);
    assert_eq!(register(&sim).unwrap().status, 500);
    assert_eq!(
        call(&sim, "DELETE", "/runners", &json!({"token": "x"})).status,
        500
    );
    sim.clear_faults();
    assert_eq!(
        call(&sim, "DELETE", "/runners", &json!({"token": "x"})).status,
        403
    );
}

#[test]
fn dropped_before_changes_nothing_and_dropped_after_does() {
    let sim = start();
    sim.fault(Fault::on("POST /runners").drop_before());
    sim.fault(Fault::on("POST /runners").drop_after());
    assert_eq!(register(&sim).unwrap_err().kind(), ErrorKind::UnexpectedEof);
    assert_eq!(runners(&sim), 0);
    assert_eq!(register(&sim).unwrap_err().kind(), ErrorKind::UnexpectedEof);
    assert_eq!(runners(&sim), 1);
    assert!(
        sim.journal()
            .iter()
            .all(|call| call.status.is_none() && !call.abandoned && call.fault)
    );
}

#[test]
fn reset_before_changes_nothing_and_reset_after_does() {
    let sim = start();
    sim.fault(Fault::on("POST /runners").reset_before());
    sim.fault(Fault::on("POST /runners").reset_after());
    assert_eq!(
        register(&sim).unwrap_err().kind(),
        ErrorKind::ConnectionReset
    );
    assert_eq!(runners(&sim), 0);
    assert_eq!(
        register(&sim).unwrap_err().kind(),
        ErrorKind::ConnectionReset
    );
    assert_eq!(runners(&sim), 1);
}

#[test]
fn truncated_answer_promises_more_than_it_brings() {
    let sim = start();
    sim.fault(Fault::on("*").times(2).truncate());
    let reply = register(&sim).unwrap();
    let promised: usize = reply.header("Content-Length").unwrap().parse().unwrap();
    assert_eq!(reply.status, 201);
    assert!(
        !reply.body.is_empty() && reply.body.len() < promised,
        "{} of {promised}",
        reply.body.len()
    );
    assert_eq!(runners(&sim), 1);
}

#[test]
fn html_page_of_a_proxy() {
    let sim = start();
    sim.fault(Fault::on("*").html());
    let reply = register(&sim).unwrap();
    assert_eq!(
        (reply.status, reply.header("Content-Type")),
        (200, Some("text/html; charset=utf-8"))
    );
    assert!(reply.body.starts_with("<!DOCTYPE html>"));
    assert_eq!(runners(&sim), 0);
}

#[test]
fn hanging_lasts_until_the_client_gives_up() {
    let sim = start();
    sim.fault(Fault::on("*").hang());
    sim.fault(Fault::on("*").hang_after());
    for handled in [0, 1] {
        let body = json!({"token": "gitlabtoken"}).to_string();
        let mut stream = send(&sim, "POST", "/api/v4/runners", &JSON, &body);
        assert!(sim.wait_until(LIMIT, |state| state.journal.len() == handled + 1));
        stream
            .set_read_timeout(Some(Duration::from_millis(50)))
            .unwrap();
        let silence = stream.read(&mut [0]).unwrap_err().kind();
        assert!(
            matches!(silence, ErrorKind::WouldBlock | ErrorKind::TimedOut),
            "{silence}"
        );
        drop(stream);
        assert!(sim.wait_until(LIMIT, |state| state.journal[handled].abandoned));
        assert_eq!(runners(&sim), handled);
    }
}

#[test]
fn delayed_answer_is_handled_at_once_or_only_then() {
    let sim = start();
    let wait = Duration::from_millis(100);
    sim.fault(Fault::on("*").delay(wait));
    sim.fault(Fault::on("*").delay_before(wait));
    for handled_at_once in [true, false] {
        let begun = SystemTime::now();
        assert_eq!(register(&sim).unwrap().status, 201);
        let made = sim.runners().last().unwrap().created_at;
        let since = if handled_at_once {
            made.elapsed()
        } else {
            made.duration_since(begun)
        };
        assert!(since.unwrap() >= wait);
    }
}

#[test]
fn chance_strikes_the_same_calls_for_the_same_seed() {
    let run = |seed| {
        let sim = crate::gitlab::with(|settings| settings.seed = seed);
        sim.fault(Fault::on("*").forever().probability(0.5).status(503));
        (0..32)
            .map(|_| register(&sim).unwrap().status)
            .collect::<Vec<_>>()
    };
    let first = run(1);
    assert!(first.contains(&503) && first.contains(&201));
    assert_eq!(run(1), first);
    assert_ne!(run(2), first);
}
