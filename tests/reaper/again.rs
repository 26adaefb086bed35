//! The hook twice at once, after it is done, and killed anywhere: in the end nothing is left, and the file is what it was.

use acceptance::pod::{Plan, Pod, Source, wait_for};
use acceptance::versions::{ALL, each};
use gitlab_simulator::JobStatus;

/// A runner manager started anew on the volume works: the file in force is the operator's.
pub(crate) fn starts_anew(pod: &mut Pod) {
    pod.gitlab.look(|state| pod.order.ends_here(state));
    let before = pod.polls();
    pod.start(&[]);
    pod.polled(before + 1);
}

#[test]
fn two_hooks_at_once_and_one_afterwards_leave_nothing() {
    each(&ALL, || {
        for source in Source::SHARED_AND_OWNED {
            let mut pod = Pod::working(Plan::of(source));
            pod.order.may_be_asked_again();
            let original = pod.original();
            let job = pod.busy_with(1)[0];
            let arguments = &["pre-stop", "--grace-period=1h"];
            let mut first = pod.begin(&mut pod.reaper(arguments));
            // The tracer below follows one thread.
            let tasks = std::fs::read_dir(format!("/proc/{}/task", first.child.id())).unwrap();
            assert_eq!(tasks.count(), 1, "threads of the reaper");
            let mut second = pod.begin(&mut pod.reaper(arguments));
            // Whichever came first waits for the job with the lock in its hand.
            wait_for("one of them to wait for the job", || {
                let said =
                    first.has_said("waiting for 1 job") || second.has_said("waiting for 1 job");
                said.then_some(())
            });
            assert!(
                first.runs() && second.runs(),
                "the other one waits for the lock"
            );
            pod.release();
            let ended = [second.ended(), first.ended()];
            for ended in &ended {
                ended.is(0, "nothing is left at GitLab");
            }
            let mut third = pod.begin(&mut pod.reaper(arguments));
            third.says("was already gone");
            third.ended().is(0, "nothing is left at GitLab");
            pod.job_is(job, JobStatus::Success);
            assert!(pod.is_gone());
            pod.is_as_before(&original);
            pod.stopped_by_kubelet();
            starts_anew(&mut pod);
        }
    });
}

#[cfg(target_arch = "x86_64")]
mod killed {
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

    use acceptance::at_once::at_once;
    use acceptance::tracer;

    use acceptance::versions::{MUTE, play};

    use super::{Plan, Pod, Source, starts_anew};

    /// More steps than any hook has; one that goes on for ever fails here.
    const MOST_STEPS: usize = 400;

    /// Hooks that are killed at once: they wait more than they work.
    const AT_ONCE: usize = 4;

    /// Kills the hook at this step and runs it again. Says whether there was such a step.
    fn killed_at(number: usize, source: Source, version: &'static str) -> bool {
        play(version);
        let mut pod = Pod::working(Plan::of(source));
        pod.order.may_be_asked_again();
        let original = pod.original();
        let (reached, killed) = tracer::killed_at(&mut pod.reaper(&["pre-stop"]), number, |_| true);
        let Some(step) = reached else {
            assert_eq!(killed.code(), 0, "an undisturbed run: {}", killed.output());
            return false;
        };
        let at = format!(
            "{version}, {source:?}, step {number} ({step:?}) after:\n{}",
            killed.output()
        );
        assert_eq!(killed.code(), -1, "{at}");
        let again = pod.reap(&["pre-stop"]);
        assert_eq!(again.code, 0, "{at}\n{}", again.words);
        assert!(pod.is_gone(), "{at}\n{}", again.words);
        assert!(pod.runs(), "{at}\n{}", again.words);
        assert_eq!(pod.original(), original, "{at}\n{}", again.words);
        pod.is_as_before(&original);
        pod.stopped_by_kubelet();
        starts_anew(&mut pod);
        true
    }

    /// Kills it at every so manieth step, and counts them.
    fn killed_at_each(every: usize, source: Source, version: &'static str) -> usize {
        let (steps, over) = (AtomicUsize::new(0), AtomicBool::new(false));
        at_once(AT_ONCE, (0..MOST_STEPS).step_by(every), |number| {
            if over.load(Ordering::Relaxed) {
                return;
            }
            if killed_at(number, source, version) {
                steps.fetch_add(1, Ordering::Relaxed);
            } else {
                over.store(true, Ordering::Relaxed);
            }
        });
        assert!(over.into_inner(), "it goes on for ever");
        let steps = steps.into_inner();
        #[expect(
            clippy::print_stderr,
            reason = "a figure for who reads the test's output"
        )]
        {
            eprintln!("{version}, {source:?}: killed at {steps} steps");
        }
        steps
    }

    #[test]
    fn hook_killed_anywhere_and_run_again_leaves_nothing_and_the_file_as_it_was() {
        for source in Source::SHARED_AND_OWNED {
            let steps = killed_at_each(1, source, "19.4");
            assert!(steps > 20, "{source:?}: only {steps} steps were seen");
        }
        // What does not depend on the version is not tried again at every step.
        for version in MUTE {
            assert!(killed_at_each(5, Source::AuthenticationToken, version) > 4);
        }
    }
}
