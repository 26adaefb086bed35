//! The mark in a runner's maintenance note: what a person finds a pod by.

use acceptance::stage::{Stage, run};
use gitlab_simulator::{Settings, Simulator};

/// The note of the runner that is made with these variables and flags.
fn note(variables: &[(&str, &str)], more: &[&str]) -> Option<String> {
    let gitlab = Simulator::start(Settings::default()).unwrap();
    let stage = Stage::new();
    let token = gitlab.look(|state| state.settings.registration_token.clone());
    let mut command = stage.init(&["register", "--non-interactive", "--executor=shell"]);
    command
        .args(["--url", &gitlab.url(), "--registration-token", &token])
        .args(more)
        .envs(variables.iter().copied());
    let ended = run(&mut command);
    assert_eq!(ended.code(), 0, "{}", ended.output());
    gitlab.runners().remove(0).maintenance_note
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
