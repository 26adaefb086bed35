//! What the READMEs say to type works on the files as they are.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::render::{JOB_NAMESPACE, OVERLAYS, Objects, list, manifests, text};

/// What of ours an operator has to replace, of all overlays.
const TO_BE_REPLACED: [&str; 3] = [
    "registry.example.com",
    "https://gitlab.example.com/",
    "入力>",
];

#[test]
#[ignore = "needs kubectl 1.27: run by .ci/run"]
fn overlay_that_the_readme_shows_works() {
    let readme = include_str!("../../manifests/README.md");
    let (_, shown) = readme.split_once("```yaml\n").unwrap();
    let (shown, _) = shown.split_once("```").unwrap();
    let objects = Objects::written(shown);
    assert!(readme.contains(JOB_NAMESPACE), "as the tests have it");
    assert_eq!(objects.pod()["terminationGracePeriodSeconds"], 7200);
    let told = objects
        .containers()
        .flat_map(|container| list(&container["env"]))
        .find(|variable| variable["name"] == "RUNNER_REAPER_GRACE_PERIOD");
    assert_eq!(told.unwrap()["value"], "7200");
    let settings = objects
        .containers()
        .flat_map(|container| list(&container["envFrom"]))
        .next()
        .unwrap();
    let settings = objects
        .config_map(text(&settings["configMapRef"]["name"]))
        .unwrap();
    assert_eq!(
        (&settings["CI_SERVER_URL"], &settings["RUNNER_TAG_LIST"]),
        (
            &Value::from("https://gitlab.example.org/"),
            &Value::from("k8s")
        )
    );
}

/// All that is edited there is edited, and the image that is deployed is the one that was pushed. Builds and asks nothing.
#[test]
#[ignore = "needs kubectl 1.27: run by .ci/run"]
fn overlay_is_the_operators_own_after_its_readmes_commands() {
    let words =
        |objects: &Objects| -> String { objects.all.iter().map(Value::to_string).collect() };
    let mut seen = BTreeSet::new();
    for name in OVERLAYS {
        let copy = tempfile::tempdir().unwrap();
        let copied = Command::new("cp")
            .arg("-r")
            .arg(manifests())
            .arg(copy.path())
            .status();
        assert!(copied.unwrap().success());
        let overlay = copy.path().join("manifests/overlays").join(name);
        let readme = std::fs::read_to_string(overlay.join("README.md")).unwrap();
        assert!(readme.lines().count() <= 13, "{name}: ten lines or so");
        let (_, shown) = readme.split_once("```sh\n").unwrap();
        let (shown, _) = shown.split_once("```").unwrap();
        let commands = || shown.lines().flat_map(|line| line.split(" && "));
        for command in commands().filter(|command| command.starts_with("sed ")) {
            run(command, &overlay);
        }
        let objects = Objects::render(&overlay, name);
        let (before, after) = (words(&Objects::overlay(name)), words(&objects));
        for ours in TO_BE_REPLACED {
            assert!(!after.contains(ours), "{name}: {ours} is still there");
            if before.contains(ours) {
                seen.insert(ours);
            }
        }
        let pushed = commands()
            .find_map(|command| command.strip_prefix("../../../images/build --push "))
            .unwrap_or_else(|| panic!("{name}: nothing is pushed"));
        assert_eq!(text(&objects.pod()["initContainers"][0]["image"]), pushed);
        assert!(commands().any(|command| command.starts_with("kubectl apply -k .")));
    }
    assert_eq!(seen, TO_BE_REPLACED.into(), "still what stands there");
}

fn run(command: &str, directory: &Path) {
    let status = Command::new("sh")
        .args(["-c", command])
        .current_dir(directory)
        .status();
    assert!(status.unwrap().success(), "{command}");
}
