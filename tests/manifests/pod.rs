//! Owns the kubelet's part: reads a pod out of the rendered objects and plays it, from the first init container to the last
//! signal, in the kubelet's order. Judges nothing.

mod image;
mod order;
mod volumes;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use acceptance::pod::wait_for;
use nix::sys::signal::Signal;
use serde_json::Value;

use crate::container::{Container, within};
use crate::render::{Objects, list, text};
use crate::sandbox::Sandbox;

/// The kubelet waits as long as the grace period says; a test does not.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a test gives beside the manifests: files of Secrets and ConfigMaps that are named there, by object and key.
pub(crate) type Given = BTreeMap<(String, String), String>;

/// A pod of the rendered workload.
pub(crate) struct Pod {
    pub(crate) spec: Value,
    objects: Objects,
    pub(crate) given: Given,
    identity: BTreeMap<&'static str, String>,
    pub(crate) sandbox: Sandbox,
    /// Name and words of each container that has ended, in that order.
    pub(crate) ended: Vec<Ended>,
    pub(crate) sidecars: Vec<Container>,
    pub(crate) main: Option<Container>,
    _sockets: Vec<UnixListener>,
}

/// The end of a container or hook.
pub(crate) struct Ended {
    pub(crate) name: String,
    pub(crate) code: i32,
    pub(crate) words: String,
}

impl Pod {
    /// A pod that has its volumes and nothing else. A Simulator for it has to be started after this: it shares the network.
    pub(crate) fn new(objects: &Objects, name: &str) -> Self {
        let namespace = objects.workload()["metadata"]["namespace"]
            .as_str()
            .unwrap_or("default")
            .to_owned();
        let identity = BTreeMap::from([
            ("metadata.name", name.to_owned()),
            ("metadata.namespace", namespace),
            (
                "metadata.uid",
                format!("0f5e3f5a-7b7e-4f53-9f36-{:012}", name.len()),
            ),
        ]);
        Self {
            spec: objects.pod().clone(),
            objects: objects.clone(),
            given: Given::new(),
            identity,
            sandbox: Sandbox::new(),
            ended: Vec::new(),
            sidecars: Vec::new(),
            main: None,
            _sockets: Vec::new(),
        }
    }

    /// The operator's own values, known only now.
    pub(crate) fn fill_in(&mut self, values: &[(&str, &str)]) {
        self.objects = self.objects.filled_in(values);
        self.spec = self.objects.pod().clone();
    }

    /// Init containers one after the other, sidecars among them started in their turn, then the main container.
    pub(crate) fn start(&mut self) {
        self.prepare_volumes();
        let code = self.run_init_containers();
        assert_eq!(code, 0, "{}", self.words());
        self.start_main();
    }

    /// Up to the first one that fails; its exit code, or 0.
    pub(crate) fn run_init_containers(&mut self) -> i32 {
        for container in list(&self.spec["initContainers"].clone()) {
            let started = self.sandbox.start(self.order(container));
            if container["restartPolicy"] == "Always" {
                // PID 1 of a container hears no signal before it listens; a real pod lives longer than ours.
                wait_for("a sidecar's first words", || {
                    started.log().contains('\n').then_some(())
                });
                self.sidecars.push(started);
                continue;
            }
            let code = started.ended_within(PATIENCE);
            self.end(&started, code);
            if code != Some(0) {
                return code.unwrap_or(-1);
            }
        }
        0
    }

    pub(crate) fn start_main(&mut self) {
        let containers: Vec<Value> = list(&self.spec["containers"]).cloned().collect();
        assert_eq!(containers.len(), 1, "one main container");
        self.main = Some(self.sandbox.start(self.order(&containers[0])));
    }

    /// `kubectl delete pod`: hook, stop signal, wait, then the sidecars. `meanwhile` runs while the pod ends: beside the hook, or
    /// after the stop signal where there is none.
    pub(crate) fn delete(&mut self, meanwhile: impl FnOnce(&Self)) {
        let grace = self.spec["terminationGracePeriodSeconds"].as_u64();
        let deadline = Instant::now() + Duration::from_secs(grace.unwrap_or(30));
        let left = || {
            deadline
                .saturating_duration_since(Instant::now())
                .min(PATIENCE)
        };
        let hook = strings(&self.spec["containers"][0]["lifecycle"]["preStop"]["exec"]["command"]);
        let main = self.main.as_ref().expect("started");
        let mut meanwhile = Some(meanwhile);
        if !hook.is_empty() {
            let own_output = self.sandbox.path("hook.own");
            let hook = main.exec(&hook, &own_output);
            meanwhile
                .take()
                .into_iter()
                .for_each(|meanwhile| meanwhile(self));
            // The hook may have ended PID 1, which ends the hook: code -1, and the container's log tells.
            let code = within(left(), hook)
                .unwrap_or_else(|| panic!("the hook goes on:\n{}", self.words()));
            let words = fs::read_to_string(own_output).unwrap_or_default();
            self.ended.push(Ended {
                name: "hook".to_owned(),
                code,
                words,
            });
        }
        let main = self.main.as_ref().expect("started");
        let code = main.ended_within(Duration::ZERO).or_else(|| {
            // STOPSIGNAL of the runner's images.
            main.signal(Signal::SIGQUIT);
            meanwhile
                .take()
                .into_iter()
                .for_each(|meanwhile| meanwhile(self));
            main.ended_within(left())
        });
        let main = self.main.take().expect("started");
        self.end(&main, code);
        // Sidecars in the reverse order, when all others have ended; at least two seconds are left for them.
        for sidecar in std::mem::take(&mut self.sidecars).into_iter().rev() {
            sidecar.signal(Signal::SIGTERM);
            let code = sidecar.ended_within(left().max(Duration::from_secs(2)));
            self.end(&sidecar, code);
        }
    }

    /// Without a code the grace period is over.
    fn end(&mut self, container: &Container, code: Option<i32>) {
        let code = code.unwrap_or_else(|| {
            container.signal(Signal::SIGKILL);
            -1
        });
        self.ended.push(Ended {
            name: container.name.clone(),
            code,
            words: container.log(),
        });
    }

    /// Everything that any container or hook has written, for searching.
    pub(crate) fn words(&self) -> String {
        let running = self
            .sidecars
            .iter()
            .chain(&self.main)
            .map(|container| (&container.name, container.log()));
        let ended = self
            .ended
            .iter()
            .map(|ended| (&ended.name, ended.words.clone()));
        ended
            .chain(running)
            .map(|(name, words)| format!("-- {name}\n{words}\n"))
            .collect()
    }

    /// The volume of config.toml, and where the runner container has it: in our manifests, or in GitLab's chart.
    pub(crate) fn config(&self) -> (&'static str, &'static str) {
        let ours = ("config", "/etc/gitlab-runner");
        let chart = ("etc-gitlab-runner", "/home/gitlab-runner/.gitlab-runner");
        let has = |name: &str| list(&self.spec["volumes"]).any(|volume| volume["name"] == name);
        if has(chart.0) { chart } else { ours }
    }

    pub(crate) fn config_volume(&self) -> PathBuf {
        self.volume(self.config().0)
    }

    pub(crate) fn volume(&self, name: &str) -> PathBuf {
        self.sandbox.seen(&format!("volumes/{name}"))
    }
}

fn strings(value: &Value) -> Vec<String> {
    list(value).map(|word| text(word).to_owned()).collect()
}
