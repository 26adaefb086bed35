//! What older versions have, and what they do otherwise. Against the real program its own version is tried, told by
//! `GITLAB_RUNNER_VERSION`.

use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::time::Duration;

use gitlab_simulator::{Fault, JobStatus};
use rustix::process::Signal;

use crate::scene::{Config, LIMIT, Scene, head, job_of, real, wait_for};

const LOADED: &str = "gitlab_runner_configuration_loaded_total";
const SAVED: &str = "gitlab_runner_configuration_saved_total";
const SLOTS: &str = "gitlab_runner_worker_slots_number";
const FEEDS: &str = "gitlab_runner_worker_feeds_total";
const RESET: &str = "POST /runners/reset_authentication_token";

/// The oldest that is watched, the newest, and one of each major version between.
const VERSIONS: [&str; 5] = ["15.11", "16.11", "17.11", "18.11", "19.4"];

/// With those on both sides of a change.
const AROUND: [&str; 6] = ["18.0", "18.1", "18.2", "19.0", "19.1", "19.2"];

/// Tries these versions side by side; of the real program only its own.
fn each(versions: &[&'static str], check: impl Fn(&'static str) + Sync) {
    let only = real().map(|_| std::env::var("GITLAB_RUNNER_VERSION").unwrap_or_default());
    let tried = |version: &&&str| only.as_ref().is_none_or(|only| only == **version);
    std::thread::scope(|scope| {
        for version in versions.iter().filter(tried) {
            scope.spawn(|| check(version));
        }
    });
}

fn number(version: &str) -> (u32, u32) {
    let (major, minor) = version.split_once('.').unwrap();
    (major.parse().unwrap(), minor.parse().unwrap())
}

fn polling(version: &'static str, concurrent: usize, more: &str) -> (Scene, Config) {
    let scene = Scene::of(version);
    let config = scene.config(concurrent, 1, more);
    (scene.running(&config), config)
}

/// A file whose one token is due in a second.
fn due(scene: &Scene) -> Config {
    let mut config = scene.config(1, 1, "");
    config.entries[0].more = crate::rotation::lives(-599, 201);
    config
}

#[test]
fn each_version_has_its_pages_families_and_labels() {
    each(&[&VERSIONS[..], &AROUND].concat(), |version| {
        let (scene, _) = polling(version, 1, "");
        scene.gitlab.queue_job(job_of(0.0));
        wait_for("a job", || {
            (scene.metric("gitlab_runner_jobs_total", "") == 1).then_some(())
        });
        let page = scene.page("/metrics").unwrap();
        let at_least = |major, minor| number(version) >= (major, minor);
        let has = |text: &str| page.contains(text);
        let states = at_least(19, 1);
        assert_eq!(scene.state().is_some(), states, "{version}");
        assert_eq!(
            has("gitlab_runner_process_state_info{"),
            states,
            "{version}"
        );
        let ready = scene.page("/health/ready").is_some();
        assert_eq!(ready, at_least(19, 2), "{version}");
        for family in ["jobs", "jobs_total", "limit"] {
            let name = format!("\ngitlab_runner_{family}{{");
            let row = page.split(&name).nth(1).unwrap();
            let row = row.lines().next().unwrap();
            assert_eq!(
                row.contains("runner_name="),
                at_least(18, 2),
                "{version}: {row}"
            );
            assert!(row.contains("system_id=\""), "{version}: {row}");
        }
        assert!(has(&format!("version=\"{version}.")), "{version}: {page}");
        assert!(has(FEEDS) && has(SLOTS) && has(LOADED), "{version}: {page}");
        assert!(scene.page("/debug/jobs/list").is_some(), "{version}");
    });
}

#[test]
fn before_the_oldest_that_is_watched_families_are_missing() {
    if real().is_some() {
        return;
    }
    for (version, loaded) in [("15.8", false), ("15.10", true)] {
        let mut scene = Scene::of(version);
        let config = scene.config(1, 1, "");
        scene.publish(&config);
        let address = scene.address.clone();
        scene.start(&["run", "--listen-address", &address]);
        scene.polled(1);
        let page = wait_for("the page", || scene.page("/metrics"));
        assert_eq!(page.contains(LOADED), loaded, "{page}");
        assert!(!page.contains(SLOTS) && !page.contains(FEEDS), "{page}");
    }
}

#[test]
fn hangup_kills_while_the_page_shows_no_worker_and_reloads_from_then_on() {
    if real().is_some() {
        // How long that lasts is the stand-in's to say.
        return;
    }
    each(&VERSIONS, |version| {
        let start = |delay: &str| {
            let mut scene = Scene::of(version);
            let config = scene.config(1, 1, "");
            scene.publish(&config);
            let address = scene.address.clone();
            scene.start(&[
                "run",
                "--listen-address",
                &address,
                "--signals-delay",
                delay,
            ]);
            scene.is_the_program();
            wait_for("the page", || scene.page("/metrics"));
            (scene, config)
        };
        let (mut early, _) = start("20s");
        assert_eq!(early.metric(SLOTS, ""), 0, "{version}");
        early.signal(Signal::HUP);
        assert_eq!(early.exit().signal(), Some(1), "{version}");
        let (mut late, config) = start("300ms");
        late.is_up();
        late.reload(&config);
        assert!(late.runs(), "{version}");
    });
}

#[test]
fn draining_process_shows_it_by_its_workers_and_loads_nothing_more() {
    each(&VERSIONS, |version| {
        let (mut scene, config) = polling(version, 2, "");
        let job = scene.job_until("go");
        scene.works_on(1);
        scene.signal(Signal::QUIT);
        wait_for("the idle worker to go", || {
            (scene.metric(SLOTS, "") == 1).then_some(())
        });
        assert_eq!(scene.metric("gitlab_runner_concurrent", ""), 2, "{version}");
        let (loaded, fed) = (scene.metric(LOADED, ""), scene.metric(FEEDS, ""));
        scene.publish(&config.paused());
        scene.signal(Signal::HUP);
        // Two of its own looks at the file would have come and gone.
        let began = std::time::Instant::now();
        wait_for("two looks", || {
            (began.elapsed() > Duration::from_secs(7)).then_some(())
        });
        assert_eq!(scene.metric(LOADED, ""), loaded, "{version}");
        assert_eq!(scene.metric(FEEDS, ""), fed, "{version}");
        scene.release("go");
        assert!(scene.exit().success(), "{version}");
        scene.job_is(job, JobStatus::Success);
    });
}

#[test]
fn draining_process_whose_workers_are_all_busy_shows_nothing_until_one_is_done() {
    each(&VERSIONS, |version| {
        let (mut scene, _) = polling(version, 2, "");
        scene.job_until("one");
        scene.job_until("two");
        scene.works_on(2);
        scene.signal(Signal::QUIT);
        wait_for("the shutdown", || {
            scene.log().contains("raceful shutdown").then_some(())
        });
        assert_eq!(scene.metric(SLOTS, ""), 2, "{version}");
        scene.release("one");
        wait_for("its worker to go", || {
            (scene.metric(SLOTS, "") == 1).then_some(())
        });
        scene.release("two");
        assert!(scene.exit().success(), "{version}");
    });
}

#[test]
fn limit_is_looked_at_before_a_request_and_what_is_held_is_dropped() {
    each(&VERSIONS, |version| {
        let (scene, _) = polling(version, 1, "  limit = 1");
        let job = scene.job_until("go");
        scene.works_on(1);
        scene.entry_is_held();
        let before = scene.polls();
        let waiting = scene.gitlab.queue_job(job_of(0.1));
        let paused = Config {
            head: head(2),
            entries: Vec::new(),
        };
        scene.reload(&paused);
        scene.release("go");
        scene.job_is(job, JobStatus::Success);
        scene.three_passes_later(&paused);
        assert_eq!(scene.polls(), before, "{version}");
        scene.job_is(waiting, JobStatus::Pending);
    });
}

/// A rotation whose answer GitLab holds back, once it has made the old token useless.
fn rotating(version: &'static str) -> (Scene, Config) {
    let scene = Scene::of(version);
    let config = due(&scene);
    let late = Fault::on(RESET).delay(crate::rotation::ON_ITS_WAY);
    scene.gitlab.fault(late);
    let scene = scene.started(&config);
    let asked = scene.gitlab.wait_until(LIMIT, |state| {
        state.runners[0].token != config.entries[0].token
    });
    assert!(asked, "{version}: {}", scene.log());
    (scene, config)
}

fn is_answered(scene: &Scene) -> bool {
    scene.gitlab.calls(RESET)[0].status.is_some()
}

#[test]
fn pages_answer_during_a_rotation_until_one_holds_the_configuration() {
    each(&[&VERSIONS[..], &AROUND[..2]].concat(), |version| {
        let (scene, config) = rotating(version);
        assert!(!is_answered(&scene), "{version}");
        assert!(scene.page("/metrics").is_some(), "{version}");
        let held = number(version) >= (18, 1);
        assert_eq!(is_answered(&scene), held, "{version}");
        let old = &config.entries[0].token;
        if !held {
            let text = fs::read_to_string(scene.file()).unwrap();
            assert!(text.contains(old), "{version}: not written yet");
        }
        wait_for("the save", || (scene.metric(SAVED, "") == 1).then_some(()));
        let text = fs::read_to_string(scene.file()).unwrap();
        assert!(
            text.contains(&scene.gitlab.runners()[0].token),
            "{version}: {text}"
        );
    });
}

#[test]
fn file_loaded_during_a_rotation_takes_the_new_token_with_it_before_18_1() {
    each(&["15.11", "16.11", "17.11", "18.0"], |version| {
        let (scene, config) = rotating(version);
        scene.is_up();
        scene.reload(&config.paused());
        assert!(!is_answered(&scene), "{version}");
        wait_for("the save", || (scene.metric(SAVED, "") == 1).then_some(()));
        let text = fs::read_to_string(scene.file()).unwrap();
        assert!(!text.contains("[[runners]]"), "{version}: {text}");
    });
}

#[test]
fn token_is_rotated_during_a_drain_too() {
    each(&VERSIONS, |version| {
        let scene = Scene::of(version);
        let mut config = scene.config(1, 1, "");
        config.entries[0].more = crate::rotation::lives(-596, 204);
        let mut scene = scene.running(&config);
        scene.job_until("go");
        scene.works_on(1);
        scene.signal(Signal::QUIT);
        wait_for("the save", || (scene.metric(SAVED, "") == 1).then_some(()));
        scene.release("go");
        assert!(scene.exit().success(), "{version}");
    });
}
