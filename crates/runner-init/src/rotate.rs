//! Owns the story of `rotate`: one runner entry gets another token from GitLab. Once GitLab has answered, the previous token is
//! invalid, so the new one is written to the disk before anything else happens, and the next run finishes what a killed one
//! began.

mod choice;
mod lost;
pub(crate) mod options;
mod reset;
mod said;
mod token_out;

use anyhow::Context as _;
use runner_config::config_toml::RunnerEntry;
use runner_lifecycle::deadline::Deadline;
use runner_lifecycle::exit::{Exit, Failure};
use runner_lifecycle::files::Files;
use runner_lifecycle::report::address;
use runner_lifecycle::rotation;
use runner_lifecycle::session::{Intent, Session};
use runner_lifecycle::signals::Signals;
use runner_lifecycle::source::Ownership;
use runner_lifecycle::state::{Rotation, State};
use runner_lifecycle::system_id::SystemId;
use runner_lifecycle::volume::names;

use crate::args::Environment;
use crate::graceful_stop::GracefulStop;
use crate::{other_pod, runner_manager};
use choice::{Choice, choose};
use options::RotateOptions;
use said::Said;
use token_out::TokenOut;

/// What a run works on.
struct Rotating<'a> {
    options: &'a RotateOptions,
    environment: &'a Environment,
    session: Session,
    state: State,
}

/// Runs `rotate` from checked options to the exit code.
pub(crate) async fn run(
    options: &RotateOptions,
    environment: &Environment,
) -> anyhow::Result<Exit> {
    let out = options.token_out.as_deref();
    let out = out
        .map(|path| TokenOut::at(path, &options.config))
        .transpose()?;
    let files = Files::of(&options.config)?;
    // Asked before anything is touched: the lock file is the other pod's too.
    if !options.other_pod {
        let state = files.state()?;
        other_pod::refuse(state.as_ref(), &options.pod, environment)?;
    }
    let deadline = Deadline::after(options.timeout);
    if options.dry_run {
        let session = Session::look(files, Intent::WriteByHand, deadline).await?;
        let work = Rotating::on(session, options, environment)?;
        let (choice, file) = work.choice()?;
        let rotation = work.received_for(&choice.entry);
        work.refuse_shared(&choice, rotation.is_some())?;
        let said = work.said(&choice, &file, out.as_ref(), rotation.as_ref());
        said.dry_run()?;
        return Ok(Exit::Done);
    }
    let signals = Signals::install().context("setting up signal handlers")?;
    let course = "the rotation stops after the current attempt";
    let mut stops = GracefulStop::new(signals, options.grace_period, course);
    let opening = Session::open(files, Intent::WriteByHand, deadline);
    let session = stops.unless_stopped(opening).await??;
    let mut work = Rotating::on(session, options, environment)?;
    work.prepare()?;
    if let Some(out) = &out {
        out.check_writable()
            .with_context(|| format!("--token-out {}", out.path().display()))?;
    }
    let (choice, file) = work.choice()?;
    let received = work.received_for(&choice.entry);
    let resumed = received.is_some();
    work.refuse_shared(&choice, resumed)?;
    let rotation = match received {
        Some(rotation) => rotation,
        None => work.reset(&choice, deadline, &mut stops).await?,
    };
    // From here on the work is done to its end: no signal brings the token before back. A runner manager that is just writing
    // the file gets its second here too; what cannot be read is told below.
    drop(work.session.files.config_when_whole(deadline).await);
    work.write(&rotation, out.as_ref())?;
    let is_paused = file.ends_with(names::ORIGINAL);
    if !is_paused {
        work.is_loaded(deadline).await;
    }
    let runner = choice.runner();
    let url = &rotation.url;
    let how = if resumed {
        "received by an earlier run that was stopped"
    } else if is_paused {
        "the runner manager loads it when runner-reaper resume ends the pause"
    } else {
        "a running runner manager loads it within 3s"
    };
    let until = rotation.expires_at.as_deref().unwrap_or("it is reset");
    log::info!("wrote {file}: {runner} at {url} has a new token, valid until {until}; {how}");
    if choice.entry.is_token_variable {
        log::warn!(
            "{}; the variable still has the previous token, which is invalid now",
            said::WAS_A_VARIABLE
        );
    }
    let said = Said {
        resumed,
        ..work.said(&choice, &file, out.as_ref(), Some(&rotation))
    };
    said.done()?;
    Ok(Exit::Done)
}

impl<'a> Rotating<'a> {
    fn on(
        session: Session,
        options: &'a RotateOptions,
        environment: &'a Environment,
    ) -> anyhow::Result<Self> {
        Ok(Self {
            options,
            environment,
            state: session.state_or_new()?,
            session,
        })
    }

    /// What earlier runs left at GitLab. What this run goes on with stays.
    fn prepare(&mut self) -> anyhow::Result<()> {
        let (choice, _) = self.choice()?;
        if self.received_for(&choice.entry).is_none() {
            let environment = self.environment;
            let variable = |name: &str| environment.get(name).map(str::to_owned);
            self.session.finish_rotation(&variable)?;
            self.state = self.session.state_or_new()?;
        }
        if let Some(other) = &self.state.rotation
            && self.received_for(&choice.entry).is_none()
        {
            let (id, url) = (other.id, &other.url);
            return Err(Failure::unusable(format!(
                "{}: an earlier run received a new token of runner {id} at {url}, and no entry of {config} has the previous one: \
                 restore that runner's entry, or remove the table rotation from this file",
                self.session.files.volume().path(names::STATE).display(),
                config = self.session.files.name(),
            ))
            .into());
        }
        Ok(())
    }

    fn variable(&self, name: &str) -> Option<String> {
        self.environment.get(name).map(str::to_owned)
    }

    /// The runner that is meant, and the path of the file that has its entry.
    fn choice(&self) -> anyhow::Result<(Choice, String)> {
        let Session { files, config, .. } = &self.session;
        if config.is_missing() {
            let path = files.path().display();
            return Err(Failure::unusable(format!("{path} does not exist")).into());
        }
        let path = files.volume().path(&files.name_of(config));
        let path = path.display().to_string();
        let entries = config.toml.entries(&|name| self.variable(name));
        let choice = choose(&entries, &self.state, &self.options.selection, &path)?;
        Ok((choice, path))
    }

    /// What an earlier run has received for this entry.
    fn received_for(&self, entry: &RunnerEntry) -> Option<Rotation> {
        let rotation = self.state.rotation.as_ref();
        let received = rotation.filter(|rotation| rotation.token.is_some());
        received
            .filter(|rotation| rotation.is_of(entry) || rotation.is_in(entry))
            .cloned()
    }

    fn refuse_shared(&self, choice: &Choice, resumed: bool) -> Result<(), Failure> {
        if resumed || self.options.shared || choice.ownership == Ownership::Owned {
            return Ok(());
        }
        Err(Failure::unusable(format!(
            "{} at {} is shared: a reset makes its token invalid at once in all other pods and in every Secret; if that is intended, \
             give --shared, and --token-out FILE for the Secret",
            choice.runner(),
            address(&choice.entry.url)
        )))
    }

    fn said<'b>(
        &'b self,
        choice: &'b Choice,
        file: &'b str,
        out: Option<&'b TokenOut>,
        rotation: Option<&'b Rotation>,
    ) -> Said<'b> {
        Said {
            options: self.options,
            choice,
            file,
            out,
            resumed: rotation.is_some(),
            expires_at: rotation.and_then(|rotation| rotation.expires_at.as_deref()),
        }
    }

    /// Has a runner manager load the file at once: until then GitLab refuses all that it asks for.
    async fn is_loaded(&self, deadline: Deadline) {
        let config = self.session.files.config().ok().flatten();
        let address = config
            .as_ref()
            .and_then(|config| config.toml.listen_address());
        let id = self.system_id().ok().flatten();
        let variable = |name: &str| self.variable(name);
        let config = &self.options.config;
        if let Some(live) = runner_manager::find(config, id, address, &variable, deadline).await {
            runner_manager::loads(&live).await;
        }
    }

    fn system_id(&self) -> anyhow::Result<Option<SystemId>> {
        let text = self.session.files.volume().read_text(names::SYSTEM_ID)?;
        Ok(text.as_deref().and_then(SystemId::parse))
    }

    /// Remembers what is under way, on the disk.
    fn keeps(&mut self, rotation: Option<Rotation>) -> anyhow::Result<()> {
        self.state.rotation = rotation;
        self.session.files.save_state(&self.state)
    }

    /// Puts the new token everywhere it belongs. One place that fails keeps it from no other.
    fn write(&mut self, rotation: &Rotation, out: Option<&TokenOut>) -> anyhow::Result<()> {
        let written = match (out, &rotation.token) {
            (Some(out), Some(token)) => out.write(token),
            _ => Ok(()),
        };
        let variable = |name: &str| self.variable(name);
        let found = rotation::put(&self.session.files, rotation, &variable)
            .context("the new token is only in the state file; run this again")?;
        if !found {
            return Err(Failure::unusable(format!(
                "{} changed meanwhile and no longer has an entry with the previous token: the new one is in {}",
                self.options.config.display(),
                names::STATE
            ))
            .into());
        }
        self.keeps(None)?;
        written.context("the new token is in config.toml, but not in the file of --token-out")
    }
}
