//! Owns the volume's side of the story: what was there, and the one publication of `config.toml`.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use runner_config::config_toml::{ConfigToml, RunnerEntry};
use runner_config::load_check;
use runner_lifecycle::exit::Failure;
use runner_lifecycle::pod::Pod;
use runner_lifecycle::runner::Runner;
use runner_lifecycle::session::Session;
use runner_lifecycle::state::State;
use runner_lifecycle::system_id::SystemId;
use runner_lifecycle::volume::{self, PRIVATE, Publication, Volume, names};

use super::edit::{self, Edited, Last};
use super::existing::{self, Ours};
use super::plan::Plan;
use super::port;
use super::registration::Registration;

mod memory;
mod whose;
use memory::{asked, of_entry};

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
pub(super) struct Contents<'a> {
    volume: &'a Volume,
    /// The file that is worked on: during a pause by hand the original.
    config_name: String,
    /// The text that is there.
    before: Option<String>,
    config: ConfigToml,
    state: State,
    /// The text of the state file that is there.
    state_before: Option<String>,
    /// What this run made at GitLab and must undo if it fails.
    made: Option<Runner>,
    /// The runner that this run takes the entry from and that stays at GitLab.
    stranded: Option<Runner>,
    /// The pod that had the volume before this run claimed it.
    pod_before: Option<Pod>,
    /// Whether that was another one.
    was_another_pods: bool,
    mode: Option<u32>,
    /// Where a runner manager that was started on the file shows its metrics.
    pub(super) listen_address: Option<String>,
}

impl<'a> Contents<'a> {
    /// What of it an open session has read.
    pub(super) fn of(session: &'a Session, plan: &Plan<'_>) -> anyhow::Result<Self> {
        let Session { files, config, .. } = session;
        let before = (!config.is_missing()).then(|| config.text.clone());
        let config_name = files.name_of(config);
        let config = match (&before, &plan.base) {
            // The entries of a base are there as those of a file are: ours may be among them.
            (None, Some(base)) => ConfigToml::parse(base)?,
            _ => config.toml.clone(),
        };
        let state_before = files.volume().read_text(names::STATE)?;
        let mut state = session.state_or_new()?;
        for entry in &mut state.entries {
            // Version 1 knew only whose the volume was.
            entry.pod = entry.pod.take().or_else(|| state.pod.clone());
        }
        let there = state.under_own_urls(config.entries(&|name| plan.variable(name)));
        state.see_tokens(&there);
        let places = state.places(&there);
        if let Some(text) = &before {
            let check = |text: &str| {
                load_check::check(
                    text,
                    &files.path().display().to_string(),
                    &plan.options.globals,
                )
            };
            let warnings = check(text).or_else(|failure| {
                // What an earlier run was asked for and wrote follows what this one is asked for.
                let others = edit::without_ours(&config, &state, &places).to_string();
                check(&others).map_err(|_| failure)
            });
            for warning in warnings.map_err(Failure::unusable)? {
                log::warn!("{warning}");
            }
        }
        let mut place = 0..;
        // A run that was killed when it had given such an entry another runner.
        let mut keeps = || {
            place
                .next()
                .is_some_and(|place| places.contains(&Some(place)))
        };
        state.entries.retain(|known| keeps() || !known.refused);
        if state.received().is_none() {
            // The run that was to replace it came to nothing.
            state.stay_where_they_stand(&there);
        }
        if files.paused_by_hand(Some(&state))?.is_none() {
            // One that was never begun, or is over.
            state.pause = None;
        }
        let mode = plan.options.file_mode;
        Ok(Self {
            volume: files.volume(),
            config_name,
            before,
            listen_address: config.listen_address().map(str::to_owned),
            config,
            state_before,
            made: None,
            stranded: None,
            pod_before: state.pod.clone(),
            was_another_pods: false,
            state,
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

    /// The volume is this pod's from now on; on the disk with the next write of the state.
    pub(super) fn claim_for(&mut self, plan: &Plan<'_>) {
        let pod = plan.pod();
        if let Some(before) = self.state.other_pod(pod, plan.environment()) {
            self.was_another_pods = true;
            log::info!(
                "volume taken over from pod {} by {}",
                before.describe(),
                pod.describe()
            );
        }
        self.state.pod = Some(pod.clone());
    }

    /// `config.toml` as it is there.
    pub(super) fn there(&self) -> Option<&ConfigToml> {
        self.before.as_ref().map(|_| &self.config)
    }

    /// The longest that the feeder of a runner manager takes from one of its entries to the next.
    pub(super) fn check_interval(&self) -> Duration {
        Duration::from_secs(u64::try_from(self.config.check_interval()).unwrap_or(3))
    }

    /// The path of the file that is worked on.
    pub(super) fn path(&self) -> PathBuf {
        self.volume.path(&self.config_name)
    }

    /// Whether `config.toml` stays paused.
    pub(super) fn is_paused(&self, plan: &Plan<'_>) -> bool {
        self.config_name != plan.config_name
    }

    pub(super) fn state(&self) -> &State {
        &self.state
    }

    /// Whether the volume was another pod's before this run.
    pub(super) fn is_another_pods(&self) -> bool {
        self.was_another_pods
    }

    /// The runner entries that are there.
    pub(super) fn entries(&self, plan: &Plan<'_>) -> Vec<RunnerEntry> {
        self.entries_of(&self.config, plan)
    }

    fn entries_of(&self, config: &ConfigToml, plan: &Plan<'_>) -> Vec<RunnerEntry> {
        let written = config.entries(&|name| plan.variable(name));
        self.state.under_own_urls(written)
    }

    /// The entry that this run goes on with.
    pub(super) fn ours(&self, plan: &Plan<'_>) -> Option<Ours> {
        existing::ours(&self.entries(plan), &self.state, &asked(plan))
    }

    /// A runner that lost its entry, to go on with where the entry's own is no good.
    pub(super) fn lost(&self, plan: &Plan<'_>) -> Option<Ours> {
        existing::lost(&self.entries(plan), &self.state, &asked(plan))
    }

    /// Publishes `config.toml`, if it changes. Whose the runner is stands on the disk before: a run killed in between must
    /// leave no entry that is decided by a guess. What the entry held before is forgotten after.
    pub(super) fn publish(
        &mut self,
        plan: &Plan<'_>,
        registration: &Registration,
    ) -> anyhow::Result<Changed> {
        let runner = &registration.runner;
        let last = self.last(registration, plan);
        let (config, outcome) = self.edited(plan, registration, &last, port::free)?;
        for line in &outcome.lines {
            log::warn!("{line}");
        }
        let text = config.to_string();
        let mut changed = Changed::Nothing;
        let there = self.entries_of(&config, plan);
        // What was written in a file that is no more does not count in the one that comes now, killed in between or not.
        self.forget_written(registration, &last);
        for leaving in &mut self.state.leaving {
            if leaving.token == runner.token {
                leaving.id = runner.id;
            }
        }
        let known = registration.known.as_ref();
        if self.state.pending.is_none() && known.is_none_or(|known| known.id != runner.id) {
            // Else what is pending says it, or it is known already.
            let entry = of_entry(registration, registration.name_in(&there), Some(plan.pod()));
            self.state.remember(entry);
        }
        self.save_until_sync()?;
        if self.before.as_deref() != Some(text.as_str())
            || self.has_other_mode(&self.config_name)?
        {
            let was_link = self.before.is_some() && self.volume.is_link(&self.config_name)?;
            self.volume.publish_until_sync(
                &self.config_name,
                text.as_bytes(),
                self.manner(plan),
            )?;
            if was_link {
                log::warn!(
                    "{} was a symbolic link and is a file of its own now: edit it here",
                    self.config_name
                );
            }
            changed = Changed::Written;
        }
        self.made = None;
        let before = std::mem::replace(&mut self.config, config);
        let before = self.entries_of(&before, plan);
        self.settle(registration, &before, plan, outcome).with_context(|| {
            let (id, url) = (runner.id, &runner.url);
            format!(
                "runner {id} at {url} is in config.toml, but the state file could not be updated"
            )
        })?;
        Ok(changed)
    }

    /// `config.toml` as it is to be.
    pub(super) fn edited(
        &self,
        plan: &Plan<'_>,
        registration: &Registration,
        last: &Last,
        port: impl FnOnce() -> u16,
    ) -> anyhow::Result<(ConfigToml, Edited)> {
        let mut config = edit::start(self.before.as_deref(), plan)?;
        let mut outcome = edit::apply(&mut config, plan, registration, last, port);
        let (text, path) = (
            config.to_string(),
            plan.options.config.display().to_string(),
        );
        if let Err(why) = load_check::check(&text, &path, &plan.options.globals) {
            let line =
                format!("{why}: gitlab-runner does not load the file until this is corrected");
            outcome.lines.push(line);
        }
        Ok((config, outcome))
    }

    /// How `config.toml` is published: as asked, else as it is, but a first token makes it private.
    fn manner(&self, plan: &Plan<'_>) -> Publication {
        let had_token = self.entries(plan).iter().any(|entry| entry.token.is_some());
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
