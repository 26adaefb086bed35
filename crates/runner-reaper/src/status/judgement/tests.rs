//! What is well and what is not, and which of several exit codes counts.

use std::time::{Duration, UNIX_EPOCH};

use super::*;
use crate::status::facts::{ResetUnderWay, RunnerManagerFacts, Writer};

const NOW: SystemTime = UNIX_EPOCH;

/// A volume on which all is well.
fn well() -> Facts {
    Facts {
        volume: VolumeFacts {
            config: "/v/config.toml".to_owned(),
            directory: "/v".to_owned(),
            file: ConfigFile::Read,
            unloadable: None,
            files: vec!["config.toml"],
            fixed: None,
            system_id: Some("r_0123456789ab".to_owned()),
            belongs_to_another_user: false,
            state: StateFile::Version(2),
            changed_keys: Some(vec!["concurrent".to_owned()]),
            pod: Some("ci/a".to_owned()),
            is_this_pod: Some(true),
            pause: Pause::None,
            rotation: None,
            locked: false,
        },
        runner_manager: RunnerManagerFacts {
            activity: Activity::Polling,
            pid: Some(7),
            has_others: false,
            metrics_address: None,
            version: None,
            system_id: None,
            jobs: Some(3),
            job_urls: None,
            concurrent: Some(2),
        },
        entries: vec![Entry {
            name: "a".to_owned(),
            url: "https://h".to_owned(),
            id: Some(12),
            source: Some(Source::AuthenticationToken),
            ownership: Some(Ownership::Shared),
            writer: Writer::Other,
            token: Some("glrt-".to_owned()),
            is_variable: false,
            no_token: None,
            expires_at: None,
            was_refused: false,
            changed_keys: Some(vec!["limit".to_owned()]),
            gitlab: AtGitlab::Valid(12),
        }],
        without_entry: Vec::new(),
    }
}

/// The exit code and the lines after a change of what is well.
fn after(change: impl Fn(&mut Facts)) -> (Exit, String) {
    let mut facts = well();
    change(&mut facts);
    let problems = judge_at(&facts, NOW);
    let lines: Vec<&str> = problems
        .iter()
        .map(|problem| problem.line.as_str())
        .collect();
    (exit_of(&problems), lines.join("\n"))
}

#[track_caller]
fn check(exit: Exit, words: &str, change: impl Fn(&mut Facts)) {
    let (got, lines) = after(change);
    assert_eq!(got, exit, "{lines}");
    assert!(lines.contains(words), "no {words:?} in {lines:?}");
    // One problem, one line.
    assert_eq!(
        lines.lines().count(),
        usize::from(exit != Exit::Done),
        "{lines}"
    );
}

#[test]
fn foreign_entry_changed_key_and_more_jobs_than_slots_are_well() {
    assert_eq!(after(|_| ()), (Exit::Done, String::new()));
    assert_eq!(well().free_slots(), Some(0));
    check(Exit::Done, "", |facts| facts.volume.is_this_pod = None);
    check(Exit::Done, "", |facts| {
        facts.volume.state = StateFile::Never;
    });
    check(Exit::Done, "", |facts| {
        facts.entries[0].gitlab = AtGitlab::NotAsked(Unasked::Offline);
        facts.entries[0].expires_at = Some(NOW + Duration::from_secs(1));
    });
    let leaving = |kind: Loose| WithoutEntry {
        kind,
        id: Some(3),
        url: "https://h".to_owned(),
        source: Some(Source::RegistrationToken),
        has_token: true,
        description: None,
        at: None,
    };
    check(Exit::Done, "", |facts| {
        facts.without_entry.push(leaving(Loose::Leaving));
    });
    check(Exit::Unusable, "run runner-init register again", |facts| {
        facts.without_entry.push(leaving(Loose::Known));
    });
    check(Exit::Unusable, ", or delete the runner", |facts| {
        facts.without_entry.push(WithoutEntry {
            has_token: false,
            ..leaving(Loose::Known)
        });
    });
}

#[test]
fn each_fault_of_the_volume_is_one_line() {
    let unusable = Exit::Unusable;
    check(unusable, "/v/config.toml does not exist", |facts| {
        facts.volume.file = ConfigFile::Missing;
    });
    check(unusable, "/v does not exist", |facts| {
        facts.volume.file = ConfigFile::NoDirectory;
        facts.runner_manager.activity = Activity::NotRunning;
    });
    check(unusable, "broken", |facts| {
        facts.volume.file = ConfigFile::Broken("broken".to_owned());
    });
    check(unusable, "has no runner entry", |facts| {
        facts.entries.clear();
    });
    check(unusable, "another pod, ci/a", |facts| {
        facts.volume.is_this_pod = Some(false);
    });
    check(unusable, ".runner-lifecycle.toml is missing", |facts| {
        facts.volume.state = StateFile::Lost;
    });
    check(unusable, "damaged", |facts| {
        facts.volume.state = StateFile::Unusable("damaged".to_owned());
    });
    check(unusable, ".runner_system_id is missing", |facts| {
        facts.volume.system_id = None;
    });
    check(unusable, "cannot pause the runner manager: why", |facts| {
        facts.volume.fixed = Some("why");
    });
    check(unusable, "in use by another", |facts| {
        // A hook waits for jobs.
        facts.runner_manager.activity = Activity::Paused;
        facts.volume.locked = true;
    });
}

#[test]
fn pause_is_named_once_with_its_end() {
    let pauses = [
        (Pause::Working, "wait until it has finished"),
        (Pause::LeftOver, "was killed"),
        (Pause::NoOriginal, "config.toml.original is missing"),
        (
            Pause::ByHand {
                by: "root on a".to_owned(),
                at: "today".to_owned(),
            },
            "paused by root on a at today: end the pause with runner-reaper resume",
        ),
    ];
    for (pause, words) in pauses {
        check(Exit::Unusable, words, |facts| {
            facts.volume.pause = pause.clone();
            facts.volume.locked = pause == Pause::Working;
            facts.runner_manager.activity = Activity::Paused;
            facts.entries[0].gitlab = AtGitlab::NotAsked(Unasked::NotPolling);
        });
    }
    check(
        Exit::Unusable,
        "has not loaded the runner entries",
        |facts| {
            facts.runner_manager.activity = Activity::Paused;
        },
    );
}

#[test]
fn runner_manager_that_does_not_poll_is_not_well() {
    for (activity, words) in [
        (Activity::NotRunning, "no runner manager uses"),
        (
            Activity::Unknown("no port".to_owned()),
            "cannot be observed: no port",
        ),
        (Activity::Starting, "is starting"),
        (Activity::ShuttingDown, "is shutting down"),
    ] {
        check(Exit::Unusable, words, |facts| {
            facts.runner_manager.activity = activity.clone();
            facts.entries[0].gitlab = AtGitlab::NotAsked(Unasked::NotPolling);
        });
    }
    check(Exit::Unusable, "more than one", |facts| {
        facts.runner_manager.has_others = true;
    });
}

#[test]
fn token_that_gitlab_does_not_take_has_its_exit_code() {
    for (exit, want) in [
        (Exit::Refused, Exit::Refused),
        (Exit::Unreachable, Exit::Unreachable),
        (Exit::Unusable, Exit::Unusable),
    ] {
        check(want, "runner 12 \"a\" at https://h: why", |facts| {
            facts.entries[0].gitlab = AtGitlab::Failed(exit, "why".to_owned());
        });
    }
    check(Exit::Refused, "has expired", |facts| {
        facts.entries[0].expires_at = Some(NOW);
        facts.entries[0].gitlab = AtGitlab::NotAsked(Unasked::Offline);
    });
    check(Exit::Refused, "GitLab refused its token", |facts| {
        facts.entries[0].was_refused = true;
        facts.entries[0].gitlab = AtGitlab::NotAsked(Unasked::Offline);
    });
    check(Exit::Done, "", |facts| {
        // It was, and GitLab takes it now.
        facts.entries[0].was_refused = true;
    });
    check(Exit::Unusable, "belongs to runner 13", |facts| {
        facts.entries[0].gitlab = AtGitlab::Valid(13);
    });
    check(Exit::Unusable, "has no token", |facts| {
        facts.entries[0].token = None;
    });
    check(Exit::Unusable, "$T, which is not set here", |facts| {
        facts.entries[0].token = None;
        facts.entries[0].no_token = Some("its token is $T, which is not set here".to_owned());
    });
    check(
        Exit::Unusable,
        "has not polled with this entry yet",
        |facts| {
            facts.entries[0].gitlab = AtGitlab::NotAsked(Unasked::NotPolledYet);
        },
    );
}

#[test]
fn volume_outranks_token_and_token_outranks_reach() {
    let failed = |exit: Exit| {
        let mut entry = well().entries.remove(0);
        entry.gitlab = AtGitlab::Failed(exit, "why".to_owned());
        entry
    };
    let unreachable_then_refused = |facts: &mut Facts| {
        facts.entries = vec![failed(Exit::Unreachable), failed(Exit::Refused)];
    };
    assert_eq!(after(unreachable_then_refused).0, Exit::Refused);
    let and_other_pod = |facts: &mut Facts| {
        unreachable_then_refused(facts);
        facts.volume.is_this_pod = Some(false);
    };
    let (exit, lines) = after(and_other_pod);
    assert_eq!(
        (exit, lines.lines().count()),
        (Exit::Unusable, 3),
        "{lines}"
    );
}

#[test]
fn reset_of_a_token_that_was_not_finished_says_what_finishes_it() {
    let reset = |step: RotationStep| ResetUnderWay {
        step,
        entry: Some(0),
        id: Some(12),
        url: "https://h".to_owned(),
        at: "then".to_owned(),
    };
    let check = |exit: Exit, words: &str, step: RotationStep, more: &dyn Fn(&mut Facts)| {
        check(exit, words, |facts| {
            facts.volume.rotation = Some(reset(step));
            more(facts);
        });
    };
    let not_asked =
        |facts: &mut Facts| facts.entries[0].gitlab = AtGitlab::NotAsked(Unasked::Offline);
    let words = "token of runner 12 at https://h was asked for at then";
    check(Exit::Unusable, words, RotationStep::Unanswered, &not_asked);
    check(Exit::Done, "", RotationStep::Unanswered, &|_| ());
    let words = "before it wrote the new one to /v/config.toml: run runner-init rotate again";
    check(Exit::Unusable, words, RotationStep::Received, &not_asked);
    let words = "restore the entry of that runner";
    check(Exit::Unusable, words, RotationStep::NoEntry, &|_| ());
    check(Exit::Done, "", RotationStep::Written, &|_| ());
    // Who holds the lock may be at it: that alone is the line.
    check(
        Exit::Unusable,
        "is in use",
        RotationStep::Received,
        &|facts| {
            facts.volume.locked = true;
        },
    );
}
