//! Containers without Kubernetes, as of docker compose: each has a host name of its own, and they work on one volume.

use acceptance::stage::run;

use super::{REGISTRATION, STATE, Volume};

/// As if everything so far had been done in another container.
fn next_container(volume: &Volume, host: &str) {
    let own = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    let line = |host: &str| format!("hostname = \"{}\"", host.trim());
    let state = volume.state();
    assert!(state.contains(&line(&own)), "{state}");
    volume
        .stage
        .put(STATE, &state.replace(&line(&own), &line(host)));
}

#[test]
fn two_names_in_two_containers_are_two_entries_with_runners_of_their_own() {
    let volume = Volume::new();
    for start in 0..3 {
        for name in ["backend", "frontend"] {
            let tags = format!("--tag-list={name}");
            volume.run(&[REGISTRATION, "--name", name, &tags]);
            next_container(&volume, &format!("{start}{name}"));
        }
    }
    assert_eq!(volume.stage.entries(), 2, "{}", volume.config());
    for name in ["backend", "frontend"] {
        assert_eq!(volume.runner(name).tags, [name]);
    }
    assert_eq!(volume.gitlab.calls("POST /runners").len(), 2);
}

#[test]
fn container_that_gives_no_name_goes_on_with_the_entry_of_the_one_before() {
    let volume = Volume::new();
    for host in ["0f3a9c", "b81d22", "c7710e"] {
        let said = volume.run(&[REGISTRATION]).output();
        assert!(!said.contains("taken over"), "{said}");
        next_container(&volume, host);
    }
    assert_eq!(volume.stage.entries(), 1, "{}", volume.config());
    assert_eq!(volume.gitlab.calls("POST /runners").len(), 1);
}

#[test]
fn entry_named_after_a_container_that_is_gone_is_taken_over() {
    let volume = Volume::new();
    for host in ["0f3a9c", "b81d22", "c7710e"] {
        volume.run(&[REGISTRATION, &format!("--name=ci-{host}")]);
        next_container(&volume, host);
    }
    assert_eq!(volume.stage.entries(), 1, "{}", volume.config());
    assert_eq!(volume.gitlab.calls("POST /runners").len(), 1);
}

#[test]
fn in_kubernetes_another_host_name_is_another_pod() {
    let volume = Volume::new();
    for name in ["pod-1", "pod-2"] {
        let mut command = volume.command(&[REGISTRATION, "--name", name]);
        let ended = run(command.env("KUBERNETES_SERVICE_HOST", "10.96.0.1"));
        assert_eq!(ended.code(), 0, "{}", ended.output());
        next_container(&volume, "gone");
    }
    assert_eq!(volume.stage.entries(), 1, "{}", volume.config());
    assert_eq!(volume.gitlab.calls("POST /runners").len(), 1);
}
