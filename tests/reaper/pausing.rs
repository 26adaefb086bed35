//! `pause` and `resume` by a person: no job is taken in between, none is lost, and the operator's file comes back.

use acceptance::known::{RESET, STATE};
use std::time::{Duration, Instant, SystemTime};

use acceptance::order::no_job_is_lost;
use acceptance::pod::{Plan, Pod, Source, wait_for};
use acceptance::versions::{ALL, ENDS, each};
use gitlab_simulator::{Fault, JobStatus};
use nix::sys::signal::Signal;

mod between;
mod elsewhere;
mod init;
mod json;
#[cfg(target_arch = "x86_64")]
mod killed;
mod refused;

/// Several check intervals of the pods here, and the runner manager's own look at its file among them.
const PASSES: Duration = Duration::from_secs(5);

/// What a pause and its end come to.
trait Pausing {
    /// Fails if a job is requested for several check intervals.
    fn takes_nothing(&self);

    /// Fails unless the file is paused and the state tells by whom.
    fn is_paused(&self);

    /// Fails unless the file is this one again, newer than any before, and nothing of the pause is left.
    fn is_resumed(&self, original: &(Vec<u8>, SystemTime));

    /// Waits for a request more than there were.
    fn polls_on(&self);
}

impl Pausing for Pod {
    #[track_caller]
    fn takes_nothing(&self) {
        let polls = self.polls();
        let began = Instant::now();
        wait_for("several passes of the feeder", || {
            (began.elapsed() > PASSES).then_some(())
        });
        assert_eq!(self.polls(), polls, "polled while paused: {}", self.log());
    }

    #[track_caller]
    fn is_paused(&self) {
        let text = self.stage.text("config.toml").unwrap();
        assert!(text.starts_with("# Paused by runner-reaper"), "{text}");
        assert_eq!(self.stage.entries(), 0, "{text}");
        let state = self.stage.text(STATE).unwrap();
        assert!(
            state.contains("[pause]") && state.contains(" on "),
            "{state}"
        );
    }

    #[track_caller]
    fn is_resumed(&self, original: &(Vec<u8>, SystemTime)) {
        let now = self.original();
        assert_eq!(now.0, original.0, "config.toml is not what it was");
        assert!(now.1 > original.1, "the runner manager would not load it");
        self.is_as_before(&now);
        let state = self.stage.text(STATE).unwrap();
        assert!(!state.contains("[pause]"), "{state}");
    }

    #[track_caller]
    fn polls_on(&self) {
        let polls = self.polls();
        self.polled(polls + 1);
    }
}

#[test]
fn under_a_full_queue_nothing_is_taken_until_it_is_resumed() {
    each(&ALL, || {
        for source in Source::SHARED_AND_OWNED {
            let mut pod = Pod::working(Plan {
                concurrent: 2,
                ..Plan::of(source)
            });
            let original = pod.original();
            let running = pod.busy_with(2);
            let waiting: Vec<i64> = (0..3).map(|_| pod.held_job()).collect();
            let paused = pod.reap(&["pause"]);
            paused.is(
                0,
                "polling is off until \"runner-reaper resume\", 2 jobs still running: ",
            );
            for id in &running {
                let named = format!("jobs/{id}");
                assert!(paused.words.contains(&named), "{}", paused.words);
            }
            pod.is_paused();
            assert!(pod.gitlab.calls("DELETE *").is_empty());
            // The slots become free, and the queue is full.
            pod.release();
            running
                .iter()
                .for_each(|id| pod.job_is(*id, JobStatus::Success));
            pod.takes_nothing();
            waiting
                .iter()
                .for_each(|id| pod.job_is(*id, JobStatus::Pending));
            pod.reap(&["resume"])
                .is(0, "resumed: the runner manager takes jobs again");
            pod.is_resumed(&original);
            waiting
                .iter()
                .for_each(|id| pod.job_is(*id, JobStatus::Success));
            pod.gitlab.look(no_job_is_lost);
            assert!(pod.runs() && pod.gitlab.calls("DELETE *").is_empty());
        }
    });
}

#[test]
fn second_pause_says_since_when_and_by_whom_and_changes_nothing() {
    each(&ENDS, || {
        let pod = Pod::working(Plan::of(Source::AuthenticationToken));
        let original = pod.original();
        pod.reap(&["pause"]).is(0, "no job is running");
        let volume = (pod.stage.snapshot(), pod.original());
        let state = pod.stage.text(STATE).unwrap();
        let by = state.lines().find_map(|line| line.strip_prefix("by = "));
        let since = state.lines().find_map(|line| line.strip_prefix("at = "));
        let (by, since) = (
            by.unwrap().trim_matches('"'),
            since.unwrap().trim_matches('"'),
        );
        let again = pod.reap(&["pause"]);
        again.is(
            0,
            &format!("paused since {since} by {by}: nothing was changed"),
        );
        assert!(again.words.contains("polling is off"), "{}", again.words);
        assert_eq!((pod.stage.snapshot(), pod.original()), volume);
        pod.reap(&["resume"])
            .is(0, &format!("paused since {since} by {by}"));
        pod.is_resumed(&original);
        pod.polls_on();
    });
}

#[test]
fn resume_without_a_pause_changes_nothing() {
    each(&ENDS, || {
        let pod = Pod::working(Plan::of(Source::RegistrationToken));
        let before = (pod.stage.snapshot(), pod.original());
        pod.reap(&["resume"])
            .is(0, "is not paused: nothing was changed");
        assert_eq!((pod.stage.snapshot(), pod.original()), before);
        let loaded = pod.metric("gitlab_runner_configuration_loaded_total");
        assert_eq!(loaded, 1, "nothing was reloaded");
        pod.polls_on();
    });
}

#[test]
fn without_a_runner_manager_the_next_one_comes_up_paused() {
    each(&ENDS, || {
        let mut pod = Pod::of(Plan::of(Source::AuthenticationToken));
        let original = pod.original();
        pod.reap(&["pause"]).is(0, "one that starts takes no jobs");
        pod.is_paused();
        pod.held_job();
        pod.start(&[]);
        pod.is_up();
        pod.takes_nothing();
        assert_eq!(pod.polls(), 0);
        pod.reap(&["resume"]).is(0, "takes jobs again");
        pod.is_resumed(&original);
        pod.polled(1);
        pod.release();
    });
}

#[test]
fn entries_that_may_be_polled_when_a_job_ends_are_not_called_off() {
    each(&ENDS, || {
        let pod = Pod::working(Plan {
            limit: false,
            ..Plan::of(Source::AuthenticationToken)
        });
        let original = pod.original();
        let job = pod.busy_with(1)[0];
        // The feeder holds the entry by then, for the worker that becomes free.
        let paused = pod.reap(&["pause", "--timeout=3s"]);
        paused.is(75, "polling did not stop in time");
        assert!(
            paused.words.contains("give each entry a limit"),
            "{}",
            paused.words
        );
        pod.is_paused();
        pod.release();
        pod.job_is(job, JobStatus::Success);
        pod.reap(&["pause"]).is(0, "polling is off");
        pod.takes_nothing();
        pod.reap(&["resume"]).is(0, "takes jobs again");
        pod.is_resumed(&original);
    });
}

#[test]
fn without_a_port_what_could_not_be_seen_is_said() {
    each(&ENDS, || {
        let pod = Pod::working(Plan {
            port: false,
            ..Plan::of(Source::RegistrationToken)
        });
        let original = pod.original();
        let paused = pod.reap(&["pause"]);
        paused.is(0, "assuming polling has stopped");
        assert!(
            paused.words.contains("jobs cannot be observed"),
            "{}",
            paused.words
        );
        pod.is_paused();
        pod.takes_nothing();
        let resumed = pod.reap(&["resume"]);
        resumed.is(0, "could not be observed: set listen_address");
        pod.is_resumed(&original);
        pod.polls_on();
    });
}

#[test]
fn open_request_is_waited_for_and_a_signal_ends_the_waiting_and_not_the_pause() {
    each(&ENDS, || {
        let plan = Plan::of(Source::AuthenticationToken).held_for(Duration::from_secs(8));
        let pod = Pod::working(plan);
        pod.polled(2);
        let mut pause = pod.begin(&mut pod.reaper(&["pause"]));
        pause.says("waiting for polling to stop");
        pause.signal(Signal::SIGINT);
        pause.ended().is(75, "stays paused");
        pod.is_paused();
        pod.reap(&["pause"]).is(0, "polling is off");
        let open = |state: &gitlab_simulator::State| {
            let request = |call: &gitlab_simulator::Call| {
                call.is("POST /jobs/request") && call.status.is_none()
            };
            state.journal.iter().any(request)
        };
        assert!(!pod.gitlab.look(open), "off, and a request is open");
    });
}

#[test]
fn two_shells_at_once_come_to_one_pause_and_one_file() {
    each(&ENDS, || {
        let pod = Pod::working(Plan::of(Source::AuthenticationToken));
        let original = pod.original();
        let one = pod.begin(&mut pod.reaper(&["pause"]));
        let two = pod.begin(&mut pod.reaper(&["pause"]));
        let (one, two) = (one.ended(), two.ended());
        for ended in [&one, &two] {
            ended.is(0, "polling is off");
        }
        let second = |words: &str| words.contains("nothing was changed");
        assert!(
            second(&one.words) ^ second(&two.words),
            "{}{}",
            one.words,
            two.words
        );
        pod.is_paused();
        let one = pod.begin(&mut pod.reaper(&["resume"]));
        let two = pod.begin(&mut pod.reaper(&["resume"]));
        for ended in [one.ended(), two.ended()] {
            ended.is(0, "");
        }
        pod.is_resumed(&original);
        pod.polls_on();
    });
}

#[test]
fn new_token_that_is_written_over_the_paused_file_is_kept_and_paused_too() {
    each(&ALL, || {
        // As in life, the file tells that the token is due: before 18.1 a file that is loaded during the rotation loses the new
        // one, and nothing else shows that there is a rotation.
        let mut pod = Pod::of(Plan::of(Source::RegistrationToken));
        pod.due_in(2);
        pod.gitlab
            .fault(Fault::on(RESET).delay(Duration::from_secs(3)));
        let old = pod.gitlab.runners().pop().unwrap().token;
        pod.start(&[]);
        pod.is_asked(RESET, 1);
        pod.reap(&["pause"]).is(0, "polling is off");
        pod.is_paused();
        assert_eq!(pod.gitlab.calls(RESET)[0].status, Some(201));
        pod.takes_nothing();
        pod.is_paused();
        pod.reap(&["resume"]).is(0, "takes jobs again");
        let now = pod.gitlab.runners().pop().unwrap().token;
        assert_ne!(now, old);
        assert!(pod.stage.text("config.toml").unwrap().contains(&now));
        pod.polls_on();
    });
}
