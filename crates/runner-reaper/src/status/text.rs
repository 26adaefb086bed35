//! Owns how the facts look for people: short tables, then the problems. Decides nothing.

use std::iter;

use runner_lifecycle::exit::Exit;
use runner_lifecycle::terminal::{Cell, Style, Terminal};

use super::facts::{
    Activity, AtGitlab, ConfigFile, Entry, Facts, Pause, ResetUnderWay, RotationStep, StateFile,
    Unasked, VolumeFacts, WithoutEntry, owner,
};
use super::json::moment;
use super::judgement::Problem;

const INDENT: usize = 2;

/// Everything, each part under its heading.
pub(super) fn of(facts: &Facts, problems: &[Problem], exit: Exit, terminal: Terminal) -> String {
    let mut text = String::new();
    let mut part = |heading: &str, rows: &[Vec<Cell>]| {
        if !rows.is_empty() {
            text.push_str(&terminal.paint(heading, Style::Heading));
            text.push('\n');
            text.push_str(&terminal.table(rows, INDENT));
        }
    };
    part("Volume", &volume(&facts.volume));
    part("Runner manager", &runner_manager(facts));
    part("Runner entries", &entries(&facts.entries));
    part(
        "Runners without an entry",
        &without_entry(&facts.without_entry),
    );
    text.push_str(&not_asked(&facts.entries));
    for problem in problems {
        text.push_str(&terminal.paint("problem", Style::Bad));
        text.push_str(&format!(": {}\n", problem.line));
    }
    let last = match problems.len() {
        0 => terminal.paint("all is well", Style::Good),
        1 => format!("1 problem (exit {})", exit.code()),
        more => format!("{more} problems (exit {})", exit.code()),
    };
    text.push_str(&last);
    text.push('\n');
    text
}

fn row(name: &str, value: impl Into<String>, style: Style) -> Vec<Cell> {
    vec![Cell::new(name, Style::Plain), Cell::new(value, style)]
}

fn volume(volume: &VolumeFacts) -> Vec<Vec<Cell>> {
    let bad = |is_bad: bool| if is_bad { Style::Bad } else { Style::Plain };
    let (file, file_style) = match &volume.file {
        ConfigFile::NoDirectory => (", its directory does not exist", Style::Bad),
        ConfigFile::Missing => (", which does not exist", Style::Bad),
        ConfigFile::Broken(_) => (", which cannot be read", Style::Bad),
        ConfigFile::Read if volume.unloadable.is_some() => {
            (", which gitlab-runner does not load", Style::Bad)
        }
        ConfigFile::Read => ("", Style::Plain),
    };
    let config = format!("{}{file}", volume.config);
    let mut rows = vec![row("config", config, file_style)];
    if volume.file == ConfigFile::NoDirectory {
        return rows;
    }
    let pod = volume.pod.as_deref().unwrap_or("not known");
    let ours = match volume.is_this_pod {
        Some(true) => ", this pod",
        Some(false) => ", another pod",
        None => "",
    };
    let state = match &volume.state {
        StateFile::Never => "none: runner-init has not run here".to_owned(),
        StateFile::Lost => "missing".to_owned(),
        StateFile::Unusable(_) => "unusable".to_owned(),
        StateFile::Version(version) => format!("version {version}"),
    };
    let is_state_bad = matches!(volume.state, StateFile::Lost | StateFile::Unusable(_));
    let pause = match &volume.pause {
        Pause::None => "none".to_owned(),
        Pause::ByHand { by, at } => format!("by {by} at {at}"),
        Pause::Working => "by a runner-reaper that is still running".to_owned(),
        Pause::LeftOver => "left by a runner-reaper that was killed".to_owned(),
        Pause::NoOriginal => "config.toml.original is missing".to_owned(),
        Pause::Over => "over, config.toml is not the paused file".to_owned(),
        Pause::Emptied => "over, config.toml was rewritten without its runner entries".to_owned(),
    };
    let files = match volume.files.is_empty() {
        true => "none".to_owned(),
        false => volume.files.join(", "),
    };
    let id = volume.system_id.as_deref().unwrap_or("none");
    rows.extend([
        row("files", files, Style::Plain),
        row(
            "pod",
            format!("{pod}{ours}"),
            bad(volume.is_this_pod == Some(false)),
        ),
        row("system ID", id, Style::Plain),
        row("state file", state, bad(is_state_bad)),
        row("pause", pause, notable(volume.pause != Pause::None)),
    ]);
    let changed = volume.changed_keys.iter().flatten();
    let changed: Vec<&str> = changed.map(String::as_str).collect();
    if !changed.is_empty() {
        rows.push(row("changed", changed.join(", "), Style::Plain));
    }
    if let Some(under_way) = &volume.rotation {
        rows.push(row("rotation", rotation(under_way), Style::Notable));
    }
    if volume.locked {
        let words = "held by another runner-init or runner-reaper";
        rows.push(row("lock", words, Style::Notable));
    }
    if volume.fixed.is_some() {
        rows.push(row(
            "read-only",
            "config.toml cannot be replaced",
            Style::Bad,
        ));
    }
    rows
}

fn rotation(rotation: &ResetUnderWay) -> String {
    let at = &rotation.at;
    let what = match rotation.step {
        RotationStep::Unanswered => format!("asked for at {at}, no answer from GitLab"),
        RotationStep::Received => format!("received at {at}, not yet in config.toml"),
        RotationStep::NoEntry => format!("received at {at}, without an entry in config.toml"),
        RotationStep::Written => format!("received at {at}, in config.toml"),
    };
    format!("new token of runner {}: {what}", id(rotation.id))
}

fn notable(is_notable: bool) -> Style {
    match is_notable {
        true => Style::Notable,
        false => Style::Plain,
    }
}

fn runner_manager(facts: &Facts) -> Vec<Vec<Cell>> {
    let seen = &facts.runner_manager;
    let style = match seen.activity {
        Activity::Polling => Style::Good,
        Activity::NotRunning | Activity::Unknown(_) => Style::Bad,
        _ => Style::Notable,
    };
    let mut rows = vec![row("state", seen.activity.word(), style)];
    if seen.activity == Activity::NotRunning {
        return rows;
    }
    let process = match seen.pid {
        Some(pid) => pid.to_string(),
        None => "not visible from here".to_owned(),
    };
    rows.push(row("process", process, Style::Plain));
    let version = seen.version.as_deref().unwrap_or("not known");
    rows.push(row("version", version, Style::Plain));
    // One that could not read the file has made an ID of its own.
    if let Some(id) = &seen.system_id
        && facts.volume.system_id.as_ref() != Some(id)
    {
        rows.push(row("system ID", id.as_str(), Style::Notable));
    }
    let metrics = seen.metrics_address.as_deref().unwrap_or("none");
    rows.push(row("metrics", metrics, Style::Plain));
    let jobs = match (seen.jobs, facts.free_slots()) {
        (Some(jobs), Some(free)) => format!(
            "{jobs} running, {free} of {} slots free",
            jobs_at_most(facts)
        ),
        (Some(jobs), None) => format!("{jobs} running"),
        (None, _) => "not known".to_owned(),
    };
    rows.push(row("jobs", jobs, Style::Plain));
    for url in seen.job_urls.iter().flatten() {
        rows.push(row("", url.as_str(), Style::Plain));
    }
    rows
}

fn jobs_at_most(facts: &Facts) -> i64 {
    facts.runner_manager.concurrent.unwrap_or_default()
}

fn entries(entries: &[Entry]) -> Vec<Vec<Cell>> {
    let heads = [
        "RUNNER",
        "NAME",
        "URL",
        "GITLAB",
        "TOKEN",
        "OWNER",
        "SOURCE",
        "EXPIRES",
        "WRITTEN BY",
        "CHANGED",
    ];
    let head = |text: &str| Cell::new(text, Style::Heading);
    let plain = |text: &str| Cell::new(text, Style::Plain);
    let mut rows = Vec::new();
    if !entries.is_empty() {
        rows.push(heads.map(head).to_vec());
    }
    for entry in entries {
        let style = match &entry.gitlab {
            AtGitlab::Valid(_) => Style::Good,
            AtGitlab::Failed(..) => Style::Bad,
            AtGitlab::NotAsked(_) => Style::Plain,
        };
        let token = match (&entry.token, entry.is_variable) {
            (Some(token), false) => token.clone(),
            (Some(token), true) => format!("{token} (variable)"),
            (None, true) => "variable not set".to_owned(),
            (None, false) => "none".to_owned(),
        };
        let expires = entry.expires_at.map(moment);
        let changed = match &entry.changed_keys {
            Some(keys) if keys.is_empty() => "nothing".to_owned(),
            Some(keys) => keys.join(", "),
            None => "-".to_owned(),
        };
        rows.push(vec![
            plain(&id(entry.id)),
            plain(&entry.name),
            plain(&entry.url),
            Cell::new(entry.gitlab.word(), style),
            plain(&token),
            plain(entry.ownership.map_or("-", owner)),
            plain(entry.source.map_or("-", |source| source.words())),
            plain(expires.as_deref().unwrap_or("never")),
            plain(&entry.writer.words()),
            plain(&changed),
        ]);
    }
    rows
}

fn without_entry(all: &[WithoutEntry]) -> Vec<Vec<Cell>> {
    let heads = ["RUNNER", "STATUS", "URL", "SOURCE", "DESCRIPTION", "SINCE"];
    let heads = heads.map(|text| Cell::new(text, Style::Heading)).to_vec();
    let row = |one: &WithoutEntry| {
        let plain = |text: &str| Cell::new(text, Style::Plain);
        vec![
            plain(&id(one.id)),
            plain(one.kind.word()),
            plain(&one.url),
            plain(one.source.map_or("-", |source| source.words())),
            plain(one.description.as_deref().unwrap_or("-")),
            plain(one.at.as_deref().unwrap_or("-")),
        ]
    };
    match all.is_empty() {
        true => Vec::new(),
        false => iter::once(heads).chain(all.iter().map(row)).collect(),
    }
}

fn id(id: Option<i64>) -> String {
    id.map_or_else(|| "-".to_owned(), |id| id.to_string())
}

/// Why GitLab was not asked, once for each reason.
fn not_asked(entries: &[Entry]) -> String {
    let mut said: Vec<Unasked> = Vec::new();
    for entry in entries {
        if let AtGitlab::NotAsked(why) = entry.gitlab
            && entry.token.is_some()
            && !said.contains(&why)
        {
            said.push(why);
        }
    }
    let line = |why: &Unasked| format!("GitLab was not asked: {}\n", why.words());
    said.iter().map(line).collect()
}
