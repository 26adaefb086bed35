//! Owns the rendered objects: what `kubectl kustomize` makes of an overlay, and the questions about them. Plays nothing.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// The overlays that are shipped.
pub(crate) const OVERLAYS: [&str; 4] = ["article", "default", "openshift", "sidecar"];

/// Overlays of each component, as a person would write them; the README gives the order.
pub(crate) const COMBINATIONS: [&[&str]; 7] = [
    &[
        "access-token",
        "kubernetes-executor",
        "image-builds",
        "sidecar",
        "sweep",
        "private-ca",
        "proxy",
        "metrics",
        "pod-disruption-budget",
        "network-policy",
    ],
    &["access-token", "kubernetes-executor", "pre-stop", "proxy"],
    &[
        "registration-token",
        "docker-socket",
        "pre-stop",
        "private-ca",
        "metrics",
    ],
    &[
        "authentication-token",
        "kubernetes-executor",
        "pre-stop",
        "metrics",
        "statefulset",
    ],
    &[
        "authentication-token",
        "kubernetes-executor",
        "sidecar",
        "statefulset",
    ],
    &[
        "authentication-token",
        "kubernetes-executor",
        "pre-stop",
        "image-volume",
    ],
    &[
        "access-token",
        "kubernetes-executor",
        "sidecar",
        "metrics",
        "openshift",
    ],
];

/// The variables of a proxy, for a helper and for the runner manager alike.
pub(crate) const PROXIES: [&str; 3] = ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"];

/// The last line of an overlay whose jobs run in a namespace of their own.
pub(crate) const JOB_NAMESPACE: &str =
    "transformers: [../manifests/copies, ../manifests/job-namespace]\n";

const NO_KUBECTL: &str = "kubectl is not here: any version from 1.27 will do, see https://kubernetes.io/docs/tasks/tools/ (no cluster is asked)";

/// All objects of one kustomization.
#[derive(Clone, Debug)]
pub(crate) struct Objects {
    pub(crate) name: String,
    text: String,
    pub(crate) all: Vec<Value>,
}

impl Objects {
    pub(crate) fn overlay(name: &str) -> Self {
        Self::render(&manifests().join("overlays").join(name), name)
    }

    /// An overlay of these components, with a grace period of its own where one is given.
    pub(crate) fn combined(components: &[&str], grace_period: Option<u64>) -> Self {
        let patch = grace_period.map_or(String::new(), |seconds| {
            let operation = format!("op: replace, path: /spec/template/spec/terminationGracePeriodSeconds, value: {seconds}");
            format!("patches:\n  - target: {{group: apps, name: gitlab-runner}}\n    patch: |\n      - {{{operation}}}\n")
        });
        Self::of(
            components,
            &format!("{patch}transformers: [../manifests/copies]\n"),
        )
    }

    /// The same with other last lines.
    pub(crate) fn of(components: &[&str], last_lines: &str) -> Self {
        let components: String = components
            .iter()
            .chain(&["images"])
            .map(|name| format!("  - ../manifests/components/{name}\n"))
            .collect();
        Self::written(&format!(
            "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nnamespace: gitlab-runner\n\
             resources: [../manifests/base]\ncomponents:\n{components}{last_lines}"
        ))
    }

    /// An overlay that a person wrote beside `manifests`.
    pub(crate) fn written(kustomization: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        // kustomize takes relative paths only.
        let path = directory.path().canonicalize().unwrap();
        let up = "../".repeat(path.components().count() - 1);
        let manifests = format!("{up}{}", manifests().strip_prefix("/").unwrap().display());
        #[expect(
            clippy::disallowed_methods,
            reason = "an operator's file, not a helper's"
        )]
        std::fs::write(
            path.join("kustomization.yaml"),
            kustomization.replace("../manifests", &manifests),
        )
        .unwrap();
        Self::render(&path, "an overlay")
    }

    /// A kustomization in this directory.
    pub(crate) fn render(directory: &Path, name: &str) -> Self {
        let output = Command::new("kubectl")
            .arg("kustomize")
            .arg(directory)
            .output();
        let output = output.unwrap_or_else(|error| panic!("{NO_KUBECTL}: {error}"));
        assert!(
            output.status.success(),
            "{name} is not rendered (kubectl 1.27 or newer?): {}",
            String::from_utf8_lossy(&output.stderr)
        );
        Self::parse(name, &String::from_utf8(output.stdout).unwrap())
    }

    pub(crate) fn parse(name: &str, text: &str) -> Self {
        let all = serde_saphyr::from_multiple(text)
            .unwrap_or_else(|error| panic!("{name}: {error}\n{text}"));
        Self {
            name: name.to_owned(),
            text: text.to_owned(),
            all,
        }
    }

    /// The same with the operator's own values in place of ours. Each must be there to be replaced.
    pub(crate) fn filled_in(&self, values: &[(&str, &str)]) -> Self {
        let text = values
            .iter()
            .fold(self.text.clone(), |text, (ours, theirs)| {
                assert!(text.contains(ours), "{}: {ours} is not in it", self.name);
                text.replace(ours, theirs)
            });
        Self::parse(&self.name, &text)
    }

    /// The one Deployment or StatefulSet.
    pub(crate) fn workload(&self) -> &Value {
        let mut found = self
            .all
            .iter()
            .filter(|object| object["kind"] == "Deployment" || object["kind"] == "StatefulSet");
        let workload = found
            .next()
            .unwrap_or_else(|| panic!("{}: no workload", self.name));
        assert!(
            found.next().is_none(),
            "{}: more than one workload",
            self.name
        );
        workload
    }

    /// The pod of the one CronJob.
    pub(crate) fn cron_job_pod(&self) -> &Value {
        let mut found = self.all.iter().filter(|object| object["kind"] == "CronJob");
        let one = found
            .next()
            .unwrap_or_else(|| panic!("{}: no CronJob", self.name));
        assert!(found.next().is_none(), "{}: a second CronJob", self.name);
        &one["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    }

    pub(crate) fn pod(&self) -> &Value {
        &self.workload()["spec"]["template"]["spec"]
    }

    /// All containers of the pod, init containers first.
    pub(crate) fn containers(&self) -> impl Iterator<Item = &Value> {
        list(&self.pod()["initContainers"]).chain(list(&self.pod()["containers"]))
    }

    /// The variables of a container as they are written, a text or where it comes from: `envFrom`, then `env`; the later wins.
    pub(crate) fn environment<'a>(&'a self, container: &'a Value) -> BTreeMap<&'a str, &'a Value> {
        let mut environment = BTreeMap::new();
        for source in list(&container["envFrom"]) {
            let name = source["configMapRef"]["name"]
                .as_str()
                .unwrap_or_else(|| panic!("envFrom of another kind: {source}"));
            let data = self
                .config_map(name)
                .unwrap_or_else(|| panic!("ConfigMap {name} is not among the objects"));
            let pairs = data.as_object().into_iter().flatten();
            environment.extend(pairs.map(|(name, value)| (name.as_str(), value)));
        }
        for variable in list(&container["env"]) {
            let value = variable.get("valueFrom").unwrap_or(&variable["value"]);
            environment.insert(text(&variable["name"]), value);
        }
        environment
    }

    /// The data of a ConfigMap that is among the objects.
    pub(crate) fn config_map(&self, name: &str) -> Option<&Value> {
        let namespace = &self.workload()["metadata"]["namespace"];
        let here = |object: &&Value| {
            object["kind"] == "ConfigMap"
                && object["metadata"]["name"] == name
                && object["metadata"]["namespace"] == *namespace
        };
        self.all.iter().find(here).map(|object| &object["data"])
    }
}

/// Every overlay, and an overlay of each component.
pub(crate) fn all() -> Vec<Objects> {
    let overlays = OVERLAYS.iter().map(|name| Objects::overlay(name));
    overlays
        .chain(
            COMBINATIONS
                .iter()
                .map(|components| Objects::combined(components, None)),
        )
        .collect()
}

/// Where the manifests are.
pub(crate) fn manifests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../manifests")
        .canonicalize()
        .unwrap()
}

/// The elements of a list that may be missing.
pub(crate) fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// A text that has to be there.
pub(crate) fn text(value: &Value) -> &str {
    value
        .as_str()
        .unwrap_or_else(|| panic!("not a text: {value}"))
}
