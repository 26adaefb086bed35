//! `unregister` by a person, or as the hook line of the article; and the runner manager under `gitlab-runner wrapper`.

use std::fs;

use acceptance::known::STATE;
use acceptance::order::Order;
use acceptance::pod::{Plan, Pod, Source, put, wait_for};
use acceptance::process::first_child;
use acceptance::versions::{ALL, ENDS, each};
use gitlab_simulator::{JobStatus, NewRunner};
use nix::sys::signal::Signal;
use nix::unistd::Pid;

/// Two runners, and comments of the operator's. Nothing runs.
struct Hand {
    pod: Pod,
    tokens: [String; 2],
    ids: [i64; 2],
}

impl Hand {
    fn of() -> Self {
        let mut pod = Pod::of(Plan::of(Source::AuthenticationToken));
        pod.order = Order::default();
        let runners = [0, 1].map(|number| {
            // The first is bare, as old registrations are: owned. The second is a person's.
            let token = ["aAbBcCdDeEfFgGhHiIjJ", "glrt-aAbBcCdDeEfFgGhHiIjJ"][number].to_owned();
            let runner = pod.gitlab.add_runner(NewRunner {
                token: Some(token),
                ..NewRunner::default()
            });
            pod.order.entry(&runner, number == 0);
            runner
        });
        let url = pod.gitlab.url();
        let (one, two) = (&runners[0], &runners[1]);
        let text = format!(
            "# the operator's first line\nconcurrent = 2 # slots\n\n# the fleet\n\n# about one\n[[runners]]\n  name = \"one\"\n  url = \"{url}/\"\n  id = {}\n  token = \"{}\"\n  executor = \"shell\"\n\n# about two\n[[runners]]\n  name = \"two\"\n  url = \"{url}\"\n  id = {}\n  token = \"{}\"\n  executor = \"shell\" # why shell\n",
            one.id, one.token, two.id, two.token
        );
        pod.stage.put("config.toml", &text);
        fs::remove_file(pod.stage.file(STATE)).unwrap();
        let system_id = pod.stage.text(".runner_system_id").unwrap();
        pod.knows_manager(two, &system_id);
        let tokens = [one.token.clone(), two.token.clone()];
        let ids = [one.id, two.id];
        Self { pod, tokens, ids }
    }

    fn left(&self) -> [bool; 2] {
        self.pod.gitlab.look(|state| {
            [
                state.runner(self.ids[0]).is_some(),
                state
                    .runner(self.ids[1])
                    .is_some_and(|runner| !runner.managers.is_empty()),
            ]
        })
    }
}

/// What these arguments leave of the two, at GitLab and in the file.
fn check(arguments: &[&str], left: [bool; 2], in_file: [bool; 2]) {
    let hand = Hand::of();
    let token_file = hand.pod.aside.path().join("token");
    put(&token_file, &format!("{}\n", hand.tokens[0]));
    let replaced: Vec<String> = arguments
        .iter()
        .map(|argument| {
            argument
                .replace("URL", &hand.pod.gitlab.url())
                .replace("TOKEN_FILE", &token_file.display().to_string())
                .replace("TOKEN_1", &hand.tokens[0])
                .replace("TOKEN_2", &hand.tokens[1])
        })
        .collect();
    let replaced: Vec<&str> = std::iter::once("unregister")
        .chain(replaced.iter().map(String::as_str))
        .collect();
    let original = hand.pod.original();
    let ended = hand.pod.reap(&replaced);
    let now = hand.pod.original();
    assert_eq!(now == original, in_file == [true; 2], "{arguments:?}");
    let state = hand.pod.stage.text(STATE);
    assert_eq!(state, None, "a state file would make the rest shared");
    // What was not selected is still there, and that is said.
    let words = match left {
        [false, false] => "nothing is left at GitLab",
        _ => "1 runner that was not selected stays",
    };
    ended.is(0, words);
    let nothing_left = ended.words.contains("nothing is left");
    assert_eq!(nothing_left, left == [false; 2], "{}", ended.words);
    for token in &hand.tokens {
        assert!(!ended.words.contains(token), "{}", ended.words);
    }
    assert_eq!(hand.left(), left, "{arguments:?}: {}", ended.words);
    let text = hand.pod.stage.text("config.toml").unwrap();
    let found = [
        text.contains("name = \"one\""),
        text.contains("name = \"two\""),
    ];
    assert_eq!(found, in_file, "{arguments:?}: {text}");
    assert!(
        text.starts_with("# the operator's first line\nconcurrent = 2 # slots\n"),
        "{text}"
    );
    assert_eq!(text.contains("# why shell"), in_file[1], "{text}");
    assert!(text.contains("\n\n# the fleet\n"), "{text}");
    assert_eq!(text.contains("# about one"), in_file[0], "{text}");
    assert_eq!(text.contains("# about two"), in_file[1], "{text}");
}

#[test]
fn entries_go_from_gitlab_and_from_the_file_as_selected() {
    let (gone, kept) = ([false; 2], [true; 2]);
    check(&["--all-runners"], gone, gone);
    check(&["-all-runners"], gone, gone);
    check(&["--all-runners", "--url=URL"], gone, gone);
    check(&["--all-runners", "--keep-entry"], gone, kept);
    check(&["--name", "one"], [false, true], [false, true]);
    check(&["-name=two"], [true, false], [true, false]);
    check(&["-n", "two", "--url", "URL"], [true, false], [true, false]);
    check(&["--token", "TOKEN_1"], [false, true], [false, true]);
    check(&["-t", "TOKEN_2"], [true, false], [true, false]);
    check(
        &["--token-file", "TOKEN_FILE"],
        [false, true],
        [false, true],
    );
    check(
        &["--token-file=TOKEN_FILE", "--name=one", "--keep-entry"],
        [false, true],
        kept,
    );
}

#[test]
fn what_is_not_there_is_said_in_one_line() {
    fn check(arguments: &[&str], code: i32, words: &str) {
        let hand = Hand::of();
        let before = hand.pod.stage.text("config.toml");
        let arguments = [&["unregister"], arguments].concat();
        let ended = hand.pod.reap(&arguments);
        ended.is(code, words);
        assert_eq!(ended.words.lines().count(), 1, "{}", ended.words);
        assert_eq!(hand.pod.stage.text("config.toml"), before);
        assert!(hand.pod.gitlab.calls("DELETE *").is_empty());
    }
    check(&["--name=three"], 78, "no such runner entry");
    check(
        &["--token=glrt-unknownunknownunknown"],
        78,
        "no such runner entry",
    );
    check(
        &["--name=one", "--url=http://elsewhere.invalid/"],
        78,
        "no such runner entry",
    );
    check(&["--token-file=/nowhere/token"], 78, "/nowhere/token");
    check(&[], 2, "--all-runners");
    check(&["--all-runners", "--name=one"], 2, "--all-runners");
    check(
        &["--config=/nowhere/config.toml", "--name=one"],
        78,
        "/nowhere/config.toml",
    );
}

#[test]
fn with_a_live_runner_manager_it_is_the_hook() {
    each(&ENDS, || {
        for source in Source::SHARED_AND_OWNED {
            let mut pod = Pod::working(Plan::of(source));
            let original = pod.original();
            let job = pod.busy_with(1)[0];
            let arguments = ["unregister", "--all-runners", "--grace-period=1h"];
            let mut hook = pod.begin(&mut pod.reaper(&arguments));
            hook.says("waiting for 1 job");
            pod.release();
            hook.ended().is(0, "nothing is left at GitLab");
            assert!(pod.is_gone());
            pod.is_as_before(&original);
            pod.stopped_by_kubelet();
            pod.job_is(job, JobStatus::Success);
        }
    });
}

#[test]
fn whatever_words_select_all_that_is_polled_it_is_the_hook() {
    for source in Source::SHARED_AND_OWNED {
        for words in [
            &["--url", "URL", "--token", "TOKEN"][..],
            &["-n", "acceptance", "--url", "URL"],
            &["--all-runners", "--url", "URL/"],
            &["--token", "TOKEN"],
        ] {
            let mut pod = Pod::working(Plan::of(source));
            let original = pod.original();
            let token = pod.gitlab.runners().pop().unwrap().token;
            let words: Vec<String> = words
                .iter()
                .map(|word| {
                    word.replace("URL", &pod.gitlab.url())
                        .replace("TOKEN", &token)
                })
                .collect();
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            let arguments = [&["unregister"], &words[..]].concat();
            let hook = pod.reap(&arguments);
            hook.is(0, "nothing is left at GitLab");
            assert!(hook.words.contains("config.toml paused"), "{}", hook.words);
            assert!(pod.is_gone() && pod.runs(), "{arguments:?}: {}", hook.words);
            pod.is_as_before(&original);
            pod.stopped_by_kubelet();
        }
    }
}

#[test]
fn beside_a_live_runner_manager_one_entry_of_several_is_refused() {
    let mut pod = Pod::of(Plan::of(Source::RegistrationToken));
    pod.with_a_shared_one_beside();
    pod.start(&[]);
    pod.polled(1);
    let ended = pod.reap(&[
        "unregister",
        "--name=acceptance",
        "--url",
        &pod.gitlab.url(),
    ]);
    ended.is(78, "or use --all-runners");
    assert!(pod.gitlab.calls("DELETE *").is_empty());
    let polls = pod.polls();
    pod.polled(polls + 1);
}

#[test]
fn child_of_a_wrapper_is_drained_and_the_wrapper_lives() {
    // Since 17.6.
    each(&ALL[1..], || {
        for source in Source::SHARED_AND_OWNED {
            let mut pod = Pod::of(Plan::of(source));
            let mut wrapper = pod.stage.command("runner-manager-stand-in");
            wrapper
                .args(["wrapper", "run", "--config"])
                .arg(pod.config());
            pod.start_as(&mut wrapper);
            pod.polled(1);
            pod.is_up();
            let job = pod.busy_with(1)[0];
            let child = first_child(pod.pid());
            let mut hook = pod.hook(&["--grace-period=1h"]);
            hook.says("SIGQUIT");
            pod.release();
            hook.ended().is(0, "nothing is left at GitLab");
            assert!(pod.is_gone());
            wait_for("the child's end", || (!exists(child)).then_some(()));
            assert!(pod.runs(), "the wrapper lives");
            pod.job_is(job, JobStatus::Success);
            pod.signal(Signal::SIGQUIT);
            assert!(pod.exited().success());
        }
    });
}

fn exists(pid: Pid) -> bool {
    fs::metadata(format!("/proc/{pid}")).is_ok()
}
