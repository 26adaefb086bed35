//! What ends badly changes nothing: the runner of before stands in the file and works on.

use acceptance::pod::{Plan, Pod, Source, put};
use acceptance::stage::run;
use gitlab_simulator::{Fault, Runner};

use super::{in_file, polls, re_registers};

/// Whether all is as it was.
#[track_caller]
fn works_on(pod: &Pod, old: &Runner, before: &[Option<String>; 2]) {
    assert_eq!(&files(pod), before);
    assert_eq!(in_file(pod).id, old.id);
    let before = pod.polls();
    pod.polled(before + 1);
    polls(pod, old);
    assert_eq!(pod.gitlab.calls("DELETE *").len(), 0);
}

fn files(pod: &Pod) -> [Option<String>; 2] {
    ["config.toml", ".runner-lifecycle.toml"].map(|name| pod.stage.text(name))
}

#[test]
fn refused_token_leaves_the_runner_of_before_at_work() {
    for source in Source::ALL {
        let mut pod = Pod::working(Plan::of(source));
        let (old, before) = (in_file(&pod), files(&pod));
        let known = pod.gitlab.runners().len();
        let words = pod.words(&Plan::of(source));
        let known = pod.gitlab.runners().len().max(known);
        let file = words[0].split_once('=').unwrap().1;
        let token = match source {
            Source::AuthenticationToken => "glrt-nobody-has-this-one",
            _ => "nobody-has-this-one",
        };
        put(std::path::Path::new(file), token);
        let ended = pod.begin(&mut pod.init_as("re-register", &words)).ended();
        assert_eq!(ended.code, 77, "{source:?}: {}", ended.words);
        assert_eq!(pod.gitlab.runners().len(), known);
        works_on(&pod, &old, &before);
        pod.stopped_by_kubelet();
    }
}

#[test]
fn wrong_flag_is_said_before_anything_is_asked() {
    let pod = Pod::working(Plan::of(Source::RegistrationToken));
    let (old, before) = (in_file(&pod), files(&pod));
    let calls = pod.gitlab.calls("POST /runners*").len();
    let mut words = pod.words(&Plan::of(pod.source));
    words.push("--executor=nothing".to_owned());
    let ended = pod.begin(&mut pod.init_as("re-register", &words)).ended();
    assert!([2, 78].contains(&ended.code), "{}", ended.words);
    assert_eq!(pod.gitlab.calls("POST /runners*").len(), calls);
    works_on(&pod, &old, &before);
}

#[test]
fn entry_whose_own_runner_gitlab_finds_fault_with_gets_another_one() {
    for status in [400, 422] {
        let mut pod = Pod::of(Plan::of(Source::RegistrationToken));
        let old = in_file(&pod);
        let words = pod.words(&Plan::of(pod.source));
        let orphaned = serde_json::json!({"error": "Runner is orphaned"});
        let fault = Fault::on("POST /runners/verify").status(status);
        pod.gitlab.fault(fault.json(orphaned));
        let (new, ended) = re_registers(&mut pod, &words);
        assert_ne!(new.id, old.id);
        let said = "although GitLab refused its own";
        assert!(ended.words.contains(said), "{}", ended.words);
        assert!(pod.gitlab.runners().iter().all(|one| one.id != old.id));
    }
}

#[test]
fn gitlab_that_is_none_leaves_the_runner_of_before() {
    for status in [404, 503] {
        let pod = Pod::working(Plan::of(Source::RegistrationToken));
        let (old, before) = (in_file(&pod), files(&pod));
        let mut words = pod.words(&Plan::of(pod.source));
        words.push("--timeout=1".to_owned());
        let made = pod.gitlab.calls("POST /runners").len();
        let away = Fault::on("POST /runners/verify").forever().status(status);
        pod.gitlab.fault(away);
        let ended = run(&mut pod.init_as("re-register", &words));
        let code = if status == 503 { 69 } else { 78 };
        assert_eq!(ended.code(), code, "{}", ended.output());
        assert_eq!(pod.gitlab.calls("POST /runners").len(), made);
        works_on(&pod, &old, &before);
    }
}
