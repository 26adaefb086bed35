//! The run for a second entry, stopped at every step: it is undone or done, and the first entry stays as it is.

use acceptance::tracer::{Fate, trace};
use gitlab_simulator::NewRunner;
use nix::sys::signal::Signal;

use super::{REGISTRATION, STATE, Volume};

const MOST_STEPS: usize = 400;

fn stopped_anywhere(source: impl Fn(&Volume) -> String, more: usize) {
    for number in 0..MOST_STEPS {
        let volume = Volume::new();
        let source = source(&volume);
        volume.run(&[&source, "--name=first"]);
        let before = volume.config();
        let runners = volume.gitlab.runners().len();
        let managers = volume.runner("first").managers.len();
        let mut reached = false;
        let ended = trace(
            &mut volume.command(&[&source, "--name=second"]),
            |step, _| {
                if step == number {
                    reached = true;
                    return Fate::Signal(Signal::SIGTERM);
                }
                Fate::GoOn
            },
        );
        let at = format!("step {number}: {}", ended.output());
        if !reached {
            assert!(number > 20, "{at}");
            return;
        }
        let done = ended.code() == 0;
        assert!(done || [143, -1].contains(&ended.code()), "{at}");
        assert_eq!(volume.stage.entries(), 1 + usize::from(done), "{at}");
        let made = runners + more * usize::from(done);
        assert_eq!(volume.gitlab.runners().len(), made, "{at}");
        let first = volume.runner("first");
        assert_eq!(first.managers.len(), managers, "the first works on: {at}");
        if !done {
            assert_eq!(volume.config(), before, "{at}");
            let state = volume.state();
            let known = state.matches("[[entry]]").count();
            assert!(known <= 2 && !state.contains("pending"), "{at}{state}");
        }
        // And the next start of the pod comes to what was meant.
        volume.run(&[&source, "--name=first"]);
        volume.run(&[&source, "--name=second"]);
        assert_eq!(volume.gitlab.runners().len(), runners + more, "{at}");
        assert_eq!(volume.state().matches("[[entry]]").count(), 2, "{at}");
        assert!(volume.stage.text(STATE).is_some());
    }
    panic!("more than {MOST_STEPS} steps");
}

#[test]
fn with_a_runner_of_its_own() {
    stopped_anywhere(|_| REGISTRATION.to_owned(), 1);
}

#[test]
fn with_the_runner_of_the_first() {
    let shared = |volume: &Volume| {
        let runner = volume.gitlab.add_runner(NewRunner::default());
        format!("--token={}", runner.token)
    };
    stopped_anywhere(shared, 0);
}
