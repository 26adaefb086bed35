//! What must be true of every journal, whatever a test is about: nobody polls after the unregistration, no runner is deleted
//! that was not made for the pod, none under its jobs, and nothing twice.

use std::collections::BTreeSet;

use gitlab_simulator::{Call, JobStatus, Runner, State};

/// Whom the calls may be about, and what a test makes an exception of.
#[derive(Default)]
pub struct Order {
    entries: Vec<Entry>,
    /// Runners that nobody may touch.
    bystanders: Vec<i64>,
    /// Calls that come later are no matter of the order: another life begins.
    over: Option<u64>,
    /// The deadline allows an owned runner to go under its jobs.
    deadline: bool,
    /// Nothing could end the polling.
    polling_goes_on: bool,
    /// Somebody makes polling begin again after an unregistration: only the last one ends it.
    resumes: bool,
    /// Whoever asked may not know the answer: he was killed, or is not the only one.
    asked_again: bool,
}

struct Entry {
    id: i64,
    owned: bool,
    /// The token it was registered with; rotations add to it.
    token: String,
}

impl Order {
    /// A runner that the pod has.
    pub fn entry(&mut self, runner: &Runner, owned: bool) {
        self.entries.push(Entry {
            id: runner.id,
            owned,
            token: runner.token.clone(),
        });
    }

    /// A runner of somebody else.
    pub fn bystander(&mut self, runner: &Runner) {
        self.bystanders.push(runner.id);
    }

    /// The grace period is shorter than a job here.
    pub fn deadline_passes(&mut self) {
        self.deadline = true;
    }

    /// Polling cannot be ended here.
    pub fn polling_goes_on(&mut self) {
        self.polling_goes_on = true;
    }

    /// Polling begins again after an unregistration here, and is unregistered again.
    pub fn polling_resumes(&mut self) {
        self.resumes = true;
    }

    /// GitLab may be asked more than once here, faults apart.
    pub fn may_be_asked_again(&mut self) {
        self.asked_again = true;
    }

    /// Judges what was so far; what comes from here on is another life.
    pub fn ends_here(&mut self, state: &State) {
        self.check(state);
        self.over = Some(state.journal.last().map_or(0, |call| call.number));
    }

    /// Whether nothing of the pod is left. A rotation names no system ID, so GitLab notes it as a manager `<legacy>` that
    /// belongs to no pod.
    pub fn is_gone(&self, state: &State) -> bool {
        self.entries
            .iter()
            .all(|entry| match state.runner(entry.id) {
                Some(runner) => {
                    !entry.owned
                        && runner
                            .managers
                            .iter()
                            .all(|manager| manager.system_id == "<legacy>")
                }
                None => entry.owned,
            })
    }

    /// Judges the journal, once there is an entry to unregister.
    #[track_caller]
    pub fn check(&self, state: &State) {
        let over = self.over.unwrap_or(u64::MAX);
        let calls: Vec<&Call> = state
            .journal
            .iter()
            .filter(|call| call.number <= over)
            .collect();
        for id in &self.bystanders {
            assert!(
                state.runner(*id).is_some(),
                "a runner of somebody else was deleted"
            );
        }
        if self.entries.is_empty() {
            return;
        }
        let shared: BTreeSet<&str> = self.shared_tokens(state);
        for call in calls.iter().filter(|call| call.is("DELETE /runners")) {
            let token = token_of(call);
            assert!(
                !shared.contains(token),
                "DELETE /runners for a shared runner: {call:?}"
            );
        }
        let done: Vec<&&Call> = if self.resumes {
            let mut asked = calls.iter().filter(|call| call.method == "DELETE");
            asked.next_back().into_iter().collect()
        } else {
            calls.iter().filter(|call| is_farewell(call)).collect()
        };
        for (at, call) in done.iter().enumerate() {
            let twice = done[..at]
                .iter()
                .any(|other| token_of(other) == token_of(call));
            assert!(!twice, "unregistered twice: {call:?}");
            if !self.polling_goes_on {
                let late = calls
                    .iter()
                    .find(|later| later.number > call.number && self.is_poll_of(later, call));
                assert!(late.is_none(), "polled after {call:?}: {late:?}");
            }
            if call.is("DELETE /runners") && !self.deadline {
                let open = self.open_jobs(&calls, call, state);
                assert!(open == 0, "deleted under {open} jobs: {call:?}");
            }
        }
        if !self.asked_again && !self.resumes {
            asked_once(&calls, self.entries.len());
        }
        assert!(
            done.len() <= self.entries.len(),
            "more unregistrations than entries: {done:?}"
        );
    }

    fn shared_tokens<'a>(&'a self, state: &'a State) -> BTreeSet<&'a str> {
        let shared = self.entries.iter().filter(|entry| !entry.owned);
        let first = shared.clone().map(|entry| entry.token.as_str());
        let now = shared.filter_map(|entry| Some(state.runner(entry.id)?.token.as_str()));
        let others = self
            .bystanders
            .iter()
            .filter_map(|id| Some(state.runner(*id)?.token.as_str()));
        first.chain(now).chain(others).collect()
    }

    fn is_poll_of(&self, call: &Call, farewell: &Call) -> bool {
        // With one entry any token is one of its own: they rotate.
        call.is("POST /jobs/request")
            && (self.entries.len() == 1 || token_of(call) == token_of(farewell))
            && (farewell.is("DELETE /runners")
                || call.body["system_id"] == farewell.body["system_id"])
    }

    /// Jobs that were handed out to the runner of this farewell before it, and not reported as over.
    fn open_jobs(&self, calls: &[&Call], farewell: &Call, state: &State) -> usize {
        let before = calls.iter().filter(|call| call.number < farewell.number);
        let of_runner =
            |call: &&&Call| self.entries.len() == 1 || token_of(call) == token_of(farewell);
        let handed_out = before
            .clone()
            .filter(|call| call.is("POST /jobs/request") && call.status == Some(201));
        let handed_out = handed_out.filter(of_runner).count();
        let over: BTreeSet<&str> = before
            .filter(|call| is_final(call))
            .map(|call| call.endpoint.as_str())
            .collect();
        let over = over.iter().filter(|endpoint| {
            let id = endpoint
                .rsplit('/')
                .next()
                .and_then(|id| id.parse().ok())
                .unwrap_or(0);
            state.job(id).is_some_and(|job| {
                self.entries.len() == 1 || job.runner_id == self.runner_of(farewell)
            })
        });
        handed_out.saturating_sub(over.count())
    }

    fn runner_of(&self, call: &Call) -> Option<i64> {
        let entry = self
            .entries
            .iter()
            .find(|entry| entry.token == token_of(call));
        entry.map(|entry| entry.id)
    }
}

/// No answer of GitLab's own is asked for again. A fault is none.
#[track_caller]
fn asked_once(calls: &[&Call], entries: usize) {
    let answered = |call: &&&Call| call.method == "DELETE" && !call.fault;
    let asked: Vec<&&Call> = calls.iter().filter(answered).collect();
    for (at, call) in asked.iter().enumerate() {
        let before = asked[..at]
            .iter()
            .find(|other| token_of(other) == token_of(call));
        assert!(
            before.is_none(),
            "asked for twice: {call:?} after {before:?}"
        );
    }
    assert!(
        asked.len() <= entries,
        "more requests than entries: {asked:?}"
    );
}

fn token_of(call: &Call) -> &str {
    call.body["token"].as_str().unwrap_or_default()
}

fn is_farewell(call: &Call) -> bool {
    call.status == Some(204) && (call.is("DELETE /runners") || call.is("DELETE /runners/managers"))
}

/// The update that says how a job ended.
fn is_final(call: &Call) -> bool {
    let state = call.body["state"].as_str();
    call.is("PUT /jobs/*")
        && call.status == Some(200)
        && matches!(state, Some("success" | "failed"))
}

/// The most jobs at once, as GitLab saw them.
pub fn most_at_once(calls: &[Call]) -> usize {
    let (mut now, mut most) = (0_usize, 0);
    for call in calls {
        if call.is("POST /jobs/request") && call.status == Some(201) {
            now += 1;
        }
        if is_final(call) {
            now = now.saturating_sub(1);
        }
        most = most.max(now);
    }
    most
}

/// Fails unless every job that GitLab handed out ended well.
#[track_caller]
pub fn no_job_is_lost(state: &State) {
    for job in &state.jobs {
        let fine = matches!(job.status, JobStatus::Pending | JobStatus::Success);
        assert!(
            fine && !job.cut_off,
            "job {} is {:?}, cut off: {}",
            job.id,
            job.status,
            job.cut_off
        );
    }
}
