//! GitLab at its worst at the end of a life.

use std::time::Duration;

use gitlab_simulator::{Fault, Settings};

use crate::pod::{Ended, Kind, Pod};

/// One owned entry and no runner manager: what is left is GitLab's answer.
fn check(what: &str, prepare: impl FnOnce(&Pod), code: i32, words: &str) -> Ended {
    let pod = Pod::new(Settings::default(), &[Kind::Owned], "concurrent = 1", "");
    prepare(&pod);
    let ended = pod.run(&["--grace-period", "6"]);
    assert_eq!(ended.code, code, "{what}: {}", ended.words);
    assert!(ended.words.contains(words), "{what}: {}", ended.words);
    assert!(
        ended.took < Duration::from_secs(6),
        "{what}: {:?}",
        ended.took
    );
    let left = pod.gitlab.runners().len();
    assert_eq!(left == 0, code == 0, "{what}: {left}");
    if code != 0 {
        assert!(
            ended.words.contains("is left behind at"),
            "{what}: {}",
            ended.words
        );
    }
    ended
}

#[test]
fn what_may_pass_is_retried_and_what_stays_is_named() {
    let fault = || Fault::on("DELETE /runners");
    check(
        "500 twice",
        |pod| pod.gitlab.fault(fault().times(2).status(500)),
        0,
        "unregistered from",
    );
    check(
        "cut off before",
        |pod| pod.gitlab.fault(fault().times(2).drop_before()),
        0,
        "unregistered from",
    );
    check(
        "cut off after",
        |pod| pod.gitlab.fault(fault().drop_after()),
        0,
        "already gone",
    );
    check(
        "500 for ever",
        |pod| pod.gitlab.fault(fault().forever().status(500)),
        69,
        "500",
    );
    check(
        "hangs",
        |pod| pod.gitlab.fault(fault().forever().hang()),
        69,
        "left behind",
    );
    check(
        "busy for long",
        |pod| {
            pod.gitlab
                .fault(fault().forever().status(429).header("Retry-After", "60"))
        },
        69,
        "429",
    );
    check(
        "wrong URL",
        |pod| pod.gitlab.fault(fault().forever().status(404)),
        78,
        "404",
    );
    check(
        "read-only",
        |pod| pod.gitlab.update(|state| state.settings.read_only = true),
        69,
        "left behind",
    );
}

#[test]
fn runner_that_was_gone_is_fine() {
    check(
        "deleted by hand",
        |pod| pod.gitlab.update(|state| state.runners.clear()),
        0,
        "already gone",
    );
}

#[test]
fn one_that_fails_stops_no_other() {
    let pod = Pod::new(
        Settings::default(),
        &[Kind::Owned, Kind::Owned],
        "concurrent = 1",
        "",
    );
    pod.gitlab
        .fault(Fault::on("DELETE /runners").times(1).status(404));
    let ended = pod.run(&["--grace-period", "3"]);
    assert_eq!(ended.code, 78, "{}", ended.words);
    assert_eq!(pod.gitlab.runners().len(), 1);
    assert!(
        ended
            .words
            .contains("1 left behind at GitLab, 1 unregistered"),
        "{}",
        ended.words
    );
}
