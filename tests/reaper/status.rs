//! `status` on prepared volumes: what it says as text (golden files) and as JSON (by its schema), its exit code, and that it
//! changes nothing: no byte and no time on the volume, no record at GitLab, no token in its words.

mod at_gitlab;
mod managers;
mod pauses;
mod scenes;
mod terminal;
mod volumes;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::SystemTime;

use acceptance::canary::form;
use acceptance::stage::{Ended, run};
use serde_json::Value;

use acceptance::pod::{Pod, put};
use acceptance::schema;

const SCHEMA: &str = include_str!("../../crates/runner-reaper/status.schema.json");

/// Set to anything, the golden files are written anew.
const BLESS: &str = "STATUS_BLESS";
const BLESS_COMMAND: &str =
    "STATUS_BLESS=1 cargo test -p acceptance --test acceptance reaper::status";

/// What must be the same before and after.
#[derive(Debug, PartialEq)]
struct Before {
    /// Mode and text of each file.
    files: BTreeMap<String, (u32, String)>,
    times: BTreeMap<String, SystemTime>,
    /// The runner managers that GitLab lists, each with its runner and the version it told.
    managers: Vec<(i64, String, Option<String>)>,
}

impl Before {
    fn of(pod: &Pod) -> Self {
        let text = |(name, (mode, bytes)): (String, (u32, Vec<u8>))| {
            (name, (mode, String::from_utf8_lossy(&bytes).into_owned()))
        };
        let files: BTreeMap<_, _> = pod.stage.snapshot().into_iter().map(text).collect();
        let time = |name: &String| {
            let metadata = fs::symlink_metadata(pod.stage.file(name)).unwrap();
            (name.clone(), metadata.modified().unwrap())
        };
        Self {
            times: files.keys().map(time).collect(),
            files,
            managers: pod.gitlab.look(|state| {
                let of = |runner: &gitlab_simulator::Runner| {
                    let managers = runner.managers.iter();
                    let listed = managers.map(|manager| {
                        (
                            runner.id,
                            manager.system_id.clone(),
                            manager.version.clone(),
                        )
                    });
                    listed.collect::<Vec<_>>()
                };
                state.runners.iter().flat_map(of).collect()
            }),
        }
    }
}

/// Looks at the pod with `make`, once for each form, and holds what came to everything that must be true of every look. Gives the
/// document back.
#[track_caller]
fn check(name: &str, pod: &Pod, code: i32, make: impl Fn(&[&str]) -> Command) -> Value {
    let before = Before::of(pod);
    let calls = pod.gitlab.journal().len();
    let text = run(&mut make(&[]));
    let json = run(&mut make(&["--output=json"]));
    for ended in [&text, &json] {
        assert_eq!(ended.code(), code, "{name}: {}", ended.output());
        says_no_token(pod, ended);
    }
    assert_eq!(
        Before::of(pod),
        before,
        "{name}: a look has changed something"
    );
    asked_only_about_itself(pod, calls, &before);
    let document: Value = serde_json::from_str(&json.stdout)
        .unwrap_or_else(|error| panic!("{name}: {error}: {}", json.output()));
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let complaints = schema::check(&schema, &document);
    assert!(
        complaints.is_empty(),
        "{name}: {complaints:#?}\n{document:#}"
    );
    assert_eq!(document["exit_code"], code, "{name}");
    let problems = document["problems"].as_array().unwrap();
    let said = text
        .stdout
        .lines()
        .filter(|line| line.starts_with("problem: "));
    assert_eq!(said.count(), problems.len(), "{name}: {}", text.output());
    assert_eq!(problems.is_empty(), code == 0, "{name}: {document:#}");
    is_as_recorded(name, &normal(pod, &text.stdout));
    document
}

#[track_caller]
fn says_no_token(pod: &Pod, ended: &Ended) {
    for token in tokens(pod) {
        assert_eq!(form(ended.output(), token), None, "{}", ended.output());
    }
}

/// Every token at GitLab and in a file of the volume.
fn tokens(pod: &Pod) -> Vec<String> {
    let mut tokens = pod.secrets();
    for (_, bytes) in pod.stage.snapshot().values() {
        for line in String::from_utf8_lossy(bytes).lines() {
            let token = line.trim().strip_prefix("token = \"");
            let token = token.and_then(|rest| rest.strip_suffix('"'));
            tokens.extend(token.map(str::to_owned));
        }
    }
    tokens.retain(|token| !token.starts_with('$'));
    tokens
}

/// Nothing but `verify` was asked, without a word about itself, and for nobody whom GitLab did not list before.
#[track_caller]
fn asked_only_about_itself(pod: &Pod, calls: usize, before: &Before) {
    // What a runner manager says itself.
    let its_own = ["POST /jobs/request", "PUT /jobs/*", "PATCH /jobs/*"];
    let journal = pod.gitlab.journal();
    let ours = journal[calls..]
        .iter()
        .filter(|call| !its_own.iter().any(|pattern| call.is(pattern)));
    for call in ours {
        assert!(call.is("POST /runners/verify"), "{call:?}");
        assert!(call.body.get("info").is_none(), "{call:?}");
        let (token, system_id) = (&call.body["token"], &call.body["system_id"]);
        let runners = pod.gitlab.runners();
        if let Some(runner) = runners.iter().find(|runner| *token == runner.token) {
            let mut listed = before.managers.iter();
            let is_this =
                |(id, listed, _): &(i64, String, _)| *id == runner.id && *system_id == *listed;
            assert!(listed.any(is_this), "{call:?}");
        }
    }
}

/// The text without what differs from run to run.
fn normal(pod: &Pod, text: &str) -> String {
    let mut text = text
        .replace(
            &pod.stage.path().display().to_string(),
            "/etc/gitlab-runner",
        )
        .replace(&pod.gitlab.url(), "https://gitlab.example")
        .replace(&pod.address, "127.0.0.1:9252");
    for token in tokens(pod) {
        for prefix in ["glrt-", "glrtr-"] {
            let rest = token.strip_prefix(prefix);
            if let Some(nine) = rest.and_then(|rest| rest.get(..9)) {
                text = text.replace(nine, "SHORTFORM");
            }
        }
    }
    let lines = text.lines().map(|line| {
        let line = without_widths(line);
        match line.strip_prefix("  process  ") {
            Some(pid) if pid.bytes().all(|byte| byte.is_ascii_digit()) => {
                "  process  PID".to_owned()
            }
            _ => without_request(&line),
        }
    });
    lines.map(|line| line + "\n").collect()
}

/// Columns are as wide as what differs from run to run; how they are aligned is a test of the table's own.
fn without_widths(line: &str) -> String {
    let indent = line.len() - line.trim_start().len();
    let mut short = line.trim_start().to_owned();
    while short.contains("   ") {
        short = short.replace("   ", "  ");
    }
    " ".repeat(indent) + &short
}

/// The line without the ID of a request, and without how often GitLab was asked.
fn without_request(line: &str) -> String {
    for (start, end) in [("gave up after ", "; check"), ("X-Request-Id ", ";")] {
        if let Some((before, rest)) = line.split_once(start)
            && let Some((_, after)) = rest.split_once(end)
        {
            return format!("{before}{start}…{end}{after}");
        }
    }
    line.to_owned()
}

#[track_caller]
fn is_as_recorded(name: &str, text: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("reaper/status/golden")
        .join(format!("{name}.txt"));
    if std::env::var_os(BLESS).is_some() {
        return put(&path, text);
    }
    let recorded = fs::read_to_string(&path).unwrap_or_default();
    let diff = similar::TextDiff::from_lines(recorded.as_str(), text);
    let diff = diff.unified_diff().header("recorded", "came").to_string();
    assert!(
        recorded == text,
        "{name} came out otherwise:\n{diff}\nIf it is right so, record it: {BLESS_COMMAND}"
    );
}
