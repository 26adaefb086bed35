//! A second run killed before every file operation and request and after every answer, and run again: the volume and GitLab
//! are as after a run that nobody disturbed.

use std::sync::LazyLock;
use std::time::Duration;

use acceptance::tracer::killed_at;
use gitlab_simulator::{NewRunner, own_address};

use super::{REGISTRATION, STATE, Volume};

/// More steps than any run has; a run that goes on for ever fails here.
const MOST_STEPS: usize = 400;

/// A port of our own: a free one would be another each time, and nobody must be there.
static PORT: LazyLock<String> = LazyLock::new(|| format!("--listen-address={}", own_address()));

/// One story: what is there, the runs that are killed, and the runs that must end well afterwards.
struct Story {
    /// Makes the volume; what it returns stands in for `{TOKEN}` in the words.
    before: fn(&Volume) -> String,
    /// The runs of one start of the pod, in their order.
    start: &'static [&'static [&'static str]],
    /// The runners that GitLab has at the end.
    runners: usize,
}

fn words(story: &Story, at: usize, token: &str) -> Vec<String> {
    let own = story.start[at].iter();
    let own = own.map(|word| word.replace("{TOKEN}", token));
    own.chain([PORT.clone()]).collect()
}

fn play(volume: &Volume, story: &Story, token: &str) {
    for at in 0..story.start.len() {
        let words = words(story, at, token);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        volume.run(&words);
    }
}

/// Both files without what differs from one GitLab and moment to the next, and without a creation that was lost.
fn seen(volume: &Volume) -> String {
    let state = volume.state().replace("[[unanswered]]", "");
    // In which order it is written is nobody's business.
    let mut known: Vec<&str> = state.split("[[entry]]").collect();
    known.sort_unstable_by_key(|part| part.lines().find(|line| line.starts_with("name =")));
    let both = format!("{}{}", volume.config(), known.join("[[entry]]"));
    let differs = [
        "token",
        "fingerprint",
        "url",
        "id =",
        "description",
        "asked_at",
    ];
    let lines = both.lines().map(str::trim);
    let lines =
        lines.filter(|line| !line.is_empty() && !differs.iter().any(|key| line.starts_with(key)));
    lines.collect::<Vec<_>>().join("\n")
}

fn killed_anywhere(story: &Story) {
    let undisturbed = Volume::new();
    let token = (story.before)(&undisturbed);
    play(&undisturbed, story, &token);
    let want = seen(&undisturbed);
    assert_eq!(undisturbed.gitlab.runners().len(), story.runners);
    let mut total = 0;
    for victim in 0..story.start.len() {
        let mut number = 0;
        loop {
            assert!(number < MOST_STEPS);
            let volume = Volume::new();
            let token = (story.before)(&volume);
            let start = Story {
                start: &story.start[..victim],
                ..*story
            };
            play(&volume, &start, &token);
            let own = words(story, victim, &token);
            let own: Vec<&str> = own.iter().map(String::as_str).collect();
            let (reached, killed) = killed_at(&mut volume.command(&own), number, |_| true);
            let Some(step) = reached else {
                break;
            };
            let at = format!(
                "run {victim}, step {number} ({step:?}): {}",
                killed.output()
            );
            assert!(volume.gitlab.settle(Duration::from_secs(5)), "{at}");
            let lost = volume.stage.text(STATE).unwrap_or_default();
            let lost = lost.contains("step = \"creation\"");
            // The pod starts anew.
            play(&volume, story, &token);
            let made = volume.gitlab.runners().len();
            let more = usize::from(lost && made > story.runners);
            assert_eq!(made, story.runners + more, "{at}");
            assert_eq!(seen(&volume), want, "{at}");
            for name in names(&volume) {
                let tags = volume.runner(&name).tags;
                assert!(
                    tags.is_empty() || tags == [name.as_str()],
                    "{name} {tags:?}: {at}"
                );
            }
            if number.is_multiple_of(5) {
                let before = volume.bytes();
                play(&volume, story, &token);
                assert_eq!(volume.bytes(), before, "{at}: same bytes");
            }
            number += 1;
        }
        total += number;
    }
    assert!(total > 20, "only {total} steps");
}

fn names(volume: &Volume) -> Vec<String> {
    let config = volume.stage.config();
    let entries = config["runners"].as_array_of_tables().unwrap();
    let names = entries.iter().filter_map(|entry| entry["name"].as_str());
    names.map(str::to_owned).collect()
}

#[test]
fn of_two_entries_with_two_runners() {
    killed_anywhere(&Story {
        before: |_| String::new(),
        start: &[
            &[REGISTRATION, "--name=backend", "--tag-list=backend"],
            &[REGISTRATION, "--name=frontend", "--tag-list=frontend"],
        ],
        runners: 2,
    });
}

#[test]
fn that_raises_the_limits_of_two_entries_with_concurrent() {
    killed_anywhere(&Story {
        before: |volume| {
            for name in ["--name=a", "--name=b"] {
                volume.run(&[REGISTRATION, name, &PORT, "--concurrent=4"]);
            }
            String::new()
        },
        start: &[
            &[REGISTRATION, "--name=a", "--concurrent=8"],
            &[REGISTRATION, "--name=b", "--concurrent=8"],
        ],
        runners: 2,
    });
}

#[test]
fn of_two_entries_with_one_shared_runner() {
    killed_anywhere(&Story {
        before: |volume| volume.gitlab.add_runner(NewRunner::default()).token,
        start: &[
            &["--token={TOKEN}", "--name=a"],
            &["--token={TOKEN}", "--name=b"],
        ],
        runners: 1,
    });
}

#[test]
fn that_writes_a_lost_entry_again() {
    killed_anywhere(&Story {
        before: |volume| {
            volume.run(&[REGISTRATION, "--name=n", &PORT]);
            volume.stage.put("config.toml", "concurrent = 4\n");
            String::new()
        },
        start: &[&[REGISTRATION, "--name=n"]],
        runners: 1,
    });
}

#[test]
fn that_takes_a_volume_over_and_gives_its_entry_another_name() {
    killed_anywhere(&Story {
        before: |volume| {
            volume.run(&[REGISTRATION, "--name=a", "--pod-name=before", &PORT]);
            volume.run(&[REGISTRATION, "--name=b", "--pod-name=before", &PORT]);
            String::new()
        },
        start: &[
            &[REGISTRATION, "--name=c", "--pod-name=now"],
            &[REGISTRATION, "--name=d", "--pod-name=now"],
        ],
        runners: 2,
    });
}

#[test]
fn that_gives_an_entry_another_runner_beside_a_second_one() {
    killed_anywhere(&Story {
        before: |volume| {
            volume.run(&[REGISTRATION, "--name=a", &PORT]);
            volume.run(&[REGISTRATION, "--name=b", &PORT]);
            let id = volume.runner("a").id;
            volume
                .gitlab
                .update(|state| assert!(state.remove_runner(id)));
            String::new()
        },
        start: &[&[REGISTRATION, "--name=a"]],
        runners: 2,
    });
}

#[test]
fn that_follows_what_is_asked_for_now_and_leaves_an_edit_alone() {
    killed_anywhere(&Story {
        before: |volume| {
            let words = [
                "--output-limit=5",
                "--builds-dir=/b",
                "--concurrent=4",
                &PORT,
            ];
            volume.run(&[&[REGISTRATION, "--name=a"][..], &words].concat());
            volume.run(&[REGISTRATION, "--name=b", "--request-concurrency=2", &PORT]);
            let text = volume.config();
            let text = text.replace(
                "request_concurrency = 2",
                "request_concurrency = 3 # theirs",
            );
            volume.stage.put("config.toml", &text);
            String::new()
        },
        start: &[
            &[
                REGISTRATION,
                "--name=a",
                "--output-limit=9",
                "--concurrent=6",
            ],
            &[REGISTRATION, "--name=b", "--request-concurrency=7"],
        ],
        runners: 2,
    });
}

#[test]
fn on_a_volume_of_version_1() {
    killed_anywhere(&Story {
        before: |volume| {
            volume.run(&[REGISTRATION, "--name=a", "--concurrent=4", &PORT]);
            let id = volume.runner("a").id;
            let url = volume.gitlab.url();
            let state = format!(
                "version = 1\n\n[[entry]]\nurl = \"{url}\"\nid = {id}\nsource = \"registration-token\"\n"
            );
            volume.stage.put(STATE, &state);
            String::new()
        },
        start: &[
            &[
                REGISTRATION,
                "--name=a",
                "--output-limit=9",
                "--concurrent=6",
            ],
            &[REGISTRATION, "--name=b"],
        ],
        runners: 2,
    });
}

#[test]
fn on_a_volume_of_stock() {
    killed_anywhere(&Story {
        before: |volume| {
            let made = volume.gitlab.add_runner(NewRunner {
                token: Some("made-by-stock".into()),
                ..NewRunner::default()
            });
            let url = volume.gitlab.url();
            let text = format!(
                "concurrent = 1\ncheck_interval = 0\n\n[[runners]]\n  name = \"a\"\n  url = \"{url}\"\n  id = {}\n  token = \"made-by-stock\"\n  executor = \"shell\"\n",
                made.id
            );
            volume.stage.put("config.toml", &text);
            String::new()
        },
        start: &[
            &[REGISTRATION, "--name=a", "--output-limit=9"],
            &[REGISTRATION, "--name=b"],
        ],
        runners: 2,
    });
}

#[test]
fn that_puts_a_lost_runner_into_an_entry_of_a_base() {
    killed_anywhere(&Story {
        before: |volume| {
            volume.run(&[REGISTRATION, "--name=n", "--concurrent=2", &PORT]);
            let url = volume.gitlab.url();
            let text = format!(
                "concurrent = 7\n[[runners]]\n  name = \"n\"\n  limit = 2\n  url = \"{url}\"\n  token = \"stale\"\n  executor = \"shell\"\n"
            );
            volume.stage.put("config.toml", &text);
            String::new()
        },
        start: &[&[REGISTRATION, "--name=n"]],
        runners: 1,
    });
}
