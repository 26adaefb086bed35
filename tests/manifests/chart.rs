//! GitLab's chart as far as it is ours: the values files name only keys that the chart knows, each with its type, the page explains
//! each, and the container that comes out of them lives and dies. The chart's templates are not here: what they do with our values is
//! told in this file, as facts.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::{Value, json};

use crate::container::{User, put};
use crate::lives;
use crate::render::{Objects, list, manifests, text};
use crate::scene::Scene;

const WAYS: [&str; 3] = ["image-volume", "own-image", "sidecar"];

/// The chart's own defaults: gitlab-runner's user in the alpine image.
const UID: u32 = 100;
const GROUP: u32 = 65533;

fn values(way: &str) -> Value {
    let path = manifests().join("helm").join(format!("{way}.yaml"));
    let file = fs::read_to_string(path).unwrap();
    serde_saphyr::from_str(&file).unwrap()
}

/// The chart's keys, their types, and whether a chart of 0.86.0 has them too.
fn known() -> BTreeMap<&'static str, (&'static str, bool)> {
    include_str!("chart-0.93.0.tsv")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let mut columns = line.split('\t');
            let (key, kind) = (columns.next().unwrap(), columns.next().unwrap());
            (key, (kind, columns.next().is_none()))
        })
        .collect()
}

/// The keys of values as the table writes them: down to where the table knows no more.
fn keys<'a>(values: &'a Value, before: &str, into: &mut Vec<(String, &'a Value)>) {
    let known = known();
    for (key, value) in values.as_object().unwrap() {
        let path = format!("{before}{key}");
        let deeper = value.as_object().is_some_and(|map| !map.is_empty());
        if known.contains_key(path.as_str()) || !deeper {
            into.push((path, value));
        } else {
            keys(value, &format!("{path}."), into);
        }
    }
}

fn fits(kind: &str, value: &Value) -> bool {
    match kind {
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_u64(),
        "list" => value.is_array(),
        "object" => value.is_object() || value.is_array(),
        "map of strings" => value
            .as_object()
            .is_some_and(|map| map.values().all(Value::is_string)),
        other => panic!("a type that nobody knows: {other}"),
    }
}

#[test]
fn chart_values_name_only_what_the_chart_knows() {
    let known = known();
    for way in WAYS {
        let values = values(way);
        let mut found = Vec::new();
        keys(&values, "", &mut found);
        for (key, value) in found {
            let (kind, early) = known
                .get(key.as_str())
                .unwrap_or_else(|| panic!("{way}: the chart knows no {key}"));
            assert!(fits(kind, value), "{way}: {key} is no {kind}: {value}");
            assert!(*early || way == "sidecar", "{way}: {key} came after 0.86.0");
        }
    }
}

#[test]
fn wrong_chart_values_are_found() {
    let misspelt =
        json!({"deploymentLifeCycle": {}, "metrics": {"enable": true}, "concurrent": "10"});
    let mut found = Vec::new();
    keys(&misspelt, "", &mut found);
    let known = known();
    let wrong = |(key, value): &&(String, &Value)| {
        known
            .get(key.as_str())
            .is_none_or(|(kind, _)| !fits(kind, value))
    };
    assert_eq!(found.iter().filter(wrong).count(), 3, "{found:?}");
}

#[test]
fn numbers_that_belong_together_agree_in_the_chart_values() {
    for way in WAYS {
        let values = values(way);
        let template: Value = toml_edit::de::from_str(text(&values["runners"]["config"])).unwrap();
        assert_eq!(template["runners"][0]["limit"], values["concurrent"]);
        let grace = values["terminationGracePeriodSeconds"].to_string();
        let everywhere = values.to_string();
        let told: Vec<&str> = everywhere.split("RUNNER_REAPER_GRACE_PERIOD").collect();
        assert!(told.len() > 1, "{way}: told to nobody");
        for told in &told[1..] {
            let number: String = told
                .chars()
                .skip_while(|c| !c.is_ascii_digit())
                .take_while(char::is_ascii_digit)
                .collect();
            assert_eq!(number, grace, "{way}");
        }
        // The chart's own unregistration comes while the runner manager polls.
        assert_eq!(values["unregisterRunners"], false, "{way}");
    }
}

#[test]
fn chart_page_explains_each_key_and_names_each_file() {
    let page = include_str!("../../manifests/helm/README.md");
    let (_, table) = page.split_once("## Why each key").unwrap();
    let (table, _) = table.split_once("\n## ").unwrap();
    let mut seen = BTreeSet::new();
    for way in WAYS {
        assert!(page.contains(&format!("[{way}.yaml]({way}.yaml)")));
        seen.extend(values(way).as_object().unwrap().keys().cloned());
    }
    for key in &seen {
        let told = table
            .lines()
            .any(|line| line.starts_with("| ") && line.contains(&format!("`{key}")));
        assert!(told, "{key} is not explained");
    }
    let shipped = fs::read_dir(manifests().join("helm")).unwrap().count();
    assert_eq!(shipped, WAYS.len() + 1, "the page and a file for each way");
}

/// What the chart makes of values, as far as runner-reaper meets it: lists and maps are taken over as they are.
fn rendered(way: &str) -> Objects {
    let values = values(way);
    let default = "gitlab/gitlab-runner:alpine-v18.9.0".to_owned();
    let image = match &values["image"] {
        Value::Null => default,
        image => {
            let part = |key: &str| text(&image[key]).to_owned();
            format!("{}/{}:{}", part("registry"), part("image"), part("tag"))
        }
    };
    // HOME comes from the image's /etc/passwd.
    let own = json!({"CI_SERVER_URL": values["gitlabUrl"], "HOME": "/home/gitlab-runner"});
    let env: Vec<Value> = [&own, &values["extraEnv"]]
        .iter()
        .flat_map(|map| map.as_object().into_iter().flatten())
        .map(|(name, value)| json!({"name": name, "value": value}))
        .collect();
    let secret = json!({"secret": {"name": values["runners"]["secret"]}});
    let mut volumes = vec![
        json!({"name": "projected-secrets", "projected": {"sources": [secret]}}),
        json!({"name": "etc-gitlab-runner", "emptyDir": {"medium": "Memory"}}),
    ];
    let mut mounts = vec![
        json!({"name": "projected-secrets", "mountPath": "/secrets"}),
        json!({"name": "etc-gitlab-runner", "mountPath": "/home/gitlab-runner/.gitlab-runner"}),
    ];
    volumes.extend(list(&values["volumes"]).cloned());
    mounts.extend(list(&values["volumeMounts"]).cloned());
    let container = json!({
        "name": "gitlab-runner",
        "image": image,
        "env": env,
        "lifecycle": values["deploymentLifecycle"],
        "securityContext": {"allowPrivilegeEscalation": false, "readOnlyRootFilesystem": false, "runAsNonRoot": true, "capabilities": {"drop": ["ALL"]}},
        "volumeMounts": mounts,
    });
    let pod = json!({
        "terminationGracePeriodSeconds": values["terminationGracePeriodSeconds"],
        "securityContext": {"runAsUser": UID, "fsGroup": GROUP},
        "initContainers": values["deploymentInitContainers"],
        "containers": [container],
        "volumes": volumes,
    });
    let deployment = json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "gitlab-runner", "namespace": "gitlab-runner"},
        "spec": {"template": {"spec": pod}},
    });
    Objects::parse(way, &deployment.to_string())
}

/// What the chart's script does before the runner manager runs: its global part, and `register` with the template.
fn register(scene: &Scene, way: &str) {
    let values = values(way);
    assert_eq!(values["metrics"]["enabled"], true);
    let template =
        text(&values["runners"]["config"]).replace("{{ .Release.Namespace }}", "gitlab-runner");
    let (_, template) = template.split_once("[[runners]]\n").unwrap();
    let runner = &scene.gitlab.runners()[0];
    let config = format!(
        "shutdown_timeout = 0\nconcurrent = {}\ncheck_interval = 3\nlog_level = \"info\"\nlisten_address = ':9252'\n\n\
         [session_server]\n  session_timeout = 1800\n\n[[runners]]\n  name = \"gitlab-runner-0\"\n  url = \"{}/\"\n  id = {}\n  \
         token = \"{}\"\n  token_obtained_at = 2026-01-01T00:00:00Z\n  token_expires_at = 0001-01-01T00:00:00Z\n  executor = \"kubernetes\"\n{template}",
        values["concurrent"],
        scene.gitlab.url(),
        runner.id,
        runner.token,
    );
    let owner = User {
        uid: UID,
        gid: GROUP,
        groups: Vec::new(),
    };
    let file = scene.pod.volume("etc-gitlab-runner").join("config.toml");
    put(&file, config.as_bytes(), &owner, 0o600);
}

/// Up to a runner manager that polls. No helper was here before: there is no state file, and none is made.
fn started(way: &str) -> Scene {
    let mut scene = Scene::of(&rendered(way));
    scene.pod.prepare_volumes();
    assert_eq!(scene.pod.run_init_containers(), 0, "{}", scene.pod.words());
    register(&scene, way);
    scene.pod.start_main();
    scene.wait_until_it_polls();
    scene
}

fn ended(scene: &Scene) {
    scene.check_end();
    let gone = scene.gitlab.calls("DELETE /runners/managers");
    let statuses: Vec<_> = gone.iter().map(|call| call.status).collect();
    assert_eq!(statuses, [Some(204)], "{}", scene.pod.words());
    assert!(scene.gitlab.calls("DELETE /runners").is_empty());
}

#[test]
#[ignore = "needs root: run by .ci/run"]
fn chart_idle_pods_leave_no_runner_manager() {
    for way in WAYS {
        let mut scene = started(way);
        scene.pod.delete(|_| ());
        ended(&scene);
    }
}

#[test]
#[ignore = "needs root: run by .ci/run"]
fn chart_busy_pods_end_their_job_and_leave_no_runner_manager() {
    for way in WAYS {
        let mut scene = started(way);
        let job = scene.take_a_job();
        lives::end_busy(&mut scene, job);
        ended(&scene);
    }
}
