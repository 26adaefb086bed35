//! Owns `--dry-run` of both: what is there is read, and what would be done is told. What the run
//! would refuse is refused; nobody is asked.

use anyhow::Context as _;
use runner_config::config_toml::ConfigToml;
use runner_lifecycle::deadline::Deadline;
use runner_lifecycle::exit::Exit;
use runner_lifecycle::files::{Config, Files};
use runner_lifecycle::original::{self, Restored};
use runner_lifecycle::state::PauseByHand;
use runner_lifecycle::stdout;
use runner_lifecycle::volume::names;

use super::outcome::Outcome;
use super::{
    missing, refuse_beside_a_hook, refuse_unloadable_paused, refuse_without_original, who,
};
use crate::args::Options;
use crate::args::by_hand::{ByHand, Verb};

/// Tells it.
pub(super) async fn run(options: &Options, asked: &ByHand) -> anyhow::Result<Outcome> {
    let files = Files::of(&options.config)?;
    let state = files.state()?;
    let other = state
        .as_ref()
        .and_then(|state| state.other_pod(&options.pod, &options.environment));
    if let Some(theirs) = other.filter(|_| !asked.other_pod) {
        return Err(theirs.refuses_others().into());
    }
    refuse_beside_a_hook(&files).await?;
    refuse_without_original(&files)?;
    let whole = files.config_when_whole(Deadline::after(asked.timeout));
    let config = whole.await.context("nothing would be changed")?;
    let config = config.ok_or_else(|| missing(options))?;
    let by_hand = files.paused_by_hand(state.as_ref())?;
    let original = names::original_of(files.name());
    let left = original::left(files.volume(), files.name())?;
    let path = files.path().display().to_string();
    let (mut lines, outcome) = match asked.verb {
        Verb::Pause => match by_hand {
            Some(pause) => (Vec::new(), outcome(false, true, Some(pause))),
            None => {
                files.volume().check_replaceable(files.name())?;
                let paused = original::paused(&config.toml);
                refuse_unloadable_paused(files.path(), &config, &paused)?;
                let pause = PauseByHand {
                    by: who::asks(&options.environment),
                    at: who::now(),
                };
                let mut lines: Vec<String> = ends(left, &path, &original, &config).collect();
                lines.extend([
                    format!("would record in {}: paused by {}", names::STATE, pause.by),
                    format!("would keep {path} as {original}"),
                    would_pause(&path, &config)?,
                ]);
                (lines, outcome(true, true, Some(pause)))
            }
        },
        Verb::Resume => {
            files.check_original()?;
            let recorded = state.and_then(|state| state.pause);
            let mut lines: Vec<String> = ends(left, &path, &original, &config).collect();
            let forgets = |pause: &PauseByHand| {
                format!("would remove from {}: paused by {}", names::STATE, pause.by)
            };
            lines.extend(recorded.as_ref().map(forgets));
            let changes = matches!(left, Some(Restored::PutBack | Restored::Recovered));
            (lines, outcome(changes, false, recorded))
        }
    };
    if !asked.json {
        if lines.is_empty() {
            lines.push("nothing would be changed".to_owned());
        }
        lines.insert(0, "Dry run: nothing was written.".to_owned());
        stdout::print(&(lines.join("\n") + "\n"))?;
    }
    Ok(outcome)
}

/// What becomes of the original that an earlier pause left.
fn ends(
    left: Option<Restored>,
    path: &str,
    original: &str,
    config: &Config,
) -> impl Iterator<Item = String> {
    let line = left.map(|left| match left {
        Restored::PutBack => {
            let entries = entries(config);
            format!("would restore {path} from {original}, with {entries}")
        }
        Restored::Recovered => {
            format!("would restore {path} from {original}, over a file without runner entries")
        }
        Restored::Superseded | Restored::Nothing => {
            format!("would remove {original}: {path} is not the paused file")
        }
    });
    line.into_iter()
}

fn would_pause(path: &str, config: &Config) -> anyhow::Result<String> {
    let before = config.toml.concurrent();
    let after = ConfigToml::parse(&original::paused(&config.toml))?.concurrent();
    let raised = match after == before {
        true => String::new(),
        false => format!(", with concurrent = {after} instead of {before}"),
    };
    let entries = match config.toml.entry_count() {
        1 => "runner entry".to_owned(),
        _ => entries(config),
    };
    Ok(format!("would write {path} without its {entries}{raised}"))
}

fn entries(config: &Config) -> String {
    match config.toml.entry_count() {
        1 => "1 runner entry".to_owned(),
        n => format!("{n} runner entries"),
    }
}

fn outcome(changed: bool, paused: bool, pause: Option<PauseByHand>) -> Outcome {
    let what = match (changed, paused) {
        (true, true) => "config.toml would be paused",
        (true, false) => "config.toml would be restored",
        (false, true) => "config.toml is already paused",
        (false, false) => "config.toml is not paused",
    };
    Outcome {
        exit: Exit::Done,
        changed,
        paused,
        pause,
        polling: None,
        jobs: None,
        words: what.to_owned(),
    }
}
