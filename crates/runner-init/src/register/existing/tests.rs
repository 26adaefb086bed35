//! Which entry is meant, of a file and of what a state knows.

use runner_config::config_toml::ConfigToml;

use super::*;

const FILE: &str = r#"
[[runners]]
name = "elsewhere"
url = "https://other.example"
id = 1
token = "glrt-given"
[[runners]]
name = "foreign"
url = "https://gitlab.example/"
token = "glrt-foreign"
[[runners]]
name = "first"
url = "https://gitlab.example"
id = 3
token = "glrtr-three"
[[runners]]
name = "second"
url = "https://gitlab.example/ci"
id = 4
token = "glrt-four"
"#;

const HERE: &str = "pod-2";

fn pod(name: &str) -> Pod {
    Pod {
        name: Some(name.to_owned()),
        ..Pod::default()
    }
}

/// What the state knows: `id name pod token`, where `-` is nothing.
fn state(known: &[&str]) -> State {
    let mut state = State::default();
    for text in known {
        let [id, name, by, token] = *text.split(' ').collect::<Vec<_>>() else {
            panic!("{text}")
        };
        let given = |text: &str| Some(text.to_owned()).filter(|text| text != "-");
        state.remember(StateEntry {
            name: given(name),
            pod: given(by).map(|name| pod(&name)),
            token: given(token).map(|token| Token::new(token).unwrap()),
            ..StateEntry::new(
                "https://gitlab.example",
                id.parse().unwrap(),
                Source::RegistrationToken,
            )
        });
    }
    state
}

/// `name`: a given one, or with a dot before it the host's.
fn found(file: &str, known: &[&str], name: &str, token: Option<&str>) -> Option<Ours> {
    let entries = ConfigToml::parse(file).unwrap().entries(&|_| None);
    let token = token.map(|token| Token::new(token).unwrap());
    let asked = Asked {
        endpoint: &Endpoint::parse("https://gitlab.example").unwrap(),
        name: name.trim_start_matches('.'),
        name_given: !name.starts_with('.'),
        token: token.as_ref(),
        pod: &pod(HERE),
        is_in_kubernetes: true,
    };
    ours(&entries, &state(known), &asked)
}

fn check(known: &[&str], name: &str, token: Option<&str>, want: &str) {
    let got = found(FILE, known, name, token);
    let got = got.map_or("-".to_owned(), |ours| match ours.place {
        Some(_) => ours.entry.name,
        None => format!("lost {}", ours.entry.name),
    });
    assert_eq!(got, want, "{known:?} {name} {token:?}");
}

#[test]
fn given_name_means_its_entry_or_a_new_one() {
    let both = &["3 first pod-2 -", "4 second pod-2 -"];
    check(both, "first", None, "first");
    check(both, "second", None, "second");
    check(both, "third", None, "-");
    check(both, "foreign", None, "foreign");
    check(both, "elsewhere", None, "-");
    // Somebody has renamed it in the file.
    check(&["3 before pod-2 -"], "before", None, "first");
    check(&["3 before pod-2 -"], "first", None, "first");
    // Version 1 knew no names and no pods of its own.
    check(&["3 - - -"], "first", None, "first");
    check(&["3 - - -"], "third", None, "-");
    check(&["3 - pod-1 -"], "third", None, "first");
}

#[test]
fn given_token_means_its_entry_unless_this_pod_has_it_under_another_name() {
    check(&[], "new", Some("glrt-given"), "-");
    check(&[], "new", Some("glrt-four"), "second");
    check(&["3 first pod-2 -"], "new", Some("glrt-four"), "second");
    check(&["4 second pod-2 -"], "new", Some("glrt-four"), "-");
    check(&["4 second pod-1 -"], "new", Some("glrt-four"), "second");
    check(&["4 second pod-2 -"], ".host", Some("glrt-four"), "second");
    check(&["3 first pod-2 -"], ".host", Some("glrt-four"), "second");
    check(&["3 first pod-2 -"], "first", Some("glrt-four"), "first");
}

#[test]
fn what_another_pod_has_left_is_taken_over() {
    let left = &["3 first pod-2 -", "4 second pod-1 -"];
    check(left, "third", None, "second");
    check(left, ".host", None, "second");
    check(left, "first", None, "first");
    check(
        &["3 first pod-1 -", "4 second pod-1 -"],
        "third",
        None,
        "first",
    );
}

#[test]
fn without_a_given_name_it_is_what_the_state_knows() {
    check(
        &["3 first pod-2 -", "4 second pod-2 -"],
        ".second",
        None,
        "second",
    );
    check(
        &["3 first pod-2 -", "4 second pod-2 -"],
        ".host",
        None,
        "first",
    );
    check(&["3 first pod-2 -"], ".foreign", None, "first");
    check(&[], ".foreign", None, "foreign");
    check(&[], ".host", None, "-");
    check(&[], "host", None, "-");
}

#[test]
fn runner_whose_entry_is_gone_is_found_by_the_same_rules_behind_the_files() {
    let lost = "7 gone pod-2 glrtr-seven";
    check(&["3 first pod-2 -", lost], "gone", None, "lost gone");
    check(&["3 first pod-2 -", lost], ".gone", None, "lost gone");
    check(&["3 first pod-2 -", lost], ".host", None, "first");
    check(&["3 first pod-2 -", lost], "third", None, "-");
    check(&[lost], ".host", None, "lost gone");
    check(&["7 gone pod-1 glrtr-seven"], "third", None, "lost gone");
    check(&["7 first pod-2 glrtr-seven"], "first", None, "first");
    // Without its token nobody can write it again.
    check(&["7 gone pod-2 -"], "gone", None, "-");
    // The entry that lost its id is not gone.
    check(
        &["7 foreign pod-2 glrt-foreign"],
        "foreign",
        None,
        "foreign",
    );
}

#[test]
fn lost_runner_may_take_the_place_of_a_bad_one_by_name_only_where_one_is_given() {
    fn check(known: &[&str], name: &str, want: &str) {
        let entries = ConfigToml::parse(FILE).unwrap().entries(&|_| None);
        let asked = Asked {
            endpoint: &Endpoint::parse("https://gitlab.example").unwrap(),
            name: name.trim_start_matches('.'),
            name_given: !name.starts_with('.'),
            token: None,
            pod: &pod(HERE),
            is_in_kubernetes: true,
        };
        let got = lost(&entries, &state(known), &asked);
        let got = got.map_or("-".to_owned(), |ours| ours.entry.name);
        assert_eq!(got, want, "{known:?} {name}");
    }
    let known: &[&str] = &["7 a pod-1 t7", "8 b pod-2 t8", "3 first pod-2 glrtr-three"];
    check(known, "b", "b");
    check(known, "first", "-");
    check(known, ".host", "a");
    check(known, ".b", "b");
}

#[test]
fn container_with_another_host_name_is_another_pod_in_kubernetes_only() {
    fn check(known_as: &str, holder: &Pod, here: &Pod, is_in_kubernetes: bool, want: bool) {
        let entries = ConfigToml::parse(FILE).unwrap().entries(&|_| None);
        let mut state = state(&["3 - - glrtr-three"]);
        state.entries[0].name = Some(known_as.to_owned());
        state.entries[0].pod = Some(holder.clone());
        let asked = Asked {
            endpoint: &Endpoint::parse("https://gitlab.example").unwrap(),
            name: "another",
            name_given: true,
            token: None,
            pod: here,
            is_in_kubernetes,
        };
        let taken = ours(&entries, &state, &asked).is_some();
        assert_eq!(taken, want, "{known_as} {holder:?} {here:?}");
    }
    let host = |name: &str| Pod {
        hostname: Some(name.to_owned()),
        ..Pod::default()
    };
    let (one, two) = (host("0f3a9c"), host("b81d22"));
    check("first", &one, &two, false, false);
    check("first", &one, &two, true, true);
    check("first", &one, &one, true, false);
    // Named after a container that is gone.
    check("0f3a9c", &one, &two, false, true);
    check("ci-0f3a9c", &one, &two, false, true);
    // A pod that is told is one anywhere.
    check("first", &pod("pod-1"), &pod("pod-2"), false, true);
    check("first", &pod("pod-1"), &pod("pod-1"), false, false);
}

#[test]
fn token_that_was_taken_out_of_the_file_is_the_one_that_the_state_remembers() {
    let file = "[[runners]]\nname = \"a\"\nurl = \"https://gitlab.example\"\nid = 3\n";
    let ours = found(file, &["3 a pod-2 glrtr-three"], "a", None).unwrap();
    assert_eq!(ours.entry.token, Some(Token::new("glrtr-three").unwrap()));
    assert!(ours.token_is_lost);
    let variable = format!("{file}token = \"$NOT_HERE\"\n");
    let ours = found(&variable, &["3 a pod-2 glrtr-three"], "a", None).unwrap();
    assert_eq!((ours.entry.token, ours.token_is_lost), (None, false));
}

#[test]
fn entry_without_an_id_is_known_by_its_token() {
    let ours = found(FILE, &["7 foreign pod-2 glrt-foreign"], "foreign", None).unwrap();
    assert_eq!((ours.id(), ours.place), (7, Some(1)));
    let ours = found(FILE, &[], "foreign", None).unwrap();
    assert_eq!((ours.id(), ours.known), (0, None));
}

#[test]
fn unknown_entry_is_judged_by_its_token_and_by_what_the_manifest_gives() {
    fn check(index: usize, asked: Source, want: (Source, bool)) {
        let entries = ConfigToml::parse(FILE).unwrap().entries(&|_| None);
        let ours = Ours {
            entry: entries[index].clone(),
            place: Some(index),
            known: None,
            token_is_lost: false,
        };
        let Provenance { source, adopted } = ours.origin(asked);
        assert_eq!((source, adopted), want, "{index} {asked:?}");
    }
    let (shared, owned) = (Source::AuthenticationToken, Source::RegistrationToken);
    check(1, owned, (shared, false));
    check(1, shared, (shared, false));
    check(2, owned, (owned, true));
    check(2, Source::AccessToken, (owned, true));
    // A bare token may be shared by replicas as well: its runner is not ours to delete.
    check(2, shared, (shared, false));
}
