//! Pods played from birth to death, idle and busy: at the end GitLab's list is empty, or a shared runner has no runner manager;
//! jobs end with success, nothing polls after the farewell, and no container sees or says what is not its business.

use std::fs;

use acceptance::pod::{LIMIT, wait_for};
use gitlab_simulator::{JobStatus, Settings};
use nix::sys::signal::Signal;

use crate::render::Objects;
use crate::scene::{Scene, certificate, get};

fn idle(objects: &Objects) {
    let mut scene = Scene::of(objects);
    scene.pod.start();
    scene.wait_until_it_polls();
    if !scene.is_article() {
        scene.check_secrets();
    }
    scene.pod.delete(|_| ());
    scene.check_end();
}

fn busy(objects: &Objects) {
    let mut scene = Scene::of(objects);
    scene.pod.start();
    scene.wait_until_it_polls();
    let job = scene.take_a_job();
    end_busy(&mut scene, job);
    scene.check_end();
}

/// The end of a pod while this job runs, which ends with success and under no new poll.
pub(crate) fn end_busy(scene: &mut Scene, job: i64) {
    let Scene { pod, gitlab, .. } = &mut *scene;
    pod.delete(|pod| {
        // Polling is off before the job ends: the hook has paused, or the runner manager got its stop signal.
        let paused = || {
            pod.config_volume().join("config.toml.original").exists()
                || gitlab.journal().iter().any(|call| call.method == "DELETE")
        };
        let hook = pod.spec["containers"][0]["lifecycle"].is_object();
        wait_for("the pause", || (!hook || paused()).then_some(()));
        Scene::let_the_job_end(pod);
    });
    let job = scene
        .gitlab
        .jobs()
        .into_iter()
        .find(|view| view.id == job)
        .unwrap();
    assert_eq!(
        job.status,
        JobStatus::Success,
        "{:?}\n{}",
        job.failure_reason,
        scene.pod.words()
    );
}

macro_rules! lives {
    ($($name:ident: $load:ident $objects:expr;)*) => {$(
        #[test]
        #[ignore = "needs kubectl 1.27 and root: run by .ci/run"]
        fn $name() {
            $load(&$objects);
        }
    )*};
}

lives! {
    default_idle: idle Objects::overlay("default");
    default_busy: busy Objects::overlay("default");
    sidecar_idle: idle Objects::overlay("sidecar");
    sidecar_busy: busy Objects::overlay("sidecar");
    article_idle: idle Objects::overlay("article");
    article_busy: busy Objects::overlay("article");
    access_token_with_sidecar_idle: idle Objects::combined(&["access-token", "kubernetes-executor", "image-builds", "sidecar", "proxy"], None);
    access_token_with_sidecar_busy: busy Objects::combined(&["access-token", "kubernetes-executor", "sidecar", "metrics"], None);
    access_token_with_hook_busy: busy Objects::combined(&["access-token", "kubernetes-executor", "pre-stop", "proxy"], None);
    registration_token_with_hook_idle: idle Objects::combined(&["registration-token", "docker-socket", "pre-stop", "metrics"], None);
    registration_token_with_sidecar_busy: busy Objects::combined(&["registration-token", "docker-socket", "sidecar"], None);
    image_volume_with_hook_busy: busy Objects::combined(&["authentication-token", "kubernetes-executor", "pre-stop", "image-volume"], None);
    statefulset_with_hook_busy: busy Objects::combined(&["authentication-token", "kubernetes-executor", "pre-stop", "statefulset"], None);
}

/// A namesake comes after a pod that ended without unregistering.
#[test]
#[ignore = "needs kubectl 1.27 and root: run by .ci/run"]
fn statefulset_pod_comes_back_as_the_same_runner_manager_after_sigkill() {
    let objects = Objects::combined(
        &[
            "authentication-token",
            "kubernetes-executor",
            "pre-stop",
            "statefulset",
        ],
        None,
    );
    let mut lost = Scene::of(&objects);
    lost.pod.start();
    lost.wait_until_it_polls();
    lost.pod
        .main
        .as_ref()
        .expect("started")
        .signal(Signal::SIGKILL);
    let system_id = |scene: &Scene| {
        fs::read_to_string(scene.pod.volume("config").join(".runner_system_id")).unwrap()
    };
    let mut back = Scene::of(&objects);
    back.pod.start();
    assert_eq!(system_id(&lost), system_id(&back));
    assert_eq!(
        lost.gitlab.runners()[0].managers[0].system_id,
        system_id(&back)
    );
    back.wait_until_it_polls();
    back.pod.delete(|_| ());
    back.check_end();
}

#[test]
#[ignore = "needs kubectl 1.27 and root: run by .ci/run"]
fn metrics_component_serves_what_its_probe_asks() {
    let objects = Objects::combined(
        &["access-token", "kubernetes-executor", "sidecar", "metrics"],
        None,
    );
    let mut scene = Scene::of(&objects);
    scene.pod.start();
    scene.wait_until_it_polls();
    let container = &scene.pod.spec["containers"][0];
    assert_eq!(container["ports"][0]["containerPort"], 9252);
    for probe in ["startupProbe", "readinessProbe"] {
        let asked = &container[probe]["httpGet"];
        assert_eq!(asked["port"], container["ports"][0]["name"], "{probe}");
        let page = get(asked["path"].as_str().unwrap()).unwrap();
        let shown = page.contains("gitlab_runner_concurrent 4");
        assert!(shown, "{probe}: {page}");
    }
    let config = fs::read_to_string(scene.pod.volume("config").join("config.toml")).unwrap();
    assert!(
        config.contains("listen_address = \":9252\""),
        "beyond loopback, for Prometheus:\n{config}"
    );
}

/// The stand-in speaks plain HTTP only, so no runner manager is there to poll; both helpers go through TLS.
#[test]
#[ignore = "needs kubectl 1.27 and root: run by .ci/run"]
fn private_ca_is_believed_by_the_init_container_and_the_sidecar() {
    let objects = Objects::combined(
        &[
            "access-token",
            "kubernetes-executor",
            "sidecar",
            "private-ca",
        ],
        None,
    );
    let tls = certificate("127.0.0.1");
    let certificate = tls.certificate_chain.clone();
    let mut scene = Scene::with(
        &objects,
        Settings {
            tls: Some(tls),
            ..Settings::default()
        },
    );
    scene
        .pod
        .given
        .insert(("gitlab-ca".to_owned(), "ca.crt".to_owned()), certificate);
    assert!(scene.gitlab.url().starts_with("https://127.0.0.1:"));
    scene.pod.prepare_volumes();
    assert_eq!(scene.pod.run_init_containers(), 0, "{}", scene.pod.words());
    assert!(
        !scene.pod.words().contains(" WARN "),
        "{}",
        scene.pod.words()
    );
    assert_eq!(scene.gitlab.runners().len(), 1);
    let sidecar = scene.pod.sidecars.pop().expect("started");
    sidecar.signal(Signal::SIGTERM);
    assert_eq!(sidecar.ended_within(LIMIT), Some(0), "{}", sidecar.log());
    assert!(scene.gitlab.runners().is_empty(), "{}", sidecar.log());
}

/// The grace period reaches the hook: a job that does not end is reported, and nothing is left at GitLab.
fn job_outlasts_the_grace_period(objects: &Objects) {
    let mut scene = Scene::of(objects);
    scene.pod.start();
    scene.wait_until_it_polls();
    let id = scene.take_a_job();
    scene.pod.delete(|_| ());
    let job = scene.gitlab.look(|state| state.job(id).unwrap().status);
    let words = scene.pod.words();
    assert_eq!(job, JobStatus::Failed, "GitLab heard of it:\n{words}");
    let runners = scene.gitlab.runners();
    let shared = |runner: &gitlab_simulator::Runner| runner.creator.is_some();
    assert!(runners.iter().all(shared), "{words}");
    assert!(
        runners.iter().all(|runner| runner.managers.is_empty()),
        "{words}"
    );
}

#[test]
#[ignore = "needs kubectl 1.27 and root: run by .ci/run"]
fn end_of_the_grace_period_is_kept_by_the_hook() {
    job_outlasts_the_grace_period(&Objects::combined(
        &["authentication-token", "kubernetes-executor", "pre-stop"],
        Some(8),
    ));
}

/// Kubernetes' 30 s, which its manifest does not name and its hook's line does.
#[test]
#[ignore = "needs kubectl 1.27 and root: run by .ci/run"]
fn end_of_the_grace_period_is_kept_by_the_hook_of_the_article() {
    job_outlasts_the_grace_period(&Objects::overlay("article"));
}

/// The check above would see a misspelt variable.
#[test]
#[ignore = "needs kubectl 1.27 and root: run by .ci/run"]
fn misspelt_variable_is_told() {
    let mut scene = Scene::of(&Objects::overlay("default"));
    scene.pod.fill_in(&[
        ("RUNNER_INIT_CONCURRENT", "RUNNER_INIT_CONCURENT"),
        ("RUNNER_REAPER_GRACE_PERIOD", "RUNNER_REAPER_GRACE"),
    ]);
    scene.pod.start();
    scene.wait_until_it_polls();
    scene.pod.delete(|_| ());
    let words = scene.pod.words();
    for variable in ["RUNNER_INIT_CONCURENT", "RUNNER_REAPER_GRACE"] {
        assert!(
            words
                .lines()
                .any(|line| line.contains(" WARN ") && line.contains(variable)),
            "{variable}:\n{words}"
        );
    }
}
