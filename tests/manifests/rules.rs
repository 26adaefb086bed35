//! What can be read off the rendered objects: that each component is among them, the restricted Pod Security profile, and the
//! article's manifest but for four lines.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::render::{COMBINATIONS, OVERLAYS, Objects, all, text};
use crate::restricted::violations;

#[test]
#[ignore = "needs kubectl 1.27: run by .ci/run"]
fn each_overlay_and_component_is_rendered_here() {
    let manifests = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../manifests");
    let names = |directory: &str| {
        let entries = std::fs::read_dir(manifests.join(directory)).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    };
    assert_eq!(names("overlays"), OVERLAYS);
    let used = |name: &String| {
        name == "images"
            || COMBINATIONS
                .iter()
                .any(|components| components.contains(&name.as_str()))
    };
    assert!(
        names("components").iter().all(used),
        "a component is in no combination of render.rs"
    );
    for objects in all() {
        assert!(objects.containers().count() >= 2, "{}", objects.name);
    }
}

#[test]
#[ignore = "needs kubectl 1.27: run by .ci/run"]
fn new_pod_registers_before_an_old_one_is_told_to_stop() {
    for objects in all().iter().filter(|objects| objects.name != "article") {
        let strategy = &objects.workload()["spec"]["strategy"];
        match text(&objects.workload()["kind"]) {
            "Deployment" => assert_eq!(strategy["rollingUpdate"]["maxUnavailable"], 0),
            // It has no such field, and its pods no other name to come up under.
            _ => assert!(strategy.is_null(), "{}: {strategy}", objects.name),
        }
    }
}

#[test]
#[ignore = "needs kubectl 1.27: run by .ci/run"]
fn default_and_sidecar_keep_to_the_restricted_profile() {
    for name in ["default", "sidecar"] {
        let violations = violations(Objects::overlay(name).pod());
        assert!(violations.is_empty(), "{name}: {violations:#?}");
    }
}

#[test]
#[ignore = "needs kubectl 1.27: run by .ci/run"]
fn article_breaks_the_restricted_profile_where_its_documents_say_so() {
    let violations = violations(Objects::overlay("article").pod());
    assert!(
        violations.contains(&"volume socket: hostPath".to_owned()),
        "{violations:#?}"
    );
    assert!(
        violations
            .iter()
            .any(|violation| violation.contains("runAsNonRoot")),
        "{violations:#?}"
    );
    let said = include_str!("../../manifests/overlays/article/README.md");
    assert!(
        said.contains(
            "It does not work in a namespace with a Pod Security level other than `privileged`"
        ),
        "{said}"
    );
}

#[test]
#[ignore = "needs kubectl 1.27: run by .ci/run"]
fn article_overlay_is_the_article_but_for_four_lines() {
    let article = Objects::parse("article-2021.yaml", include_str!("article-2021.yaml"));
    let overlay = Objects::overlay("article");
    assert_eq!(overlay.all.len(), 1, "nothing beside the Deployment");
    let (theirs, ours) = (flat(&article.all[0]), flat(&overlay.all[0]));
    let pod = "/spec/template/spec";
    let hook = format!("{pod}/containers/0/lifecycle/preStop/exec/command");
    let mut exchanged = BTreeMap::from([
        (
            format!("{pod}/initContainers/0/image"),
            (
                Some("gitlab/gitlab-runner:latest"),
                "registry.example.com/runner-lifecycle:0.1.0",
            ),
        ),
        (
            format!("{pod}/initContainers/0/command/0"),
            (Some("gitlab-runner"), "runner-init"),
        ),
        (
            format!("{hook}/0"),
            (Some("gitlab-runner"), "/etc/gitlab-runner/runner-reaper"),
        ),
        (format!("{hook}/3"), (None, "--grace-period=30")),
        (format!("{pod}/volumes/1/hostPath/type"), (None, "Socket")),
    ]);
    let paths: std::collections::BTreeSet<&String> = theirs.keys().chain(ours.keys()).collect();
    for path in paths {
        let (theirs, ours) = (theirs.get(path), ours.get(path));
        if theirs == ours {
            continue;
        }
        let (before, now) = exchanged
            .remove(path)
            .unwrap_or_else(|| panic!("{path}: {theirs:?} there, {ours:?} here"));
        assert_eq!(
            (theirs, ours),
            (before.map(Value::from).as_ref(), Some(&Value::from(now))),
            "{path}"
        );
    }
    assert!(exchanged.is_empty(), "not exchanged: {exchanged:?}");
    let marked = include_str!("../../manifests/overlays/article/container-builder.yaml");
    assert_eq!(marked.matches(" # now").count(), 4, "each is marked");
}

/// Every leaf by its path. Defaults of the API server and empty lists count as they are written.
fn flat(value: &Value) -> BTreeMap<String, Value> {
    fn walk(value: &Value, path: &str, into: &mut BTreeMap<String, Value>) {
        match value {
            Value::Object(map) if !map.is_empty() => map
                .iter()
                .for_each(|(key, value)| walk(value, &format!("{path}/{key}"), into)),
            Value::Array(list) if !list.is_empty() => {
                list.iter()
                    .enumerate()
                    .for_each(|(index, value)| walk(value, &format!("{path}/{index}"), into));
            }
            leaf => drop(into.insert(path.to_owned(), leaf.clone())),
        }
    }
    let mut into = BTreeMap::new();
    walk(value, "", &mut into);
    into
}
