//! What the settings of each executor come to: the `config.toml` that the init container writes, the runner at GitLab, and the
//! job pod that gitlab-runner would make of it, held to the restricted profile. A setting that is lost on the way is seen here.

use std::fs;

use serde_json::{Map, Value, json};

use crate::render::{JOB_NAMESPACE, Objects, list, text};
use crate::restricted::violations;
use crate::scene::Scene;

/// What unpacking an image and its RUN lines need; all of it is in the baseline profile.
const OF_AN_IMAGE_BUILD: [&str; 7] = [
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "SETFCAP",
    "SETGID",
    "SETUID",
];

/// What is in the file, and who wrote it.
fn configured(objects: &Objects) -> (Scene, Value) {
    let mut scene = Scene::of(objects);
    scene.pod.prepare_volumes();
    assert_eq!(scene.pod.run_init_containers(), 0, "{}", scene.pod.words());
    let file = fs::read_to_string(scene.pod.volume("config").join("config.toml")).unwrap();
    let mut config: Value = toml_edit::de::from_str(&file).unwrap();
    assert_eq!(config["concurrent"], 4, "{file}");
    let entries = config["runners"].as_array_mut().unwrap();
    assert_eq!(entries.len(), 1, "{file}");
    let entry = entries.remove(0);
    assert_eq!(entry["name"], "gitlab-runner-0", "{file}");
    assert_eq!(entry["url"], format!("{}/", scene.gitlab.url()), "{file}");
    assert_eq!(entry["limit"], config["concurrent"], "{file}");
    (scene, entry)
}

#[test]
#[ignore = "needs kubectl 1.27 and root: run by .ci/run"]
fn jobs_of_default_and_sidecar_are_restricted_pods_with_an_identity_of_their_own() {
    for name in ["default", "sidecar"] {
        let objects = Objects::overlay(name);
        let (_scene, entry) = configured(&objects);
        assert_eq!(entry["executor"], "kubernetes");
        assert_eq!(entry["environment"], json!(["HOME=/tmp"]));
        let executor = &entry["kubernetes"];
        assert_eq!(executor["privileged"], false);
        let pod = job_pod(executor);
        assert_eq!(violations(&pod), Vec::<String>::new(), "{executor:#}");
        for (key, expected) in [("runAsUser", 1000), ("runAsGroup", 1000), ("fsGroup", 1000)] {
            assert_eq!(pod["securityContext"][key], expected, "{executor:#}");
        }
        check_pinned(&executor["image"]);
        check_identity(&objects, executor);
    }
}

#[test]
#[ignore = "needs kubectl 1.27 and root: run by .ci/run"]
fn image_builds_loosens_the_build_container_alone_and_as_far_as_baseline() {
    let components = [
        "access-token",
        "kubernetes-executor",
        "image-builds",
        "sidecar",
    ];
    let objects = Objects::combined(&components, None);
    let (scene, entry) = configured(&objects);
    let pod = job_pod(&entry["kubernetes"]);
    let loosened = ["runAsNonRoot", "runAsUser 0", "capabilities.add"];
    assert_eq!(
        violations(&pod),
        loosened.map(|rule| format!("build: {rule}"))
    );
    let build = &pod["containers"][0]["securityContext"];
    assert_eq!(build["runAsGroup"], 0);
    assert_eq!(build["capabilities"]["add"], json!(OF_AN_IMAGE_BUILD));
    check_identity(&objects, &entry["kubernetes"]);
    check_created(&scene);
}

#[test]
#[ignore = "needs kubectl 1.27 and root: run by .ci/run"]
fn jobs_of_docker_socket_have_the_nodes_socket() {
    let components = ["registration-token", "docker-socket", "pre-stop"];
    let (scene, entry) = configured(&Objects::combined(&components, None));
    assert_eq!(entry["executor"], "docker");
    let executor = &entry["docker"];
    check_pinned(&executor["image"]);
    let volumes: Vec<&str> = list(&executor["volumes"]).map(text).collect();
    // The second is stock's own.
    assert_eq!(
        volumes,
        ["/var/run/docker.sock:/var/run/docker.sock", "/cache"]
    );
    assert_ne!(executor["privileged"], true);
    check_created(&scene);
}

/// The image of jobs that name none has a version.
fn check_pinned(image: &Value) {
    let (_, tag) = text(image).split_once(':').expect("a tag");
    assert_ne!(tag, "latest");
}

#[test]
#[ignore = "needs kubectl 1.27 and root: run by .ci/run"]
fn job_namespace_is_where_jobs_and_their_identity_are() {
    let components = ["access-token", "kubernetes-executor", "sidecar"];
    let objects = Objects::of(&components, JOB_NAMESPACE);
    let (_scene, entry) = configured(&objects);
    assert_eq!(entry["kubernetes"]["namespace"], "gitlab-runner-jobs");
    check_identity(&objects, &entry["kubernetes"]);
}

/// A runner of the pod's own is named after it and takes jobs without tags.
fn check_created(scene: &Scene) {
    let runners = scene.gitlab.runners();
    assert_eq!(runners.len(), 1);
    assert_eq!(runners[0].description.as_deref(), Some("gitlab-runner-0"));
    assert!(runners[0].run_untagged && !runners[0].paused);
}

/// The job pods' ServiceAccount is among the objects, where they run and the runner has its rights.
fn check_identity(objects: &Objects, executor: &Value) {
    assert_eq!(executor["automount_service_account_token"], false);
    let there = |kind: &str, name: &Value| {
        objects.all.iter().any(|object| {
            object["kind"] == kind
                && object["metadata"]["name"] == *name
                && object["metadata"]["namespace"] == executor["namespace"]
        })
    };
    assert!(there("ServiceAccount", &executor["service_account"]));
    assert!(there("Role", &objects.pod()["serviceAccountName"]));
    assert!(there("RoleBinding", &objects.pod()["serviceAccountName"]));
}

/// The pod of a job, as far as the profile looks at it: what gitlab-runner's kubernetes executor does with `[runners.kubernetes]`.
fn job_pod(executor: &Value) -> Value {
    assert!(executor["volumes"].is_null(), "volumes are not played");
    let container = |name: &str, table: &str| {
        let own = &executor[format!("{table}_container_security_context")];
        let mut context = camel_case(own);
        // What a container does not say is said for all of them.
        let mut inherit = |key: &str, of_all: &Value| {
            if context[key].is_null() && !of_all.is_null() {
                context[key] = of_all.clone();
            }
        };
        inherit("privileged", &executor["privileged"]);
        inherit(
            "allowPrivilegeEscalation",
            &executor["allow_privilege_escalation"],
        );
        inherit("capabilities", &json!({}));
        for key in ["add", "drop"] {
            let of_all = &executor[format!("cap_{key}")];
            if context["capabilities"][key].is_null() && !of_all.is_null() {
                context["capabilities"][key] = of_all.clone();
            }
        }
        json!({"name": name, "securityContext": context})
    };
    json!({
        "securityContext": camel_case(&executor["pod_security_context"]),
        "initContainers": [container("init-permissions", "init_permissions")],
        "containers": [container("build", "build"), container("helper", "helper"), container("svc-0", "service")],
    })
}

/// `run_as_user` is `runAsUser` there; nothing is an empty table.
fn camel_case(table: &Value) -> Value {
    let key = |key: &str| {
        let mut words = key.split('_');
        let first = words.next().unwrap_or_default().to_owned();
        words.fold(first, |key, word| {
            key + &word[..1].to_uppercase() + &word[1..]
        })
    };
    let Some(table) = table.as_object() else {
        return json!({});
    };
    let pairs = table.iter().map(|(name, value)| {
        let value = if value.is_object() {
            camel_case(value)
        } else {
            value.clone()
        };
        (key(name), value)
    });
    Value::Object(pairs.collect::<Map<_, _>>())
}
