//! What `re-register` prints for programs: one object of its schema and nothing beside it.

use std::fs::File;
use std::process::Stdio;

use acceptance::canary::form;
use acceptance::pod::{Plan, Pod, Source, put};
use acceptance::schema;
use acceptance::stage::{Ended, Stage, run};
use serde_json::{Value, json};

use super::in_file;

const SCHEMA: &str = include_str!("../../../crates/runner-init/re-register.schema.json");

/// Runs it, and searches all that it says for tokens.
#[track_caller]
fn ran(pod: &Pod, words: &[String], more: &[&str]) -> Ended {
    let mut command = pod.init_as("re-register", words);
    let ended = run(command.arg("--output=json").args(more));
    for secret in pod.secrets() {
        let said = form(ended.output(), secret);
        assert_eq!(said, None, "{}", ended.output());
    }
    ended
}

/// What a run that ends well prints.
#[track_caller]
fn printed(pod: &Pod, words: &[String], more: &[&str]) -> Value {
    let ended = ran(pod, words, more);
    assert_eq!(ended.code(), 0, "{}", ended.output());
    let value: Value = serde_json::from_str(&ended.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", ended.output()));
    let schema = serde_json::from_str(SCHEMA).unwrap();
    assert_eq!(schema::check(&schema, &value), Vec::<String>::new());
    assert_eq!(value["version"], 1);
    value
}

/// The one runner that lost its entry.
#[track_caller]
fn previous(value: &Value) -> &Value {
    let all = value["previous"].as_array().unwrap();
    assert_eq!(all.len(), 1, "{value}");
    &all[0]
}

#[test]
fn json_says_which_runner_the_entry_has_and_what_became_of_the_one_before() {
    for source in Source::ALL {
        for busy in [0, 1] {
            let pod = Pod::working(Plan::of(source));
            let old = in_file(&pod);
            pod.busy_with(busy);
            let words = pod.words(&Plan::of(source));
            let value = printed(&pod, &words, &[]);
            let new = in_file(&pod);
            assert_ne!(new.id, old.id);
            assert_eq!(value["result"], "replaced", "{value}");
            assert_eq!(value["dry_run"], false);
            assert_eq!(value["id"], new.id);
            assert_eq!(value["entry"], "acceptance");
            assert_eq!(value["url"], pod.gitlab.url());
            assert_eq!(value["file"], pod.config().display().to_string());
            let system_id = pod.stage.text(".runner_system_id").unwrap();
            assert_eq!(value["system_id"], system_id);
            assert_eq!(value["shared"], !source.owned());
            let name = match source {
                Source::AuthenticationToken => "authentication-token",
                Source::AccessToken => "access-token",
                Source::RegistrationToken => "registration-token",
            };
            assert_eq!(value["source"], name);
            assert_eq!(value["requests"], Value::Null);
            assert_eq!(value["changes"], Value::Null);
            let before = previous(&value);
            assert_eq!(before["id"], old.id);
            assert_eq!(before["shared"], !source.owned());
            // Of one slot that has a job an entry may be asked for once more, and an owned runner waits for it.
            assert_eq!(before["unregistered"], busy == 0, "{value}");
            let reason = before["reason"].as_str().unwrap_or_default();
            let why = match (busy, source.owned()) {
                (0, _) => "",
                (_, true) => "still has 1 job",
                (_, false) => "may be polled once more, because every job slot is in use",
            };
            assert_eq!(reason, why);
            pod.release();
        }
    }
}

#[test]
fn entry_that_has_the_given_token_keeps_its_runner_and_one_that_is_new_is_added() {
    let pod = Pod::fresh();
    let mut words = pod.words(&Plan::of(Source::AuthenticationToken));
    let value = printed(&pod, &words, &["--dry-run"]);
    assert_eq!(
        [&value["result"], &value["id"], &value["system_id"]],
        [&json!("added"), &Value::Null, &Value::Null]
    );
    assert!(!pod.config().exists());
    let value = printed(&pod, &words, &[]);
    let id = in_file(&pod).id;
    assert_eq!(
        [&value["result"], &value["id"]],
        [&json!("added"), &json!(id)]
    );
    words.push("--output-limit=7".to_owned());
    for dry in [&["--dry-run"][..], &[]] {
        let value = printed(&pod, &words, dry);
        assert_eq!(
            [&value["result"], &value["id"]],
            [&json!("kept"), &json!(id)]
        );
        assert_eq!(value["previous"], json!([]));
        assert_eq!(pod.gitlab.calls("DELETE *").len(), 0);
    }
}

#[test]
fn dry_run_tells_what_would_be_sent_and_written_and_does_neither() {
    for source in Source::SHARED_AND_OWNED {
        let pod = Pod::of(Plan::of(source));
        let old = in_file(&pod);
        let mut words = pod.words(&Plan::of(source));
        words.push("--output-limit=7".to_owned());
        let before = (pod.stage.snapshot(), pod.gitlab.journal().len());
        let value = printed(&pod, &words, &["--dry-run"]);
        let after = (pod.stage.snapshot(), pod.gitlab.journal().len());
        assert!(after == before, "something was sent or written");
        assert_eq!(value["dry_run"], true);
        assert_eq!(
            [&value["result"], &value["id"]],
            [&json!("replaced"), &Value::Null]
        );
        let one = previous(&value);
        assert_eq!(
            [&one["id"], &one["unregistered"]],
            [&json!(old.id), &json!(false)]
        );
        let reason = one["reason"].as_str().unwrap();
        assert!(reason.starts_with("would be unregistered once"), "{reason}");
        let requests = value["requests"].as_array().unwrap();
        let last = requests.last().unwrap().as_str().unwrap();
        let (method, path) = source.farewell().split_once(' ').unwrap();
        let want = format!(
            "{method} {}/api/v4{path} for runner {}",
            pod.gitlab.url(),
            old.id
        );
        assert!(last.starts_with(&want), "{value}");
        let changes = value["changes"].as_array().unwrap();
        assert!(changes.contains(&json!("+   output_limit = 7")), "{value}");
    }
}

#[test]
fn run_that_fails_prints_nothing_on_stdout() {
    let pod = Pod::of(Plan::of(Source::RegistrationToken));
    let words = pod.words(&Plan::of(Source::RegistrationToken));
    let file = words[0].split_once('=').unwrap().1;
    put(std::path::Path::new(file), "nobody-has-this-one");
    let ended = ran(&pod, &words, &[]);
    assert_eq!((ended.code(), ended.stdout.as_str()), (77, ""));
    pod.stage.put("config.toml", "[[runners]\n");
    for more in [&["--dry-run"][..], &[]] {
        let ended = ran(&pod, &words, more);
        assert_eq!((ended.code(), ended.stdout.as_str()), (78, ""));
    }
    let ended = ran(&pod, &words, &["--output=xml"]);
    assert_eq!((ended.code(), ended.stdout.as_str()), (2, ""));
    assert!(ended.one_error("format").contains("text or json"));
}

#[test]
fn answer_that_cannot_be_written_is_no_success() {
    let pod = Pod::of(Plan::of(Source::RegistrationToken));
    let words = pod.words(&Plan::of(Source::RegistrationToken));
    let full = File::options().write(true).open("/dev/full").unwrap();
    let mut command = pod.init_as("re-register", &words);
    command.arg("--output=json").stdout(full);
    let ended = command.stderr(Stdio::piped()).output().unwrap();
    let said = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(78), "{said}");
    assert!(said.contains("writing to stdout: "), "{said}");
}

#[test]
fn name_that_would_mislead_a_terminal_and_password_of_an_address_are_not_printed() {
    let pod = Pod::of(Plan::of(Source::RegistrationToken));
    let text = pod.stage.text("config.toml").unwrap();
    let name = "name = \"a\\u001b[31m\\u202eb\"";
    let other = "\n[[runners]]\n  name = \"b\"\n  url = \"http://me:canary@gitlab.example\"\n  token = \"glrtr-canary\"\n  executor = \"shell\"\n";
    pod.put_config(&(text.replace("name = \"acceptance\"", name) + other));
    let words = pod.words(&Plan::of(Source::RegistrationToken));
    for more in [&["--dry-run"][..], &[]] {
        // Whoever gives a name gives the entry that name.
        let mut nameless = pod
            .stage
            .init(&["re-register", "--executor=shell", "--output=json"]);
        nameless.args(["--url", &pod.gitlab.url()]).args(&words);
        let ended = run(nameless.args(more));
        assert_eq!(ended.code(), 0, "{}", ended.output());
        let value: Value = serde_json::from_str(&ended.stdout).unwrap();
        assert_eq!(value["entry"], "a\u{fffd}[31m\u{fffd}b");
        assert!(!ended.output().contains("canary"), "{}", ended.output());
    }
}

#[test]
fn registration_has_the_flags_of_stock_and_not_this_one() {
    let stage = Stage::new();
    for words in [
        &["register", "--output=json"][..],
        &["--output", "json"],
        &["register", "--dry-run", "--output=json"],
    ] {
        let ended = run(&mut stage.init(words));
        assert_eq!((ended.code(), ended.stdout.as_str()), (2, ""));
        let error = ended.one_error("unknown");
        let want = "unknown flag --output of register: only re-register and rotate have it";
        assert!(error.contains(want), "{error}");
        assert!(stage.snapshot().is_empty());
    }
}
