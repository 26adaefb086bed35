//! Stock's ways beyond the recordings: what else `register` takes and refuses, and what becomes of an answer that it would
//! not take. Against the recorder of the recordings, which answers as it is told.

use acceptance::programs::program;
use serde_json::{Value, json};

use crate::golden::case::{Case, OURS, Outcome};

const VERIFY: &str = "POST /api/v4/runners/verify";
const REGISTER: &str = "POST /api/v4/runners";

const GLRT: &str = "--token=glrt-AAAAAAAAAAAAAAAAAAAA";
const OLDER: &str = "--token=oldtoken";
const REGISTRATION: &str = "--registration-token=REG";

/// A run with more words, and with files, variables and answers as in the recordings.
pub(crate) fn run(words: &[&str], more: &Value) -> Outcome {
    let mut argv = vec!["register", "--non-interactive", "--url={URL}"];
    if !words.iter().any(|word| word.starts_with("--executor")) {
        argv.push("--executor=shell");
    }
    argv.extend(words);
    let mut case = json!({ "argv": argv });
    for (key, value) in more.as_object().into_iter().flatten() {
        case[key] = value.clone();
    }
    Case::parse(&case.to_string()).run(&program("runner-init"), &OURS)
}

/// A run that ends well; `config.toml`.
pub(crate) fn done(words: &[&str], more: &Value) -> (Outcome, String) {
    let outcome = run(words, more);
    assert!(outcome.ok, "{words:?} {more}: {}", outcome.words);
    let text = outcome.files["config.toml"].text.clone();
    (outcome, text)
}

/// A run that ends with this code, leaves nothing behind at GitLab and `config.toml` as it was.
pub(crate) fn refused(words: &[&str], more: &Value, code: u8, named: &str) -> Outcome {
    let outcome = run(words, more);
    let at = format!("{words:?} {more}: {}", outcome.words);
    assert!(outcome.words.contains(&format!("(exit {code})")), "{at}");
    assert!(outcome.words.contains(named), "{named} in {at}");
    assert_eq!(outcome.left_behind(), 0, "{at}");
    let text = outcome
        .files
        .get("config.toml")
        .map(|file| file.text.as_str());
    assert_eq!(text, more["files"]["config.toml"].as_str(), "{at}");
    outcome
}

pub(crate) fn calls(outcome: &Outcome) -> Vec<String> {
    let call =
        |request: &crate::golden::case::Request| format!("{} {}", request.method, request.path);
    outcome.requests.iter().map(call).collect()
}

pub(crate) fn template(text: &str) -> Value {
    json!({ "files": { "t.toml": text } })
}

#[test]
fn shell_of_docker_windows_is_told_as_it_was_given() {
    let windows = ["--executor=docker-windows", "--docker-image=i"];
    for token in [GLRT, OLDER] {
        for (word, told, written) in [
            ("--limit=1", "bash", "pwsh"),
            ("--shell=powershell", "powershell", "powershell"),
        ] {
            let words = [&windows[..], &[token, word]].concat();
            let (outcome, text) = done(&words, &Value::Null);
            let info = &outcome.requests[0].body["info"];
            assert_eq!(info["shell"], told, "{words:?}");
            assert!(text.contains(&format!("shell = \"{written}\"")), "{text}");
        }
    }
}

#[test]
fn one_token_under_both_names_makes_reserved_flags_idle() {
    let twin = "--registration-token=glrt-AAAAAAAAAAAAAAAAAAAA";
    for word in [
        "--tag-list=a",
        "--locked=false",
        "--paused",
        "--run-untagged",
    ] {
        let (outcome, _) = done(&[GLRT, twin, word], &Value::Null);
        assert_eq!(calls(&outcome), [VERIFY], "{word}");
        assert!(outcome.words.contains("no effect"), "{}", outcome.words);
        let other = "--registration-token=glrt-BBBBBBBBBBBBBBBBBBBB";
        let outcome = refused(
            &[GLRT, other, word],
            &Value::Null,
            2,
            word.split('=').next().unwrap(),
        );
        assert_eq!(calls(&outcome), [""; 0]);
    }
    let same = "glrt-AAAAAAAAAAAAAAAAAAAA";
    let variables = json!({ "env": { "CI_SERVER_TOKEN": same, "REGISTRATION_TOKEN": same, "RUNNER_TAG_LIST": "a" } });
    done(&[], &variables);
}

#[test]
fn blank_tags_and_notes_are_something_beside_a_token_and_nothing_when_sent() {
    for (flag, key) in [
        ("--tag-list", "tag_list"),
        ("--maintenance-note", "maintenance_note"),
    ] {
        let word = format!("{flag}= ");
        let outcome = refused(&[GLRT, &word], &Value::Null, 2, flag);
        assert_eq!(calls(&outcome), [""; 0]);
        let (outcome, _) = done(&[REGISTRATION, &word], &Value::Null);
        assert_eq!(outcome.requests[0].body.get(key), None);
        assert_eq!(outcome.requests[0].body["run_untagged"], true);
    }
}

#[test]
fn template_given_empty_is_none() {
    done(&[GLRT, "--template-config="], &Value::Null);
    done(&[GLRT, "--template-config", ""], &Value::Null);
}

#[test]
fn empty_name_makes_room_for_the_templates() {
    fn check(words: &[&str], variables: &Value, want: &str) {
        let words = [words, &["--template-config={DIR}/t.toml"]].concat();
        let mut more = template("[[runners]]\nname = \"tn\"\n");
        more["env"] = variables.clone();
        let (outcome, text) = done(&words, &more);
        assert!(
            text.contains(&format!("name = \"{want}\"\n")),
            "{words:?}: {text}"
        );
        let described = &outcome.requests[0].body["description"];
        assert!(described.is_null() || described == want, "{described}");
    }
    let empty = json!({ "RUNNER_NAME": "" });
    for token in [GLRT, OLDER, REGISTRATION] {
        check(&[token, "--name="], &json!({ "RUNNER_NAME": "v" }), "tn");
        check(&[token], &empty, "tn");
        check(&[token, "--name=n"], &empty, "n");
        check(&[token], &json!({ "RUNNER_NAME": "v" }), "v");
    }
    refused(&[GLRT, "--name="], &Value::Null, 2, "--name");
    done(&[GLRT], &json!({ "env": empty }));
    let (_, text) = done(&[OLDER, "--name= q "], &Value::Null);
    assert!(text.contains("name = \" q \"\n"), "{text}");
}

#[test]
fn url_that_goes_on_behind_its_path_is_refused() {
    for behind in ["?x=1", "/?", "#top", "/gitlab?private_token=canary"] {
        let url = format!("--url={{URL}}{behind}");
        let outcome = refused(&[GLRT, &url], &Value::Null, 2, "--url");
        assert_eq!(calls(&outcome), [""; 0], "{behind}");
        assert!(!outcome.words.contains("canary"), "{}", outcome.words);
    }
}

#[test]
fn what_an_unfit_answer_has_made_is_taken_back() {
    let json = json!({ "Content-Type": "application/json" });
    let (page, none) = (json!({ "Content-Type": "text/html" }), json!({}));
    let good = json!({ "id": 7, "token": "glrtr-made" });
    let text = || Value::from(good.to_string());
    for (token, call, right, take_back) in [
        (GLRT, VERIFY, 200, "DELETE /api/v4/runners/managers"),
        (REGISTRATION, REGISTER, 201, "DELETE /api/v4/runners"),
    ] {
        let mut answers = vec![
            json!([202, good]),
            json!([if right == 200 { 201 } else { 200 }, good]),
            json!([right, text(), page]),
            json!([right, text(), none]),
            json!([right, "{\"token\":\"glrtr-made\",\"id\":null}", json]),
        ];
        for id in [json!(0), json!("7"), json!(1.5)] {
            answers.push(json!([right, { "id": id, "token": "glrtr-made" }]));
        }
        answers.push(json!([right, { "token": "glrtr-made" }]));
        for at in [json!("bad"), json!(""), json!(5), json!("2030-01-02")] {
            let expiring = json!({ "id": 7, "token": "glrtr-made", "token_expires_at": at });
            answers.push(json!([right, expiring]));
        }
        for answer in answers {
            let outcome = refused(
                &[token],
                &json!({ "server": { call: answer } }),
                78,
                "would not accept it",
            );
            assert_eq!(calls(&outcome), [call, take_back], "{answer}");
            let given_back = &outcome.requests[1].body["token"];
            let want = if call == VERIFY {
                "glrt-AAAAAAAAAAAAAAAAAAAA"
            } else {
                "glrtr-made"
            };
            assert_eq!(given_back, want, "{answer}");
            assert!(
                outcome.words.contains("unregistered again"),
                "{}",
                outcome.words
            );
        }
    }
}

#[test]
fn of_an_older_token_only_the_id_is_wanted_and_no_expiry_is_written() {
    for answer in [
        json!([201, { "id": 7 }]),
        json!([200, "{\"id\":7}", {}]),
        json!([200, { "id": 7, "token_expires_at": "bad" }]),
        json!([200, { "id": 7, "token_expires_at": "2030-01-02T03:04:05Z" }]),
    ] {
        let (_, text) = done(&[OLDER], &json!({ "server": { VERIFY: answer } }));
        assert!(!text.contains("token_expires_at"), "{answer}: {text}");
    }
    let nameless = json!({ "server": { VERIFY: [200, { "id": 0, "token": "oldtoken" }] } });
    let outcome = refused(&[OLDER], &nameless, 78, "without the runner's ID");
    assert_eq!(calls(&outcome), [VERIFY, "DELETE /api/v4/runners/managers"]);
}

#[test]
fn runner_that_could_not_be_taken_back_gets_its_id_from_the_next_run() {
    let state = "version = 1\n[pending]\nstep = \"received\"\nurl = \"{URL}\"\nsource = \"registration-token\"\nid = 0\n\
                 token = \"glrtr-nameless\"\nobtained_at = \"2026-01-01T00:00:00Z\"\n";
    let (outcome, text) = done(
        &[REGISTRATION],
        &json!({ "files": { ".runner-lifecycle.toml": state } }),
    );
    assert_eq!(calls(&outcome), [VERIFY]);
    assert!(
        text.contains("id = 54321\n") && text.contains("glrtr-nameless"),
        "{text}"
    );
}

#[test]
fn statuses_of_those_who_deliver_gitlab_are_asked_again() {
    for status in [512, 515, 520, 527, 599] {
        for body in [json!({ "a": 1 }), json!("error code")] {
            for (token, call, right) in [(GLRT, VERIFY, 200), (REGISTRATION, REGISTER, 201)] {
                let answers = json!([[status, body], [right, { "id": 7, "token": "glrtr-made" }]]);
                let (outcome, _) = done(&[token], &json!({ "server": { call: answers } }));
                assert_eq!(calls(&outcome), [call, call], "{status}");
            }
        }
    }
}

#[test]
fn file_that_gitlab_runner_does_not_load_is_named_with_its_line() {
    let labels = |from: usize| -> String {
        (from..from + 20)
            .map(|n| format!("key{n} = \"v\"\n"))
            .collect()
    };
    let (twenty, more) = (labels(0), labels(20));
    for (text, named) in [
        ("[[runners]]\n[runners.labels]\na = \"b\"\n".to_owned(), "line 3: runners.labels"),
        ("[[runners]]\n[runners.labels]\nabc = \"b c\"\n".to_owned(), "line 3: runners.labels"),
        ("[labels]\nabc = \"\"\n[[runners]]\n".to_owned(), "line 2: labels"),
        (format!("[labels]\n{twenty}[[runners]]\n[runners.labels]\n{more}"), "line 23: runners.labels"),
        (
            "[[runners]]\n[runners.machine]\nMachineOptionsWithName = [\"x\"]\n".to_owned(),
            "line 3: runners.machine.MachineOptionsWithName",
        ),
        (
            "[[runners]]\n[[runners.machine.autoscaling]]\nPeriods = [\"mon-fri\"]\n".to_owned(),
            "line 3: runners.machine.autoscaling.Periods",
        ),
        (
            "[[runners]]\n[[runners.kubernetes.volumes.nfs]]\nname = \"n\"\nmount_path = \"/n\"\nserver = \"s\"\n".to_owned(),
            "line 3: runners.kubernetes.volumes.nfs",
        ),
        ("concurrent = \"two\"\n[[runners]]\n".to_owned(), "line 1: concurrent"),
    ] {
        let words = [REGISTRATION, "--template-config={DIR}/t.toml"];
        let outcome = refused(&words, &template(&text), 78, &format!("t.toml, {named}"));
        assert_eq!(calls(&outcome), [""; 0]);
        let existing = json!({ "files": { "config.toml": text } });
        let outcome = refused(&[REGISTRATION], &existing, 78, &format!("config.toml, {named}"));
        assert_eq!(calls(&outcome), [""; 0]);
    }
    // A template is only loaded: what gitlab-runner dies of later counts for the file that it starts with.
    let words = [GLRT, "--template-config={DIR}/t.toml"];
    done(
        &words,
        &template("concurrent = 0\nlisten_address = \"x\"\n[[runners]]\n"),
    );
    let flag = "--machine-machine-options-with-name=plain";
    let machine = ["--executor=docker+machine", "--docker-image=i", GLRT, flag];
    done(&machine, &Value::Null);
}

#[test]
fn host_aliases_are_read_as_go_reads_json() {
    fn check(json: &str, want: &[&str]) {
        let word = format!("--kubernetes-host_aliases={json}");
        let (_, text) = done(&["--executor=kubernetes", GLRT, &word], &Value::Null);
        let aliases = text.matches("[[runners.kubernetes.host_aliases]]").count();
        assert_eq!(aliases > 0, !want.is_empty(), "{json}: {text}");
        for line in want {
            assert!(text.contains(line), "{json}: {text}");
        }
    }
    check(
        r#"[{"IP":"1","Hostnames":["x"]}]"#,
        &["ip = \"1\"", "hostnames = [\"x\"]"],
    );
    check("[null]", &["ip = \"\""]);
    check("null", &[]);
    check("[]", &[]);
}
