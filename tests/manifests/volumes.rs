//! Volumes that cannot do what the helpers need: mounted noexec, of another uid, full. Each is told in one line with its fix,
//! and costs no runner at GitLab.

use std::os::unix::fs::chown;

use crate::container::{User, put};
use crate::pod::Pod;
use crate::render::Objects;
use crate::scene::Scene;

/// An init container on a volume that something is wrong with. What it said of it, one line, and its exit code.
fn init_on(objects: &Objects, spoil: impl FnOnce(&Pod)) -> (Scene, i32, String) {
    let mut scene = Scene::of(objects);
    scene.pod.prepare_volumes();
    spoil(&scene.pod);
    let code = scene.pod.run_init_containers();
    let words = &scene.pod.ended[0].words;
    let complaints: Vec<&str> = words
        .lines()
        .filter(|line| !line.contains(" INFO "))
        .collect();
    assert_eq!(complaints.len(), 1, "one line:\n{words}");
    let line = complaints[0].to_owned();
    (scene, code, line)
}

fn owned() -> Objects {
    Objects::combined(&["access-token", "kubernetes-executor", "pre-stop"], None)
}

fn has(line: &str, parts: &[&str]) {
    for part in parts {
        assert!(line.contains(part), "{part} is not in: {line}");
    }
}

#[test]
#[ignore = "needs kubectl 1.27 and root: run by .ci/run"]
fn noexec_volume_is_told_by_the_init_container_because_the_hook_cannot() {
    let (mut scene, code, line) = init_on(&Objects::overlay("default"), |pod| {
        pod.sandbox.remount("volumes/config", "noexec");
    });
    assert_eq!(
        code, 0,
        "the runner works, only its end is in danger: {line}"
    );
    has(&line, &[" WARN ", "noexec", "image-volume", "sidecar"]);
    scene.pod.start_main();
    scene.wait_until_it_polls();
    scene.pod.delete(|_| ());
    let hook = scene
        .pod
        .ended
        .iter()
        .find(|ended| ended.name == "hook")
        .expect("tried");
    assert_ne!(hook.code, 0, "noexec is not played");
}

#[test]
#[ignore = "needs kubectl 1.27 and root: run by .ci/run"]
fn volume_of_another_uid_is_told_before_gitlab_is_asked() {
    let (scene, code, line) = init_on(&owned(), |pod| {
        let volume = pod.volume("config");
        chown(&volume, Some(1000), Some(1000)).unwrap();
        std::fs::set_permissions(&volume, std::os::unix::fs::PermissionsExt::from_mode(0o755))
            .unwrap();
    });
    assert_eq!(code, 78, "{line}");
    has(
        &line,
        &[
            " ERROR ",
            "/etc/gitlab-runner",
            "this process has uid 999",
            "belongs to uid 1000",
            "the same runAsUser",
            "fsGroup",
        ],
    );
    assert!(scene.gitlab.journal().is_empty(), "asked GitLab");
}

#[test]
#[ignore = "needs kubectl 1.27 and root: run by .ci/run"]
fn full_volume_is_told_before_gitlab_is_asked() {
    // With room for nothing, and with room for all but the copy of runner-reaper.
    for size in ["size=4k", "size=1m"] {
        let (scene, code, line) = init_on(&owned(), |pod| {
            pod.sandbox.remount("volumes/config", size);
            if size == "size=4k" {
                let root = User {
                    uid: 0,
                    gid: 0,
                    groups: Vec::new(),
                };
                put(
                    &pod.volume("config").join("something"),
                    &[0; 4096],
                    &root,
                    0o644,
                );
            }
        });
        assert_eq!(code, 78, "{size}: {line}");
        has(&line, &[" ERROR ", "the volume is full", "sizeLimit"]);
        assert!(scene.gitlab.journal().is_empty(), "{size}: asked GitLab");
        assert!(scene.gitlab.runners().is_empty(), "{size}");
    }
}
