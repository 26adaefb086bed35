//! Everything that can go wrong between `runner-init` and GitLab, at every call: asked again or not by one list,
//! never past the deadline, with the right exit code and the next step, and nothing left behind that can be taken back.

mod weather;

use std::time::{Duration, Instant};

use acceptance::at_once::at_once;
use acceptance::canary::form;
use acceptance::pod::{Pod, Source, within};
use acceptance::stage::{Ended, Stage, run};
use gitlab_simulator::{Effect, Fault, own_address};

use weather::{Once, REACHED, WEATHER, Weather};

/// What an overloaded machine may add to the deadline of a run. Far below the ten seconds of one attempt.
const SLACK: Duration = Duration::from_secs(7);

/// Limit of the wait for what an ended run has sent; a fault that hangs keeps its connection.
const SETTLED: Duration = Duration::from_secs(2);

/// Runs at once: they wait for deadlines, not for the processor.
const THREADS: usize = 32;

/// A call that is struck, and the source whose run makes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Call {
    Registration,
    Creation,
    VerificationOfNew,
    Verification,
}

const CALLS: [Call; 4] = [
    Call::Registration,
    Call::Creation,
    Call::VerificationOfNew,
    Call::Verification,
];

impl Call {
    fn pattern(self) -> &'static str {
        match self {
            Self::Registration => "POST /runners",
            Self::Creation => "POST /user/runners",
            Self::VerificationOfNew | Self::Verification => "POST /runners/verify",
        }
    }

    fn source(self) -> Source {
        match self {
            Self::Registration => Source::RegistrationToken,
            Self::Creation | Self::VerificationOfNew => Source::AccessToken,
            Self::Verification => Source::AuthenticationToken,
        }
    }

    fn creates(self) -> bool {
        matches!(self, Self::Registration | Self::Creation)
    }
}

/// A pod, and the words for the source that makes the call.
struct Scene {
    call: Call,
    pod: Pod,
    words: Vec<String>,
}

impl Scene {
    fn new(call: Call) -> Self {
        let pod = Pod::fresh();
        let words = pod.flags(call.source());
        Self { call, pod, words }
    }

    fn run(&self, timeout: &str) -> Ended {
        let usual = [
            "--pod-name=faulty-0",
            "--pod-namespace=ci",
            "--timeout",
            timeout,
        ];
        run(self.pod.init(&self.words).args(usual))
    }

    /// From GitLab's first call to the end of its last: without the start of the process, which takes seconds where many start.
    fn asking_took(&self) -> Duration {
        let journal = self.pod.gitlab.journal();
        let ends = journal.iter().map(|call| call.ended_at.unwrap_or(call.at));
        ends.max().unwrap() - journal[0].at
    }

    /// Runners that are there: after a run that ended well one, whether it was made or verified.
    fn runners(&self) -> usize {
        self.pod.gitlab.runners().len()
    }

    /// Runners that a run of ours made and that are still there.
    fn made(&self) -> usize {
        self.runners() - usize::from(self.call == Call::Verification)
    }

    /// Creations that were done and whose answer did not arrive.
    fn lost(&self, effect: &Effect) -> usize {
        let done = [
            Effect::DropAfter,
            Effect::ResetAfter,
            Effect::Truncate,
            Effect::HangAfter,
        ];
        let calls = self.pod.gitlab.calls(self.call.pattern());
        let struck = calls.iter().filter(|call| call.fault).count();
        if self.call.creates() && done.contains(effect) {
            struck
        } else {
            0
        }
    }

    /// No token is in what was said.
    fn is_secret(&self, ended: &Ended, at: &str) {
        for secret in self.pod.secrets() {
            assert_eq!(form(ended.output(), &secret), None, "{at}");
        }
    }
}

fn every_fault() -> impl Iterator<Item = (Call, &'static Weather)> {
    WEATHER
        .iter()
        .flat_map(|weather| CALLS.map(|call| (call, weather)))
}

fn last_line(ended: &Ended) -> &str {
    ended.stderr.lines().last().unwrap_or_default()
}

#[test]
fn fault_that_strikes_once_is_repeated_or_final_as_its_kind_says() {
    // An attempt that hangs is given up after ten seconds, a creation after thirty, so that there is time for another.
    at_once(THREADS, every_fault(), |(call, weather)| {
        let scene = Scene::new(call);
        let fault = (weather.strike)(Fault::on(call.pattern()));
        scene.pod.gitlab.fault(fault.clone());
        let ended = scene.run("60s");
        scene.pod.gitlab.settle(SETTLED);
        let at = format!("{call:?}, {}: {}", weather.name, ended.output());
        let asked = scene.pod.gitlab.calls(call.pattern()).len();
        let lost = scene.lost(&fault.effect);
        scene.is_secret(&ended, &at);
        if weather.once == Once::Repeated {
            assert_eq!(ended.code(), 0, "{at}");
            assert_eq!(asked, 2, "{at}");
            assert_eq!(scene.pod.stage.entries(), 1, "{at}");
            assert_eq!(scene.runners(), lost + 1, "{at}");
            assert!(ended.stderr.contains("attempt 1 failed"), "{at}");
        } else {
            assert_eq!(ended.code(), weather.lasting, "{at}");
            assert_eq!(asked, 1, "{at}");
            nothing_is_left(&scene, &ended, 0, &at);
        }
        says_what_may_be_lost(&ended, lost, &at);
    });
}

#[test]
fn fault_that_lasts_ends_the_run_in_time_with_its_code_and_the_next_step() {
    let limit = Duration::from_secs(2);
    at_once(THREADS, every_fault(), |(call, weather)| {
        let scene = Scene::new(call);
        let fault = (weather.strike)(Fault::on(call.pattern()).forever());
        scene.pod.gitlab.fault(fault.clone());
        let ended = scene.run("2s");
        scene.pod.gitlab.settle(SETTLED);
        let took = scene.asking_took();
        let at = format!("{call:?}, {}, {took:?}: {}", weather.name, ended.output());
        assert_eq!(ended.code(), weather.lasting, "{at}");
        assert!(took < limit + SLACK, "{at}");
        scene.is_secret(&ended, &at);
        let line = last_line(&ended);
        let mut next = weather.next[usize::from(!call.creates())].split('|');
        assert!(next.any(|words| line.contains(words)), "{at}");
        let address = format!("{}/api/v4{}", scene.pod.gitlab.url(), &call.pattern()[5..]);
        assert!(line.contains(&format!("POST {address}")), "{at}");
        let lost = scene.lost(&fault.effect);
        nothing_is_left(&scene, &ended, lost, &at);
        says_what_may_be_lost(&ended, lost, &at);
        // When the weather clears, the next run finds nothing in its way.
        scene.pod.gitlab.clear_faults();
        let again = scene.run("60s");
        let at = format!("{at}then {}", again.output());
        assert_eq!(again.code(), 0, "{at}");
        assert_eq!(scene.pod.stage.entries(), 1, "{at}");
        assert_eq!(scene.runners(), lost + 1, "{at}");
    });
}

/// A run that failed: no config.toml, no token kept, no runner but those whose answer was lost.
fn nothing_is_left(scene: &Scene, ended: &Ended, lost: usize, at: &str) {
    assert_eq!(scene.pod.stage.text("config.toml"), None, "{at}");
    assert_eq!(scene.made(), lost, "{at}");
    let state = scene.pod.stage.text(".runner-lifecycle.toml");
    let state = state.unwrap_or_default();
    assert!(!state.contains("step = \"received\""), "{at}{state}");
    let pending = state.contains("step = \"creation\"");
    assert!(!pending || ended.stderr.contains("look for"), "{at}{state}");
    assert!(last_line(ended).contains(" ERROR "), "{at}");
}

/// Each runner that was lost carries the mark that the operator is told to look for.
fn says_what_may_be_lost(ended: &Ended, lost: usize, at: &str) {
    if lost > 0 {
        let mark = "a runner may have been created anyway: look for the maintenance note";
        assert!(ended.stderr.contains(mark), "{at}");
        assert!(ended.stderr.contains("faulty-0"), "{at}");
    }
}

#[test]
fn gitlab_that_is_only_slow_makes_one_runner() {
    at_once(THREADS, CALLS, |call| {
        let scene = Scene::new(call);
        let slow = Fault::on(call.pattern()).delay(Duration::from_secs(12));
        scene.pod.gitlab.fault(slow.forever());
        let ended = scene.run("60s");
        let at = format!("{call:?}: {}", ended.output());
        assert_eq!(ended.code(), 0, "{at}");
        assert_eq!(scene.runners(), 1, "{at}");
        let asked = scene.pod.gitlab.calls(call.pattern()).len();
        assert!(asked == 1 || !call.creates(), "{asked}: {at}");
    });
}

#[test]
fn mark_of_a_lost_runner_is_what_gitlab_shows() {
    let scene = Scene::new(Call::Registration);
    scene
        .pod
        .gitlab
        .fault(Fault::on("POST /runners").drop_after());
    let ended = scene.run("30s");
    assert_eq!(ended.code(), 0, "{}", ended.output());
    let [lost, kept] = scene.pod.gitlab.runners().try_into().unwrap();
    let note = lost.maintenance_note.unwrap();
    assert_eq!(Some(&note), kept.maintenance_note.as_ref());
    assert!(
        ended.stderr.contains(&format!("{note:?}")),
        "{note}: {}",
        ended.output()
    );
}

#[test]
fn redirect_within_the_same_gitlab_is_followed_and_a_circle_is_named() {
    for call in CALLS {
        let scene = Scene::new(call);
        let path = format!("{}/api/v4{}", scene.pod.gitlab.url(), &call.pattern()[5..]);
        let turn = |fault: Fault| fault.status(307).header("Location", &path);
        scene.pod.gitlab.fault(turn(Fault::on(call.pattern())));
        let ended = scene.run("30s");
        assert_eq!(ended.code(), 0, "{call:?}: {}", ended.output());
        assert_eq!(scene.runners(), 1, "{call:?}");
        let scene = Scene::new(call);
        let path = format!("/api/v4{}", &call.pattern()[5..]);
        let turn = |fault: Fault| fault.status(308).header("Location", &path);
        scene
            .pod
            .gitlab
            .fault(turn(Fault::on(call.pattern()).forever()));
        let ended = scene.run("30s");
        let at = format!("{call:?}: {}", ended.output());
        assert_eq!(ended.code(), 78, "{at}");
        assert!(last_line(&ended).contains("redirects in a loop"), "{at}");
        nothing_is_left(&scene, &ended, 0, &at);
    }
}

#[test]
fn gitlab_that_is_not_there_is_named_and_nothing_is_written() {
    let names_it = |call| {
        let Scene { pod, words, .. } = Scene::new(call);
        // Nobody listens there, and nobody will.
        let url = format!("http://{}", own_address());
        let mut command = pod.init(&words);
        command.args(["--url", &url, "--timeout=1s"]);
        // Only now: the first command of all waits for the programs to be built.
        let start = Instant::now();
        let ended = run(&mut command);
        let took = start.elapsed();
        assert_eq!(ended.code(), 69, "{}", ended.output());
        let line = last_line(&ended);
        assert!(
            line.contains("connection refused") && line.contains(REACHED),
            "{line}"
        );
        assert!(
            !ended.stderr.contains("may have been created"),
            "{}",
            ended.output()
        );
        assert_eq!(pod.stage.text("config.toml"), None);
        let state = pod.stage.text(".runner-lifecycle.toml").unwrap_or_default();
        assert!(!state.contains("pending"), "{state}");
        took
    };
    for call in CALLS {
        within(SLACK, || names_it(call));
    }
}

#[test]
fn hundred_runs_at_once_in_bad_weather_make_a_hundred_runners() {
    let pod = Pod::fresh();
    let gitlab = &pod.gitlab;
    let sources = [Source::AccessToken, Source::RegistrationToken].map(|source| pod.flags(source));
    let storm = |fault: Fault| gitlab.fault(fault.forever().probability(0.2));
    storm(Fault::on("POST *").status(429).header("Retry-After", "1"));
    storm(Fault::on("POST *").status(503));
    storm(Fault::on("POST *").reset_before());
    let one = |number: usize| {
        let stage = Stage::new();
        let name = format!("--description=storm-{number}");
        let mut command = stage.init(&["register", "--non-interactive", "--executor=shell"]);
        let ended = run(command
            .args(["--url", &gitlab.url(), &name])
            .args(&sources[number % 2]));
        assert_eq!(ended.code(), 0, "{}", ended.output());
        assert_eq!(stage.entries(), 1, "{}", ended.output());
    };
    at_once(20, 0..100, one);
    let runners = gitlab.runners();
    assert_eq!(runners.len(), 100);
    let names: std::collections::BTreeSet<_> = runners.iter().map(|r| &r.description).collect();
    assert_eq!(names.len(), 100, "one for each run");
    assert!(gitlab.look(|state| state.journal.iter().filter(|call| call.fault).count()) > 50);
}
