//! The mark in a runner's maintenance note: what a person finds a pod by.

use acceptance::pod::{Pod, Source};
use acceptance::stage::run;

/// The note of the runner that is made with these variables and flags.
fn note(variables: &[(&str, &str)], more: &[&str]) -> Option<String> {
    let pod = Pod::fresh();
    let mut command = pod.init(&pod.flags(Source::RegistrationToken));
    let ended = run(command.args(more).envs(variables.iter().copied()));
    assert_eq!(ended.code(), 0, "{}", ended.output());
    pod.gitlab.runners().remove(0).maintenance_note
}

#[test]
fn runner_is_marked_with_the_pod_or_in_a_plain_manifest_with_its_host_name() {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    let host = host.trim();
    let cluster = ("KUBERNETES_SERVICE_HOST", "10.96.0.1");
    let pod = ("RUNNER_INIT_POD_NAME", "builder-0");
    let check = |variables: &[(&str, &str)], more: &[&str], want: Option<&str>| {
        let got = note(variables, more);
        assert_eq!(got.as_deref(), want, "{variables:?} {more:?}");
    };
    check(&[], &[], None);
    let named = format!("runner-lifecycle host={host}");
    check(&[cluster], &[], Some(&named));
    let fleet = format!("{named} fleet=ci");
    check(&[cluster], &["--fleet=ci"], Some(&fleet));
    check(&[cluster, pod], &[], Some("runner-lifecycle pod=builder-0"));
    check(&[pod], &[], Some("runner-lifecycle pod=builder-0"));
    check(&[cluster], &["--maintenance-note=mine"], Some("mine"));
}

/// The system ID that a run leaves on the volume.
fn system_id(before: Option<&str>, more: &[&str]) -> String {
    let pod = Pod::fresh();
    if let Some(before) = before {
        pod.stage.put(".runner_system_id", before);
    }
    let mut words = pod.flags(Source::AuthenticationToken);
    words.extend(more.iter().map(|word| (*word).to_owned()));
    pod.registers(&words);
    let id = pod.stage.text(".runner_system_id").unwrap();
    assert_eq!(pod.gitlab.runners()[0].managers[0].system_id, id);
    id
}

#[test]
fn system_id_tells_the_fleet_and_one_that_exists_is_kept() {
    let pod = ["--pod-name=a-0", "--pod-namespace=ci"];
    let with = |fleet: &'static str| [&pod[..], &[fleet]].concat();
    let plain = system_id(None, &pod);
    let (ci, again, qa) = (
        system_id(None, &with("--fleet=ci")),
        system_id(None, &with("--fleet=ci")),
        system_id(None, &with("--fleet=qa")),
    );
    assert_eq!(ci, again);
    assert_ne!(ci[..6], qa[..6]);
    assert_ne!(ci[..6], plain[..6]);
    assert_eq!(ci[6..], qa[6..]);
    assert_eq!(ci[6..], plain[6..]);
    let nameless = system_id(None, &["--fleet=ci"]);
    assert_eq!(nameless[..6], ci[..6]);
    assert_ne!(nameless, ci);
    assert_eq!(system_id(Some(&plain), &with("--fleet=ci")), plain);
}

#[test]
fn fleet_that_no_mark_can_hold_is_refused_before_gitlab_is_asked() {
    let pod = Pod::fresh();
    for fleet in ["two words", "a=b", "gl\u{00e4}nzend"] {
        let ended = pod.init_ends(&["--registration-token=x", "--fleet", fleet], 2);
        let words = "--fleet: a fleet's name is";
        assert!(ended.stderr.contains(words), "{}", ended.stderr);
    }
    assert!(pod.gitlab.journal().is_empty());
}
