//! The signals: facts 10, 11 and 22.

use std::time::{Duration, Instant};

use gitlab_simulator::{Fault, Job, JobStatus, Settings};
use rustix::process::Signal;
use serde_json::json;

use crate::scene::{Config, LIMIT, Scene, job_of, real, wait_for, within};

#[test]
fn fact_10_idle_runner_manager_quits_at_once() {
    within(Duration::from_secs(1), || {
        let (mut scene, _) = Scene::polling(1, 1, "");
        scene.polled(1);
        let begun = Instant::now();
        scene.signal(Signal::QUIT);
        assert_eq!(scene.exit().code(), Some(0));
        let took = begun.elapsed();
        let log = scene.log();
        assert!(log.contains("All workers stopped.") && log.contains("Can exit now!"));
        took
    });
}

#[test]
fn fact_10_quit_ends_polling_and_not_the_job() {
    let (mut scene, _) = Scene::polling(2, 1, "");
    let job = scene.job_until("go");
    scene.works_on(1);
    scene.signal(Signal::QUIT);
    wait_for("the drain", || {
        (scene.state().as_deref() == Some("graceful-shutdown")).then_some(())
    });
    assert_eq!(
        scene.metric(
            "gitlab_runner_process_state_info",
            "state=\"graceful-shutdown\""
        ),
        1
    );
    let before = scene.polls();
    scene
        .gitlab
        .update(|state| state.runners[0].managers.clear());
    let waiting = scene.gitlab.queue_job(job_of(0.0));
    // A further SIGQUIT is nothing new.
    scene.signal(Signal::QUIT);
    scene.release("go");
    scene.job_is(job, JobStatus::Success);
    assert_eq!(scene.exit().code(), Some(0));
    assert_eq!(scene.polls(), before);
    scene.job_is(waiting, JobStatus::Pending);
    assert!(
        scene.gitlab.runners()[0].managers.is_empty(),
        "not made again"
    );
}

#[test]
fn fact_11_terminate_reports_the_job_as_failed() {
    for (reasons, expected) in [
        (
            json!(["unknown_failure", "runner_interrupted"]),
            "runner_interrupted",
        ),
        (json!(["unknown_failure"]), "unknown_failure"),
    ] {
        for signal in [Signal::TERM, Signal::INT] {
            let (mut scene, _) = Scene::polling(1, 1, "");
            let payload = json!({"features": {"failure_reasons": reasons}})
                .as_object()
                .cloned()
                .unwrap();
            let job = scene.gitlab.queue_job(Job {
                payload,
                ..job_of(300.0)
            });
            scene.works_on(1);
            scene.signal(signal);
            scene.job_is(job, JobStatus::Failed);
            assert_eq!(scene.exit().code(), Some(0));
            assert_eq!(
                scene.gitlab.jobs()[0].failure_reason.as_deref(),
                Some(expected)
            );
        }
    }
}

#[test]
fn fact_11_idle_runner_manager_ends_with_zero() {
    let (mut scene, _) = Scene::polling(1, 1, "");
    scene.signal(Signal::TERM);
    assert_eq!(scene.exit().code(), Some(0));
}

#[test]
fn terminate_after_quit_is_forceful() {
    let (mut scene, _) = Scene::polling(1, 1, "");
    let job = scene.gitlab.queue_job(job_of(300.0));
    scene.works_on(1);
    scene.signal(Signal::QUIT);
    wait_for("the drain", || {
        (scene.state().as_deref() == Some("graceful-shutdown")).then_some(())
    });
    scene.signal(Signal::TERM);
    scene.job_is(job, JobStatus::Failed);
    assert_eq!(scene.exit().code(), Some(0));
}

/// A runner manager that is to end by force and whose last word GitLab does not take.
fn stuck(timeout: &str) -> Scene {
    let scene = Scene::new(Settings::default());
    let config = scene.config(1, 1, "");
    let config = Config {
        head: format!("{}shutdown_timeout = {timeout}\n", config.head),
        ..config
    };
    scene.gitlab.queue_job(job_of(300.0));
    let scene = scene.running(&config);
    scene.works_on(1);
    scene
        .gitlab
        .fault(Fault::on("PUT /jobs/*").forever().hang());
    scene.signal(Signal::TERM);
    wait_for("the end by force", || {
        (scene.state().as_deref() == Some("forceful-shutdown")).then_some(())
    });
    scene
}

#[test]
fn shutdown_timeout_over_is_exit_1() {
    let begun = Instant::now();
    let mut scene = stuck("1");
    assert_eq!(scene.exit().code(), Some(1));
    assert!(begun.elapsed() > Duration::from_secs(1));
    assert!(scene.log().contains("shutdown timed out"));
}

#[test]
fn second_terminate_is_exit_1_at_once() {
    // Longer than is waited for its end.
    let mut scene = stuck("600");
    scene.signal(Signal::TERM);
    assert_eq!(scene.exit().code(), Some(1));
    assert!(!scene.log().contains("shutdown timed out"));
}

#[test]
fn fact_22_quit_cuts_off_the_open_request_and_its_job_is_lost() {
    let slow = Settings {
        request_delay: Duration::from_secs(10),
        ..Settings::default()
    };
    let scene = Scene::new(slow);
    let config = scene.config(1, 1, "");
    let job = scene.gitlab.queue_job(job_of(0.1));
    let mut scene = scene.running(&config);
    // Handed out, and the answer still on its way.
    scene.job_is(job, JobStatus::Running);
    scene.signal(Signal::QUIT);
    assert_eq!(scene.exit().code(), Some(0));
    assert!(
        scene
            .gitlab
            .wait_until(LIMIT, |state| state.jobs[0].cut_off)
    );
    scene.job_is(job, JobStatus::Running);
    assert!(scene.gitlab.calls("PUT /jobs/*").is_empty());
}

#[test]
fn before_its_handlers_are_there_a_hangup_kills() {
    if real().is_some() {
        // The real one's window cannot be held open.
        return;
    }
    let mut scene = Scene::new(Settings::default());
    let config = scene.config(1, 1, "");
    scene.publish(&config);
    let address = scene.address.clone();
    scene.start(&["run", "--listen-address", &address, "--start-delay", "1m"]);
    scene.is_the_program();
    assert!(scene.runs());
    assert_eq!(scene.state(), None, "no page yet");
    scene.signal(Signal::HUP);
    assert_eq!(
        std::os::unix::process::ExitStatusExt::signal(&scene.exit()),
        Some(Signal::HUP.as_raw())
    );
}
