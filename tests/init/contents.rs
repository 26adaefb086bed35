//! What stands in the files that operators write: taken where gitlab-runner takes it, explained where it does not, and corrected
//! where GitLab knows better.

use acceptance::known::STATE;
use acceptance::stage::{Ended, Stage, run};
use gitlab_simulator::{NewRunner, Settings, Simulator};
use serde_json::{Value, json};

use super::stock::{calls, done, refused, template};

const REGISTRATION: &str = "--registration-token=REG";
const TEMPLATE: &str = "--template-config={DIR}/t.toml";

fn existing(text: &str) -> Value {
    json!({ "files": { "config.toml": text } })
}

/// An entry whose id GitLab's answer does not confirm.
fn entry(id: &str) -> String {
    format!(
        "[[runners]]\nname = \"a\"\nurl = \"{{URL}}\"\n{id}token = \"oldtoken\"\nexecutor = \"shell\"\n"
    )
}

/// A volume with an entry of this id line beside a runner with an old token, and a state file with `{ID}` and `{URL}` in it.
fn corrected(id: &str, state: Option<&str>) -> (Simulator, Stage, i64, Ended) {
    let gitlab = Simulator::start(Settings::default()).unwrap();
    // Not the ids that the tests use for wrong ones.
    (0..9).for_each(|_| drop(gitlab.add_runner(NewRunner::default())));
    let token = "aAbBcCdDeEfFgGhHiIjJ";
    let runner = gitlab.add_runner(NewRunner {
        token: Some(token.into()),
        ..NewRunner::default()
    });
    let stage = Stage::new();
    let text = entry(id).replace("oldtoken", token);
    stage.put("config.toml", &text.replace("{URL}", &gitlab.url()));
    if let Some(state) = state {
        let state = state.replace("{URL}", &gitlab.url());
        stage.put(STATE, &state.replace("{ID}", &runner.id.to_string()));
    }
    let url = gitlab.url();
    let mut command = stage.init(&[
        "register",
        "--non-interactive",
        "--executor=shell",
        "--name=a",
    ]);
    command.args(["--registration-token=gitlabtoken", "--url", &url]);
    let ended = run(&mut command);
    assert_eq!(ended.code(), 0, "{}", ended.output());
    (gitlab, stage, runner.id, ended)
}

#[test]
fn id_of_an_entry_is_corrected_by_gitlabs_answer_and_its_runner_goes_at_the_end() {
    for (id, said) in [
        (
            "id = 5 # ours\n",
            "had the ID 5, but its token belongs to runner",
        ),
        ("id = 0\n", "had no ID: ID"),
        ("", "had no ID: ID"),
    ] {
        let (gitlab, stage, runner, ended) = corrected(id, None);
        assert!(
            ended.output().contains(&format!("{said} {runner}")),
            "{}",
            ended.output()
        );
        let text = stage.text("config.toml").unwrap();
        assert!(text.contains(&format!("id = {runner}")), "{text}");
        assert!(
            !text.contains("id = 5") && !text.contains("id = 0"),
            "{text}"
        );
        assert_eq!(text.contains("# ours"), id.contains("# ours"), "{text}");
        let state = stage.text(STATE).unwrap();
        assert!(
            state.contains(&format!("id = {runner}\n")) && !state.contains("id = 5\n"),
            "{state}"
        );
        assert!(gitlab.calls("POST /runners").is_empty(), "no new runner");
        let mut reaper = stage.command("runner-reaper");
        let ended = run(reaper.args(["unregister", "--all-runners"]));
        assert_eq!(ended.code(), 0, "{}", ended.output());
        assert!(
            !gitlab.runners().iter().any(|left| left.id == runner),
            "{}",
            ended.output()
        );
    }
}

#[test]
fn source_is_that_of_the_runner_that_gitlab_names() {
    let state = "version = 1\n[[entry]]\nurl = \"{URL}\"\nid = {ID}\nsource = \"access-token\"\n\
                 [[entry]]\nurl = \"{URL}\"\nid = 999\nsource = \"registration-token\"\n";
    let (_, stage, runner, _) = corrected("id = 5\n", Some(state));
    let state = stage.text(STATE).unwrap();
    let known: Vec<&str> = state.split("[[entry]]").skip(1).collect();
    assert_eq!(known.len(), 2, "{state}");
    for part in known {
        let is_ours = part.contains(&format!("id = {runner}\n"));
        let source = if is_ours {
            "access-token"
        } else {
            "registration-token"
        };
        assert!(part.contains(&format!("source = \"{source}\"")), "{state}");
        assert!(!part.contains("adopted"), "{state}");
    }
}

#[test]
fn runner_that_a_helper_made_is_not_forgotten_because_an_entry_names_it_by_mistake() {
    let state =
        "version = 1\n[[entry]]\nurl = \"{URL}\"\nid = 999\nsource = \"registration-token\"\n";
    let (_, stage, runner, _) = corrected("id = 999\n", Some(state));
    let state = stage.text(STATE).unwrap();
    assert!(state.contains("id = 999\n"), "{state}");
    let part = state
        .split("[[entry]]")
        .find(|part| part.contains(&format!("id = {runner}\n")));
    // Its token was never given to a helper by GitLab: others may use it, and it is not ours to delete.
    let source = "source = \"authentication-token\"";
    assert!(part.unwrap().contains(source), "{state}");
}

#[test]
fn moments_in_quotes_are_taken_and_stay() {
    let text = entry(
        "id = 54321\ntoken_obtained_at = \"2024-01-01T00:00:00Z\"\ntoken_expires_at = \"2024-01-01T1:00:00,5Z\"\n",
    );
    let words = [REGISTRATION, "--name=a", "--drain-ready=false"];
    let (_, written) = done(&words, &existing(&text));
    assert!(
        written.contains("token_obtained_at = \"2024-01-01T00:00:00Z\"\n"),
        "{written}"
    );
    assert!(
        written.contains("token_expires_at = \"2024-01-01T1:00:00,5Z\"\n"),
        "{written}"
    );
    for moment in ["never", "2024-01-01", "2024-01-01t00:00:00Z", ""] {
        let text = entry(&format!("token_expires_at = \"{moment}\"\n"));
        let named = "config.toml, line 4: runners.token_expires_at: expected a time, found a string: write token_expires_at = 2024";
        let outcome = refused(&[REGISTRATION], &existing(&text), 78, named);
        assert_eq!(calls(&outcome), [""; 0]);
    }
}

#[test]
fn what_gitlab_runner_leaves_out_is_taken_with_a_line_that_says_so() {
    for (text, line) in [
        (
            "[[runners]]\n[[runners.kubernetes.node_tolerations]]\nkey = \"a\"\n",
            "line 2: runners.kubernetes.node_tolerations: gitlab-runner ignores it",
        ),
        (
            "[[runners]]\n[runners.kubernetes]\nnode_selector = \"a=b\"\n",
            "line 3: runners.kubernetes.node_selector: gitlab-runner ignores it",
        ),
        (
            "[[runners]]\n[runners.docker]\nsysctls = [\"a\"]\n",
            "line 3: runners.docker.sysctls: gitlab-runner ignores it",
        ),
        (
            "labels = 5\n[[runners]]\n",
            "line 1: labels: gitlab-runner ignores it",
        ),
    ] {
        let words = [REGISTRATION, TEMPLATE, "--executor=kubernetes"];
        let (outcome, _) = done(&words, &template(text));
        assert!(
            outcome.words.contains(&format!("t.toml, {line}")),
            "{}",
            outcome.words
        );
        let (outcome, kept) = done(&[REGISTRATION, "--name=b"], &existing(text));
        assert!(
            outcome.words.contains(&format!("config.toml, {line}")),
            "{}",
            outcome.words
        );
        assert!(kept.contains(text.lines().last().unwrap()), "{kept}");
    }
}

#[test]
fn broken_file_is_told_with_what_to_write() {
    for (text, told) in [
        (
            "[[runners]]\nname = n1\n",
            "line 2, column 8: the value of name has no quotes: write name = \"n1\"",
        ),
        (
            "[[runners]]\ntoken = glrt-geheim\n",
            "line 2, column 9: the value of token has no quotes: write token = \"…\"",
        ),
        (
            "[[runners]\n",
            "line 1, column 11: the header is not closed: write [[runners]]",
        ),
    ] {
        for (more, words) in [
            (existing(text), vec![REGISTRATION]),
            (template(text), vec![REGISTRATION, TEMPLATE]),
            (
                template(text),
                vec![REGISTRATION, "--config-base={DIR}/t.toml"],
            ),
        ] {
            let outcome = refused(&words, &more, 78, told);
            assert!(!outcome.words.contains("geheim"), "{}", outcome.words);
            assert_eq!(calls(&outcome), [""; 0]);
        }
    }
    let typed = "[[runners]]\n[runners.kubernetes.node_selector]\n\"a\" = true\n";
    let told = "line 3: runners.kubernetes.node_selector.a: expected a string, found true or false: write a = \"true\"";
    refused(&[REGISTRATION], &existing(typed), 78, told);
}
