//! A token that is reset from a shell beside a live runner manager: it works on with the new one, its jobs notice nothing, and the
//! end of the pod takes the runner off GitLab's list as ever.

use acceptance::known::RESET;
use gitlab_simulator::{Call, JobStatus, State};

use acceptance::pod::{LIMIT, Plan, Pod, Source};

/// The runner manager looks at its file every 3 s, and polls every second here.
const MOST_POLLS_BEFORE_IT_IS_LOADED: usize = 4;

fn token_of(call: &Call) -> &str {
    call.body["token"].as_str().unwrap_or_default()
}

/// The first request for a job with this token.
fn first_poll<'a>(state: &'a State, token: &str) -> Option<&'a Call> {
    let mut calls = state.journal.iter();
    calls.find(|call| call.is("POST /jobs/request") && token_of(call) == token)
}

#[test]
fn runner_manager_polls_with_the_new_token_while_its_job_goes_on() {
    for source in Source::SHARED_AND_OWNED {
        let pod = Pod::working(Plan {
            concurrent: 2,
            ..Plan::of(source)
        });
        let id = pod.gitlab.runners().last().unwrap().id;
        let token = || {
            pod.gitlab
                .look(|state| state.runner(id).unwrap().token.clone())
        };
        let old = token();
        let job = pod.busy_with(1)[0];
        let mut rotate = pod.stage.command("runner-init");
        rotate.arg("rotate");
        if !source.owned() {
            rotate.arg("--shared");
        }
        let rotated = pod.begin(&mut rotate).ended();
        rotated.is(0, "loads it within 3s");
        let new = token();
        assert_ne!(new, old);
        let polled = pod
            .gitlab
            .wait_until(LIMIT, |state| first_poll(state, &new).is_some());
        assert!(polled, "{}", pod.log());
        pod.gitlab.look(|state| {
            let reset = state.journal.iter().find(|call| call.is(RESET)).unwrap();
            let first = first_poll(state, &new).unwrap();
            let between = reset.number + 1..first.number;
            let polls = state
                .journal
                .iter()
                .filter(|call| between.contains(&call.number) && call.is("POST /jobs/request"));
            let old = polls.count();
            assert!(old <= MOST_POLLS_BEFORE_IT_IS_LOADED, "{old} more");
        });
        pod.release();
        pod.job_is(job, JobStatus::Success);
        // A job after it is taken and done with the new token.
        let next = pod.job_of(10);
        pod.job_is(next, JobStatus::Success);
        let hook = pod.reap(&["pre-stop"]);
        hook.is(0, "");
        assert!(pod.is_gone(), "{}", hook.words);
    }
}
