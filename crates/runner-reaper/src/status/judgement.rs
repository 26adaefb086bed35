//! Owns which of the facts are problems, one line each (what, where, what to do), and the exit code that follows. Pure.
//!
//! All is well where a runner manager polls on this pod's volume, GitLab accepts every entry's token, and nothing is unknown or
//! left over. An entry that somebody else wrote, a key that an operator changed, and a runner that is about to be unregistered
//! are not problems.

use std::time::SystemTime;

use runner_lifecycle::exit::Exit;
use runner_lifecycle::source::{Ownership, Source};
use runner_lifecycle::state::advice_without_answer;
use runner_lifecycle::volume::names;

use super::facts::{
    Activity, AtGitlab, ConfigFile, Entry, Facts, Loose, Pause, RotationStep, StateFile, Unasked,
    VolumeFacts, WithoutEntry,
};

/// Something that is not well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    /// The exit code that it alone would mean.
    pub exit: Exit,
    /// What, where, what to do.
    pub line: String,
}

/// The gravest of all: 78 outranks 77, that outranks 69; 0 where there are none.
pub(crate) fn exit_of(problems: &[Problem]) -> Exit {
    let exits = problems.iter().map(|problem| problem.exit);
    exits.fold(Exit::Done, Exit::graver)
}

/// What is not well: the volume first, then the runner manager, the entries, and what has none.
pub(crate) fn judge(facts: &Facts) -> Vec<Problem> {
    judge_at(facts, SystemTime::now())
}

fn judge_at(facts: &Facts, now: SystemTime) -> Vec<Problem> {
    let mut problems = Problems(Vec::new());
    of_volume(&mut problems, facts);
    of_pause(&mut problems, &facts.volume);
    of_runner_manager(&mut problems, facts);
    for entry in &facts.entries {
        of_entry(&mut problems, entry, now);
    }
    of_rotation(&mut problems, facts);
    for loose in &facts.without_entry {
        of_loose(&mut problems, loose, &facts.volume);
    }
    problems.0
}

struct Problems(Vec<Problem>);

impl Problems {
    fn add(&mut self, exit: Exit, line: String) {
        self.0.push(Problem { exit, line });
    }

    fn unusable(&mut self, line: String) {
        self.add(Exit::Unusable, line);
    }
}

fn of_volume(problems: &mut Problems, facts: &Facts) {
    let volume = &facts.volume;
    let (config, directory) = (&volume.config, &volume.directory);
    match &volume.file {
        ConfigFile::NoDirectory => {
            return problems.unusable(format!(
                "{directory} does not exist: check --config, or run runner-init register"
            ));
        }
        ConfigFile::Missing => {
            problems.unusable(format!("{config} does not exist: run runner-init register"));
        }
        ConfigFile::Broken(why) => problems.unusable(why.clone()),
        ConfigFile::Read
            if facts.entries.is_empty()
                && !matches!(volume.pause, Pause::NoOriginal | Pause::Emptied) =>
        {
            problems.unusable(format!(
                "{config} has no runner entry: run runner-init register"
            ));
        }
        ConfigFile::Read => {}
    }
    if let Some(why) = &volume.unloadable {
        problems.unusable(format!("{why}; gitlab-runner does not load the file"));
    }
    if volume.is_this_pod == Some(false) {
        let pod = volume.pod.as_deref().unwrap_or("of unknown name");
        problems.unusable(format!(
            "{directory} belongs to another pod, {pod}: runner-reaper changes nothing on it; if that pod is gone, runner-init register takes the volume over"
        ));
    }
    match &volume.state {
        StateFile::Lost => problems.unusable(format!(
            "{directory}/{} is missing or empty, so only its token tells whether a runner is shared or owned; run runner-init register to write the file again",
            names::STATE
        )),
        StateFile::Unusable(why) => problems.unusable(why.clone()),
        StateFile::Never | StateFile::Version(_) => {}
    }
    let has_id = volume.system_id.is_some() || facts.runner_manager.system_id.is_some();
    if !has_id && !facts.entries.is_empty() && !volume.belongs_to_another_user {
        problems.unusable(format!(
            "{directory}/{} is missing or contains no system ID: the runner manager of a shared runner cannot be unregistered without it; run runner-init register",
            names::SYSTEM_ID
        ));
    }
    if let Some(why) = volume.fixed {
        problems.unusable(format!(
            "{config} cannot be replaced, so runner-reaper cannot pause the runner manager: {why}"
        ));
    }
}

fn of_pause(problems: &mut Problems, volume: &VolumeFacts) {
    let (config, original) = (&volume.config, "config.toml.original");
    match &volume.pause {
        Pause::ByHand { by, at } => problems.unusable(format!(
            "{config} was paused by {by} at {at}: end the pause with runner-reaper resume"
        )),
        Pause::Working => problems.unusable(format!(
            "{config} is paused by a runner-reaper that is still running: wait until it has finished"
        )),
        Pause::LeftOver => problems.unusable(format!(
            "{config}: {original} was left by a runner-reaper that was killed: runner-reaper resume restores it, as does the next hook or init container"
        )),
        Pause::NoOriginal => problems.unusable(format!(
            "{config} is paused and {original} is missing: run runner-init register, or put your file back"
        )),
        Pause::Over => problems.unusable(format!(
            "{config} is not the paused file, so no pause is in effect, but {original} is still there: runner-reaper resume removes it"
        )),
        Pause::Emptied => problems.unusable(format!(
            "{config} was rewritten without its runner entries during a pause: runner-reaper resume restores it from {original}"
        )),
        Pause::None if volume.locked => problems.unusable(format!(
            "{} is in use by another runner-init or runner-reaper: run this again when it has finished",
            volume.directory
        )),
        Pause::None => {}
    }
}

fn of_runner_manager(problems: &mut Problems, facts: &Facts) {
    let (config, seen) = (&facts.volume.config, &facts.runner_manager);
    let is_there = facts.volume.file != ConfigFile::NoDirectory;
    match &seen.activity {
        Activity::NotRunning if is_there => problems.unusable(format!(
            "no runner manager uses {config}: start gitlab-runner, or look at its container's log"
        )),
        Activity::Unknown(why) => problems.unusable(format!(
            "the runner manager of {config} cannot be observed: {why}"
        )),
        Activity::Starting => problems.unusable(format!(
            "the runner manager of {config} is starting: run this again in a few seconds"
        )),
        Activity::ShuttingDown => problems.unusable(format!(
            "the runner manager of {config} is shutting down: it takes no new jobs"
        )),
        // A pause on the volume or a hook at work says why.
        Activity::Paused if facts.volume.pause == Pause::None && !facts.volume.locked => {
            problems.unusable(format!(
                "the runner manager has not loaded the runner entries of {config}, so it takes no jobs: a hook may have unregistered it; to take jobs again, restart it"
            ));
        }
        Activity::Polling if matches!(facts.volume.pause, Pause::ByHand { .. }) => {
            problems.unusable(format!(
                "the runner manager has not loaded the paused {config} and may take jobs: runner-reaper pause waits until it has"
            ));
        }
        Activity::NotRunning | Activity::Paused | Activity::NothingToPoll | Activity::Polling => {}
    }
    if seen.has_others {
        problems.unusable(format!(
            "more than one runner manager uses {config}: stop all but one"
        ));
    }
}

fn of_entry(problems: &mut Problems, entry: &Entry, now: SystemTime) {
    let runner = called(entry);
    if let Some(why) = &entry.no_token {
        return problems.unusable(format!(
            "{runner}: {why}; run this where the runner manager's variables are set"
        ));
    }
    if entry.token.is_none() {
        return problems.unusable(format!(
            "{runner} has no token and is not polled: run runner-init register, or remove the entry"
        ));
    }
    match &entry.gitlab {
        AtGitlab::NotAsked(_) if entry.was_refused => problems.add(
            Exit::Refused,
            format!("{runner}: GitLab refused its token, or it was unregistered on this volume: run runner-init register"),
        ),
        AtGitlab::Valid(id) if entry.id.is_some_and(|known| known != *id) => {
            problems.unusable(format!(
                "{runner}: the token belongs to runner {id}: fix id or token in config.toml"
            ));
        }
        AtGitlab::Failed(exit, why) => problems.add(*exit, format!("{runner}: {why}")),
        AtGitlab::NotAsked(_) if entry.expires_at.is_some_and(|at| at <= now) => {
            problems.add(
                Exit::Refused,
                format!("{runner}: the token has expired: run runner-init register with a new token"),
            );
        }
        AtGitlab::NotAsked(why @ Unasked::NotPolledYet) => problems.unusable(format!(
            "{runner}: {}; check gitlab-runner's log if this persists",
            why.words()
        )),
        AtGitlab::Valid(_) | AtGitlab::NotAsked(_) => {}
    }
}

/// Whoever holds the lock may be at it; and a token that GitLab takes was not reset.
fn of_rotation(problems: &mut Problems, facts: &Facts) {
    let (config, entries) = (&facts.volume.config, &facts.entries);
    let rotation = facts.volume.rotation.as_ref();
    let Some(rotation) = rotation.filter(|_| !facts.volume.locked) else {
        return;
    };
    let (url, at) = (&rotation.url, &rotation.at);
    let runner = numbered(rotation.id);
    let entry = rotation.entry.and_then(|index| entries.get(index));
    let is_valid = entry.is_some_and(|entry| matches!(entry.gitlab, AtGitlab::Valid(_)));
    match rotation.step {
        RotationStep::Unanswered if !is_valid => problems.unusable(format!(
            "a new token of {runner} at {url} was asked for at {at} and GitLab's answer was lost, so the one in {config} may be invalid: run runner-init rotate again, or runner-init re-register if GitLab refuses it"
        )),
        RotationStep::Received => problems.unusable(format!(
            "the token of {runner} at {url} was reset at {at} by a runner-init that was stopped before it wrote the new one to {config}: run runner-init rotate again"
        )),
        RotationStep::NoEntry => problems.unusable(format!(
            "the token of {runner} at {url} was reset at {at}, and no entry of {config} has the previous one: restore the entry of that runner, or remove the table rotation from {}",
            names::STATE
        )),
        RotationStep::Unanswered | RotationStep::Written => {}
    }
}

fn numbered(id: Option<i64>) -> String {
    id.map_or_else(|| "a runner".to_owned(), |id| format!("runner {id}"))
}

fn of_loose(problems: &mut Problems, loose: &WithoutEntry, volume: &VolumeFacts) {
    let (url, config) = (&loose.url, &volume.config);
    let runner = numbered(loose.id);
    match loose.kind {
        Loose::Known => {
            let owned = loose.source.map(Source::ownership) == Some(Ownership::Owned);
            // With its token the runner gets its entry back, and is unregistered at the end without it too.
            let or = match owned && !loose.has_token {
                true => ", or delete the runner in GitLab's list of runners",
                false => "",
            };
            problems.unusable(format!(
                "{runner} at {url} is no longer in any entry of {config}: run runner-init register again{or}"
            ));
        }
        Loose::Received if !volume.locked => problems.unusable(format!(
            "{runner} at {url} was registered by a runner-init that was stopped before it wrote {config}: run runner-init register again"
        )),
        Loose::Unanswered if !volume.locked => {
            let at = loose.at.as_deref().unwrap_or_default();
            problems.unusable(match &loose.description {
                Some(description) => format!(
                    "a runner {description:?} at {url}: {}",
                    advice_without_answer(at)
                ),
                None => format!(
                    "the token of {runner} at {url} was reset at {at} and GitLab's answer was lost: if nobody else uses the runner, delete it in GitLab's list of runners, and its table in {}",
                    names::STATE
                ),
            });
        }
        // The next helper does it.
        Loose::Leaving | Loose::Received | Loose::Unanswered => {}
    }
}

/// An entry in the words of a line.
fn called(entry: &Entry) -> String {
    let name = &entry.name;
    match entry.id {
        Some(id) => format!("runner {id} {name:?} at {}", entry.url),
        None => format!("runner {name:?} at {}", entry.url),
    }
}

#[cfg(test)]
mod tests;
