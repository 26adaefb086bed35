//! A `config.toml` that changes under the hook, or is loaded in the midst of it, by whoever's hand: the runner manager polls
//! again, and what was deleted comes back.

use std::fs::{File, remove_file, rename};
use std::time::{Duration, Instant, SystemTime};

use acceptance::pod::{Plan, Pod, Source, wait_for, within};
use acceptance::versions::{ENDS, each};
use gitlab_simulator::{Fault, JobStatus};
use nix::sys::signal::Signal;

const MANAGER: &str = "DELETE /runners/managers";

/// A shared runner on two slots, and a job on one of them.
fn half_busy() -> (Pod, i64) {
    let mut pod = Pod::working(Plan {
        concurrent: 2,
        ..Plan::of(Source::AuthenticationToken)
    });
    pod.order.polling_resumes();
    let job = pod.busy_with(1)[0];
    (pod, job)
}

/// Newer, with the same bytes: the runner manager loads it and polls again.
fn touch(pod: &Pod) {
    let file = File::options().write(true).open(pod.config()).unwrap();
    file.set_modified(SystemTime::now()).unwrap();
}

#[test]
fn deletion_whose_answer_is_still_to_come_is_asked_for_again() {
    each(&ENDS, || {
        let (pod, job) = half_busy();
        // GitLab has done it long before it says so.
        let slow = Fault::on(MANAGER).delay(Duration::from_secs(4));
        pod.gitlab.fault(slow);
        let mut hook = pod.hook(&["--grace-period=60"]);
        hook.says("waiting for 1 job");
        pod.signal(Signal::SIGHUP);
        hook.says("may have resumed");
        // Whether it polled in between or not: what was asked for before counts no more.
        pod.is_asked(MANAGER, 2);
        pod.release();
        hook.ended().is(0, "nothing is left at GitLab");
        pod.job_is(job, JobStatus::Success);
        assert_eq!(pod.gitlab.calls(MANAGER).len(), 2);
        assert!(pod.is_gone());
    });
}

#[test]
fn file_that_is_loaded_after_each_pause_is_not_paused_for_ever() {
    each(&ENDS, || {
        let (mut pod, job) = half_busy();
        pod.order.polling_goes_on();
        let mut hook = pod.hook(&["--grace-period=60"]);
        for _ in 0..4 {
            hook.says("waiting for 1 job");
            hook.forget();
            pod.signal(Signal::SIGHUP);
        }
        hook.says("polling continues until the end");
        pod.release();
        hook.ended().is(0, "");
        pod.job_is(job, JobStatus::Success);
        assert_eq!(pod.gitlab.calls(MANAGER).len(), 5);
    });
}

#[test]
fn runner_manager_that_polls_again_after_a_touch_is_unregistered_again() {
    each(&ENDS, || {
        let (pod, job) = half_busy();
        let mut hook = pod.hook(&["--grace-period=60"]);
        hook.says("unregistered from");
        touch(&pod);
        hook.says("may have resumed");
        pod.release();
        hook.ended().is(0, "nothing is left at GitLab");
        pod.job_is(job, JobStatus::Success);
        assert!(pod.is_gone());
    });
}

/// A runner manager whose request GitLab holds, which keeps the pause going for some seconds.
fn held(source: Source) -> Pod {
    let pod = Pod::working(Plan::of(source).held_for(Duration::from_secs(5)));
    pod.is_held();
    pod
}

fn pause_begins(pod: &Pod) {
    wait_for("the pause", || {
        let text = pod.stage.text("config.toml")?;
        text.starts_with("# Paused").then_some(())
    });
}

#[test]
fn file_that_lost_its_entries_during_the_pause_is_put_back_and_its_runner_goes() {
    each(&ENDS, || {
        for lost in ["", "concurrent = 2\n", "[[runners]]\n  token = \"gl"] {
            let pod = held(Source::RegistrationToken);
            let original = pod.original();
            let hook = pod.hook(&["--grace-period=60"]);
            pause_begins(&pod);
            pod.stage.put("lost", lost);
            rename(pod.stage.file("lost"), pod.config()).unwrap();
            let ended = hook.ended();
            ended.is(0, "an interrupted write had removed its runner entries");
            pod.is_as_before(&original);
            assert!(pod.is_gone(), "{lost:?}: {}", ended.words);
        }
    });
}

#[test]
fn original_that_is_removed_during_the_pause_is_written_again_and_its_runner_goes() {
    each(&ENDS, || {
        for source in [Source::AuthenticationToken, Source::RegistrationToken] {
            let pod = held(source);
            let original = pod.original();
            let hook = pod.hook(&["--grace-period=60"]);
            pause_begins(&pod);
            remove_file(pod.stage.file("config.toml.original")).unwrap();
            let ended = hook.ended();
            ended.is(0, "was written again as before the pause");
            pod.is_as_before(&original);
            assert!(pod.is_gone(), "{source:?}: {}", ended.words);
        }
    });
}

#[test]
fn file_that_is_touched_all_the_time_ends_with_the_deadline_and_not_without_a_request() {
    each(&ENDS, || {
        within(Duration::from_secs(8), || {
            let mut pod = Pod::working(Plan::of(Source::RegistrationToken));
            pod.order.deadline_passes();
            pod.order.polling_goes_on();
            let job = pod.busy_with(1)[0];
            let mut hook = pod.hook(&["--grace-period=8"]);
            let (mut touched, mut times) = (Instant::now(), 0);
            wait_for("the end of the hook", || {
                if touched.elapsed() > Duration::from_millis(200) {
                    (touched, times) = (Instant::now(), times + 1);
                    touch(&pod);
                }
                (!hook.runs()).then_some(())
            });
            let ended = hook.ended();
            assert!(times > 6, "{times}");
            ended.is(75, &format!("/-/jobs/{job}"));
            assert!(pod.is_gone(), "{}", ended.words);
            ended.took
        });
    });
}

/// Whatever rewrites `config.toml` all the time begins many rounds; GitLab, which does not answer, gets one request at a time.
#[test]
fn requests_of_rounds_that_repeat_do_not_pile_up() {
    let (pod, _) = half_busy();
    let hang = Fault::on(MANAGER).delay(Duration::from_secs(4));
    pod.gitlab.fault(hang);
    let mut hook = pod.hook(&["--grace-period=60"]);
    for _ in 0..3 {
        hook.says("waiting for 1 job");
        hook.forget();
        touch(&pod);
        hook.says("may have resumed");
    }
    hook.says("waiting for 1 job");
    pod.release();
    hook.ended().is(0, "nothing is left at GitLab");
    let calls = pod.gitlab.calls(MANAGER);
    let mut ends = calls.iter().zip(calls.iter().skip(1));
    assert!(
        calls.len() >= 2 && ends.all(|(one, next)| one.ended_at.is_some_and(|end| end <= next.at))
    );
}

/// A directory that lost its mode during the pause: polling is off, and the rest of the story is told once.
#[test]
fn pause_that_cannot_be_ended_is_not_begun_again() {
    let Some(command) = acceptance::namespaces::user_namespace() else {
        return;
    };
    let mut pod = Pod::working(Plan::of(Source::AuthenticationToken));
    pod.order.polling_resumes();
    let open = Fault::on("POST /jobs/request").delay(Duration::from_secs(3));
    pod.gitlab.fault(open);
    pod.polled(2);
    let reaper = pod.reaper(&["pre-stop", "--grace-period=60"]);
    let mut hook = pod.begin(&mut acceptance::stage::behind(command, &reaper));
    hook.says("config.toml paused");
    let mode = std::os::unix::fs::PermissionsExt::from_mode;
    std::fs::set_permissions(pod.stage.path(), mode(0o500)).unwrap();
    let ended = hook.ended();
    std::fs::set_permissions(pod.stage.path(), mode(0o700)).unwrap();
    ended.is(78, "config.toml could not be restored");
    assert!(!ended.words.contains("pausing again"), "{}", ended.words);
    assert_eq!(pod.gitlab.calls(MANAGER).len(), 1, "{}", ended.words);
}
