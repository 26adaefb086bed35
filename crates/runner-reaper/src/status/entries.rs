//! Owns what config.toml and the state file tell of each runner. Pure.

use runner_config::config_toml::{ConfigToml, RunnerEntry};
use runner_lifecycle::files::Config;
use runner_lifecycle::pod::Pod;
use runner_lifecycle::report::{address, one_line};
use runner_lifecycle::runner::Runner;
use runner_lifecycle::source::Source;
use runner_lifecycle::state::{Pending, State, StateEntry, Written};

use super::facts::{
    AtGitlab, Entry, Loose, ResetUnderWay, RotationStep, Unasked, WithoutEntry, Writer,
};
use crate::entries::unregistrations;

/// The entries of the file; GitLab is yet to be asked.
pub(super) fn of(config: &Config, written: &[RunnerEntry], state: Option<&State>) -> Vec<Entry> {
    let unregistrations = unregistrations(written, state);
    let places = state.map_or_else(Vec::new, |state| state.places(written));
    let entry = |entry: &RunnerEntry| {
        let place = places.get(entry.index).copied().flatten();
        let kept = state
            .zip(place)
            .and_then(|(state, at)| state.entries.get(at));
        let received = state
            .zip(entry.id)
            .and_then(|(state, id)| state.known(&entry.url, id));
        let source = kept.map(|kept| (kept.source, kept.adopted)).or(received);
        // By its token, as at the end; without one by its source.
        let mut unregistered = unregistrations.iter().map(|one| &one.runner);
        let at_the_end = unregistered.find(|runner| runner.has_token_of(entry));
        let at_the_end = at_the_end.map(Runner::ownership);
        Entry {
            name: one_line(&entry.name),
            url: address(&entry.url),
            id: entry.id.or(kept.map(|kept| kept.id)),
            source: source.map(|(source, _)| source),
            ownership: at_the_end.or(source.map(|(source, _)| source.ownership())),
            writer: writer(state, source, kept),
            token: entry.token.as_ref().map(|token| token.short()),
            is_variable: entry.is_token_variable,
            no_token: entry.no_token.as_deref().map(one_line),
            expires_at: entry.token_expires_at,
            was_refused: kept.is_some_and(|kept| kept.refused),
            changed_keys: kept.and_then(|kept| {
                let written = kept.written.as_ref();
                written.map(|written| changed_keys(&config.toml, Some(entry.index), written))
            }),
            gitlab: AtGitlab::NotAsked(Unasked::NoToken),
        }
    };
    written.iter().map(entry).collect()
}

/// What the state file knows and no entry holds.
pub(super) fn without_entry(state: &State, written: &[RunnerEntry]) -> Vec<WithoutEntry> {
    let of = |kind: Loose, url: &str| WithoutEntry {
        kind,
        id: None,
        url: address(url),
        source: None,
        has_token: kind != Loose::Unanswered,
        description: None,
        at: None,
    };
    let runner = |kind: Loose, url: &str, id: i64, source: Source| WithoutEntry {
        id: Some(id),
        source: Some(source),
        ..of(kind, url)
    };
    let mut all = Vec::new();
    for known in state.lost(&state.under_own_urls(written.to_vec())) {
        all.push(WithoutEntry {
            has_token: known.token.is_some(),
            ..runner(Loose::Known, &known.url, known.id, known.source)
        });
    }
    if let Some(Pending::Received(received)) = &state.pending
        && let new = &received.runner
        && !written.iter().any(|entry| new.has_id_of(entry))
    {
        all.push(WithoutEntry {
            at: Some(one_line(&received.obtained_at)),
            ..runner(Loose::Received, &new.url, new.id, new.source)
        });
    }
    for left in &state.leaving {
        all.push(runner(Loose::Leaving, &left.url, left.id, left.source));
    }
    for lost in &state.lost_resets {
        let in_file = |entry: &RunnerEntry| {
            let token = entry.token.as_ref();
            token.is_some_and(|token| token.fingerprint() == lost.of)
        };
        if !written.iter().any(in_file) {
            all.push(WithoutEntry {
                id: Some(lost.id).filter(|id| *id > 0),
                at: Some(one_line(&lost.at)),
                ..of(Loose::Unanswered, &lost.url)
            });
        }
    }
    for lost in state.all_unanswered() {
        all.push(WithoutEntry {
            description: Some(one_line(&lost.description)),
            at: Some(one_line(&lost.asked_at)),
            ..of(Loose::Unanswered, &lost.url)
        });
    }
    all
}

/// A reset of a token that the state tells of, beside the entries of the file, if those are known.
pub(super) fn rotation(
    state: &State,
    written: &[RunnerEntry],
    are_known: bool,
) -> Option<ResetUnderWay> {
    let rotation = state.rotation.as_ref()?;
    let place = |is: &dyn Fn(&RunnerEntry) -> bool| written.iter().position(is);
    let before = place(&|entry| rotation.is_of(entry));
    let after = place(&|entry| rotation.is_in(entry));
    Some(ResetUnderWay {
        step: match (&rotation.token, before, after) {
            (None, ..) => RotationStep::Unanswered,
            (Some(_), Some(_), _) => RotationStep::Received,
            (Some(_), None, Some(_)) => RotationStep::Written,
            (Some(_), None, None) if are_known => RotationStep::NoEntry,
            (Some(_), None, None) => RotationStep::Received,
        },
        entry: before.or(after),
        id: Some(rotation.id).filter(|id| *id > 0),
        url: address(&rotation.url),
        at: one_line(&rotation.at),
    })
}

fn writer(
    state: Option<&State>,
    source: Option<(Source, bool)>,
    kept: Option<&StateEntry>,
) -> Writer {
    match (state, source) {
        (None, _) => Writer::Unknown,
        (_, None) => Writer::Other,
        (_, Some((_, true))) => Writer::Adopted,
        (_, Some(_)) => {
            let pod = kept.and_then(|kept| kept.pod.as_ref());
            Writer::RunnerInit(pod.map(Pod::describe).map(|pod| one_line(&pod)))
        }
    }
}

/// The keys that stand otherwise than they were written last.
pub(super) fn changed_keys(
    config: &ConfigToml,
    index: Option<usize>,
    written: &Written,
) -> Vec<String> {
    let keys = config.edited_keys(index, written);
    keys.iter().map(|key| one_line(key)).collect()
}

#[cfg(test)]
mod tests {
    use runner_lifecycle::token::Token;

    use super::*;

    #[test]
    fn only_a_runner_that_is_in_no_entry_and_not_gone_is_without_one() {
        let known = |id: i64, token: &str| StateEntry {
            token: Some(Token::new(token).unwrap()),
            ..StateEntry::new("http://h", id, Source::AccessToken)
        };
        let mut state = State {
            entries: vec![known(1, "t1"), known(2, "t2"), known(3, "t3")],
            ..State::default()
        };
        state.entries[2].refused = true;
        // Somebody has removed the id of the first one's entry.
        let text = "[[runners]]\nurl = \"http://h/\"\ntoken = \"t1\"\n";
        let written = ConfigToml::parse(text).unwrap().entries(&|_| None);
        let found = without_entry(&state, &written);
        let ids: Vec<_> = found.iter().map(|one| (one.kind, one.id)).collect();
        assert_eq!(ids, [(Loose::Known, Some(2))]);
        // A reset whose entry had no id is of a runner without one.
        state.reset_is_lost(runner_lifecycle::state::Rotation {
            url: "http://h".to_owned(),
            id: 0,
            of: Token::new("before").unwrap().fingerprint(),
            at: "2026-01-02T03:04:05Z".to_owned(),
            token: None,
            expires_at: None,
        });
        let found = without_entry(&state, &written);
        let lost = found.last().map(|one| (one.kind, one.id));
        assert_eq!(lost, Some((Loose::Unanswered, None)));
    }
}
