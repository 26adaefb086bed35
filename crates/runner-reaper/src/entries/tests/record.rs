//! What the state file says once runners are gone.

use super::lost::{file, known};
use super::*;

/// What the state file says, as `id name token`, with `gone` where it was unregistered.
fn said(state: &State) -> Vec<String> {
    let of = |known: &StateEntry| {
        let name = known.name.as_deref().unwrap_or("-");
        let token = known.token.as_ref().map_or("-", Token::expose);
        let gone = if known.refused { " gone" } else { "" };
        format!("{} {name} {token}{gone}", known.id)
    };
    state.entries.iter().map(of).collect()
}

/// The state after the unregistration of all with one of these tokens; `None` where nothing is to be written.
fn after(state: &State, gone: &[&str], stay: &[&str], there: &[&str]) -> Option<Vec<String>> {
    let there = file(there);
    let all = all(&there, Some(state));
    let gone: Vec<&Unregistration> = all
        .iter()
        .filter(|one| gone.contains(&one.runner.token.expose()))
        .collect();
    let after = record(state, &gone, &[], &file(stay), &there)?;
    assert_eq!(
        record(&after, &gone, &[], &file(stay), &there),
        None,
        "once is enough"
    );
    Some(said(&after))
}

#[test]
fn token_of_a_runner_that_is_gone_is_not_kept() {
    fn check(state: &[&str], gone: &[&str], there: &[&str], want: Option<&[&str]>) {
        let state = known(state, Source::RegistrationToken);
        let got = after(&state, gone, there, there);
        let want = want.map(|want| want.iter().map(|&text| text.to_owned()).collect::<Vec<_>>());
        assert_eq!(got, want, "{state:?} {gone:?} {there:?}");
    }
    // With its entry in the file it is still known what that was.
    check(&["1 a t"], &["t"], &["1 a t"], Some(&["1 a - gone"]));
    check(
        &["1 a t"],
        &["rotated"],
        &["1 a rotated"],
        Some(&["1 a - gone"]),
    );
    check(&["1 a -"], &["t"], &["1 a t"], Some(&["1 a - gone"]));
    check(&["1 a t"], &["t"], &[], Some(&[]));
    check(&["1 a t"], &["t"], &["1 a -"], Some(&["1 a - gone"]));
    check(&["1 a t"], &["t"], &["2 a u"], Some(&[]));
    // What is not gone keeps its token: whose the file's is only GitLab can tell.
    check(&["1 a t"], &[], &[], None);
    check(&["1 a t"], &[], &["1 a rotated"], None);
    check(
        &["1 a t", "2 b u"],
        &["t"],
        &["2 b rotated"],
        Some(&["2 b u"]),
    );
    // Every entry of the runner.
    check(
        &["1 a t", "1 b t"],
        &["t"],
        &["1 b t"],
        Some(&["1 b - gone"]),
    );
    // A copy with its id says nothing of it.
    check(&["1 a t"], &["u"], &["1 b u", "1 a t"], None);
}

#[test]
fn shared_runner_is_forgotten_with_its_last_entry_only() {
    fn check(state: &[&str], stay: &[&str], there: &[&str], want: Option<&[&str]>) {
        let state = known(state, Source::AuthenticationToken);
        let got = after(&state, &["glrt-t"], stay, there);
        let want = want.map(|want| want.iter().map(|&text| text.to_owned()).collect::<Vec<_>>());
        assert_eq!(got, want, "{state:?} {stay:?} {there:?}");
    }
    let (a, b) = ("1 a glrt-t", "1 b glrt-t");
    // The entry stays, and a runner manager that reads it is listed again.
    check(&["1 a -"], &[a], &[a], None);
    // About to be removed from the file, and removed.
    check(&["1 a -"], &[], &[a], Some(&["1 a - gone"]));
    // One of two.
    check(
        &["1 a -", "1 b -"],
        &[b],
        &[a, b],
        Some(&["1 a - gone", "1 b -"]),
    );
    check(&["1 a -", "1 b -"], &[b], &[b], Some(&["1 b -"]));
    check(&["1 - -"], &[b], &[a, b], None);
}

#[test]
fn what_was_received_or_on_its_way_out_is_forgotten_too() {
    let mut state = known(&["1 a t"], Source::RegistrationToken);
    state.leaving.push(Runner {
        url: "http://h/".into(),
        id: 1,
        source: Source::RegistrationToken,
        token: Token::new("left").unwrap(),
    });
    state.pending = Some(Pending::Received(Received {
        runner: Runner {
            url: "http://h".into(),
            id: 5,
            source: Source::RegistrationToken,
            token: Token::new("received").unwrap(),
        },
        obtained_at: String::new(),
        expires_at: None,
        name: None,
        name_given: false,
        sent: None,
    }));
    let all = all(&[], Some(&state));
    let gone: Vec<&Unregistration> = all.iter().collect();
    assert_eq!(record(&state, &gone[..0], &[], &[], &[]), None);
    let after = record(&state, &gone, &[], &[], &[]).unwrap();
    assert_eq!(after, State::default());
}

#[test]
fn newer_token_that_gitlab_has_told_to_be_its_runners_is_kept_unless_it_is_gone() {
    let state = known(&["1 a t", "2 b u"], Source::RegistrationToken);
    let there = file(&["1 a newer", "2 b v"]);
    let all = all(&there, Some(&state));
    let own: Vec<Runner> = all.iter().map(|one| one.runner.clone()).collect();
    let after = |gone: &[&Unregistration]| record(&state, gone, &own, &there, &there);
    assert_eq!(said(&after(&[]).unwrap()), ["1 a newer", "2 b v"]);
    assert_eq!(said(&after(&[&all[0]]).unwrap()), ["1 a - gone", "2 b v"]);
}
