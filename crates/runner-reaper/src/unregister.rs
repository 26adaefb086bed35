//! Owns the story of `unregister`: by hand, or as the hook line of a manifest. With a live runner manager it is the
//! story of [`crate::pre_stop`]; without one nothing polls, and the entries leave the file too.

use runner_lifecycle::config_toml::{ConfigToml, RunnerEntry};
use runner_lifecycle::exit::{Exit, Failure};
use runner_lifecycle::gitlab::Endpoint;
use runner_lifecycle::token::Token;

use crate::args::{Options, Selection};
use crate::entries::Unregistration;
use crate::grace::Deadlines;
use crate::ledger::Ledger;
use crate::pre_stop;
use crate::runner_manager::Live;
use crate::scene::{Opened, Scene};
use crate::stops::Stops;

/// Runs it.
///
/// # Errors
/// When the volume or its files cannot be used, or nothing is selected; nothing was unregistered then.
pub async fn run(
    options: &Options,
    selection: &Selection,
    deadlines: Deadlines,
    stops: &Stops,
) -> anyhow::Result<Exit> {
    let path = options.config.display();
    let scene = match Scene::open_unless_stopped(options, deadlines.gitlab, stops).await? {
        Opened::Scene(scene) => *scene,
        Opened::OtherPod(theirs) => {
            let theirs = theirs.describe();
            let words = format!(
                "this volume belongs to another pod, {theirs}: nothing was unregistered; if that pod is gone, run again with --other-pod"
            );
            return Err(Failure::unusable(words).into());
        }
        Opened::Nothing if selection.all => {
            log::info!("no {path}: nothing to unregister");
            return Ok(Exit::Done);
        }
        Opened::Nothing => return Err(Failure::unusable(format!("{path} does not exist")).into()),
    };
    let lookup = |name: &str| options.environment.get(name).map(str::to_owned);
    let entries = scene.config.toml.entries(&lookup);
    let selected = selected(&entries, selection)?;
    if selected.is_empty() && !selection.all {
        let words = format!("{path} contains no such runner entry: nothing was unregistered");
        return Err(Failure::unusable(words).into());
    }
    let live = match scene.config.is_missing() {
        true => None,
        false => Live::find(options, &scene.files, &scene.config, deadlines.jobs).await,
    };
    if let Some(live) = live {
        // What was selected by whatever words is all that is polled.
        if others(&entries, &selected).next().is_none() {
            drop(live);
            return pre_stop::drain_and_unregister(scene, options, deadlines, stops).await;
        }
        // Its other entries go on being polled, so pausing everything for as long as a job takes is no way.
        let words = format!(
            "a runner manager uses {path} ({}): remove the entry from the file, wait for its jobs, and run again; or use --all-runners",
            live.describe()
        );
        return Err(Failure::unusable(words).into());
    }
    let others = others(&entries, &selected).count();
    let mut ledger = Ledger::new(options, &scene, stops);
    ledger.not_selected(others);
    by_hand(ledger, &scene, options, selection, &selected, deadlines).await
}

async fn by_hand(
    mut ledger: Ledger<'_>,
    scene: &Scene,
    options: &Options,
    selection: &Selection,
    selected: &[RunnerEntry],
    deadlines: Deadlines,
) -> anyhow::Result<Exit> {
    ledger.nobody_writes();
    ledger.say_unreadable(selected);
    // All means what has no entry too.
    let whole = |url: &str| {
        let here = |wanted: &String| runner_lifecycle::state::same_url(wanted, url);
        selection.all && selection.url.as_ref().is_none_or(here)
    };
    ledger.say_nowhere(&scene.config, whole);
    let wanted = |unregistration: &Unregistration| {
        whole(&unregistration.url)
            || selected
                .iter()
                .any(|entry| entry.token.as_ref() == Some(&unregistration.token))
    };
    let unregistrations = ledger
        .unregistrations(&scene.config)
        .into_iter()
        .filter(wanted)
        .collect();
    let until = options.unregister_until(deadlines.gitlab);
    ledger.begin(unregistrations, until);
    ledger.settle(2, until).await;
    if !selection.keep_entry {
        let gone: Vec<Token> = tokens(&ledger);
        let leaves = |entry: &RunnerEntry| {
            match &entry.token {
                Some(token) => gone.contains(token),
                // Without a token it was known to nobody, unless somebody took the token out of it; one whose token cannot be
                // read stays for whoever can.
                None => entry.no_token.is_none() && !is_known(scene, entry),
            }
        };
        let indexes: Vec<usize> = selected
            .iter()
            .filter(|entry| leaves(entry))
            .map(|entry| entry.index)
            .collect();
        remove(scene, &indexes, selected)?;
    }
    forget(scene, &tokens(&ledger))?;
    Ok(ledger.last_words(0))
}

/// Entries that go on being polled when the selected ones are gone. One without a token was never polled.
fn others<'a>(
    entries: &'a [RunnerEntry],
    selected: &'a [RunnerEntry],
) -> impl Iterator<Item = &'a RunnerEntry> {
    let is_polled = |entry: &&RunnerEntry| entry.token.is_some() || entry.no_token.is_some();
    let is_other =
        |entry: &&RunnerEntry| !selected.iter().any(|chosen| chosen.index == entry.index);
    entries.iter().filter(is_polled).filter(is_other)
}

fn is_known(scene: &Scene, entry: &RunnerEntry) -> bool {
    let state = scene.state.as_ref();
    state.is_some_and(|state| {
        entry
            .id
            .is_some_and(|id| state.known(&entry.url, id).is_some())
    })
}

fn tokens(ledger: &Ledger<'_>) -> Vec<Token> {
    ledger
        .gone()
        .map(|unregistration| unregistration.token.clone())
        .collect()
}

/// Removes entries from the file, in place, so that everything else stays as the operator wrote it.
fn remove(scene: &Scene, indexes: &[usize], selected: &[RunnerEntry]) -> anyhow::Result<()> {
    if indexes.is_empty() {
        return Ok(());
    }
    let mut toml: ConfigToml = scene.config.toml.clone();
    toml.remove_entries(indexes);
    scene.files.publish(&toml.to_string())?;
    let path = scene.files.path().display();
    let entries = match indexes.len() {
        1 => "1 runner entry".to_owned(),
        n => format!("{n} runner entries"),
    };
    log::info!("{entries} removed from {path}");
    let Some(mut state) = scene.state.clone() else {
        return Ok(());
    };
    for entry in selected
        .iter()
        .filter(|entry| indexes.contains(&entry.index))
    {
        if let Some(id) = entry.id {
            state.forget(&entry.url, id);
        }
    }
    if Some(&state) != scene.state.as_ref() {
        scene.files.save_state(&state)?;
    }
    Ok(())
}

/// Forgets tokens that are gone now and that only the state file held.
fn forget(scene: &Scene, gone: &[Token]) -> anyhow::Result<()> {
    use runner_lifecycle::state::Pending;
    let Some(before) = scene.files.state()? else {
        return Ok(());
    };
    let mut state = before.clone();
    if matches!(&state.pending, Some(Pending::Received { token, .. }) if gone.contains(token)) {
        state.pending = None;
    }
    let left = state
        .leaving
        .extract_if(.., |left| gone.contains(&left.token));
    let left: Vec<_> = left.map(|left| (left.url, left.id)).collect();
    left.iter().for_each(|(url, id)| state.forget(url, *id));
    if state != before {
        scene.files.save_state(&state)?;
    }
    Ok(())
}

fn selected(entries: &[RunnerEntry], selection: &Selection) -> anyhow::Result<Vec<RunnerEntry>> {
    let endpoint = selection.url.as_deref().map(Endpoint::parse).transpose()?;
    let here = |entry: &&RunnerEntry| {
        endpoint.as_ref().is_none_or(|wanted| {
            Endpoint::parse(&entry.url).is_ok_and(|found| found.same_as(wanted))
        })
    };
    let named = |entry: &&RunnerEntry| {
        selection.all
            || selection
                .name
                .as_ref()
                .is_none_or(|name| entry.name == *name)
                && selection
                    .token
                    .as_ref()
                    .is_none_or(|token| entry.token.as_ref() == Some(token))
    };
    Ok(entries.iter().filter(here).filter(named).cloned().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_selected_by_all_that_was_given() {
        fn check(selection: &Selection, want: &[usize]) {
            let text = r#"
[[runners]]
name = "a"
url = "http://one/"
token = "t1"
[[runners]]
name = "b"
url = "http://one"
token = "t2"
[[runners]]
name = "a"
url = "http://two"
token = "t3"
"#;
            let entries = ConfigToml::parse(text).unwrap().entries(&|_| None);
            let found = selected(&entries, selection).unwrap();
            let found: Vec<usize> = found.iter().map(|entry| entry.index).collect();
            assert_eq!(found, want, "{selection:?}");
        }
        let name = |name: &str| Some(name.to_owned());
        let none = Selection::default;
        check(
            &Selection {
                all: true,
                ..none()
            },
            &[0, 1, 2],
        );
        check(
            &Selection {
                all: true,
                url: name("http://one/ci"),
                ..none()
            },
            &[0, 1],
        );
        check(
            &Selection {
                name: name("a"),
                ..none()
            },
            &[0, 2],
        );
        check(
            &Selection {
                name: name("a"),
                url: name("http://two/"),
                ..none()
            },
            &[2],
        );
        check(
            &Selection {
                token: Some(Token::new("t2").unwrap()),
                ..none()
            },
            &[1],
        );
        check(
            &Selection {
                token: Some(Token::new("t2").unwrap()),
                name: name("a"),
                ..none()
            },
            &[],
        );
    }
}
