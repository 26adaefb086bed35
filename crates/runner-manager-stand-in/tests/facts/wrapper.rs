//! `wrapper … run`: fact 12.

use std::fs;

use gitlab_simulator::{JobStatus, Settings};
use rustix::process::{Pid, Signal, getpgid, kill_process};

use crate::scene::{Scene, job_of, wait_for};

/// A runner manager under a wrapper.
fn wrapped() -> Scene {
    let mut scene = Scene::new(Settings::default());
    let config = scene.config(1, 1, "");
    scene.publish(&config);
    let (address, socket) = (
        scene.address.clone(),
        scene.directory.path().join("grpc").display().to_string(),
    );
    let grpc = format!("unix://{socket}");
    scene.start(&[
        "wrapper",
        "--grpc-listen",
        &grpc,
        "run",
        "--listen-address",
        &address,
    ]);
    wait_for("the child", || {
        (scene.state().as_deref() == Some("running")).then_some(())
    });
    scene
}

/// The kernel lists children by the thread that started them, and the real one has many threads.
fn child_of(scene: &Scene) -> Pid {
    let tasks = format!("/proc/{}/task", scene.pid().as_raw_nonzero());
    wait_for("the child", || {
        let threads = fs::read_dir(&tasks).ok()?.flatten();
        let children =
            threads.filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
        Pid::from_raw(
            children
                .collect::<String>()
                .split_whitespace()
                .next()?
                .parse()
                .ok()?,
        )
    })
}

#[test]
fn fact_12_wrapper_outlives_its_drained_child() {
    let mut scene = wrapped();
    let child = child_of(&scene);
    assert_eq!(
        getpgid(Some(child)).unwrap(),
        child,
        "a process group of its own"
    );
    let job = scene.job_until("go");
    scene.works_on(1);
    kill_process(child, Signal::QUIT).unwrap();
    scene.release("go");
    scene.job_is(job, JobStatus::Success);
    let place = std::path::PathBuf::from(format!("/proc/{}", child.as_raw_nonzero()));
    wait_for("the wrapper to have seen the child's end", || {
        (!place.exists()).then_some(())
    });
    assert!(scene.runs(), "the wrapper stays");
    scene.signal(Signal::QUIT);
    assert_eq!(scene.exit().code(), Some(0));
}

#[test]
fn quit_of_the_wrapper_terminates_a_child_that_still_runs() {
    let mut scene = wrapped();
    let job = scene.gitlab.queue_job(job_of(300.0));
    scene.works_on(1);
    scene.signal(Signal::QUIT);
    scene.job_is(job, JobStatus::Failed);
    assert_eq!(scene.exit().code(), Some(0));
}
