//! What looks at the page tell of a runner that lost its entry.

use runner_lifecycle::runner_manager::Work;

use super::*;

const WATCHED: Watched<'_> = Watched {
    old: "old",
    new: "new",
    pass: Duration::from_secs(3),
};

/// A page: `loaded old new`, `polled new`, `jobs old 1`, `asks old`, `ends`, with two slots.
fn sample(words: &str) -> Sample {
    let mut sample = Sample {
        concurrent: 2.0,
        state: Some(ProcessState::Running),
        ..Sample::default()
    };
    let mut work = |runner: &str, jobs: f64, requests: f64| {
        sample.jobs += jobs;
        sample.requests += requests;
        sample.work.push(Work {
            runner: runner.to_owned(),
            requests,
            jobs,
        });
    };
    for part in words.split(", ").filter(|part| !part.is_empty()) {
        match *part.split(' ').collect::<Vec<_>>() {
            ["jobs", runner, jobs] => work(runner, jobs.parse().unwrap(), 0.0),
            ["asks", runner] => work(runner, 0.0, 1.0),
            ["loaded", runner] => sample.loaded_runners.push(runner.to_owned()),
            ["polled", runner] => sample.polled_runners.push(runner.to_owned()),
            ["ends"] => sample.state = Some(ProcessState::Graceful),
            _ => panic!("{part}"),
        }
    }
    sample
}

/// What looks every 100 ms show, each given so often.
#[track_caller]
fn check(pages: &[(&str, u32)], want: Hold) {
    let mut looks = Looks::default();
    let mut at = Duration::ZERO;
    let mut last = Hold::Nobody;
    for (words, often) in pages {
        for _ in 0..*often {
            last = looks.see(at, &sample(words), WATCHED);
            at += STEP;
        }
    }
    assert_eq!(last, want, "{pages:?}");
}

#[test]
fn runner_of_a_loaded_file_is_polled() {
    check(&[("loaded old", 100)], Hold::Polled);
    check(&[("loaded old, polled old", 100)], Hold::Polled);
    check(&[("loaded new", 40), ("loaded old", 1)], Hold::Polled);
    // The token was rotated, and neither that file nor the new one is loaded yet.
    check(&[("loaded older, jobs older 1", 100)], Hold::Polled);
}

#[test]
fn three_looks_after_the_new_one_was_polled_the_old_one_is_let_go_of() {
    check(&[("loaded new, polled new", 2)], Hold::Polled);
    check(&[("loaded new, polled new", 3)], Hold::Jobs(0));
    check(&[("loaded new, polled new, jobs old 1", 3)], Hold::Jobs(1));
    check(&[("loaded new, polled new, jobs new 2", 3)], Hold::Jobs(0));
    // The token of the old one was rotated while they ran.
    check(
        &[("loaded new, polled new, jobs older 2", 3)],
        Hold::Jobs(2),
    );
}

#[test]
fn pass_over_the_old_list_is_waited_for_where_the_new_one_is_not_polled() {
    check(&[("loaded new", 30)], Hold::Polled);
    check(&[("loaded new", 31)], Hold::Jobs(0));
    check(&[("", 31)], Hold::Jobs(0));
}

#[test]
fn open_request_of_the_old_one_begins_the_looks_anew() {
    let quiet = "loaded new, polled new";
    let asks = "loaded new, polled new, asks old";
    check(&[(asks, 50)], Hold::Asking(0));
    check(&[(quiet, 2), (asks, 1), (quiet, 2)], Hold::Polled);
    check(&[("loaded new, polled new, asks new", 3)], Hold::Jobs(0));
}

#[test]
fn entry_in_the_feeders_hand_is_polled_when_a_slot_is_free() {
    let full = "loaded new, jobs old 2";
    check(&[(full, 3)], Hold::Full(2));
    check(&[(full, 3), ("loaded new, jobs old 1", 3)], Hold::Polled);
    check(
        &[("loaded new, polled new, jobs old 1, jobs new 1", 3)],
        Hold::Jobs(1),
    );
    check(&[("ends, jobs old 2", 3)], Hold::Jobs(2));
    // It ends with the file of before a rotation.
    check(&[("ends, loaded older, jobs older 1", 3)], Hold::Jobs(1));
    check(&[("ends, loaded new, jobs new 1", 3)], Hold::Jobs(0));
}

#[test]
fn owned_runner_stays_while_it_has_jobs_and_no_runner_while_it_may_be_polled() {
    fn check(hold: Hold, owned: &str, shared: &str) {
        let why = |ownership| hold.why(ownership).unwrap_or_default();
        assert!(why(Ownership::Owned).starts_with(owned), "{hold:?}");
        assert_eq!(
            why(Ownership::Owned).is_empty(),
            owned.is_empty(),
            "{hold:?}"
        );
        assert!(why(Ownership::Shared).starts_with(shared), "{hold:?}");
        assert_eq!(
            why(Ownership::Shared).is_empty(),
            shared.is_empty(),
            "{hold:?}"
        );
    }
    check(Hold::Nobody, "", "");
    check(Hold::Jobs(0), "", "");
    check(Hold::Jobs(1), "still has 1 job", "");
    check(Hold::Asking(0), "", "");
    check(Hold::Asking(2), "still has 2 jobs", "");
    check(Hold::Full(2), "still has 2 jobs", "may be polled once more");
    check(
        Hold::Full(0),
        "may be polled once more",
        "may be polled once more",
    );
    check(Hold::Unseen, "may still have jobs", "");
    check(Hold::Polled, "may still be polled", "may still be polled");
}
