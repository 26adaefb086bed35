//! A volume that others have written too: another pod, an older version, stock, gitlab-runner itself, the run for another
//! entry; and what a dry run tells of one.

use super::follow::{run, settles, template, template_back, templated};
use super::{REGISTRATION, STATE, Volume};

#[test]
fn volume_of_a_stateful_set_follows_the_template_of_the_next_pod() {
    let volume = templated();
    let pod = |uid: &'static str| {
        [
            "--pod-name=runner-0",
            "--pod-namespace=ci",
            "--pod-uid",
            uid,
        ]
    };
    run(&volume, &pod("u-1"));
    let runner = volume.runner("n").id;
    let edited = volume.config().replace("disk = \"ssd\"", "disk = \"hdd\"");
    volume.stage.put("config.toml", &edited);
    template(&volume, "alpine:3", "alpine:4");
    run(&volume, &pod("u-2"));
    let text = volume.config();
    assert!(
        text.contains("alpine:4") && text.contains("disk = \"hdd\""),
        "{text}"
    );
    assert_eq!(volume.runner("n").id, runner);
    settles(&volume, &pod("u-2"));
}

#[test]
fn volume_of_stock_or_version_1_gets_flags_only_and_then_follows() {
    for state in [true, false] {
        let volume = templated();
        run(&volume, &["--output-limit=8192"]);
        let runner = volume.runner("n");
        if state {
            let version_1 = format!(
                "version = 1\n\n[[entry]]\nurl = \"{}\"\nid = {}\nsource = \"registration-token\"\n",
                volume.gitlab.url(),
                runner.id
            );
            volume.stage.put(STATE, &version_1);
        } else {
            std::fs::remove_file(volume.stage.file(STATE)).unwrap();
        }
        let text = volume
            .config()
            .replace("cpu_limit = \"1\"", "cpu_limit = \"8\"");
        volume.stage.put("config.toml", &text);
        template(&volume, "alpine:3", "alpine:4");
        run(&volume, &["--output-limit=1"]);
        let text = volume.config();
        assert!(text.contains("output_limit = 1\n"), "{text}");
        assert!(
            text.contains("alpine:3") && text.contains("cpu_limit = \"8\""),
            "{text}"
        );
        settles(&volume, &["--output-limit=1"]);
        // What is known from now on follows.
        template(&volume, "disk = \"ssd\"", "disk = \"nvme\"");
        run(&volume, &[]);
        let text = volume.config();
        assert!(
            text.contains("nvme") && !text.contains("output_limit"),
            "{text}"
        );
        assert!(text.contains("cpu_limit = \"8\""), "{text}");
        assert_eq!(volume.gitlab.runners().len(), 1);
    }
}

#[test]
fn file_that_gitlab_runner_wrote_anew_is_still_the_one_that_we_wrote() {
    let volume = templated();
    run(&volume, &["--concurrent=4"]);
    // Its encoder drops comments and spells out zeros.
    let lines = volume.config();
    let lines = lines.lines().filter(|line| !line.trim().starts_with('#'));
    let text: String = lines.map(|line| format!("{line}\n")).collect();
    let text = text.replace(
        "[runners.kubernetes]\n",
        "[runners.kubernetes]\n    host = \"\"\n    privileged = false\n",
    );
    volume.stage.put("config.toml", &text);
    run(&volume, &["--concurrent=4"]);
    assert_eq!(volume.config(), text, "nothing to change");
    settles(&volume, &["--concurrent=4"]);
    template(&volume, "cpu_limit = \"1\"", "cpu_limit = \"2\"");
    let said = run(&volume, &["--concurrent=10"]);
    let text = volume.config();
    for key in ["concurrent = 10\n", "  limit = 10\n", "cpu_limit = \"2\""] {
        assert!(text.contains(key), "{key}: {text}");
    }
    assert!(!said.contains("somebody else"), "{said}");
}

#[test]
fn run_for_one_entry_leaves_what_the_run_for_another_told() {
    let volume = Volume::new();
    let both = || {
        volume.run(&[
            REGISTRATION,
            "--name=a",
            "--concurrent=6",
            "--check-interval=9",
        ]);
        volume.run(&[REGISTRATION, "--name=b", "--output-limit=5"]);
    };
    both();
    let first = volume.bytes();
    let text = volume.config();
    assert!(
        text.contains("concurrent = 6\ncheck_interval = 9\n"),
        "{text}"
    );
    for name in ["a", "b"] {
        assert_eq!(volume.entry(name)["limit"].as_integer(), Some(6));
    }
    assert!(!volume.entry("a").contains_key("output_limit"));
    (0..3).for_each(|_| both());
    assert_eq!(volume.bytes(), first, "same bytes");
    volume.ends_clean();
}

#[test]
fn dry_run_on_a_file_shows_what_would_change_and_no_token() {
    let volume = templated();
    let words = ["--dry-run", "--output-limit=3"];
    let whole = run(&volume, &words);
    assert!(
        whole.contains("\n[[runners]]\n") && !whole.contains("\n+"),
        "{whole}"
    );
    run(&volume, &["--output-limit=3"]);
    let before = volume.bytes();
    let none = run(&volume, &words);
    assert!(none.contains("# nothing to change\n"), "{none}");
    template(&volume, "cpu_limit = \"1\"", "cpu_limit = \"2\"");
    let edited = volume
        .config()
        .replace("output_limit = 3", "output_limit = 7");
    let token = volume.runner("n").token;
    volume.stage.put("config.toml", &edited);
    let change = run(&volume, &words);
    for line in [
        "-     cpu_limit = \"1\"\n",
        "+     cpu_limit = \"2\"\n",
        "output_limit in config.toml was changed by somebody else",
    ] {
        assert!(change.contains(line), "{line}: {change}");
    }
    assert!(
        !change.contains(&token) && !change.contains("gitlabtoken"),
        "{change}"
    );
    let changed = change.lines().filter(|line| line.starts_with(['+', '-']));
    assert_eq!(changed.count(), 2, "{change}");
    volume.stage.put(
        "config.toml",
        &edited.replace("output_limit = 7", "output_limit = 3"),
    );
    template_back(&volume);
    assert_eq!(volume.bytes(), before, "a dry run writes nothing");
}

#[test]
fn value_that_gitlab_runner_does_not_load_is_named_and_a_corrected_flag_takes_its_place() {
    let volume = Volume::new();
    let run = |option: &str| {
        let option = format!("--machine-machine-options-with-name={option}");
        let machine = ["--executor=docker+machine", "--docker-image=i", "--name=n"];
        volume.run(&[&machine[..], &[REGISTRATION, &option]].concat())
    };
    let wrong = "runners.machine.MachineOptionsWithName: each must contain %s";
    for _ in 0..3 {
        let ended = run("v1");
        let lines = ended.stderr.lines().filter(|line| line.contains(wrong));
        let lines: Vec<&str> = lines.collect();
        assert_eq!(lines.len(), 1, "{}", ended.output());
        assert!(lines[0].contains(" WARN ") && lines[0].contains("config.toml, line "));
    }
    let ended = run("v=%s");
    assert!(!ended.stderr.contains(wrong), "{}", ended.output());
    assert!(
        volume.config().contains("[\"v=%s\"]"),
        "{}",
        volume.config()
    );
    // The same by somebody else's hand is refused with its line.
    let text = volume.config().replace("v=%s", "theirs");
    volume.stage.put("config.toml", &text);
    let ended = acceptance::stage::run(&mut volume.command(&[REGISTRATION, "--name=n"]));
    assert_eq!(ended.code(), 78, "{}", ended.output());
    assert!(ended.one_error(&ended.output()).contains(wrong));
    assert_eq!(volume.config(), text);
}

#[test]
fn state_of_a_later_release_is_refused_with_what_to_do() {
    let volume = Volume::new();
    volume.run(&[REGISTRATION, "--name=n"]);
    let later = volume.state().replace("version = 2\n", "version = 3\n");
    volume.stage.put(STATE, &later);
    let before = volume.bytes();
    let mut init = volume.command(&[REGISTRATION, "--name=n"]);
    for ended in [acceptance::stage::run(&mut init), volume.unregister()] {
        assert_eq!(ended.code(), 78, "{}", ended.output());
        let error = ended.one_error(&ended.output()).to_owned();
        for part in ["version 3 is newer than 2", "use the release that wrote it"] {
            assert!(error.contains(part), "{error}");
        }
        assert_eq!(volume.bytes(), before);
    }
    assert_eq!(volume.gitlab.runners().len(), 1);
}
