//! What stands in two places of the rendered objects and must agree: the grace period, and the way to GitLab.

use serde_json::Value;

use crate::render::{COMBINATIONS, OVERLAYS, Objects, PROXIES, all, list, text};

#[test]
#[ignore = "needs kubectl 1.27: run by .ci/run"]
fn grace_period_is_the_same_wherever_it_is_told() {
    let mut told = 0;
    let changed = ["pre-stop", "sidecar"].map(|end| {
        Objects::combined(
            &["authentication-token", "kubernetes-executor", end],
            Some(7200),
        )
    });
    for objects in all().iter().chain(&changed) {
        let grace = &objects.pod()["terminationGracePeriodSeconds"];
        for container in objects.containers() {
            for variable in list(&container["env"])
                .filter(|variable| variable["name"] == "RUNNER_REAPER_GRACE_PERIOD")
            {
                assert_eq!(
                    text(&variable["value"]),
                    grace.to_string(),
                    "{}, {}",
                    objects.name,
                    container["name"]
                );
                told += 1;
            }
        }
    }
    assert_eq!(
        told,
        OVERLAYS.len() - 1 + COMBINATIONS.len() + changed.len(),
        "each helper at the end is told, the article's by its hook's line"
    );
    let article = Objects::overlay("article");
    let hook = &article.pod()["containers"][0]["lifecycle"]["preStop"]["exec"]["command"];
    assert_eq!(hook[3], "--grace-period=30");
    let grace = &article.pod()["terminationGracePeriodSeconds"];
    assert!(grace.is_null(), "{grace} instead of Kubernetes' 30");
}

/// As the README says of an overlay without the transformer; words in its place would be exit 2 at the end of the pod.
#[test]
#[ignore = "needs kubectl 1.27: run by .ci/run"]
fn grace_period_is_that_of_the_base_where_nobody_copies_it() {
    for end in ["pre-stop", "sidecar"] {
        let objects = Objects::of(&["authentication-token", "kubernetes-executor", end], "");
        let told: Vec<&Value> = objects
            .containers()
            .filter_map(|container| {
                objects
                    .environment(container)
                    .remove("RUNNER_REAPER_GRACE_PERIOD")
            })
            .collect();
        let grace = &objects.pod()["terminationGracePeriodSeconds"];
        assert_eq!(told, [&Value::from(grace.to_string())], "{end}");
    }
}

#[test]
#[ignore = "needs kubectl 1.27: run by .ci/run"]
fn every_container_goes_the_same_way_to_gitlab() {
    for objects in all() {
        let others = other_ways(&objects);
        assert!(others.is_empty(), "{}: {others:#?}", objects.name);
    }
}

/// Components are patches: one that comes too early finds no sidecar, and kustomize says nothing.
#[test]
#[ignore = "needs kubectl 1.27: run by .ci/run"]
fn sidecar_that_comes_after_proxy_or_private_ca_is_seen() {
    let check = |early: &str, seen: &str| {
        let components = [
            "access-token",
            "kubernetes-executor",
            early,
            "sidecar",
            "metrics",
        ];
        assert_eq!(other_ways(&Objects::combined(&components, None)), [seen]);
    };
    check("proxy", "runner-reaper: another proxy");
    check("private-ca", "runner-reaper: without the CA's file");
}

#[test]
#[ignore = "needs kubectl 1.27: run by .ci/run"]
fn network_policy_lets_the_runner_out_to_its_proxy() {
    let objects = Objects::combined(
        &[
            "access-token",
            "docker-socket",
            "pre-stop",
            "proxy",
            "network-policy",
        ],
        None,
    );
    let policy = objects
        .all
        .iter()
        .find(|object| object["kind"] == "NetworkPolicy")
        .unwrap();
    let open: Vec<String> = list(&policy["spec"]["egress"])
        .flat_map(|rule| list(&rule["ports"]))
        .filter(|port| port["protocol"] == "TCP")
        .map(|port| port["port"].to_string())
        .collect();
    let container = objects.containers().next().unwrap();
    for name in ["HTTP_PROXY", "HTTPS_PROXY"] {
        let proxy = text(objects.environment(container)[name]);
        let port = proxy.rsplit(':').next().unwrap();
        assert!(
            open.iter().any(|open| open == port),
            "{name}={proxy}, but out go {open:?}"
        );
    }
}

/// Where a container goes another way to GitLab than `runner-init`: through another proxy, or without the file of the CA.
fn other_ways(objects: &Objects) -> Vec<String> {
    let first = objects.containers().next().unwrap();
    let proxies = |container| {
        let environment = objects.environment(container);
        PROXIES.map(|name| environment.get(name).copied())
    };
    let ca_file = objects
        .environment(first)
        .get("CI_SERVER_TLS_CA_FILE")
        .map(|path| text(path));
    let ca = ca_file.map(|path| {
        list(&first["volumeMounts"])
            .find(|mount| path.starts_with(text(&mount["mountPath"])))
            .unwrap_or_else(|| panic!("{path} is in no volume of runner-init"))
    });
    let mut found = Vec::new();
    for container in objects.containers() {
        let name = text(&container["name"]);
        if proxies(container) != proxies(first) {
            found.push(format!("{name}: another proxy"));
        }
        if ca.is_some_and(|ca| list(&container["volumeMounts"]).all(|mount| mount != ca)) {
            found.push(format!("{name}: without the CA's file"));
        }
    }
    found
}
