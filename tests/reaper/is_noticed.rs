//! The judge is no use if it sees nothing: a journal of each kind that it must not let pass.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::panic::{AssertUnwindSafe, catch_unwind};

use acceptance::order::Order;
use acceptance::pod::{LIMIT, Plan, Pod, Source};
use gitlab_simulator::State;

/// What somebody careless does: one call with the pod's token.
fn call(pod: &Pod, farewell: &str) {
    ask(pod, farewell, " 204 ");
}

fn ask(pod: &Pod, farewell: &str, status: &str) {
    let runner = pod.gitlab.runners().pop().unwrap();
    let system_id = pod.stage.text(".runner_system_id").unwrap();
    let body = format!(
        "{{\"token\":\"{}\",\"system_id\":\"{system_id}\"}}",
        runner.token
    );
    let path = farewell.split(' ').nth(1).unwrap();
    let mut stream = TcpStream::connect(pod.gitlab.address()).unwrap();
    let (length, close) = (
        body.len(),
        "Connection: close\r\nHost: h\r\nContent-Type: application/json",
    );
    write!(
        stream,
        "DELETE /api/v4{path} HTTP/1.1\r\n{close}\r\nContent-Length: {length}\r\n\r\n{body}"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.contains(status), "{answer}");
}

/// Fails unless the journal is found fault with, in these words.
fn check(pod: &mut Pod, words: &str) {
    let found = catch_unwind(AssertUnwindSafe(|| {
        pod.gitlab.look(|state| pod.order.check(state));
    }));
    let panic = found.expect_err("nothing was noticed");
    let said = panic.downcast_ref::<String>().cloned().unwrap_or_default();
    assert!(said.contains(words), "{said}");
    // It is dropped with a clean slate.
    pod.order = Order::default();
    pod.order.polling_goes_on();
    pod.order.deadline_passes();
    pod.gitlab.update(|state| state.journal.clear());
}

#[test]
fn poll_after_the_unregistration_is_noticed() {
    let mut pod = Pod::working(Plan::of(Source::AuthenticationToken));
    call(&pod, "DELETE /runners/managers");
    let polls = pod.polls();
    pod.polled(polls + 1);
    check(&mut pod, "polled after");
}

#[test]
fn deletion_of_a_shared_runner_is_noticed() {
    let mut pod = Pod::of(Plan::of(Source::AuthenticationToken));
    call(&pod, "DELETE /runners");
    check(&mut pod, "DELETE /runners for a shared runner");
}

#[test]
fn deletion_of_a_runner_under_its_job_is_noticed() {
    let mut pod = Pod::working(Plan::of(Source::RegistrationToken));
    pod.busy_with(1);
    call(&pod, "DELETE /runners");
    check(&mut pod, "deleted under 1 jobs");
}

#[test]
fn second_unregistration_is_noticed() {
    let mut pod = Pod::working(Plan::of(Source::AuthenticationToken));
    pod.order.polling_goes_on();
    call(&pod, "DELETE /runners/managers");
    // A poll that GitLab has answered brings it back.
    let is_back = |state: &State| {
        state
            .runners
            .iter()
            .any(|runner| !runner.managers.is_empty())
    };
    assert!(pod.gitlab.wait_until(LIMIT, is_back), "{}", pod.log());
    call(&pod, "DELETE /runners/managers");
    check(&mut pod, "unregistered twice");
}

#[test]
fn needless_second_request_is_noticed() {
    let mut pod = Pod::working(Plan::of(Source::AuthenticationToken));
    pod.order.polling_goes_on();
    pod.stopped_by_kubelet();
    call(&pod, "DELETE /runners/managers");
    ask(&pod, "DELETE /runners/managers", " 404 ");
    check(&mut pod, "asked for twice");
}
