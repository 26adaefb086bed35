//! Recorded runs of gitlab-runner's `register` against the real program: the same requests, the same `config.toml` as
//! gitlab-runner loads it. `golden/` holds the recordings (facts, one run a line) and the rules of the comparison.

pub(crate) mod case;
mod recorder;
mod view;

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use acceptance::programs::program;
use case::{Case, Outcome};
use serde_json::Value;
use similar::TextDiff;
use view::{Deviations, Noise};

const RECORDINGS: &str = include_str!("golden/register.jsonl");
const NOISE: &str = include_str!("golden/noise.json");
const DEVIATIONS: &str = include_str!("golden/deviations.json");

/// Set to a stock gitlab-runner, the recordings are made anew from it.
const BLESS: &str = "GOLDEN_BLESS";
const BLESS_COMMAND: &str = "GOLDEN_BLESS=/path/to/gitlab-runner cargo test -p acceptance golden";

/// Runs that may be under way at once: they wait for the disk more than they work.
const AT_ONCE: usize = 4;

#[test]
fn every_recorded_run_comes_out_as_recorded() {
    let cases: Vec<Case> = RECORDINGS.lines().map(Case::parse).collect();
    assert!(cases.len() >= 500, "only {} recordings", cases.len());
    if let Some(stock) = std::env::var_os(BLESS) {
        return bless(&cases, &PathBuf::from(stock));
    }
    let (noise, deviations) = (Noise::parse(NOISE), Deviations::parse(DEVIATIONS));
    let init = program("runner-init");
    let complaints = over_all(&cases, |case| {
        let outcome = case.run(&init, &case::OURS);
        complaint(case, &outcome, &noise, &deviations)
    });
    let complaints: Vec<String> = complaints.into_iter().flatten().collect();
    assert!(
        complaints.is_empty(),
        "{} of {} cases are not as wanted:\n{}\nIf gitlab-runner itself changed, record anew: {BLESS_COMMAND}",
        complaints.len(),
        cases.len(),
        complaints.concat(),
    );
}

/// What is wrong with one run, or nothing.
fn complaint(case: &Case, got: &Outcome, noise: &Noise, deviations: &Deviations) -> Option<String> {
    let mut text = match deviations.of(&case.id) {
        Some(deviation) => deviation.complaints(case, got),
        None => {
            let wanted = view::of(case, &case.recorded, noise);
            let mut came = view::of(case, got, noise);
            view::forget_what_stock_does_not_know(&wanted, &mut came);
            differences(&wanted, &came)
        }
    };
    let left = got.left_behind();
    if left > 0 && !case.argv.iter().any(|word| word == "--leave-runner") {
        let _ = writeln!(text, "    left behind at GitLab: {left}");
    }
    (!text.is_empty()).then(|| format!("{}\n{text}    it said: {}\n", case.id, got.words.trim()))
}

fn differences(wanted: &Value, came: &Value) -> String {
    if wanted == came {
        return String::new();
    }
    let lines = |view: &Value| serde_json::to_string_pretty(view).unwrap_or_default() + "\n";
    let (wanted, came) = (lines(wanted), lines(came));
    let diff = TextDiff::from_lines(&wanted, &came);
    let unified = diff
        .unified_diff()
        .context_radius(1)
        .header("wanted", "came")
        .to_string();
    unified.lines().fold(String::new(), |mut text, line| {
        let _ = writeln!(text, "    {line}");
        text
    })
}

/// Does the work for every case, several at a time; results in the cases' order.
fn over_all<T: Send>(cases: &[Case], work: impl Fn(&Case) -> T + Sync) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some((index, case)) = {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    cases.get(index).map(|case| (index, case))
                } {
                    let result = work(case);
                    done.lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .push((index, result));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, result)| result).collect()
}

/// Writes the recordings anew, from what a stock gitlab-runner does.
fn bless(cases: &[Case], stock: &std::path::Path) {
    let lines = over_all(cases, |case| case.line(&case.run(stock, &[])));
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/golden/register.jsonl");
    #[expect(clippy::disallowed_methods, reason = "a file of the repository")]
    std::fs::write(path, lines.concat()).unwrap();
}
