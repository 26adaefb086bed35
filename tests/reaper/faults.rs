//! GitLab at its worst at the end of a life: retried inside the grace period, an honest exit code, and the names of what was
//! left behind.

use std::net::TcpListener;
use std::time::Duration;

use acceptance::at_once::at_once;
use acceptance::pod::{Plan, Pod, Source, within};
use acceptance::versions::{ENDS, each};
use gitlab_simulator::{Effect, Fault, own_address};

const GRACE: Duration = Duration::from_secs(4);

/// What the machine may add when it is busy.
const SLACK: Duration = Duration::from_secs(3);

/// Makes things bad for a pod whose farewell is this call.
type Prepare = Box<dyn Fn(&Pod, &str) + Sync>;

struct Case {
    what: &'static str,
    prepare: Prepare,
    /// The exit code for a shared and for an owned runner.
    codes: [i32; 2],
    words: &'static str,
}

fn case(
    what: &'static str,
    codes: [i32; 2],
    words: &'static str,
    prepare: impl Fn(&Pod, &str) + Sync + 'static,
) -> Case {
    let prepare = Box::new(prepare);
    Case {
        what,
        prepare,
        codes,
        words,
    }
}

/// Lets GitLab's URL lead somewhere else, in both files that hold it.
fn lead_to(pod: &Pod, url: &str) {
    for name in ["config.toml", ".runner-lifecycle.toml"] {
        let text = pod.stage.text(name).unwrap();
        pod.stage.put(name, &text.replace(&pod.gitlab.url(), url));
    }
}

fn nobody_listens(pod: &Pod) {
    lead_to(pod, &format!("http://{}", own_address()));
}

/// The connection is made by the kernel; nobody ever answers.
fn handshake_hangs(pod: &Pod) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    lead_to(pod, &format!("https://{}", listener.local_addr().unwrap()));
    // It listens as long as the test's process lives.
    std::mem::forget(listener);
}

fn cases() -> Vec<Case> {
    let on = |fault: fn(Fault) -> Fault| {
        move |pod: &Pod, call: &str| pod.gitlab.fault(fault(Fault::on(call)))
    };
    vec![
        case("down", [69; 2], "refused", |pod, _| nobody_listens(pod)),
        case("TLS handshake hangs", [69; 2], "left behind", |pod, _| {
            handshake_hangs(pod);
        }),
        case("read-only", [69; 2], "read-only", |pod, _| {
            pod.gitlab.update(|state| state.settings.read_only = true);
        }),
        case(
            "500 for ever",
            [69; 2],
            "500",
            on(|fault| fault.forever().status(500)),
        ),
        case(
            "500 twice",
            [0; 2],
            "unregistered from",
            on(|fault| fault.times(2).status(500)),
        ),
        case(
            "busy for longer than is left",
            [69; 2],
            "429",
            on(|fault| fault.forever().status(429).header("Retry-After", "60")),
        ),
        case(
            "busy for a moment",
            [0; 2],
            "unregistered from",
            on(|fault| fault.status(429).header("Retry-After", "1")),
        ),
        case(
            "403 of GitLab itself",
            [0; 2],
            "already gone",
            on(|fault| fault.forever().status(403)),
        ),
        case(
            "401",
            [77; 2],
            "401",
            on(|fault| fault.forever().status(401)),
        ),
        case(
            "404",
            [78; 2],
            "404",
            on(|fault| fault.forever().status(404)),
        ),
        case(
            "400",
            [78; 2],
            "400",
            on(|fault| fault.forever().status(400)),
        ),
        case(
            "page of a proxy that refuses",
            [69; 2],
            "left behind",
            on(|fault| fault.forever().effect(Effect::Html { status: 403 })),
        ),
        case(
            "page of a proxy for a moment",
            [0; 2],
            "unregistered from",
            on(|fault| fault.times(2).effect(Effect::Html { status: 404 })),
        ),
        // A page with 200 is a login page or another server: that stays so.
        case(
            "page of something else",
            [78; 2],
            "check what runs at --url",
            on(|fault| fault.forever().html()),
        ),
        case(
            "hangs",
            [69; 2],
            "left behind",
            on(|fault| fault.forever().hang()),
        ),
        case(
            "cut off before",
            [0; 2],
            "unregistered from",
            on(|fault| fault.times(2).drop_before()),
        ),
        case(
            "cut off after the request",
            [0; 2],
            "already gone",
            on(Fault::drop_after),
        ),
        case(
            "reset after the request",
            [0; 2],
            "already gone",
            on(Fault::reset_after),
        ),
    ]
}

/// Without a runner manager GitLab's answer is all that is left. How long the hook takes.
fn check(case: &Case, source: Source) -> Duration {
    let mut pod = Pod::of(Plan::of(source));
    // A read-only GitLab answers by itself.
    pod.order.may_be_asked_again();
    (case.prepare)(&pod, source.farewell());
    let what = format!("{} ({source:?})", case.what);
    let code = case.codes[usize::from(source.owned())];
    let hook = pod.reap(&["pre-stop", &format!("--grace-period={}", GRACE.as_secs())]);
    assert_eq!(hook.code, code, "{what}: {}", hook.words);
    assert!(hook.words.contains(case.words), "{what}: {}", hook.words);
    if code != 0 {
        let id = pod.gitlab.runners().pop().unwrap().id;
        let named = hook.words.contains(&format!("runner {id} \"acceptance\""))
            && hook.words.contains("is left behind at");
        assert!(named, "{what}: {}", hook.words);
        assert!(!pod.is_gone());
    }
    hook.took
}

#[test]
fn what_may_pass_is_retried_and_what_stays_is_named() {
    let cases = cases();
    at_once(cases.len(), &cases, |case| {
        Source::SHARED_AND_OWNED
            .into_iter()
            .for_each(|source| within(GRACE + SLACK, || check(case, source)));
    });
}

#[test]
fn what_somebody_deleted_before_is_gone_already() {
    for source in Source::ALL {
        let pod = Pod::of(Plan::of(source));
        pod.gitlab.update(|state| {
            let runner = state.runners.pop().unwrap();
            if !source.owned() {
                state.runners.push(gitlab_simulator::Runner {
                    managers: Vec::new(),
                    ..runner
                });
            }
        });
        pod.reap(&["pre-stop"]).is(0, "was already gone");
        assert!(pod.is_gone());
    }
}

#[test]
fn runner_manager_at_work_is_drained_though_gitlab_refuses() {
    each(&ENDS, || {
        let mut pod = Pod::working(Plan::of(Source::RegistrationToken));
        let original = pod.original();
        pod.gitlab
            .fault(Fault::on("DELETE *").forever().status(503));
        let hook = pod.reap(&["pre-stop", "--grace-period=4"]);
        hook.is(69, "is left behind at");
        pod.is_as_before(&original);
        // Nothing polls, though the runner is still there: the pod ends.
        if pod.runs() {
            pod.stopped_by_kubelet();
        }
    });
}

#[test]
fn one_that_fails_stops_no_other() {
    let mut pod = Pod::of(Plan::of(Source::RegistrationToken));
    pod.with_entry("second", None, true, 1);
    let others = pod.gitlab.runners().len() - 2;
    pod.gitlab.fault(Fault::on("DELETE /runners").status(404));
    let ended = pod.reap(&["pre-stop", "--grace-period=3"]);
    ended.is(78, "1 left behind at GitLab, 1 unregistered");
    assert_eq!(pod.gitlab.runners().len(), others + 1);
}
