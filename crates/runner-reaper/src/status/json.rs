//! Owns how the facts look for programs: the shape of `status.schema.json`, one line. Decides nothing.

use std::time::SystemTime;

use runner_lifecycle::exit::Exit;
use runner_lifecycle::source::Source;
use serde_json::{Value, json};

use super::facts::{
    Activity, AtGitlab, ConfigFile, Entry, Facts, Pause, ResetUnderWay, StateFile, VolumeFacts,
    WithoutEntry, Writer, owner,
};
use super::judgement::Problem;

/// Version of the shape; it changes when a key goes or gets another meaning.
const VERSION: u32 = 1;

/// The document, with its line break.
pub(super) fn of(facts: &Facts, problems: &[Problem], exit: Exit) -> String {
    let problem =
        |problem: &Problem| json!({"exit_code": problem.exit.code(), "message": problem.line});
    let problems: Vec<Value> = problems.iter().map(problem).collect();
    let entries: Vec<Value> = facts.entries.iter().map(entry).collect();
    let without: Vec<Value> = facts.without_entry.iter().map(without_entry).collect();
    let document = json!({
        "version": VERSION,
        "exit_code": exit.code(),
        "problems": problems,
        "volume": volume(&facts.volume),
        "runner_manager": runner_manager(facts),
        "entries": entries,
        "without_entry": without,
    });
    format!("{document}\n")
}

fn volume(volume: &VolumeFacts) -> Value {
    let (file, file_why) = match &volume.file {
        ConfigFile::NoDirectory => ("no-directory", None),
        ConfigFile::Missing => ("missing", None),
        ConfigFile::Broken(why) => ("broken", Some(why)),
        ConfigFile::Read if volume.unloadable.is_some() => {
            ("unloadable", volume.unloadable.as_ref())
        }
        ConfigFile::Read => ("read", None),
    };
    let (state, version, state_why) = match &volume.state {
        StateFile::Never => ("none", None, None),
        StateFile::Lost => ("lost", None, None),
        StateFile::Unusable(why) => ("unusable", None, Some(why)),
        StateFile::Version(version) => ("read", Some(*version), None),
    };
    let (pause, by, at) = match &volume.pause {
        Pause::None => ("none", None, None),
        Pause::ByHand { by, at } => ("by-hand", Some(by), Some(at)),
        Pause::Working => ("working", None, None),
        Pause::LeftOver => ("left-over", None, None),
        Pause::NoOriginal => ("no-original", None, None),
        Pause::Over => ("over", None, None),
        Pause::Emptied => ("emptied", None, None),
    };
    json!({
        "config": volume.config,
        "config_file": {"status": file, "why": file_why},
        "files": volume.files,
        "replaceable": volume.fixed.is_none(),
        "system_id": volume.system_id,
        "state_file": {"status": state, "version": version, "why": state_why},
        "changed_keys": volume.changed_keys,
        "pod": volume.pod,
        "is_this_pod": volume.is_this_pod,
        "pause": {"status": pause, "by": by, "at": at},
        "rotation": volume.rotation.as_ref().map(rotation),
        "locked": volume.locked,
    })
}

fn rotation(rotation: &ResetUnderWay) -> Value {
    json!({
        "status": rotation.step.word().replace(' ', "-"),
        "runner_id": rotation.id,
        "url": rotation.url,
        "at": rotation.at,
    })
}

fn runner_manager(facts: &Facts) -> Value {
    let seen = &facts.runner_manager;
    let why = match &seen.activity {
        Activity::Unknown(why) => Some(why),
        _ => None,
    };
    json!({
        "status": seen.activity.word().replace(' ', "-"),
        "why": why,
        "pid": seen.pid,
        "has_others": seen.has_others,
        "metrics_address": seen.metrics_address,
        "version": seen.version,
        "system_id": seen.system_id,
        "concurrent": seen.concurrent,
        "jobs": seen.jobs,
        "job_urls": seen.job_urls,
        "free_slots": facts.free_slots(),
    })
}

fn entry(entry: &Entry) -> Value {
    let (writer, pod) = match &entry.writer {
        Writer::RunnerInit(pod) => ("runner-init", pod.as_deref()),
        Writer::Adopted => ("adopted", None),
        Writer::Other => ("other", None),
        Writer::Unknown => ("unknown", None),
    };
    let (why, id) = match &entry.gitlab {
        AtGitlab::Valid(id) => (None, Some(*id)),
        AtGitlab::Failed(_, why) => (Some(why.as_str()), None),
        AtGitlab::NotAsked(why) => (Some(why.words()), None),
    };
    json!({
        "name": entry.name,
        "url": entry.url,
        "runner_id": entry.id,
        "source": entry.source.map(source),
        "owner": entry.ownership.map(owner),
        "written_by": {"program": writer, "pod": pod},
        "token": {"short": entry.token, "is_variable": entry.is_variable, "why_none": entry.no_token},
        "expires_at": entry.expires_at.map(moment),
        "was_refused": entry.was_refused,
        "changed_keys": entry.changed_keys,
        "gitlab": {"status": entry.gitlab.word().replace(' ', "-"), "runner_id": id, "why": why},
    })
}

fn without_entry(loose: &WithoutEntry) -> Value {
    json!({
        "status": loose.kind.word(),
        "runner_id": loose.id,
        "url": loose.url,
        "source": loose.source.map(source),
        "owner": loose.source.map(|source| owner(source.ownership())),
        "has_token": loose.has_token,
        "description": loose.description,
        "at": loose.at,
    })
}

fn source(source: Source) -> String {
    source.words().replace(' ', "-")
}

/// A moment in RFC 3339 UTC.
pub(super) fn moment(at: SystemTime) -> String {
    humantime::format_rfc3339_seconds(at).to_string()
}
