//! Owns the volume's side of the story: what was there, and the one publication of `config.toml`.

use std::fmt;

use anyhow::Context as _;
use runner_lifecycle::config_toml::ConfigToml;
use runner_lifecycle::original;
use runner_lifecycle::pod::Pod;
use runner_lifecycle::state::{self, State};
use runner_lifecycle::system_id::SystemId;
use runner_lifecycle::volume::{self, PRIVATE, Publication, Volume, names};

use super::edit;
use super::existing::{self, Asked, Origin, Ours};
use super::plan::Plan;
use super::port;
use super::runner::Runner;
use crate::args::Credential;
use crate::config_check;

mod memory;

use memory::leaving;

/// What became of `config.toml`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Changed {
    /// It was written.
    Written,
    /// It holds everything already.
    Nothing,
}

impl fmt::Display for Changed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Written => "wrote",
            Self::Nothing => "nothing to change in",
        })
    }
}

/// The files of the volume while the story works on them.
pub(super) struct Files<'a> {
    volume: &'a Volume,
    config_name: String,
    /// The text that is there.
    before: Option<String>,
    config: ConfigToml,
    state: State,
    /// The text of the state file that is there.
    state_before: Option<String>,
    /// What this run made at GitLab and must undo if it fails.
    made: Option<Runner>,
    /// The runner that this run takes the entry from and that stays at GitLab, by URL and id.
    stranded: Option<(String, i64)>,
    mode: Option<u32>,
}

impl<'a> Files<'a> {
    /// Reads what is there.
    pub(super) fn open(volume: &'a Volume, plan: &Plan<'_>) -> anyhow::Result<Self> {
        let path = &plan.options.config;
        let config_name = plan.config_name.clone();
        let mut before = volume.read_text(&config_name)?;
        if before.as_deref().is_some_and(original::is_paused) {
            // Only a dry run gets here: every other one has put the original back first.
            before = volume
                .read_text(&names::original_of(&config_name))?
                .or(before);
        }
        // The entries of a base are there as those of a file are: ours may be among them.
        let text = before.as_deref().or(plan.base.as_deref());
        let config = ConfigToml::parse(text.unwrap_or_default())
            .with_context(|| format!("{}: fix the file or remove it", path.display()))?;
        if let Some(text) = &before {
            let shown = path.display().to_string();
            for warning in config_check::check(text, &shown, &plan.options.globals)? {
                log::warn!("{warning}");
            }
        }
        let state_before = volume.read_text(names::STATE)?;
        let state = State::parse(state_before.as_deref().unwrap_or_default())
            .with_context(|| volume.directory().display().to_string())?;
        let mode = plan.options.file_mode;
        Ok(Self {
            volume,
            config_name,
            before,
            config,
            state,
            state_before,
            made: None,
            stranded: None,
            mode,
        })
    }

    /// A valid system ID is kept; else it is derived from the pod, or random, with the mark of the fleet. It is on the disk before GitLab hears it.
    pub(super) fn settle_system_id(&mut self, plan: &Plan<'_>) -> anyhow::Result<SystemId> {
        let there = self.volume.read(names::SYSTEM_ID)?;
        let text = there.as_deref().map(String::from_utf8_lossy);
        if let Some(id) = text.as_deref().and_then(SystemId::parse) {
            if self.has_other_mode(names::SYSTEM_ID)? {
                self.publish_system_id(&id)?;
            }
            return Ok(id);
        }
        if there.is_some_and(|bytes| !bytes.is_empty()) {
            log::warn!(
                "{} contained no valid system ID and was replaced",
                names::SYSTEM_ID
            );
        }
        let id = match plan.system_id_seed() {
            Some(seed) => SystemId::derive(seed),
            None => SystemId::random().context("getting random bytes for a system ID")?,
        };
        let id = match &plan.options.fleet {
            Some(fleet) => id.of_fleet(fleet),
            None => id,
        };
        self.publish_system_id(&id)?;
        Ok(id)
    }

    fn publish_system_id(&self, id: &SystemId) -> Result<(), volume::Error> {
        let how = Publication::with_mode(self.mode.unwrap_or(PRIVATE));
        self.volume
            .publish_until_sync(names::SYSTEM_ID, id.as_str().as_bytes(), how)
    }

    /// The volume is this pod's from now on; on the disk with the next word of the state.
    pub(super) fn claim_for(&mut self, pod: &Pod) {
        if let Some(before) = &self.state.pod
            && before.is_same(pod) == Some(false)
        {
            log::info!(
                "volume taken over from pod {} by {}",
                before.describe(),
                pod.describe()
            );
        }
        self.state.pod = Some(pod.clone());
    }

    /// The text of `config.toml` that is there.
    pub(super) fn text(&self) -> Option<&str> {
        self.before.as_deref()
    }

    pub(super) fn state(&self) -> &State {
        &self.state
    }

    /// The entry that this run goes on with.
    pub(super) fn ours(&self, plan: &Plan<'_>) -> Option<Ours> {
        let token = match &plan.options.credential {
            Credential::AuthenticationToken(token) => Some(token),
            _ => None,
        };
        let asked = Asked {
            endpoint: &plan.endpoint,
            name: &plan.wish.name,
            token,
        };
        let variable = |name: &str| plan.variable(name);
        existing::ours(&self.config.entries(&variable), &self.state, &asked)
    }

    /// Where the runner of this URL and id came from, if the state file knows.
    pub(super) fn origin_of(&self, url: &str, id: i64) -> Option<Origin> {
        Origin::of(&self.state, url, id)
    }

    /// Whether `config.toml` holds this runner already: the run that got it died after publishing.
    pub(super) fn holds(&self, runner: &Runner, plan: &Plan<'_>) -> bool {
        let variable = |name: &str| plan.variable(name);
        self.config
            .entries(&variable)
            .iter()
            .any(|entry| entry.id == Some(runner.id) && state::same_url(&entry.url, &runner.url))
    }

    /// Publishes `config.toml`, if it changes. Whose the runner is stands on the disk before: a run killed in between must
    /// leave no entry that is decided by a guess. What the entry held before is forgotten after.
    pub(super) fn publish(&mut self, plan: &Plan<'_>, runner: &Runner) -> anyhow::Result<Changed> {
        let mut config = edit::start(self.before.as_deref(), plan)?;
        edit::apply(&mut config, plan, runner, port::free);
        let text = config.to_string();
        let mut changed = Changed::Nothing;
        if let Some(old) = &runner.replaces {
            // On the disk before its entry is gone, so that a kill in between loses nobody.
            self.state.leaving.push(leaving(old));
        }
        if self.state.pending.is_none() {
            // Else what is pending says it.
            self.know(runner);
        }
        self.save_until_sync()?;
        if self.before.as_deref() != Some(text.as_str())
            || self.has_other_mode(&self.config_name)?
        {
            self.volume.publish_until_sync(
                &self.config_name,
                text.as_bytes(),
                self.manner(plan),
            )?;
            changed = Changed::Written;
        }
        self.made = None;
        self.forget_holder_before(runner, plan);
        self.config = config;
        self.state.leaving.retain(|leaving| {
            leaving.id != runner.id || !state::same_url(&leaving.url, &runner.url)
        });
        self.remember(runner).with_context(|| {
            let (id, url) = (runner.id, &runner.url);
            format!(
                "runner {id} of {url} is in config.toml, but the state file could not be updated"
            )
        })?;
        Ok(changed)
    }

    /// How `config.toml` is published: as asked, else as it is, but a first token makes it private.
    fn manner(&self, plan: &Plan<'_>) -> Publication {
        let variable = |name: &str| plan.variable(name);
        let had_token = self
            .config
            .entries(&variable)
            .iter()
            .any(|entry| entry.token.is_some());
        match self.mode {
            Some(mode) => Publication::with_mode(mode),
            None if had_token => Publication::keeping(),
            None => Publication::keeping_private(),
        }
    }

    /// Whether `--file-mode` asks for another mode than a file has.
    fn has_other_mode(&self, name: &str) -> Result<bool, volume::Error> {
        use std::os::unix::fs::PermissionsExt as _;
        let there = self.volume.metadata(name)?;
        Ok(self
            .mode
            .zip(there)
            .is_some_and(|(mode, there)| there.permissions().mode() & 0o7777 != mode))
    }
}
