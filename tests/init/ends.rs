//! `runner-init` at the edges of its story: a signal between two calls, an entry that changes hands, two at once.

use std::process::Stdio;
use std::time::Duration;

use acceptance::stage::{Stage, run};
use gitlab_simulator::{Fault, NewRunner, Role, Settings, Simulator};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

const LIMIT: Duration = Duration::from_secs(20);

fn gitlab() -> Simulator {
    Simulator::start(Settings::default()).unwrap()
}

fn shell_runner(stage: &Stage, gitlab: &Simulator, more: &[&str]) -> std::process::Command {
    let mut command = stage.init(&["register", "--non-interactive", "--executor=shell"]);
    command
        .args(["--url", &gitlab.url(), "--description=ends"])
        .args(more);
    command
}

#[test]
fn signal_during_one_call_stops_the_story_before_the_next() {
    let gitlab = gitlab();
    let stage = Stage::new();
    let secret = tempfile::NamedTempFile::new().unwrap();
    let token = gitlab.add_access_token(&["create_runner"], Role::admin());
    #[expect(clippy::disallowed_methods, reason = "a Secret's file")]
    std::fs::write(secret.path(), token).unwrap();
    gitlab.fault(Fault::on("POST /user/runners").delay(Duration::from_secs(1)));
    gitlab.fault(Fault::on("POST /runners/verify").forever().status(503));
    let file = format!("--access-token-file={}", secret.path().display());
    let mut command = shell_runner(&stage, &gitlab, &[&file, "--runner-type=instance"]);
    let child = command
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    assert!(gitlab.wait_until(LIMIT, |state| state.count("POST /user/runners") == 1));
    kill(Pid::from_raw(child.id().cast_signed()), Signal::SIGTERM).unwrap();
    let output = child.wait_with_output().unwrap();
    let words = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(143), "{words}");
    assert!(gitlab.calls("POST /runners/verify").is_empty(), "{words}");
    assert!(
        gitlab.runners().is_empty(),
        "the new runner is unregistered again: {words}"
    );
    assert_eq!(stage.entries(), 0);
}

#[test]
fn entry_that_changes_hands_costs_the_old_runner_only_once_the_new_one_is_written() {
    let gitlab = gitlab();
    let stage = Stage::new();
    let first = run(&mut shell_runner(
        &stage,
        &gitlab,
        &["--registration-token=gitlabtoken"],
    ));
    assert_eq!(first.code(), 0, "{}", first.output());
    let old = gitlab.runners()[0].clone();
    let shared = gitlab.add_runner(NewRunner::default());
    let token = format!("--token={}", shared.token);
    // GitLab cannot hear of the old one now: it is kept in mind, and the next run gives it back.
    gitlab.fault(Fault::on("DELETE /runners").forever().status(500));
    let mut command = shell_runner(&stage, &gitlab, &[&token]);
    let second = run(command.args(["--timeout", "2s"]));
    assert_eq!(second.code(), 0, "{}", second.output());
    let text = stage.text("config.toml").unwrap();
    assert!(
        text.contains(&shared.token) && !text.contains(&old.token),
        "{text}"
    );
    assert_eq!(stage.entries(), 1);
    assert!(second.stderr.contains("left behind"), "{}", second.output());
    gitlab.clear_faults();
    let third = run(&mut shell_runner(&stage, &gitlab, &[&token]));
    assert_eq!(third.code(), 0, "{}", third.output());
    let left: Vec<i64> = gitlab.runners().iter().map(|runner| runner.id).collect();
    assert_eq!(left, [shared.id], "{}", third.output());
    let state = stage.text(".runner-lifecycle.toml").unwrap();
    assert!(
        !state.contains(&old.token),
        "a token that is gone is nowhere: {state}"
    );
}

#[test]
fn respelt_url_is_the_same_gitlab() {
    let gitlab = gitlab();
    let stage = Stage::new();
    let arguments = ["--registration-token=gitlabtoken"];
    let first = run(&mut shell_runner(&stage, &gitlab, &arguments));
    assert_eq!(first.code(), 0, "{}", first.output());
    let respelt = gitlab.url().replace("http://", "HTTP://");
    let text = stage
        .text("config.toml")
        .unwrap()
        .replace(&gitlab.url(), &format!("{respelt}/ci/"));
    stage.put("config.toml", &text);
    let second = run(&mut shell_runner(&stage, &gitlab, &arguments));
    assert_eq!(second.code(), 0, "{}", second.output());
    assert!(
        second.stderr.contains("from a registration token"),
        "{}",
        second.output()
    );
    assert_eq!((gitlab.runners().len(), stage.entries()), (1, 1));
    let state = stage.text(".runner-lifecycle.toml").unwrap();
    assert_eq!(state.matches("[[entry]]").count(), 1, "{state}");
}

#[test]
fn many_at_once_on_one_volume_make_one_runner() {
    let gitlab = gitlab();
    let stage = Stage::new();
    let children: Vec<_> = (0..8)
        .map(|_| {
            let mut command = shell_runner(&stage, &gitlab, &["--registration-token=gitlabtoken"]);
            command
                .stdout(Stdio::null())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        let words = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{words}");
    }
    assert_eq!((gitlab.runners().len(), stage.entries()), (1, 1));
}

#[test]
fn known_entry_survives_whoever_stands_between_it_and_gitlab() {
    let gitlab = gitlab();
    let stage = Stage::new();
    let arguments = ["--registration-token=gitlabtoken", "--timeout=3s"];
    let first = run(&mut shell_runner(&stage, &gitlab, &arguments));
    assert_eq!(first.code(), 0, "{}", first.output());
    let before = stage.snapshot();
    let weather = [
        Fault::on("POST /runners/verify").status(200).html(),
        Fault::on("POST /runners/verify")
            .status(302)
            .header("Location", "https://sso.example/"),
        Fault::on("POST /runners/verify")
            .status(401)
            .body("{\"message\":\"401 Unauthorized\"}"),
        Fault::on("POST /runners/verify")
            .status(403)
            .body("{\"error\":\"access_denied\"}"),
        Fault::on("POST /runners/verify")
            .status(403)
            .body("{\"message\":\"403 Forbidden - Your IP is blocked\"}"),
    ];
    for fault in weather {
        gitlab.fault(fault);
        let again = run(&mut shell_runner(&stage, &gitlab, &arguments));
        assert_eq!(again.code(), 0, "{}", again.output());
        assert!(
            again.stderr.contains("keeping runner entry"),
            "{}",
            again.output()
        );
        assert_eq!(stage.snapshot(), before);
        gitlab.clear_faults();
    }
    assert_eq!(gitlab.runners().len(), 1);
}

#[test]
fn shared_token_in_a_file_of_others_stays_shared() {
    let gitlab = gitlab();
    let stage = Stage::new();
    let shared = NewRunner {
        token: Some("bare-and-shared".into()),
        ..NewRunner::default()
    };
    let shared = gitlab.add_runner(shared);
    let config = format!(
        "[[runners]]\n  name = \"stock\"\n  url = \"{}\"\n  id = {}\n  token = \"bare-and-shared\"\n  executor = \"shell\"\n",
        gitlab.url(),
        shared.id
    );
    stage.put("config.toml", &config);
    let token = "--token=bare-and-shared";
    let init = run(&mut shell_runner(&stage, &gitlab, &[token]));
    assert_eq!(init.code(), 0, "{}", init.output());
    let mut reaper = stage.command("runner-reaper");
    let ended = run(reaper.args(["unregister", "--all-runners"]));
    assert_eq!(ended.code(), 0, "{}", ended.output());
    assert!(
        gitlab.calls("DELETE /runners").is_empty(),
        "{}",
        ended.output()
    );
    assert_eq!(gitlab.calls("DELETE /runners/managers").len(), 1);
    assert_eq!(gitlab.runners().len(), 1);
}

#[test]
fn entry_of_others_is_waited_for_as_long_as_the_run_may_take() {
    let gitlab = gitlab();
    let stage = Stage::new();
    let runner = gitlab.add_runner(NewRunner::default());
    let config = format!(
        "[[runners]]\n  name = \"ends\"\n  url = \"{}\"\n  token = \"{}\"\n  executor = \"shell\"\n",
        gitlab.url(),
        runner.token
    );
    stage.put("config.toml", &config);
    let later = Fault::on("POST /runners/verify").status(429);
    // Longer than GitLab gets where an entry was verified before.
    gitlab.fault(later.header("Retry-After", "11"));
    let token = format!("--token={}", runner.token);
    let ended = run(&mut shell_runner(&stage, &gitlab, &[&token]));
    assert_eq!(ended.code(), 0, "{}", ended.output());
    assert_eq!(
        stage.config()["runners"][0]["id"].as_integer(),
        Some(runner.id)
    );
}

#[test]
fn dead_entry_is_replaced_by_one_even_if_the_first_attempt_fails() {
    let gitlab = gitlab();
    let stage = Stage::new();
    let arguments = ["--registration-token=gitlabtoken", "--pod-name=first"];
    let first = run(&mut shell_runner(&stage, &gitlab, &arguments));
    assert_eq!(first.code(), 0, "{}", first.output());
    let dead = gitlab.runners()[0].id;
    gitlab.update(|state| assert!(state.remove_runner(dead)));
    gitlab.fault(Fault::on("POST /runners").status(410));
    let refused = run(&mut shell_runner(&stage, &gitlab, &arguments));
    assert_eq!(refused.code(), 77, "{}", refused.output());
    // A Deployment's next pod has another name.
    let mut again = shell_runner(&stage, &gitlab, &arguments);
    again.args(["--description=another", "--pod-name=another"]);
    let again = run(&mut again);
    assert_eq!(again.code(), 0, "{}", again.output());
    assert_eq!(
        (gitlab.runners().len(), stage.entries()),
        (1, 1),
        "{}",
        again.output()
    );
    let state = stage.text(".runner-lifecycle.toml").unwrap();
    assert_eq!(state.matches("[[entry]]").count(), 1, "{state}");
}

#[test]
fn received_token_is_kept_until_gitlab_itself_says_that_it_is_gone() {
    let gitlab = gitlab();
    let stage = Stage::new();
    let lost = gitlab.add_runner(NewRunner::default());
    let pending = format!(
        "version = 1\n\n[pending]\nstep = \"received\"\nurl = \"{}\"\nsource = \"registration-token\"\nid = {}\ntoken = \"{}\"\nobtained_at = \"2026-01-31T10:10:10Z\"\n",
        gitlab.url(),
        lost.id,
        lost.token
    );
    stage.put(".runner-lifecycle.toml", &pending);
    let arguments = ["--registration-token=gitlabtoken"];
    gitlab.fault(
        Fault::on("POST /runners/verify")
            .status(401)
            .body("{\"message\":\"401 Unauthorized\"}"),
    );
    let refused = run(&mut shell_runner(&stage, &gitlab, &arguments));
    assert_eq!(refused.code(), 77, "{}", refused.output());
    let state = stage.text(".runner-lifecycle.toml").unwrap();
    assert!(state.contains(&lost.token), "{state}");
    let finished = run(&mut shell_runner(&stage, &gitlab, &arguments));
    assert_eq!(finished.code(), 0, "{}", finished.output());
    assert_eq!((gitlab.runners().len(), stage.entries()), (1, 1));
}

#[test]
fn same_number_at_another_gitlab_is_another_runner() {
    let (here, there) = (gitlab(), gitlab());
    let stage = Stage::new();
    let lost = there.add_runner(NewRunner::default());
    let pending = format!(
        "version = 1\n\n[pending]\nstep = \"received\"\nurl = \"{}\"\nsource = \"registration-token\"\nid = {}\ntoken = \"{}\"\nobtained_at = \"2026-01-31T10:10:10Z\"\n",
        there.url(),
        lost.id,
        lost.token
    );
    stage.put(".runner-lifecycle.toml", &pending);
    let ended = run(&mut shell_runner(
        &stage,
        &here,
        &["--registration-token=gitlabtoken"],
    ));
    assert_eq!(ended.code(), 0, "{}", ended.output());
    assert_eq!(here.runners()[0].id, lost.id);
    assert!(there.runners().is_empty(), "given back: {}", ended.output());
}

#[test]
fn entry_of_the_base_is_ours_as_that_of_a_file_is() {
    for token in [false, true] {
        let gitlab = gitlab();
        let stage = Stage::new();
        let runner = gitlab.add_runner(NewRunner::default());
        let token = match token {
            true => format!("  token = \"{}\"\n", runner.token),
            false => String::new(),
        };
        let base = format!(
            "concurrent = 2\n\n[[runners]]\n  name = \"ends\"\n  url = \"{}\"\n{token}  executor = \"shell\"\n",
            gitlab.url()
        );
        stage.put("base.toml", &base);
        let given = format!("--token={}", runner.token);
        let base = format!("--config-base={}", stage.file("base.toml").display());
        let once = || {
            let ended = run(&mut shell_runner(&stage, &gitlab, &[&given, &base]));
            assert_eq!(ended.code(), 0, "{}", ended.output());
            assert_eq!(stage.entries(), 1, "{}", ended.output());
            stage.snapshot()
        };
        let first = once();
        let entry = &stage.config()["runners"][0];
        assert_eq!(entry["token"].as_str(), Some(runner.token.as_str()));
        assert_eq!(entry["limit"].as_integer(), Some(2));
        assert_eq!(once(), first, "same bytes");
    }
}

#[test]
fn file_of_ours_that_is_a_pipe_is_refused_and_not_waited_for() {
    let gitlab = gitlab();
    for name in ["config.toml", ".runner_system_id", ".runner-lifecycle.toml"] {
        let stage = Stage::new();
        nix::unistd::mkfifo(&stage.file(name), nix::sys::stat::Mode::S_IRWXU).unwrap();
        let ended = run(&mut shell_runner(
            &stage,
            &gitlab,
            &["--registration-token=gitlabtoken"],
        ));
        assert_eq!(ended.code(), 78, "{}", ended.output());
        assert!(
            ended.stderr.contains("not a regular file"),
            "{}",
            ended.output()
        );
    }
    assert!(gitlab.journal().is_empty());
}

#[test]
fn half_written_file_of_a_killed_run_is_taken_away() {
    let gitlab = gitlab();
    let stage = Stage::new();
    let arguments = ["--registration-token=gitlabtoken"];
    assert_eq!(
        run(&mut shell_runner(&stage, &gitlab, &arguments)).code(),
        0
    );
    let before = stage.snapshot();
    stage.put(".config.toml.new", "token = \"canary\"");
    stage.put(".config.toml.original.new", "token = \"canary\"");
    stage.put(".runner-lifecycle.toml.new", "token = \"canary\"");
    assert_eq!(
        run(&mut shell_runner(&stage, &gitlab, &arguments)).code(),
        0
    );
    assert_eq!(stage.snapshot(), before);
}

#[test]
fn file_gets_private_with_its_first_token_and_the_mode_that_is_asked_for_later() {
    use std::os::unix::fs::PermissionsExt as _;
    let gitlab = gitlab();
    let stage = Stage::new();
    let mode = |name: &str| {
        std::fs::metadata(stage.file(name))
            .unwrap()
            .permissions()
            .mode()
            & 0o7777
    };
    stage.put("config.toml", "concurrent = 2\n");
    std::fs::set_permissions(
        stage.file("config.toml"),
        std::fs::Permissions::from_mode(0o644),
    )
    .unwrap();
    let arguments = ["--registration-token=gitlabtoken"];
    let first = run(&mut shell_runner(&stage, &gitlab, &arguments));
    assert_eq!(first.code(), 0, "{}", first.output());
    assert_eq!(mode("config.toml"), 0o600);
    let mut command = shell_runner(&stage, &gitlab, &arguments);
    let second = run(command.arg("--file-mode=0640"));
    assert_eq!(second.code(), 0, "{}", second.output());
    for name in [
        "config.toml",
        ".runner_system_id",
        ".runner-lifecycle.toml",
        ".runner-lifecycle.lock",
    ] {
        assert_eq!(mode(name), 0o640, "{name}");
    }
    let third = run(&mut shell_runner(&stage, &gitlab, &arguments));
    assert_eq!(third.code(), 0, "{}", third.output());
    assert_eq!(
        mode("config.toml"),
        0o640,
        "an existing file keeps its mode"
    );
}

#[test]
fn names_of_our_own_files_are_refused_as_config() {
    let gitlab = gitlab();
    for name in [
        "runner-reaper",
        ".runner-lifecycle.toml",
        ".runner_system_id",
        "a.original",
    ] {
        let stage = Stage::new();
        let path = stage.file(name);
        let mut command = shell_runner(&stage, &gitlab, &["--registration-token=gitlabtoken"]);
        let refused = run(command.arg(format!("--config={}", path.display())));
        assert_eq!(refused.code(), 2, "{}", refused.output());
        assert!(refused.stderr.contains("own files"), "{}", refused.output());
        assert!(stage.snapshot().is_empty());
    }
    assert!(gitlab.journal().is_empty());
}
