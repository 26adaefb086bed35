//! Owns the first step of every run that works on the volume: whose it is, and whether there is anything to work on. What is
//! done about what earlier runs left is [`Session`]'s.

use anyhow::Context as _;
use runner_lifecycle::deadline::Deadline;
use runner_lifecycle::exit::Failure;
use runner_lifecycle::files::Files;
use runner_lifecycle::pod::Pod;
use runner_lifecycle::session::{Intent, Session};
use runner_lifecycle::state::State;

use crate::args::by_hand::Verb;
use crate::args::{Command, Options};
use crate::stops::Stops;

/// What opening came to.
#[derive(Debug)]
pub(crate) enum Opened {
    /// There is something to work on.
    Session(Box<Session>),
    /// The volume belongs to this pod, which is not ours.
    OtherPod(Pod),
    /// There is no `config.toml`, and nothing is known without one.
    Nothing,
}

impl Opened {
    /// The session. Where there is nothing to unregister there is none, and that is said.
    pub(crate) fn into_session(self, options: &Options) -> Option<Session> {
        match self {
            Self::Session(session) => return Some(*session),
            Self::OtherPod(theirs) => {
                let theirs = theirs.describe();
                log::warn!(
                    "this volume belongs to another pod, {theirs}: nothing was paused or unregistered"
                );
            }
            Self::Nothing => {
                log::info!("no {}: nothing to unregister", options.config.display());
            }
        }
        None
    }
}

/// [`open`], given up at the first stop signal: another run may hold the lock for as long as a job takes.
pub(crate) async fn open_unless_stopped(
    options: &Options,
    deadline: Deadline,
    stops: &Stops,
) -> anyhow::Result<Opened> {
    tokio::select! {
        biased;
        opened = open(options, deadline) => opened,
        () = stops.reached(1) => {
            let words = "stopped by a signal while another runner-reaper or runner-init was using this volume";
            Err(Failure::unreachable(words).into())
        }
    }
}

/// Opens the volume; the lock is waited for until the deadline.
///
/// Fails when another helper works there all the time, or a file cannot be read or understood.
pub(crate) async fn open(options: &Options, deadline: Deadline) -> anyhow::Result<Opened> {
    let (anywhere, intent) = match &options.command {
        Command::Unregister(selection) => (selection.other_pod, Intent::Drain),
        Command::ByHand(asked) if asked.verb == Verb::Resume => (asked.other_pod, Intent::Resume),
        Command::ByHand(asked) => (asked.other_pod, Intent::Drain),
        _ => (false, Intent::Drain),
    };
    let files = Files::of(&options.config)?;
    // Asked before anything is touched: the lock file is the other pod's too.
    let state = files.state()?;
    let other = state
        .as_ref()
        .and_then(|state| state.other_pod(&options.pod, &options.environment));
    if let Some(theirs) = other.filter(|_| !anywhere) {
        return Ok(Opened::OtherPod(theirs.clone()));
    }
    let opened = Session::open(files, intent, deadline).await;
    let nothing = match options.command {
        Command::ByHand(_) => "nothing was changed",
        _ => "nothing was unregistered",
    };
    let mut session = opened.context(nothing)?;
    let variable = |name: &str| options.environment.get(name).map(str::to_owned);
    if let Err(error) = session.finish_rotation(&variable) {
        log::warn!("the token that an earlier run received could not be written: {error:#}");
    }
    // What is remembered counts without the file too.
    let known = session.state.as_ref().is_some_and(State::knows_a_runner);
    Ok(match session.config.is_missing() && !known {
        true => Opened::Nothing,
        false => Opened::Session(Box::new(session)),
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use runner_lifecycle::environment::Environment;

    use super::*;

    const STATE: &str = "version = 2\n\n[[entry]]\nurl = \"https://gitlab.example\"\nid = 7\nname = \"build\"\nsource = \"authentication-token\"\n";
    const WHOLE: &str = "[[runners]]\n  url = \"https://gitlab.example\"\n  token = \"glrt-new\"\n  executor = \"shell\"\n";

    /// How many entries are read from a file that the runner manager has emptied, and fills once it was looked at.
    async fn entries_read(state: &str) -> usize {
        let directory = tempfile::tempdir().unwrap();
        let put = |name: &str, text: &str| {
            #[expect(clippy::disallowed_methods, reason = "somebody else's files")]
            fs::write(directory.path().join(name), text).unwrap();
        };
        put(runner_lifecycle::volume::names::STATE, state);
        put("config.toml", "");
        let path = directory.path().join("config.toml");
        let argv = ["--config".into(), path.into_os_string()];
        let environment = Environment::of::<&str, &str>([]);
        let line = crate::args::command_line(argv, &environment);
        let options = crate::args::parse(line, &environment).unwrap();
        let deadline = Deadline::after(std::time::Duration::from_secs(60));
        let (opened, ()) = tokio::join!(open(&options, deadline), async {
            put("config.toml", WHOLE);
        });
        match opened.unwrap() {
            Opened::Session(session) => session.config.toml.entry_count(),
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn file_that_is_emptied_and_not_filled_yet_is_read_when_it_is() {
        assert_eq!(entries_read(STATE).await, 1);
        // Where no runner is known, one without entries is whole.
        assert_eq!(entries_read("version = 2\n").await, 0);
    }
}
