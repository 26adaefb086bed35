//! Owned runners that the state file has the token of: what they come to, whatever became of their entry.

use super::*;

/// A state file of these entries, as `id name token`; `-` is none.
pub(super) fn known(text: &[&str], source: Source) -> State {
    let mut state = State::default();
    for text in text {
        let [id, name, token] = *text.split(' ').collect::<Vec<_>>() else {
            panic!("{text}")
        };
        let given = |text: &str| Some(text.to_owned()).filter(|text| text != "-");
        state.entries.push(StateEntry {
            name: given(name),
            token: given(token).map(|token| Token::new(token).unwrap()),
            ..StateEntry::new("http://h", id.parse().unwrap(), source)
        });
    }
    state
}

/// A file of these entries, written in the same way.
pub(super) fn file(text: &[&str]) -> Vec<RunnerEntry> {
    let of = |text: &&str| {
        let keys = ["id", "name", "token"].iter().zip(text.split(' '));
        let lines = keys.filter(|(_, value)| *value != "-");
        let lines = lines.map(|(key, value)| match *key {
            "id" => format!("id = {value}\n"),
            key => format!("{key} = \"{value}\"\n"),
        });
        format!(
            "[[runners]]\nurl = \"http://h/\"\n{}",
            lines.collect::<String>()
        )
    };
    entries(&text.iter().map(of).collect::<String>())
}

/// What is asked of GitLab, as `id token ownership` and another token to try.
fn asked(state: &State, entries: &[RunnerEntry]) -> Vec<String> {
    let all = all(entries, Some(state));
    let of = |one: &Unregistration| {
        let id = one.runner.id;
        let other = one
            .state_token
            .as_ref()
            .map(|token| format!(" or {}", token.expose()));
        let has_entry = if one.has_entry { "" } else { " lost" };
        format!(
            "{id} {} {:?}{}{has_entry}",
            one.runner.token.expose(),
            one.runner.ownership(),
            other.unwrap_or_default()
        )
    };
    all.iter().map(of).collect()
}

#[test]
fn every_owned_runner_is_asked_for_once_and_none_is_named() {
    fn check(state: &[&str], entries: &[&str], want: &[&str]) {
        let (state, entries) = (known(state, Source::RegistrationToken), file(entries));
        assert_eq!(asked(&state, &entries), want, "{state:?} {entries:?}");
        assert_eq!(nowhere(&state, &entries), [], "{state:?} {entries:?}");
    }
    check(&["1 a t"], &["1 a t"], &["1 t Owned"]);
    // Somebody wrote over the file, or took something out of the entry.
    check(&["1 a t"], &[], &["1 t Owned lost"]);
    check(&["1 a t"], &["1 a -"], &["1 t Owned lost"]);
    check(&["1 a t"], &["1 a $NOWHERE"], &["1 t Owned lost"]);
    check(&["1 a t"], &["- a t"], &["1 t Owned"]);
    check(&["1 a t"], &["9 b t"], &["1 t Owned"]);
    check(&["1 a t"], &["9 b u"], &["9 u Owned", "1 t Owned lost"]);
    // The file is newer, or an old copy of it.
    check(&["1 a t"], &["1 a rotated"], &["1 rotated Owned or t"]);
    check(&["1 a t"], &["1 b rotated"], &["1 rotated Owned or t"]);
    // Another runner's token was put into the entry.
    check(
        &["1 a t"],
        &["1 a glrt-shared"],
        &["1 glrt-shared Shared", "1 t Owned lost"],
    );
    // An entry was copied with its id, and got another token.
    check(&["1 a t"], &["1 b u", "1 a t"], &["1 u Owned", "1 t Owned"]);
    check(
        &["1 a t"],
        &["1 a glrt-u", "1 b t"],
        &["1 glrt-u Shared", "1 t Owned"],
    );
    // One runner in several entries.
    check(&["1 a t"], &["1 a t", "1 b t"], &["1 t Owned"]);
    check(&["1 a t", "1 b t"], &[], &["1 t Owned lost"]);
    check(&["1 a t", "1 b t"], &["1 b t"], &["1 t Owned"]);
    check(
        &["1 a t", "2 b u"],
        &["2 b u"],
        &["2 u Owned", "1 t Owned lost"],
    );
}

#[test]
fn copy_of_an_entry_with_an_id_that_is_not_its_own_is_not_known() {
    let state = known(&["1 a glrt-t"], Source::AccessToken);
    let found = unregistrations(&file(&["1 a glrt-u", "1 b glrt-t"]), Some(&state));
    let got: Vec<_> = found
        .iter()
        .map(|one| (one.known, one.runner.ownership()))
        .collect();
    assert_eq!(got, [(false, SHARED), (true, OWNED)]);
    // Alone it may be the rotated one.
    let found = unregistrations(&file(&["1 a glrt-u"]), Some(&state));
    assert_eq!((found[0].known, found[0].runner.ownership()), (true, OWNED));
}

#[test]
fn lost_runner_is_asked_for_by_all_that_the_state_file_knows() {
    let mut state = known(&["1 a t"], Source::AccessToken);
    let at = SystemTime::UNIX_EPOCH;
    state.entries[0].token_expires_at = Some(at);
    state.entries[0].token_obtained_at = Some(at);
    let elsewhere = "[[runners]]\nurl = \"http://other\"\ntoken = \"t\"\ntls-ca-file = \"other.pem\"\n\
                     [[runners]]\nurl = \"http://h/ci\"\nid = 2\ntoken = \"u\"\ntls-ca-file = \"ca.pem\"\n";
    let found = without_entry(&state, &entries(elsewhere));
    assert_eq!(
        found.len(),
        1,
        "the same token at another GitLab is another runner: {found:?}"
    );
    let lost = &found[0];
    let want = Runner {
        url: "http://h".into(),
        id: 1,
        source: Source::AccessToken,
        token: Token::new("t").unwrap(),
    };
    assert_eq!((&lost.runner, lost.known), (&want, true));
    assert_eq!((lost.expires_at, lost.obtained_at), (Some(at), Some(at)));
    assert_eq!(lost.registered(None).named(), "runner 1 \"a\"");
    assert_eq!(lost.tls_files[0].as_deref(), Some("ca.pem"));
    // A file with other runners of that GitLab is none with its certificate.
    assert_eq!(without_entry(&state, &[])[0].tls_files[0], None);
}

#[test]
fn what_the_state_file_has_no_token_of_is_named_as_before() {
    for (entries, state) in [
        (file(&[]), known(&["1 a -"], Source::RegistrationToken)),
        (file(&["1 a -"]), known(&["1 a -"], Source::AccessToken)),
        // Nobody writes the token of a shared runner there, and if somebody did, its runner is not ours to delete.
        (
            file(&[]),
            known(&["1 a glrt-t"], Source::AuthenticationToken),
        ),
    ] {
        assert_eq!(nowhere(&state, &entries).len(), 1, "{state:?}");
        assert!(without_entry(&state, &entries).is_empty(), "{state:?}");
    }
}

#[test]
fn runner_that_was_unregistered_is_neither_asked_for_nor_named() {
    let mut state = known(&["1 a -"], Source::RegistrationToken);
    state.entries[0].refused = true;
    assert!(nowhere(&state, &[]).is_empty());
    assert!(all(&[], Some(&state)).is_empty());
    // Its entry still is, and GitLab says that it is gone.
    assert_eq!(asked(&state, &file(&["1 a t"])), ["1 t Owned"]);
}

#[test]
fn runner_on_its_way_out_is_asked_for_once() {
    let mut state = known(&["1 a t", "2 b u"], Source::RegistrationToken);
    state.leaving.push(Runner {
        url: "http://h/".into(),
        id: 1,
        source: Source::RegistrationToken,
        token: Token::new("newer").unwrap(),
    });
    assert_eq!(asked(&state, &[]), ["1 newer Owned lost", "2 u Owned lost"]);
}

#[test]
fn entry_whose_token_cannot_be_read_is_not_named_where_the_state_file_has_it() {
    let entries = file(&["1 a $NOWHERE", "2 b $NOWHERE"]);
    let state = known(&["1 a t"], Source::RegistrationToken);
    let named = unreadable(&entries, &entries, Some(&state));
    assert_eq!(named.len(), 1, "{named:?}");
    assert!(named[0].contains("\"b\""), "{named:?}");
    let mut state = known(&["2 b -"], Source::RegistrationToken);
    state.entries[0].refused = true;
    let named = unreadable(&entries, &entries, Some(&state));
    assert!(named.len() == 1 && named[0].contains("\"a\""), "{named:?}");
}

/// Whether GitLab is asked first whose token the last entry has, and whether its ID's runner goes without it.
fn last(state: Option<&State>, text: &[&str]) -> (Ownership, bool, bool) {
    let there = file(text);
    let token = there.last().unwrap().token.clone().unwrap();
    let all = unregistrations(&there, state);
    let one = all.iter().find(|one| one.runner.token == token).unwrap();
    let ownership = one.runner.ownership();
    (ownership, one.is_unconfirmed, one.is_accounted)
}

#[test]
fn only_a_token_that_the_state_file_has_is_taken_for_an_owned_runners_own() {
    let mut state = known(&["1 a glrt-t"], Source::AccessToken);
    let check = |state: &State, text: &[&str], want: (Ownership, bool, bool)| {
        assert_eq!(last(Some(state), text), want, "{text:?}");
    };
    check(&state, &["1 a glrt-t"], (OWNED, false, false));
    check(&state, &["1 a glrt-another"], (OWNED, true, false));
    check(&state, &["1 a another"], (OWNED, true, false));
    // Of an entry that was copied, ID and all, and given another token.
    check(&state, &["1 a glrt-t", "1 b another"], (OWNED, true, true));
    check(
        &state,
        &["1 a glrt-t", "1 b glrt-another"],
        (SHARED, false, true),
    );
    // Nothing is known of it: its token decides, as where there is no state file.
    check(&state, &["1 a glrt-t", "9 b another"], (OWNED, false, true));
    assert!(!last(None, &["1 a another"]).1);
    // One that was to be taken and is on its way out again is a shared one's.
    state.leaving.push(Runner {
        url: "http://h".into(),
        id: 0,
        source: Source::AuthenticationToken,
        token: Token::new("glrt-shared").unwrap(),
    });
    check(&state, &["1 a glrt-shared"], (SHARED, false, true));
    assert_eq!(
        asked(&state, &file(&["1 a glrt-shared"])),
        ["1 glrt-shared Shared", "1 glrt-t Owned lost"]
    );
    state.entries[0].refused = true;
    state.entries[0].token = None;
    check(&state, &["1 a glrt-t"], (OWNED, true, true));
}

#[test]
fn one_token_in_the_entries_of_two_owned_runners_leaves_neither_of_them() {
    let state = known(&["1 a t", "2 b u"], Source::AccessToken);
    assert_eq!(
        asked(&state, &file(&["1 a glrt-x", "2 b glrt-x"])),
        ["1 glrt-x Owned or t", "2 u Owned lost"]
    );
}
