//! OpenShift, as far as a pod sees it: nothing in the manifests names a user or group, the security context constraints
//! `restricted-v2` give both from the project's range, and the pods run as that uid, a member of group 0.

use std::os::unix::fs::MetadataExt as _;

use serde_json::{Value, json};

use crate::render::{Objects, list, text};
use crate::restricted::violations;
use crate::scene::Scene;

/// The first of a project's range, as OpenShift allots it: uid and group of the volumes.
const ALLOTTED: u32 = 1_000_680_000;

/// What a container or pod may not say itself: the constraints refuse a number out of the project's range.
const GIVEN: [&str; 5] = [
    "runAsUser",
    "runAsGroup",
    "fsGroup",
    "supplementalGroups",
    "seLinuxOptions",
];

fn both() -> [Objects; 2] {
    let sidecar = [
        "access-token",
        "kubernetes-executor",
        "sidecar",
        "metrics",
        "openshift",
    ];
    [
        Objects::overlay("openshift"),
        Objects::combined(&sidecar, None),
    ]
}

/// What the constraints make of a pod when it is admitted.
fn admitted(pod: &Value) -> Value {
    let mut pod = pod.clone();
    pod["securityContext"]["fsGroup"] = json!(ALLOTTED);
    for key in ["initContainers", "containers"] {
        for container in pod[key].as_array_mut().unwrap() {
            container["securityContext"]["runAsUser"] = json!(ALLOTTED);
        }
    }
    pod
}

#[test]
#[ignore = "needs kubectl 1.27: run by .ci/run"]
fn no_user_and_no_group_is_named_for_openshift() {
    for objects in both() {
        let contexts = objects
            .containers()
            .chain([objects.pod()])
            .map(|one| &one["securityContext"]);
        for context in contexts {
            for key in GIVEN {
                assert!(context[key].is_null(), "{}: {key}", objects.name);
            }
        }
        assert_eq!(
            violations(objects.pod()),
            Vec::<String>::new(),
            "restricted-v2 allows no more than the restricted profile"
        );
        let runner = &objects.pod()["containers"][0];
        assert!(text(&runner["image"]).starts_with("gitlab/gitlab-runner:ubi-fips-v"));
    }
}

#[test]
#[ignore = "needs kubectl 1.27 and root: run by .ci/run"]
fn pods_of_openshift_live_and_die_as_an_allotted_uid_in_group_0() {
    for objects in both() {
        let mut scene = Scene::of(&objects);
        scene.pod.spec = admitted(&scene.pod.spec);
        scene.pod.start();
        scene.wait_until_it_polls();
        let main = scene.pod.main.as_ref().expect("started");
        let user = (main.user.uid, main.user.gid, main.user.groups.as_slice());
        assert_eq!(user, (ALLOTTED, 0, &[ALLOTTED][..]));
        let config = scene.pod.volume("config").join("config.toml");
        let file = std::fs::metadata(&config).unwrap();
        assert_eq!((file.uid(), file.mode() & 0o777), (ALLOTTED, 0o600));
        check_jobs(&std::fs::read_to_string(&config).unwrap());
        scene.check_secrets();
        scene.pod.delete(|_| ());
        scene.check_end();
    }
}

/// Job pods name no user either, and keep the rest of the restricted profile.
fn check_jobs(config: &str) {
    let config: Value = toml_edit::de::from_str(config).unwrap();
    let context = &list(&config["runners"]).next().unwrap()["kubernetes"]["pod_security_context"];
    assert_eq!(context["run_as_non_root"], true);
    assert_eq!(context["seccomp_profile"]["type"], "RuntimeDefault");
    for key in ["run_as_user", "run_as_group", "fs_group"] {
        assert!(context[key].is_null(), "{key}: {context}");
    }
}
