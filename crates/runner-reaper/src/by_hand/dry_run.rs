//! Owns `--dry-run` of both: what is there is read, and what would be done is told. What the run
//! would refuse is refused; nobody is asked.

use runner_config::config_toml::ConfigToml;
use runner_lifecycle::exit::Exit;
use runner_lifecycle::files::{Config, Files};
use runner_lifecycle::original;
use runner_lifecycle::state::PauseByHand;
use runner_lifecycle::stdout;
use runner_lifecycle::volume::names;

use super::outcome::Outcome;
use super::{missing, of_other_pod, refuse_beside_a_hook, refuse_without_original, who};
use crate::args::Options;
use crate::args::by_hand::{ByHand, Verb};

/// Tells it.
pub(super) async fn run(options: &Options, asked: &ByHand) -> anyhow::Result<Outcome> {
    let files = Files::of(&options.config)?;
    let state = files.state()?;
    let other = state
        .as_ref()
        .and_then(|state| state.other_pod(&options.pod));
    if let Some(theirs) = other.filter(|_| !asked.other_pod) {
        return Err(of_other_pod(&theirs.describe()));
    }
    refuse_beside_a_hook(&files)?;
    refuse_without_original(&files)?;
    let config = files.config()?.ok_or_else(|| missing(options))?;
    let by_hand = files.paused_by_hand(state.as_ref())?;
    let (original, put_aside) = (names::original_of(files.name()), files.is_put_aside()?);
    let path = files.path().display();
    let (mut lines, outcome) = match asked.verb {
        Verb::Pause => match by_hand {
            Some(pause) => (Vec::new(), outcome(false, true, Some(pause))),
            None => {
                files.volume().check_replaceable(files.name())?;
                let pause = PauseByHand {
                    by: who::asks(&options.environment),
                    at: who::now(),
                };
                let lines = vec![
                    format!("would record in {}: paused by {}", names::STATE, pause.by),
                    format!("would keep {path} as {original}"),
                    would_pause(&path.to_string(), &config)?,
                ];
                (lines, outcome(true, true, Some(pause)))
            }
        },
        Verb::Resume if put_aside => {
            let lines = vec![format!(
                "would restore {path} from {original}, with {}",
                entries(&config)
            )];
            (lines, outcome(true, false, by_hand))
        }
        Verb::Resume => (Vec::new(), outcome(false, false, None)),
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
