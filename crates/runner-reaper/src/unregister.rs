//! Owns the story of `unregister`: by hand, or as the hook line of a manifest. With a live runner manager it is the
//! story of [`crate::pre_stop`]; without one nothing polls, and the entries leave the file too.

use runner_config::config_toml::{ConfigToml, RunnerEntry};
use runner_lifecycle::exit::{Exit, Failure};
use runner_lifecycle::session::Session;

use crate::args::{Options, Selection};
use crate::drain;
use crate::entries::is_over;
use crate::grace::Deadlines;
use crate::ledger::Ledger;
use crate::opening::{self, Opened};
use crate::pre_stop;
use crate::runner_manager::{self, Live};
use crate::stops::Stops;

mod selected;

use selected::{Selected, is_at, is_its};

/// Runs it.
///
/// Fails when the volume or its files cannot be used, or nothing is selected; nothing was unregistered then.
pub(crate) async fn run(
    options: &Options,
    selection: &Selection,
    deadlines: Deadlines,
    stops: &Stops,
) -> anyhow::Result<Exit> {
    let path = options.config.display();
    let opened = opening::open_unless_stopped(options, deadlines.gitlab, stops).await?;
    match &opened {
        Opened::OtherPod(theirs) => {
            let theirs = theirs.describe();
            let words = format!(
                "this volume belongs to another pod, {theirs}: nothing was unregistered; if that pod is gone, run again with --other-pod"
            );
            return Err(Failure::unusable(words).into());
        }
        Opened::Nothing if !selection.all => {
            return Err(Failure::unusable(format!("{path} does not exist")).into());
        }
        Opened::Session(_) | Opened::Nothing => {}
    }
    let Some(mut session) = opened.into_session(options) else {
        return Ok(Exit::Done);
    };
    let ledger = Ledger::new(options, &session, stops);
    let entries = ledger.entries(&session.config);
    let all = ledger.unregistrations(&session.config);
    let selected = Selected::of(&entries, all, selection);
    let nothing = selected.runners.is_empty();
    if selected.entries.is_empty() && nothing && !selection.all {
        let words = format!("{path} contains no such runner entry: nothing was unregistered");
        return Err(Failure::unusable(words).into());
    }
    let live = match session.config.is_missing() && nothing {
        true => None,
        false => {
            runner_manager::find(options, &session.files, &session.config, deadlines.jobs).await
        }
    };
    if let Some(live) = live {
        // What was selected by whatever words is all that there is.
        if selected.others == 0 {
            drop((live, ledger));
            return pre_stop::drain_and_unregister(session, options, deadlines, stops).await;
        }
        // Its other entries go on being polled, so pausing everything for as long as a job takes is no way.
        if !selected.entries.is_empty() || !is_idle(&live).await {
            let words = format!(
                "a runner manager uses {path} ({}): remove the entry from the file, wait for its jobs, and run again; or use --all-runners",
                live.describe()
            );
            return Err(Failure::unusable(words).into());
        }
    }
    // What is not selected stays as it is, paused by hand too.
    if selection.is_whole() {
        session.take_over_pause();
    }
    let mut ledger = Ledger::new(options, &session, stops);
    ledger.not_selected(selected.others);
    by_hand(ledger, &session, options, selection, selected, deadlines).await
}

async fn by_hand(
    mut ledger: Ledger<'_>,
    session: &Session,
    options: &Options,
    selection: &Selection,
    selected: Selected,
    deadlines: Deadlines,
) -> anyhow::Result<Exit> {
    ledger.nobody_writes();
    ledger.say_unreadable(&selected.entries);
    // All means what has no token here too.
    ledger.say_nowhere(&session.config, |url| {
        selection.all && is_at(selection, url)
    });
    let until = options.unregister_until(deadlines.gitlab);
    ledger.begin(selected.runners, until);
    ledger.settle(2, until).await;
    if !selection.keep_entry {
        let leaves = |entry: &&RunnerEntry| match &entry.token {
            Some(token) => ledger.gone().any(|gone| gone.runner.token == *token),
            // Without a token it was known to nobody, unless somebody took the token out of it; one whose token cannot be
            // read stays for whoever can. But for both the state file may have had it.
            None => {
                let is_known = entry.no_token.is_some() || is_known(session, entry);
                let is_gone = ledger.gone().any(|gone| is_its(gone, entry));
                !is_known || is_gone || is_over(entry, session.state.as_ref())
            }
        };
        let indexes: Vec<usize> = selected
            .entries
            .iter()
            .filter(leaves)
            .map(|entry| entry.index)
            .collect();
        remove(&ledger, session, &indexes)?;
    }
    if selection.is_whole() && !session.end_pause(deadlines.gitlab).await {
        ledger.note(Exit::Unusable);
    }
    Ok(ledger.last_words(0))
}

/// Whether no job runs, and none is asked for: what is in no entry any more has none then.
async fn is_idle(live: &Live) -> bool {
    let is_idle = live
        .sample()
        .await
        .is_some_and(|sample| drain::is_idle(&sample));
    is_idle && live.jobs().await.is_some_and(|jobs| jobs.is_empty())
}

fn is_known(session: &Session, entry: &RunnerEntry) -> bool {
    let state = session.state.as_ref();
    state.is_some_and(|state| {
        entry
            .id
            .is_some_and(|id| state.known(&entry.url, id).is_some())
    })
}

/// Removes entries from the file, in place, so that everything else stays as the operator wrote it.
fn remove(ledger: &Ledger<'_>, session: &Session, indexes: &[usize]) -> anyhow::Result<()> {
    if indexes.is_empty() {
        return Ok(());
    }
    let entries = ledger.entries(&session.config);
    let stay: Vec<RunnerEntry> = entries
        .iter()
        .filter(|entry| !indexes.contains(&entry.index))
        .cloned()
        .collect();
    ledger.record(&stay, &entries);
    let mut toml: ConfigToml = session.config.toml.clone();
    toml.remove_entries(indexes);
    session.files.publish(&session.config, &toml.to_string())?;
    let path = session.files.path().display();
    let entries = match indexes.len() {
        1 => "1 runner entry".to_owned(),
        n => format!("{n} runner entries"),
    };
    log::info!("{entries} removed from {path}");
    Ok(())
}
