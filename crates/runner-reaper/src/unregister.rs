//! Owns the story of `unregister`: by hand, or as the hook line of a manifest. With a live runner manager it is the
//! story of [`crate::pre_stop`]; without one nothing polls, and the entries leave the file too.

use runner_lifecycle::config_toml::{ConfigToml, RunnerEntry};
use runner_lifecycle::exit::{Exit, Failure};
use runner_lifecycle::state::same_url;
use runner_lifecycle::token::Token;

use crate::args::{Options, Selection};
use crate::drain;
use crate::entries::{Unregistration, is_over};
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
    let mut ledger = Ledger::new(options, &scene, stops);
    let entries = ledger.entries(&scene.config);
    let mut selected = selected(&entries, selection);
    let all = ledger.unregistrations(&scene.config);
    let (wanted, others): (Vec<Unregistration>, Vec<Unregistration>) = all
        .into_iter()
        .partition(|unregistration| is_wanted(unregistration, selection, &selected));
    // Somebody may have taken the token out of the entry of what is selected by it.
    let is_new = |entry: &&RunnerEntry| !selected.iter().any(|chosen| chosen.index == entry.index);
    let of_lost =
        |entry: &&RunnerEntry| entry.token.is_none() && wanted.iter().any(|one| is_its(one, entry));
    selected.extend(
        entries
            .iter()
            .filter(is_new)
            .filter(of_lost)
            .cloned()
            .collect::<Vec<_>>(),
    );
    if selected.is_empty() && wanted.is_empty() && !selection.all {
        let words = format!("{path} contains no such runner entry: nothing was unregistered");
        return Err(Failure::unusable(words).into());
    }
    let without_entry = others.iter().filter(|other| !other.has_entry).count();
    let others = polled(&entries, &selected).count() + without_entry;
    let live = match scene.config.is_missing() && wanted.is_empty() {
        true => None,
        false => Live::find(options, &scene.files, &scene.config, deadlines.jobs).await,
    };
    if let Some(live) = live {
        // What was selected by whatever words is all that there is.
        if others == 0 {
            drop((live, ledger));
            return pre_stop::drain_and_unregister(scene, options, deadlines, stops).await;
        }
        // Its other entries go on being polled, so pausing everything for as long as a job takes is no way.
        if !selected.is_empty() || !is_idle(&live).await {
            let words = format!(
                "a runner manager uses {path} ({}): remove the entry from the file, wait for its jobs, and run again; or use --all-runners",
                live.describe()
            );
            return Err(Failure::unusable(words).into());
        }
    }
    ledger.not_selected(others);
    by_hand(
        ledger, &scene, options, selection, &selected, wanted, deadlines,
    )
    .await
}

async fn by_hand(
    mut ledger: Ledger<'_>,
    scene: &Scene,
    options: &Options,
    selection: &Selection,
    selected: &[RunnerEntry],
    wanted: Vec<Unregistration>,
    deadlines: Deadlines,
) -> anyhow::Result<Exit> {
    ledger.nobody_writes();
    ledger.say_unreadable(selected);
    // All means what has no token here too.
    ledger.say_nowhere(&scene.config, |url| selection.all && is_at(selection, url));
    let until = options.unregister_until(deadlines.gitlab);
    ledger.begin(wanted, until);
    ledger.settle(2, until).await;
    if !selection.keep_entry {
        let leaves = |entry: &&RunnerEntry| match &entry.token {
            Some(token) => ledger.gone().any(|gone| gone.token == *token),
            // Without a token it was known to nobody, unless somebody took the token out of it; one whose token cannot be
            // read stays for whoever can. But for both the state file may have had it.
            None => {
                let is_known = entry.no_token.is_some() || is_known(scene, entry);
                !is_known || is_gone(&ledger, entry) || is_over(entry, scene.state.as_ref())
            }
        };
        let indexes: Vec<usize> = selected
            .iter()
            .filter(leaves)
            .map(|entry| entry.index)
            .collect();
        remove(&ledger, scene, &indexes)?;
    }
    Ok(ledger.last_words(0))
}

/// Whether it is selected: for an entry of its token, or without one by what the state file knows of it.
fn is_wanted(
    unregistration: &Unregistration,
    selection: &Selection,
    selected: &[RunnerEntry],
) -> bool {
    let Unregistration {
        url, name, token, ..
    } = unregistration;
    if unregistration.has_entry {
        return selected
            .iter()
            .any(|entry| entry.token.as_ref() == Some(token));
    }
    // Somebody may have taken the token out of its entry.
    let by_entry = |entry: &RunnerEntry| entry.token.is_none() && is_its(unregistration, entry);
    is_at(selection, url) && is_named(selection, name, Some(token)) || selected.iter().any(by_entry)
}

/// Whether this GitLab is selected.
fn is_at(selection: &Selection, url: &str) -> bool {
    let wanted = selection.url.as_ref();
    wanted.is_none_or(|wanted| same_url(wanted, url))
}

/// Whether a runner of this name and token is selected.
fn is_named(selection: &Selection, name: &str, token: Option<&Token>) -> bool {
    let by_name = selection.name.as_ref();
    let by_token = selection.token.as_ref();
    selection.all
        || by_name.is_none_or(|wanted| wanted == name)
            && by_token.is_none_or(|wanted| token == Some(wanted))
}

/// Whether no job runs, and none is asked for: what is in no entry any more has none then.
async fn is_idle(live: &Live) -> bool {
    let is_idle = live
        .sample()
        .await
        .is_some_and(|sample| drain::is_idle(&sample));
    is_idle && live.jobs().await.is_some_and(|jobs| jobs.is_empty())
}

/// Entries that go on being polled when the selected ones are gone. One without a token was never polled.
fn polled<'a>(
    entries: &'a [RunnerEntry],
    selected: &'a [RunnerEntry],
) -> impl Iterator<Item = &'a RunnerEntry> {
    let is_polled = |entry: &&RunnerEntry| entry.token.is_some() || entry.no_token.is_some();
    let is_other =
        |entry: &&RunnerEntry| !selected.iter().any(|chosen| chosen.index == entry.index);
    entries.iter().filter(is_polled).filter(is_other)
}

/// Whether the runner of an entry without a token is gone.
fn is_gone(ledger: &Ledger<'_>, entry: &RunnerEntry) -> bool {
    ledger.gone().any(|gone| is_its(gone, entry))
}

/// Whether it is the runner of an entry without a token.
fn is_its(unregistration: &Unregistration, entry: &RunnerEntry) -> bool {
    let Unregistration {
        id, url, has_entry, ..
    } = unregistration;
    !has_entry && id.is_some() && *id == entry.id && same_url(url, &entry.url)
}

fn is_known(scene: &Scene, entry: &RunnerEntry) -> bool {
    let state = scene.state.as_ref();
    state.is_some_and(|state| {
        entry
            .id
            .is_some_and(|id| state.known(&entry.url, id).is_some())
    })
}

/// Removes entries from the file, in place, so that everything else stays as the operator wrote it.
fn remove(ledger: &Ledger<'_>, scene: &Scene, indexes: &[usize]) -> anyhow::Result<()> {
    if indexes.is_empty() {
        return Ok(());
    }
    let entries = ledger.entries(&scene.config);
    let stay: Vec<RunnerEntry> = entries
        .iter()
        .filter(|entry| !indexes.contains(&entry.index))
        .cloned()
        .collect();
    ledger.record(&stay, &entries);
    let mut toml: ConfigToml = scene.config.toml.clone();
    toml.remove_entries(indexes);
    scene.files.publish(&toml.to_string())?;
    let path = scene.files.path().display();
    let entries = match indexes.len() {
        1 => "1 runner entry".to_owned(),
        n => format!("{n} runner entries"),
    };
    log::info!("{entries} removed from {path}");
    Ok(())
}

fn selected(entries: &[RunnerEntry], selection: &Selection) -> Vec<RunnerEntry> {
    let is_selected = |entry: &&RunnerEntry| {
        is_at(selection, &entry.url) && is_named(selection, &entry.name, entry.token.as_ref())
    };
    entries.iter().filter(is_selected).cloned().collect()
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
            let found = selected(&entries, selection);
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
