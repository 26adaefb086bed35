//! Every variable that a manifest gives a container is one that its program knows: of a stock variable with another spelling
//! nobody would ever hear. The programs' own help says what they know.

use std::collections::BTreeSet;
use std::process::Command;

use acceptance::programs::program;

use crate::render::{Objects, PROXIES, all, text};

/// What gitlab-runner and the programs it starts read.
const OF_THE_RUNNER_MANAGER: [&str; 2] = ["CONFIG_FILE", "HOME"];

#[test]
#[ignore = "needs kubectl 1.27: run by .ci/run"]
fn each_variable_is_known_to_the_program_of_its_container() {
    for objects in all() {
        let unknown = unknown(&objects);
        assert!(unknown.is_empty(), "{}: {unknown:#?}", objects.name);
    }
}

#[test]
#[ignore = "needs kubectl 1.27: run by .ci/run"]
fn misspelt_variable_is_found_in_every_container() {
    let check = |objects: &Objects, variable: &str, containers: &[&str]| {
        let misspelt = format!("{variable}S");
        let objects = objects.filled_in(&[(variable, &misspelt)]);
        let expected: Vec<String> = containers
            .iter()
            .map(|container| format!("{container}: {misspelt}"))
            .collect();
        assert_eq!(unknown(&objects), expected);
    };
    let hook = Objects::combined(&["registration-token", "docker-socket", "pre-stop"], None);
    for variable in [
        "CI_SERVER_URL",
        "DOCKER_IMAGE",
        "DOCKER_VOLUMES",
        "REGISTER_RUN_UNTAGGED",
        "RUNNER_NAME",
        "RUNNER_INIT_REGISTRATION_TOKEN_FILE",
    ] {
        check(&hook, variable, &["runner-init"]);
    }
    check(&hook, "CONFIG_FILE", &["runner-init", "gitlab-runner"]);
    check(&hook, "HOME", &["gitlab-runner"]);
    check(&hook, "RUNNER_REAPER_GRACE_PERIOD", &["gitlab-runner"]);
    let components = [
        "access-token",
        "kubernetes-executor",
        "image-builds",
        "sidecar",
        "proxy",
    ];
    let sidecar = Objects::combined(&components, None);
    for variable in [
        "KUBERNETES_NAMESPACE",
        "KUBERNETES_CAP_DROP",
        "KUBERNETES_BUILD_CONTAINER_SECURITY_CONTEXT_RUN_AS_USER",
        "RUNNER_ENV",
    ] {
        check(&sidecar, variable, &["runner-init"]);
    }
    check(&sidecar, "RUNNER_REAPER_POD_UID", &["runner-reaper"]);
    let everyone = ["runner-init", "runner-reaper", "gitlab-runner"];
    for variable in PROXIES {
        check(&sidecar, variable, &everyone);
    }
}

/// Container and name of each variable that nobody there reads.
fn unknown(objects: &Objects) -> Vec<String> {
    let (init, reaper) = (known_to_init(), known_to_reaper());
    let mut found = Vec::new();
    for container in objects.containers() {
        let mut known: BTreeSet<&str> = PROXIES.into();
        match container["command"][0].as_str() {
            Some("runner-init") => known.extend(init.iter().map(String::as_str)),
            Some("runner-reaper") => known.extend(reaper.iter().map(String::as_str)),
            Some(other) => panic!("a container of a program that nobody knows: {other}"),
            None => {
                known.extend(OF_THE_RUNNER_MANAGER);
                if container["lifecycle"]["preStop"].is_object() {
                    known.extend(reaper.iter().map(String::as_str));
                }
            }
        }
        let name = text(&container["name"]);
        let variables = objects.environment(container).into_keys();
        let unknown = variables.filter(|variable| !known.contains(variable));
        found.extend(unknown.map(|variable| format!("{name}: {variable}")));
    }
    found
}

/// The variable of each flag stands behind it: `[NAME]`.
fn known_to_init() -> BTreeSet<String> {
    let known: BTreeSet<String> = in_brackets(&help("runner-init", &[])).collect();
    assert!(known.contains("RUNNER_EXECUTOR"), "{known:?}");
    known
}

/// The same; and "--config and the flags below it can be given as variables too: RUNNER_REAPER_CONFIG and so on", of a sweep every flag.
fn known_to_reaper() -> BTreeSet<String> {
    let help = help("runner-reaper", &[]);
    assert!(help.contains("RUNNER_REAPER_CONFIG and so on"), "{help}");
    let sweep = self::help("runner-reaper", &["sweep"]);
    assert!(sweep.contains("RUNNER_REAPER_FLEET and so on"), "{sweep}");
    let help = help + &sweep;
    let flags = help
        .split_whitespace()
        .filter_map(|word| word.strip_prefix("--"));
    let variables =
        flags.map(|flag| format!("RUNNER_REAPER_{}", flag.replace('-', "_").to_uppercase()));
    variables.chain(in_brackets(&help)).collect()
}

/// What stands in brackets and looks like a variable, up to a comma.
fn in_brackets(help: &str) -> impl Iterator<Item = String> {
    help.split('[').skip(1).filter_map(|rest| {
        let name = rest.split([']', ',']).next()?;
        let is_name =
            |letter: char| letter.is_ascii_uppercase() || letter.is_ascii_digit() || letter == '_';
        (name.chars().all(is_name) && !name.is_empty()).then(|| name.to_owned())
    })
}

fn help(name: &str, command: &[&str]) -> String {
    let output = Command::new(program(name))
        .args(command)
        .arg("--help")
        .env_clear()
        .output()
        .unwrap();
    assert!(output.status.success(), "{name} --help");
    String::from_utf8(output.stdout).unwrap()
}
