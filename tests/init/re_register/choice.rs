//! Which entry is meant, and what of the file and the state is another's.

use acceptance::canary::form;
use acceptance::pod::{POD, Plan, Pod, Source};
use gitlab_simulator::NewRunner;

use super::{in_file, is_off, re_registers};

fn with_name<'a>(words: &'a [&str], name: &'a str) -> Vec<String> {
    let mut all: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    all.extend(POD.map(str::to_owned));
    all.push(format!("--description={name}"));
    all
}

#[test]
fn entry_of_the_given_name_gets_another_runner_and_the_others_keep_theirs() {
    let mut pod = Pod::fresh();
    pod.source = Source::RegistrationToken;
    let flags = pod.flags(pod.source);
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    for name in ["a", "b", "c"] {
        pod.registers(&with_name(&flags, name));
    }
    let text = pod.stage.text("config.toml").unwrap();
    let text = text.replace(
        "name = \"b\"",
        "name = \"b\" # the second\n  output_limit = 7",
    );
    pod.stage.put("config.toml", &text);
    let [a, b, c] = [0, 1, 2].map(|at| pod.gitlab.runners()[at].clone());
    let ended = pod
        .begin(&mut pod.init_as("re-register", &with_name(&flags, "b")))
        .ended();
    ended.is(0, &format!("in place of runner {}", b.id));
    let new = pod.gitlab.runners().pop().unwrap();
    let all: Vec<i64> = pod
        .gitlab
        .runners()
        .iter()
        .map(|runner| runner.id)
        .collect();
    assert_eq!(all, [a.id, c.id, new.id]);
    // In its place, with its comment and what an operator wrote there.
    let after = pod.stage.text("config.toml").unwrap();
    let mut before: Vec<&str> = text.lines().collect();
    let changed: Vec<&str> = after
        .lines()
        .filter(|line| match before.iter().position(|known| known == line) {
            Some(at) => {
                before.remove(at);
                false
            }
            None => true,
        })
        .filter_map(|line| line.trim().split(" = ").next())
        .collect();
    assert!(changed.contains(&"token"), "{after}");
    let may = ["id", "token", "token_obtained_at", "token_expires_at"];
    assert!(changed.iter().all(|key| may.contains(key)), "{changed:?}");
    assert!(
        before
            .iter()
            .all(|line| may.contains(&line.trim().split(" = ").next().unwrap())),
        "{before:?}"
    );
    assert!(
        after.contains("name = \"b\" # the second\n  output_limit = 7"),
        "{after}"
    );
    let state = pod.stage.text(".runner-lifecycle.toml").unwrap();
    assert!(
        state.contains(&new.token) && !state.contains(&b.token),
        "{state}"
    );
    // Nothing is left to do.
    let again = pod.registers(&with_name(&flags, "b"));
    assert!(
        again.stderr.contains("nothing to change"),
        "{}",
        again.output()
    );
    assert_eq!(pod.stage.text("config.toml").unwrap(), after);
}

#[test]
fn name_that_no_entry_has_gets_an_entry_of_its_own() {
    let mut pod = Pod::fresh();
    pod.source = Source::RegistrationToken;
    let flags = pod.flags(pod.source);
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    for (count, name) in [(1, "a"), (2, "b")] {
        let ended = pod
            .begin(&mut pod.init_as("re-register", &with_name(&flags, name)))
            .ended();
        ended.is(0, "wrote");
        assert!(!ended.words.contains("in place of"), "{}", ended.words);
        assert_eq!(pod.stage.entries(), count);
        assert_eq!(pod.gitlab.runners().len(), count);
    }
}

#[test]
fn entry_that_is_added_beside_others_is_said_where_no_name_was_given() {
    let mut pod = Pod::fresh();
    pod.source = Source::RegistrationToken;
    pod.with_entry("stock", None, true, 0);
    let flags = pod.flags(pod.source);
    let bare = |more: &[&str]| {
        let mut bare = pod.stage.init(&["re-register", "--executor=shell"]);
        bare.args(["--url", &pod.gitlab.url(), &flags[0]])
            .args(more);
        acceptance::stage::run(&mut bare)
    };
    let ended = bare(&[]);
    assert_eq!(ended.code(), 0, "{}", ended.output());
    let said = "run this with its --name (\"stock\")";
    assert!(ended.stderr.contains(said), "{}", ended.output());
    assert_eq!(pod.stage.entries(), 2);
    let ended = bare(&["--name=new"]);
    assert!(!ended.stderr.contains(" WARN "), "{}", ended.output());
    assert_eq!(pod.stage.entries(), 3);
}

#[test]
fn runner_whose_token_is_in_a_variable_of_somebody_else_is_not_forgotten_silently() {
    let mut pod = Pod::fresh();
    pod.source = Source::RegistrationToken;
    let old = pod.with_entry("acceptance", None, true, 0);
    let text = pod.stage.text("config.toml").unwrap();
    pod.put_config(&text.replace(&old.token, "$NOT_HERE"));
    let words = pod.words(&Plan::of(pod.source));
    let ended = pod.begin(&mut pod.init_as("re-register", &words)).ended();
    ended.is(0, "its token is $NOT_HERE, which is not set here");
    assert!(
        ended.words.contains("delete it at GitLab"),
        "{}",
        ended.words
    );
}

#[test]
fn attributes_that_register_cannot_change_are_those_of_the_new_runner() {
    let mut pod = Pod::of(Plan::of(Source::RegistrationToken));
    let mut words = pod.words(&Plan::of(pod.source));
    words.push("--tag-list=other,tags".to_owned());
    let kept = pod.registers(&words);
    assert!(
        kept.stderr.contains("runner-init re-register"),
        "{}",
        kept.output()
    );
    let (new, ended) = re_registers(&mut pod, &words);
    let said = "tag list \"other,tags\" (was none)";
    assert!(ended.words.contains(said), "{}", ended.words);
    let tags = pod.gitlab.runners().pop().unwrap().tags;
    assert_eq!(tags, ["other", "tags"]);
    let again = pod.registers(&words);
    assert!(!again.stderr.contains("tag list"), "{}", again.output());
    assert_eq!(in_file(&pod).id, new.id);
}

#[test]
fn what_a_person_does_not_ask_for_stays_as_the_init_container_wrote_it() {
    let mut pod = Pod::fresh();
    pod.source = Source::RegistrationToken;
    let words = pod.words(&Plan::of(pod.source));
    let more = [
        "--shutdown-timeout=9",
        "--output-limit=7",
        "--request-concurrency=2",
        "--shell=bash",
    ];
    let container: Vec<String> = words
        .iter()
        .cloned()
        .chain(more.map(str::to_owned))
        .collect();
    pod.registers(&container);
    let before = pod.stage.text("config.toml").unwrap();
    let ended = pod
        .begin(pod.init_as("re-register", &words).arg("--output-limit=0"))
        .ended();
    ended.is(0, "in place of runner");
    let after = pod.stage.text("config.toml").unwrap();
    for kept in [
        "shutdown_timeout = 9",
        "request_concurrency = 2",
        "shell = \"bash\"",
    ] {
        assert!(before.contains(kept) && after.contains(kept), "{after}");
    }
    // A zero that is told counts.
    assert!(before.contains("output_limit = 7"), "{before}");
    assert!(!after.contains("output_limit = 7"), "{after}");
    // And the next start of the init container has its way.
    let again = pod.registers(&container);
    assert!(
        pod.stage
            .text("config.toml")
            .unwrap()
            .contains("shutdown_timeout = 9"),
        "{}",
        again.output()
    );
}

#[test]
fn entry_that_somebody_else_made_gets_another_runner_by_its_name() {
    for owned in [false, true] {
        let mut pod = Pod::fresh();
        pod.source = Source::RegistrationToken;
        let old = pod.with_entry("acceptance", None, owned, 0);
        let words = pod.words(&Plan::of(pod.source));
        let (new, ended) = re_registers(&mut pod, &words);
        assert_ne!(new.id, old.id);
        let text = ended.words;
        let is_listed = |pod: &Pod| {
            let all = pod.gitlab.runners();
            all.iter().any(|runner| runner.id == old.id)
        };
        // Nobody can see whether a runner manager works on a file that names no port.
        assert!(is_listed(&pod), "{text}");
        assert_eq!(text.contains("may still have jobs"), owned, "{text}");
        pod.registers(&words);
        assert_eq!(is_listed(&pod), !owned, "{text}");
    }
}

#[test]
fn runner_whose_entry_somebody_wrote_over_is_unregistered_when_another_takes_its_place() {
    let mut pod = Pod::of(Plan::of(Source::RegistrationToken));
    let old = in_file(&pod);
    pod.put_config("concurrent = 1\n");
    let words = pod.words(&Plan::of(pod.source));
    let (new, _) = re_registers(&mut pod, &words);
    assert_ne!(new.id, old.id);
    pod.registers(&words);
    assert!(is_off(&pod, &old));
    let state = pod.stage.text(".runner-lifecycle.toml").unwrap();
    assert!(!state.contains(&old.token), "{state}");
}

#[test]
fn runner_that_was_deleted_or_whose_token_is_refused_is_replaced_too() {
    for source in Source::ALL {
        let pod = Pod::of(Plan::of(source));
        let old = in_file(&pod);
        pod.gitlab
            .update(|state| state.runners.retain(|runner| runner.id != old.id));
        let words = pod.words(&Plan::of(source));
        let ended = pod.begin(&mut pod.init_as("re-register", &words)).ended();
        ended.is(0, "wrote");
        let new = in_file(&pod);
        assert_ne!(new.id, old.id);
        assert_eq!(pod.gitlab.calls("DELETE *").len(), 0, "{}", ended.words);
        let state = pod.stage.text(".runner-lifecycle.toml").unwrap();
        assert!(!state.contains("[[leaving]]"), "{state}");
    }
}

#[test]
fn token_that_the_entry_has_already_makes_nothing_new() {
    let mut pod = Pod::of(Plan::of(Source::AuthenticationToken));
    let old = in_file(&pod);
    let mut words = pod.words(&Plan::of(pod.source));
    words[0] = format!("--token={}", old.token);
    let (before, managers) = (pod.stage.text("config.toml"), old.managers.len());
    let ended = pod.begin(&mut pod.init_as("re-register", &words)).ended();
    ended.is(0, "already has the given authentication token");
    assert_eq!(pod.stage.text("config.toml"), before);
    assert_eq!(in_file(&pod).managers.len(), managers);
    assert_eq!(pod.gitlab.calls("DELETE *").len(), 0);
    pod.source = Source::AuthenticationToken;
    assert!(!is_off(&pod, &old));
}

#[test]
fn one_of_two_entries_of_a_shared_runner_leaves_the_other_its_runner_manager() {
    let mut pod = Pod::fresh();
    pod.source = Source::AuthenticationToken;
    let old = pod.gitlab.add_runner(NewRunner::default());
    let token = format!("--token={}", old.token);
    for name in ["a", "b"] {
        pod.registers(&with_name(&[&token], name));
    }
    let next = pod.gitlab.add_runner(NewRunner::default());
    let token = format!("--token={}", next.token);
    for (name, left) in [("a", true), ("b", false)] {
        let words = with_name(&[&token], name);
        let ended = pod.begin(&mut pod.init_as("re-register", &words)).ended();
        ended.is(0, "in place of runner");
        assert_eq!(is_off(&pod, &old), !left, "{name}: {}", ended.words);
    }
}

#[test]
fn dry_run_says_what_would_be_asked_and_does_nothing() {
    for source in Source::SHARED_AND_OWNED {
        let pod = Pod::of(Plan::of(source));
        let old = in_file(&pod);
        let (calls, before) = (pod.gitlab.journal().len(), pod.stage.snapshot());
        let mut words = pod.words(&Plan::of(source));
        words.push("--dry-run".to_owned());
        let ended = pod.begin(&mut pod.init_as("re-register", &words)).ended();
        let farewell = source
            .farewell()
            .replace(' ', &format!(" {}/api/v4", pod.gitlab.url()));
        ended.is(0, &farewell);
        assert!(
            ended.words.contains(&format!("for runner {}", old.id)),
            "{}",
            ended.words
        );
        assert!(ended.words.contains("token_obtained_at"), "{}", ended.words);
        let to_come = "id = 0 # GitLab tells the ID";
        assert!(ended.words.contains(to_come), "{}", ended.words);
        assert_eq!(form(&ended.words, &old.token), None);
        assert_eq!(pod.gitlab.journal().len(), calls);
        assert_eq!(pod.stage.snapshot(), before);
    }
}

#[test]
fn tokens_stand_in_the_files_that_are_named_and_nowhere_else() {
    for source in Source::ALL {
        let mut pod = Pod::of(Plan::of(source));
        let old = in_file(&pod);
        let words = pod.words(&Plan::of(source));
        let (new, _) = re_registers(&mut pod, &words);
        for (name, (mode, bytes)) in pod.stage.snapshot() {
            assert_eq!(form(&bytes, &old.token), None, "{name}");
            let may = name == "config.toml" || name == ".runner-lifecycle.toml" && source.owned();
            assert!(may || form(&bytes, &new.token).is_none(), "{name}");
            assert!(!may || mode & 0o777 == 0o600, "{name}: {mode:o}");
        }
    }
}
