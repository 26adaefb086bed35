//! Owns the first step: everything that can be known without GitLab is checked before anything is asked or written.

use std::path::Path;

use runner_config::config_toml::ConfigToml;
use runner_config::globals::Globals;
use runner_config::template::Template;
use runner_config::{load_check, shown};
use runner_lifecycle::exit::Failure;
use runner_lifecycle::files::Files;
use runner_lifecycle::gitlab::{
    Attributes, Client, Creation, Endpoint, Proxies, RunnerInfo, RunnerType, TlsFiles,
};
use runner_lifecycle::mark::{Mark, Named};
use runner_lifecycle::named_file;
use runner_lifecycle::pod::Pod;
use runner_lifecycle::session::Intent;
use runner_lifecycle::state::{Sent, State};

use super::sent;
use crate::args::{self, Environment, Options};
use crate::entry::{self, EntryWish};
use crate::other_pod;

/// A run that can no longer fail for a reason of the manifest alone, the volume aside.
pub(super) struct Plan<'a> {
    pub(super) options: &'a Options,
    pub(super) wish: EntryWish,
    pub(super) endpoint: Endpoint,
    pub(super) client: Client,
    pub(super) tls: TlsFiles,
    pub(super) proxies: Proxies,
    pub(super) info: RunnerInfo,
    pub(super) attributes: Attributes,
    /// What of the attributes the state file remembers.
    pub(super) sent: Sent,
    /// The file of `--config` within the volume.
    pub(super) config_name: String,
    /// The text of `--config-base`.
    pub(super) base: Option<String>,
    /// The pod that this run is of.
    pub(super) pod: Pod,
    system_id_seed: Option<String>,
    environment: &'a Environment,
}

impl<'a> Plan<'a> {
    pub(super) fn check(
        options: &'a Options,
        environment: &'a Environment,
    ) -> anyhow::Result<Self> {
        let template = options
            .template
            .as_deref()
            .map(|path| read_template(path, environment))
            .transpose()?;
        for warning in template.iter().flat_map(|template| template.warnings()) {
            log::warn!("{warning}");
        }
        let wish = entry::wish(options, template.as_ref())?;
        for warning in &wish.warnings {
            log::warn!("{warning}");
        }
        let endpoint = wish.endpoint()?;
        let tls = TlsFiles {
            ca_file: wish.tls_ca_file.clone(),
            cert_file: wish.tls_cert_file.clone(),
            key_file: wish.tls_key_file.clone(),
            ..TlsFiles::default()
        };
        let tls = tls.with_directories(&options.config, &environment.default_directory());
        let proxies = Proxies::from_variables(|name| environment.get(name).map(ToOwned::to_owned));
        let client = Client::new(&endpoint, &tls, &proxies)?;
        let attributes = attributes(options, &wish.name);
        let base = options.config_base.as_deref();
        let base = base
            .map(|path| read_base(path, &options.globals))
            .transpose()?;
        Ok(Self {
            options,
            endpoint,
            client,
            tls,
            proxies,
            info: RunnerInfo {
                executor: Some(wish.executor.clone()),
                shell: Some(wish.shell.clone()).filter(|shell| !shell.is_empty()),
                gpus: wish.gpus.clone(),
            },
            sent: sent::of(&attributes, options.server_side.tells_note()),
            attributes,
            base,
            config_name: Files::of(&options.config)?.name().to_owned(),
            pod: options.pod.clone(),
            system_id_seed: system_id_seed(options),
            wish,
            environment,
        })
    }

    /// What this process was started with.
    pub(super) fn environment(&self) -> &Environment {
        self.environment
    }

    /// The files of the volume.
    pub(super) fn files(&self) -> Result<Files, Failure> {
        let files = Files::of(&self.options.config)?;
        Ok(match self.options.file_mode {
            Some(mode) => files.shared_by(mode),
            None => files,
        })
    }

    /// A registration takes the volume of another pod over; a person is more likely to be in the wrong pod.
    pub(super) fn refuse_other_pod(&self) -> anyhow::Result<()> {
        if self.options.anew && !self.options.other_pod {
            let state = self.files()?.state()?;
            other_pod::refuse(state.as_ref(), &self.pod, self.environment)?;
        }
        Ok(())
    }

    /// On the volume of another pod a re-registration works for that pod: the volume stays its own, or its hook would leave the
    /// runner behind, and its name is in the mark of the new runner.
    pub(super) fn works_for(&mut self, state: &State) {
        let Some(theirs) = state.other_pod(&self.pod, self.environment) else {
            return;
        };
        self.pod = theirs.clone();
        let given = &self.options.server_side;
        if !given.tells_note() {
            let mark = mark(theirs, theirs.hostname.clone(), self.options);
            self.attributes.maintenance_note = mark.unwrap_or_default();
            self.sent = sent::of(&self.attributes, false);
        }
    }

    /// Whether this process runs in a pod, so that a host name is a pod's.
    pub(super) fn is_in_kubernetes(&self) -> bool {
        self.options.host_of_pod.is_some()
    }

    /// What the volume is opened for.
    pub(super) fn intent(&self) -> Intent {
        match self.options.anew {
            true => Intent::WriteByHand,
            false => Intent::Write,
        }
    }

    pub(super) fn pod(&self) -> &Pod {
        &self.pod
    }

    /// What the system ID is derived from, where a pod can be told from all others.
    pub(super) fn system_id_seed(&self) -> Option<&str> {
        self.system_id_seed.as_deref()
    }

    /// Looks up a variable, as gitlab-runner does for `$NAME` in `url` and `token`.
    pub(super) fn variable(&self, name: &str) -> Option<String> {
        self.environment.get(name).map(ToOwned::to_owned)
    }

    pub(super) fn creation(&self, runner_type: RunnerType) -> Creation {
        Creation {
            runner_type,
            attributes: self.attributes.clone(),
        }
    }
}

fn read_template(path: &Path, environment: &Environment) -> Result<Template, Failure> {
    let name = shown::path(path);
    // The system's words or `read_text`'s own: neither quotes the file.
    let text = named_file::read_text(path)
        .map_err(|error| Failure::unusable(format!("template {name}: reading it: {error}")))?;
    let variable = |name: &str| environment.get(name).map(ToOwned::to_owned);
    Template::parse(&text, &name, &variable).map_err(Failure::unusable)
}

fn read_base(path: &Path, globals: &Globals) -> Result<String, Failure> {
    let name = format!("--config-base {}", shown::path(path));
    // The system's words or `read_text`'s own: neither quotes the file.
    let text = named_file::read_text(path)
        .map_err(|error| Failure::unusable(format!("{name}: {error}")))?;
    ConfigToml::parse(&text).map_err(|error| Failure::unusable(format!("{name}: {error}")))?;
    for warning in load_check::check(&text, &name, globals).map_err(Failure::unusable)? {
        log::warn!("{warning}");
    }
    Ok(text)
}

/// As gitlab-runner's `register` sends them: locked unless told otherwise, untagged jobs where no tag is given.
fn attributes(options: &Options, name: &str) -> Attributes {
    let given = &options.server_side;
    let text = |text: &Option<args::Given<String>>| {
        let text = text.as_ref().map(|given| given.value.trim().to_owned());
        text.filter(|text| !text.is_empty())
    };
    let note = text(&given.maintenance_note);
    Attributes {
        description: name.to_owned(),
        maintenance_note: note
            .or_else(|| mark(&options.pod, options.host_of_pod.clone(), options))
            .unwrap_or_default(),
        tag_list: text(&given.tag_list).unwrap_or_default(),
        run_untagged: given.runs_untagged(),
        locked: given.is_locked(),
        access_level: given.access_level.as_ref().map(|level| level.value),
        maximum_timeout: given
            .maximum_timeout
            .as_ref()
            .map_or(0, |timeout| timeout.value),
        paused: given.paused.as_ref().is_some_and(|paused| paused.value),
    }
}

/// The mark in the maintenance note of a runner that is made: which pod it was made for, if that is known. A host name is
/// not said to be the pod's: with host networking it is the node's.
fn mark(pod: &Pod, host: Option<String>, options: &Options) -> Option<String> {
    let name = match &pod.name {
        Some(name) => (Named::Pod, name.clone()),
        None => (Named::Host, host?),
    };
    let mark = Mark {
        name,
        namespace: pod.namespace.clone(),
        uid: pod.uid.clone(),
        fleet: options.fleet.clone(),
    };
    Some(mark.to_string())
}

/// Namespace and pod name, or what the operator gave; never the machine's ID, which all pods of a node share.
fn system_id_seed(options: &Options) -> Option<String> {
    let pod = &options.pod;
    options.system_id_seed.clone().or_else(|| {
        let name = pod.name.as_deref()?;
        Some(format!(
            "{}/{name}",
            pod.namespace.as_deref().unwrap_or_default()
        ))
    })
}

#[cfg(test)]
mod tests {
    use runner_lifecycle::exit::Exit;

    use super::*;

    #[test]
    fn template_that_is_missing_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("none.toml");
        let failure = read_template(&path, &Environment::default()).unwrap_err();
        assert_eq!(failure.exit, Exit::Unusable);
        assert!(
            failure.message.contains("none.toml: reading it: "),
            "{failure:?}"
        );
    }
}
