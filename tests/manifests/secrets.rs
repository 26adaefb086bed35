//! Who may see what: read off the rendered objects, no Secret for the runner container and the sidecar, the API server for one
//! container only, and rights where the jobs run.

use serde_json::json;

use crate::render::{JOB_NAMESPACE, Objects, all, list, text};

#[test]
#[ignore = "needs kubectl 1.27: run by .ci/run"]
fn no_secret_is_in_sight_of_the_runner_container_or_the_sidecar() {
    for objects in all() {
        let token_volumes: Vec<&str> = list(&objects.pod()["volumes"])
            .filter(|volume| {
                volume["secret"].is_object()
                    || list(&volume["projected"]["sources"])
                        .any(|source| source["secret"].is_object())
            })
            .map(|volume| text(&volume["name"]))
            .collect();
        assert_eq!(
            token_volumes.len(),
            usize::from(objects.name != "article"),
            "{}",
            objects.name
        );
        for container in objects
            .containers()
            .filter(|container| container["name"] != "runner-init")
        {
            let name = format!("{}, {}", objects.name, container["name"]);
            let mounts = list(&container["volumeMounts"]).map(|mount| text(&mount["name"]));
            assert_eq!(
                mounts.filter(|mount| token_volumes.contains(mount)).count(),
                0,
                "{name} mounts a Secret"
            );
            let from_secret = list(&container["env"])
                .filter(|variable| variable["valueFrom"]["secretKeyRef"].is_object());
            assert_eq!(
                from_secret.count(),
                0,
                "{name} has a Secret in its environment"
            );
            let all_of_secret =
                list(&container["envFrom"]).filter(|source| source["secretRef"].is_object());
            assert_eq!(
                all_of_secret.count(),
                0,
                "{name} has a Secret in its environment"
            );
        }
    }
}

#[test]
#[ignore = "needs kubectl 1.27: run by .ci/run"]
fn only_the_runner_container_of_the_kubernetes_executor_reaches_the_api_server() {
    for objects in all().iter().filter(|objects| objects.name != "article") {
        assert_eq!(
            objects.pod()["automountServiceAccountToken"],
            false,
            "{}",
            objects.name
        );
        let api = list(&objects.pod()["volumes"]).find(|volume| {
            list(&volume["projected"]["sources"])
                .any(|source| source["serviceAccountToken"].is_object())
        });
        let with_api = objects.containers().filter(|container| {
            list(&container["volumeMounts"])
                .any(|mount| api.is_some_and(|api| mount["name"] == api["name"]))
        });
        let names: Vec<&str> = with_api.map(|container| text(&container["name"])).collect();
        let expected: &[&str] = if api.is_some() {
            &["gitlab-runner"]
        } else {
            &[]
        };
        assert_eq!(names, expected, "{}", objects.name);
    }
}

/// Its rights are over all Secrets of a namespace, so that must not be the one with the token that can create runners.
#[test]
#[ignore = "needs kubectl 1.27: run by .ci/run"]
fn job_namespace_leaves_the_runner_container_no_right_beside_its_token() {
    for token in ["access-token", "registration-token"] {
        for end in [&["pre-stop"][..], &["sidecar", "statefulset"]] {
            let components = [&[token, "kubernetes-executor"], end].concat();
            let objects = Objects::of(&components, JOB_NAMESPACE);
            let of = |kind: &str, name: &str| {
                let mut found = objects
                    .all
                    .iter()
                    .filter(|object| object["kind"] == kind && object["metadata"]["name"] == name);
                let one = found.next().unwrap_or_else(|| panic!("{kind} {name}"));
                assert!(found.next().is_none(), "a second {kind} {name}");
                (one, text(&one["metadata"]["namespace"]))
            };
            let jobs = objects.environment(objects.containers().next().unwrap());
            let jobs = text(jobs["KUBERNETES_NAMESPACE"]);
            let here = text(&objects.workload()["metadata"]["namespace"]);
            assert_ne!(jobs, here);
            assert_eq!(of("Role", "gitlab-runner").1, jobs);
            assert_eq!(of("ServiceAccount", "gitlab-runner-job").1, jobs);
            assert_eq!(of("ServiceAccount", "gitlab-runner").1, here);
            let (binding, namespace) = of("RoleBinding", "gitlab-runner");
            assert_eq!(namespace, jobs);
            assert_eq!(
                binding["subjects"],
                json!([{"kind": "ServiceAccount", "name": "gitlab-runner", "namespace": here}])
            );
            let rights: Vec<&str> = objects
                .all
                .iter()
                .map(|object| text(&object["kind"]))
                .filter(|kind| kind.contains("Role"))
                .collect();
            assert_eq!(rights, ["Role", "RoleBinding"], "no other rights");
        }
    }
}
