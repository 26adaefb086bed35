//! Who may see what: read off the rendered objects, no Secret for the runner container and the sidecar, the API server for one
//! container only.

use crate::render::{all, list, text};

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
