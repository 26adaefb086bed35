//! Owns the restricted Pod Security profile as rules over a pod's specification. Renders nothing.

use serde_json::Value;

use crate::render::{list, text};

/// What the restricted profile lets a pod mount.
const VOLUMES: [&str; 8] = [
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "persistentVolumeClaim",
    "projected",
    "secret",
];

/// Where a pod breaks the restricted profile, as the Pod Security Standards word it (baseline included).
pub(crate) fn violations(pod: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for key in ["hostNetwork", "hostPID", "hostIPC"] {
        if pod[key] == true {
            found.push(key.to_owned());
        }
    }
    for volume in list(&pod["volumes"]) {
        let kinds = volume
            .as_object()
            .into_iter()
            .flatten()
            .map(|(key, _)| key.as_str())
            .filter(|key| *key != "name");
        for kind in kinds.filter(|kind| !VOLUMES.contains(kind)) {
            found.push(format!("volume {}: {kind}", text(&volume["name"])));
        }
    }
    if list(&pod["securityContext"]["sysctls"]).next().is_some() {
        found.push("sysctls".to_owned());
    }
    let containers = list(&pod["initContainers"])
        .chain(list(&pod["containers"]))
        .chain(list(&pod["ephemeralContainers"]));
    for container in containers {
        found.extend(violations_of(container, &pod["securityContext"]));
    }
    found
}

fn violations_of(container: &Value, pod: &Value) -> Vec<String> {
    let own = &container["securityContext"];
    let either = |key: &str| {
        if own[key].is_null() {
            &pod[key]
        } else {
            &own[key]
        }
    };
    let seccomp = either("seccompProfile")["type"].as_str();
    let drops_all = list(&own["capabilities"]["drop"]).any(|capability| capability == "ALL");
    let rules = [
        ("privileged", own["privileged"] != true),
        (
            "allowPrivilegeEscalation",
            own["allowPrivilegeEscalation"] == false,
        ),
        ("runAsNonRoot", *either("runAsNonRoot") == true),
        ("runAsUser 0", *either("runAsUser") != 0),
        (
            "seccompProfile",
            matches!(seccomp, Some("RuntimeDefault" | "Localhost")),
        ),
        ("capabilities.drop ALL", drops_all),
        (
            "capabilities.add",
            list(&own["capabilities"]["add"]).all(|capability| capability == "NET_BIND_SERVICE"),
        ),
        (
            "procMount",
            own["procMount"].is_null() || own["procMount"] == "Default",
        ),
        (
            "seLinuxOptions",
            own["seLinuxOptions"].is_null() && pod["seLinuxOptions"].is_null(),
        ),
        (
            "appArmorProfile",
            either("appArmorProfile")["type"] != "Unconfined",
        ),
        (
            "hostProcess",
            either("windowsOptions")["hostProcess"] != true,
        ),
        (
            "hostPort",
            list(&container["ports"]).all(|port| port["hostPort"].is_null()),
        ),
        (
            "host of a probe or hook",
            !container.to_string().contains("\"host\":"),
        ),
    ];
    let name = text(&container["name"]);
    rules
        .into_iter()
        .filter(|(_, kept)| !kept)
        .map(|(rule, _)| format!("{name}: {rule}"))
        .collect()
}
