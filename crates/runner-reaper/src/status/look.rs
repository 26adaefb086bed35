//! Owns the look at the volume, and the order of all looks. It writes nothing and keeps no lock.

use std::io::ErrorKind;

use runner_config::globals::Globals;
use runner_config::load_check;
use runner_lifecycle::deadline::Deadline;
use runner_lifecycle::files::{Config, Files};
use runner_lifecycle::original::{self, Restored};
use runner_lifecycle::pod::Pod;
use runner_lifecycle::report::one_line;
use runner_lifecycle::state::State;
use runner_lifecycle::volume::names;
use rustix::fs::Access;
use rustix::io::Errno;

use super::facts::{Activity, ConfigFile, Facts, Loose, Pause, StateFile, VolumeFacts};
use super::{ask, entries, manager};
use crate::args::Options;
use crate::args::status::Status;
use crate::runner_manager;

/// Looks at everything once.
pub(super) async fn look(options: &Options, asked: &Status) -> anyhow::Result<Facts> {
    let deadline = Deadline::after(asked.timeout);
    let files = Files::of(&options.config)?;
    let (state_file, state) = match files.state() {
        Ok(None) => (StateFile::Never, None),
        Ok(Some(state)) => (StateFile::Version(version(&files)), Some(state)),
        Err(error) => (StateFile::Unusable(one_line(&format!("{error:#}"))), None),
    };
    let state = state.filter(|state| !state.tells_nothing());
    let missing = Config::missing()?;
    // Without entries a runner manager may be about to fill it: that is no problem to report.
    let (file, config) = match files.config_when_whole(deadline).await {
        _ if !files.volume().directory().is_dir() => (ConfigFile::NoDirectory, missing),
        Ok(None) => (ConfigFile::Missing, missing),
        Ok(Some(config)) => (ConfigFile::Read, config),
        Err(error) => (ConfigFile::Broken(one_line(&format!("{error:#}"))), missing),
    };
    let mut volume = volume(options, &files, state.as_ref(), file);
    let variable = |name: &str| options.environment.get(name).map(str::to_owned);
    let written = config.toml.entries(&variable);
    let worked = volume.files.iter().any(|name| is_trace(name));
    volume.state = match state_file {
        // Gone, or somebody has emptied it.
        StateFile::Never | StateFile::Version(_)
            if state.is_none() && worked && !written.is_empty() =>
        {
            StateFile::Lost
        }
        other => other,
    };
    let live = runner_manager::find_nameless_too(options, &files, &config, deadline).await;
    // Whether they were polled matters only to whoever is going to ask.
    let polled = if asked.offline {
        &[]
    } else {
        written.as_slice()
    };
    let seen = manager::look(live.as_ref(), &config, polled, deadline).await;
    if volume.file == ConfigFile::Read {
        let path = match files.is_put_aside()? {
            true => files.volume().path(&names::original_of(files.name())),
            false => files.path().to_owned(),
        };
        let path = path.display().to_string();
        let loads = load_check::check(&config.text, &path, &Globals::default());
        volume.unloadable = loads.err().map(|why| one_line(&why));
        let last = state.as_ref().and_then(|state| state.written.as_ref());
        volume.changed_keys = last.map(|last| entries::changed_keys(&config.toml, None, last));
    }
    let mut runner_manager = seen.runner_manager.clone();
    if matches!(volume.file, ConfigFile::Broken(_)) && runner_manager.metrics_address.is_none() {
        runner_manager.explain(
            "config.toml, which contains its metrics address, cannot be read: give the address with --metrics-address",
        );
    }
    if volume.belongs_to_another_user
        && matches!(
            runner_manager.activity,
            Activity::NotRunning | Activity::Unknown(_)
        )
    {
        let why = "its files belong to another user: run this as the user of the runner manager";
        runner_manager.activity = Activity::Unknown(why.to_owned());
    }
    if runner_manager.activity == Activity::Paused
        && volume.file == ConfigFile::Read
        && volume.pause == Pause::None
        && written.is_empty()
    {
        runner_manager.activity = Activity::NothingToPoll;
    }
    if volume.pause == Pause::NoOriginal || volume.file != ConfigFile::Read {
        // That of the paused file is not the operator's.
        runner_manager.concurrent = None;
    }
    let mut shown = entries::of(&config, &written, state.as_ref());
    let asking = ask::Questions {
        options,
        offline: asked.offline,
        locked: volume.locked,
        state: state.as_ref(),
        seen: &seen,
        system_id: seen.system_id.clone().or_else(|| files.system_id()),
        deadline,
    };
    asking.ask(&written, &mut shown).await;
    let mut without_entry = state
        .as_ref()
        .map_or_else(Vec::new, |state| entries::without_entry(state, &written));
    if matches!(volume.file, ConfigFile::Broken(_)) || volume.pause == Pause::Emptied {
        // Which entries there are is not known, or they come back.
        without_entry.retain(|one| one.kind != Loose::Known);
    }
    let is_known = volume.file == ConfigFile::Read;
    volume.rotation = state
        .as_ref()
        .and_then(|state| entries::rotation(state, &written, is_known));
    Ok(Facts {
        volume,
        runner_manager,
        entries: shown,
        without_entry,
    })
}

/// The version of a state file that was read already.
fn version(files: &Files) -> i64 {
    let text = files.volume().read_text(names::STATE).ok().flatten();
    text.and_then(|text| State::version_of(&text))
        .unwrap_or_default()
}

/// Whether a file shows that a helper worked here once.
fn is_trace(name: &str) -> bool {
    [names::LOCK, names::REAPER, names::INIT].contains(&name)
}

fn volume(
    options: &Options,
    files: &Files,
    state: Option<&State>,
    file: ConfigFile,
) -> VolumeFacts {
    let directory = files.volume().directory();
    let original = names::original_of(files.name());
    let is_there = |name: &str| matches!(files.volume().metadata(name), Ok(Some(_)));
    let locked = files.volume().is_locked();
    let ours = [
        (files.name(), "config.toml"),
        (original.as_str(), "config.toml.original"),
        (names::SYSTEM_ID, names::SYSTEM_ID),
        (names::STATE, names::STATE),
        (names::LOCK, names::LOCK),
        (names::REAPER, names::REAPER),
        (names::INIT, names::INIT),
    ];
    let there = ours.iter().filter(|(name, _)| is_there(name));
    let pod = state.and_then(|state| state.pod.as_ref());
    let other = state.and_then(|state| state.other_pod(&options.pod, &options.environment));
    let same = match other {
        Some(_) => Some(false),
        None => pod
            .and_then(|pod| pod.is_same(&options.pod))
            .filter(|same| *same),
    };
    VolumeFacts {
        config: one_line(&files.path().display().to_string()),
        directory: one_line(&directory.display().to_string()),
        unloadable: None,
        fixed: fixed(files, &file),
        file,
        files: there.map(|(_, called)| *called).collect(),
        system_id: files.system_id().map(|id| id.to_string()),
        belongs_to_another_user: [files.name(), names::SYSTEM_ID].iter().any(|name| {
            let read = files.volume().read(name);
            read.is_err_and(|error| error.kind() == ErrorKind::PermissionDenied)
        }),
        state: StateFile::Never,
        changed_keys: None,
        pod: pod.map(Pod::describe).map(|pod| one_line(&pod)),
        is_this_pod: same,
        pause: pause(files, state, locked),
        rotation: None,
        locked,
    }
}

fn pause(files: &Files, state: Option<&State>, locked: bool) -> Pause {
    let by_hand = state.and_then(|state| state.pause.as_ref());
    // What cannot be read is told of elsewhere.
    let left = original::left(files.volume(), files.name());
    match (left.ok().flatten(), by_hand) {
        (Some(Restored::PutBack), Some(pause)) => Pause::ByHand {
            by: one_line(&pause.by),
            at: one_line(&pause.at),
        },
        (None, _) if !files.is_paused() => Pause::None,
        _ if locked => Pause::Working,
        (None, _) => Pause::NoOriginal,
        (Some(Restored::PutBack), None) => Pause::LeftOver,
        (Some(Restored::Superseded | Restored::Nothing), _) => Pause::Over,
        (Some(Restored::Recovered), _) => Pause::Emptied,
    }
}

/// Why `config.toml` cannot be replaced here, without a try.
fn fixed(files: &Files, file: &ConfigFile) -> Option<&'static str> {
    if matches!(file, ConfigFile::NoDirectory | ConfigFile::Missing) {
        return None;
    }
    if files.volume().check_replaceable(files.name()).is_err() {
        return Some("it is a mount point of its own (subPath): mount the whole directory instead");
    }
    let denied = rustix::fs::access(files.volume().directory(), Access::WRITE_OK).err()?;
    Some(match denied {
        Errno::ROFS => "the volume is mounted read-only here: mount it without readOnly",
        _ => {
            "this process may not write there: run it as the user of the runner container, or give both containers the same runAsUser or the pod an fsGroup"
        }
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use runner_lifecycle::environment::Environment;

    use super::*;
    use crate::args::Command;

    #[tokio::test(start_paused = true)]
    async fn file_that_is_emptied_and_not_filled_yet_is_shown_as_it_is_then() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(names::CONFIG);
        let put = |text: &str| {
            #[expect(clippy::disallowed_methods, reason = "somebody else's file")]
            fs::write(&path, text).unwrap();
        };
        put("");
        let words = ["status", "--offline", "--config"].map(Into::into);
        let argv = words.into_iter().chain([path.clone().into_os_string()]);
        let environment = Environment::of::<&str, &str>([]);
        let line = crate::args::command_line(argv, &environment);
        let options = crate::args::parse(line, &environment).unwrap();
        let Command::Status(asked) = &options.command else {
            panic!("{options:?}")
        };
        let (facts, ()) = tokio::join!(look(&options, asked), async {
            put(
                "[[runners]]\n  name = \"build\"\n  url = \"https://gitlab.example\"\n  token = \"glrt-new\"\n",
            );
        });
        assert_eq!(facts.unwrap().entries.len(), 1);
    }
}
