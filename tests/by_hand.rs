//! What the pages say to type at a pod's shell: each command is there, in that container, and takes these words.

use std::collections::BTreeSet;

use acceptance::stage::{Ended, Stage, run};

const README: &str = include_str!("../README.md");
const MANIFESTS: &str = include_str!("../manifests/README.md");
const SIDECAR: &str = include_str!("../manifests/components/sidecar/kustomization.yaml");
const BASE: &str = include_str!("../manifests/base/deployment.yaml");

/// Each of these is to be met on both pages.
const COMMANDS: [&str; 5] = [
    "runner-reaper status",
    "runner-reaper pause",
    "runner-reaper resume",
    "runner-init rotate",
    "runner-init re-register",
];

/// A volume with an entry that nobody works on.
const CONFIG: &str = "\
concurrent = 4

[[runners]]
  name = \"builds\"
  url = \"https://gitlab.example\"
  id = 12
  token = \"glrtr-0IpKMStDTcanarycanary\"
  executor = \"shell\"
";

/// The lines of the section that a person is to type, without comments.
fn typed(page: &str) -> Vec<&str> {
    let section = page
        .split("\n## ")
        .find(|part| part.starts_with("By hand\n"));
    let mut lines = Vec::new();
    for block in section.unwrap().split("```sh\n").skip(1) {
        let (block, _) = block.split_once("```").unwrap();
        lines.extend(block.lines().map(|line| line.split(" #").next().unwrap()));
    }
    lines.iter().map(|line| line.trim()).collect()
}

/// The program and its words, behind `kubectl exec` the program that is in that container.
fn called(line: &str) -> Result<(&'static str, Vec<&str>), String> {
    let wrong = |what: &str| Err(format!("{what}: {line}"));
    let (program, words) = match line.split_once(" -- ") {
        None => line.split_once(' ').unwrap_or((line, "")),
        Some((exec, command)) => {
            let (program, words) = command.split_once(' ').unwrap_or((command, ""));
            let container = exec.split_once("-c ").map(|(_, name)| name);
            match (exec.starts_with("kubectl "), container) {
                (true, Some("gitlab-runner")) => {
                    let Some(program) = program.strip_prefix("/etc/gitlab-runner/") else {
                        return wrong("not on the volume");
                    };
                    (program, words)
                }
                (true, Some("runner-reaper")) => (program, words),
                _ => return wrong("no such container"),
            }
        }
    };
    let known = ["runner-init", "runner-reaper"];
    let Some(program) = known.into_iter().find(|known| *known == program) else {
        return wrong("no program of ours");
    };
    Ok((program, words.split_whitespace().collect()))
}

/// Runs it for show; what only looks is run as it is.
fn shown(program: &str, words: &[&str]) -> Ended {
    let stage = Stage::new();
    stage.put("config.toml", CONFIG);
    stage.put("token", "0IpKMStDTcanarycanary");
    let before = stage.snapshot();
    let more = match words.first() {
        Some(&"status") => "--offline",
        _ => "--dry-run",
    };
    let mut command = stage.command(program);
    // Nobody sits at this terminal to be asked. GitLab takes tags only from a registration.
    let has_tags = words.iter().any(|word| word.starts_with("--tag-list"));
    let variable = match has_tags {
        true => "RUNNER_INIT_REGISTRATION_TOKEN_FILE",
        false => "RUNNER_INIT_TOKEN_FILE",
    };
    command.env(variable, stage.file("token"));
    let words = words.iter().filter(|word| !word.starts_with("--config="));
    let ended = run(command.args(words).arg(more));
    assert_eq!(stage.snapshot(), before, "something was written");
    assert!(!ended.output().contains("canary"), "{}", ended.output());
    ended
}

/// What is wrong with a line.
fn wrong(line: &str) -> Option<String> {
    let (program, words) = match called(line) {
        Ok(called) => called,
        Err(wrong) => return Some(wrong),
    };
    let ended = shown(program, &words);
    let (code, says) = match words.first() {
        // Nothing polls on this volume, and that is what it says.
        Some(&"status") => (78, "Runner entries"),
        _ => (0, "ry run: nothing was "),
    };
    let right = ended.code() == code && ended.stdout.contains(says);
    (!right).then(|| format!("{line}: {}", ended.output()))
}

#[test]
fn every_command_by_hand_that_the_pages_show_works_there() {
    for page in [README, MANIFESTS] {
        let lines = typed(page);
        let wrong: Vec<String> = lines.iter().filter_map(|line| wrong(line)).collect();
        assert!(wrong.is_empty(), "{wrong:#?}");
        let of = |line: &&str| {
            let (program, words) = called(line).unwrap();
            format!("{program} {}", words[0])
        };
        let met: BTreeSet<String> = lines.iter().map(of).collect();
        assert_eq!(met, COMMANDS.map(str::to_owned).into());
    }
}

#[test]
fn containers_of_the_pages_are_those_of_the_manifests() {
    assert!(BASE.contains("- name: gitlab-runner\n"));
    assert!(BASE.contains("mountPath: /etc/gitlab-runner\n"));
    assert!(SIDECAR.contains("name: runner-reaper\n          image: runner-lifecycle\n"));
    // So nobody finds them on the volume of such a pod.
    assert!(SIDECAR.contains("RUNNER_INIT_INSTALL_INIT=none"));
    let lines = typed(MANIFESTS);
    for container in ["-c gitlab-runner -- /etc/", "-c runner-reaper -- runner-"] {
        assert!(lines.iter().any(|line| line.contains(container)));
    }
}

#[test]
fn command_that_does_not_exist_there_or_takes_no_such_word_is_found() {
    let exec = |rest: &str| format!("kubectl exec POD -c {rest}");
    for line in [
        "runner-reaper stats".to_owned(),
        "runner-reaper pause --until=tomorrow".to_owned(),
        "runner-init rotate --all".to_owned(),
        "runner-init re-register --executor=kubernets --url=https://gitlab.example".to_owned(),
        "gitlab-runner verify".to_owned(),
        exec("gitlab-runner -- runner-reaper status"),
        exec("runner-init -- runner-reaper status"),
    ] {
        assert!(wrong(&line).is_some(), "{line}");
    }
    let right = exec("gitlab-runner -- /etc/gitlab-runner/runner-reaper status");
    assert_eq!(wrong(&right), None);
}
