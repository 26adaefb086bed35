//! Tokens, entries and files that somebody has mixed up by hand: nobody's runner but this volume's goes, and each of those does.

use acceptance::stage::run;
use gitlab_simulator::{Effect, Fault, NewRunner, Runner};
use toml_edit::{Table, value};

use super::{REGISTRATION, Volume};

const DEAD: &str = "glrt-nobodyNOBODYnobody1";

/// A volume with an entry of an owned runner for each name. Their tokens begin with `glrt-`, as those of shared runners do.
fn volume(names: &[&str]) -> (Volume, Owned) {
    let volume = Volume::new();
    let owned = Owned::new(&volume);
    for name in names {
        owned.register(&volume, name);
    }
    (volume, owned)
}

/// The words of a manifest that makes such runners.
struct Owned {
    file: tempfile::NamedTempFile,
}

impl Owned {
    fn new(volume: &Volume) -> Self {
        let file = tempfile::NamedTempFile::new().unwrap();
        let role = gitlab_simulator::Role::admin();
        let token = volume.gitlab.add_access_token(&["create_runner"], role);
        acceptance::pod::put(file.path(), &token);
        Self { file }
    }

    fn words(&self, name: &str) -> [String; 3] {
        [
            format!("--access-token-file={}", self.file.path().display()),
            "--runner-type=instance".to_owned(),
            format!("--name={name}"),
        ]
    }

    #[track_caller]
    fn register(&self, volume: &Volume, name: &str) {
        let words = self.words(name);
        volume.run(&words.each_ref().map(String::as_str));
    }

    #[track_caller]
    fn re_register(&self, volume: &Volume, name: &str) {
        let mut command = volume.stage.init(&["re-register", "--non-interactive"]);
        command.args(["--url", &volume.gitlab.url(), "--executor=shell"]);
        let ended = run(command.args(self.words(name)));
        assert_eq!(ended.code(), 0, "{}", ended.output());
    }
}

/// Edits the entry at this place by hand.
fn edit(volume: &Volume, place: usize, with: impl FnOnce(&mut Table)) {
    let mut config = volume.stage.config();
    let entries = config["runners"].as_array_of_tables_mut().unwrap();
    with(entries.get_mut(place).unwrap());
    volume.stage.put("config.toml", &config.to_string());
}

fn paste(volume: &Volume, place: usize, token: &str) {
    edit(volume, place, |entry| entry["token"] = value(token));
}

/// A run for this entry while GitLab cannot be reached.
#[track_caller]
fn register_alone(volume: &Volume, owned: &Owned, name: &str) {
    let away = Fault::on("*").effect(Effect::DropBefore);
    volume.gitlab.fault(away.forever());
    let words = owned.words(name);
    let words = words.each_ref().map(String::as_str);
    volume.run(&[&words[..], &["--timeout=1s"]].concat());
    volume.gitlab.clear_faults();
}

fn ids(all: &[Runner]) -> Vec<i64> {
    all.iter().map(|runner| runner.id).collect()
}

#[test]
fn one_shared_token_in_the_entries_of_two_owned_runners_keeps_neither_of_them() {
    let (volume, _owned) = volume(&["a", "b"]);
    let shared = volume.gitlab.add_runner(NewRunner::default());
    paste(&volume, 0, &shared.token);
    paste(&volume, 1, &shared.token);
    let ended = volume.unregister();
    assert_eq!(ended.code(), 0, "{}", ended.output());
    let left = volume.gitlab.runners();
    assert_eq!(ids(&left), [shared.id], "{}", ended.output());
    assert!(left[0].managers.is_empty(), "{}", ended.output());
}

#[test]
fn runner_whose_entry_has_an_invalid_token_goes_on_with_its_own() {
    for rotated in [false, true] {
        let (volume, owned) = volume(&["a"]);
        let before = volume.config();
        let runner = volume.runner("a");
        if rotated {
            let ended = run(&mut volume.stage.init(&["rotate"]));
            assert_eq!(ended.code(), 0, "{}", ended.output());
            // A backup of a time before.
            volume.stage.put("config.toml", &before);
        } else {
            paste(&volume, 0, DEAD);
        }
        owned.register(&volume, "a");
        assert_eq!(volume.runner("a").id, runner.id);
        assert_eq!(volume.gitlab.runners().len(), 1, "no other is made");
        volume.ends_clean();
    }
}

#[test]
fn runner_whose_entry_has_an_invalid_token_goes_when_another_takes_its_place() {
    let (volume, owned) = volume(&["a"]);
    let runner = volume.runner("a");
    paste(&volume, 0, DEAD);
    owned.re_register(&volume, "a");
    let left = volume.gitlab.runners();
    assert_eq!(ids(&left), [volume.runner("a").id]);
    assert_ne!(left[0].id, runner.id);
    volume.ends_clean();
}

#[test]
fn copy_of_an_entry_that_gets_a_runner_of_its_own_leaves_the_other_known() {
    let (volume, owned) = volume(&["a"]);
    let runner = volume.runner("a");
    let mut config = volume.stage.config();
    let entries = config["runners"].as_array_of_tables_mut().unwrap();
    let mut copy = entries.get(0).unwrap().clone();
    copy["name"] = value("b");
    copy.set_position(None);
    entries.push(copy);
    volume.stage.put("config.toml", &config.to_string());
    owned.register(&volume, "b");
    owned.re_register(&volume, "b");
    owned.register(&volume, "a");
    assert_eq!(volume.runner("a").id, runner.id);
    assert_ne!(volume.runner("b").id, runner.id);
    volume.ends_clean();
}

#[test]
fn token_of_one_owned_runner_pasted_into_another_entry_leaves_the_first_known() {
    let (volume, owned) = volume(&["a"]);
    let shared = volume.gitlab.add_runner(NewRunner::default());
    let given = format!("--token={}", shared.token);
    volume.run(&[&given, "--name=b"]);
    paste(&volume, 1, &volume.runner("a").token);
    volume.run(&[&given, "--name=b"]);
    owned.register(&volume, "a");
    assert_eq!(volume.runner("b").id, shared.id);
    let ended = volume.unregister();
    assert_eq!(ended.code(), 0, "{}", ended.output());
    assert_eq!(ids(&volume.gitlab.runners()), [shared.id]);
}

#[test]
fn given_token_of_a_runner_that_was_registered_here_shares_it_with_nobody() {
    let (volume, owned) = volume(&["a", "b"]);
    let given = format!("--token={}", volume.runner("a").token);
    volume.run(&[&given, "--name=b"]);
    owned.re_register(&volume, "a");
    volume.run(&[&given, "--name=b"]);
    assert_ne!(volume.runner("a").id, volume.runner("b").id);
    volume.ends_clean();
}

#[test]
fn runner_that_was_to_leave_and_stands_in_an_old_file_again_goes_at_the_end() {
    let (volume, owned) = volume(&["a"]);
    let before = volume.config();
    let refusing = Fault::on("DELETE /runners").status(422);
    volume.gitlab.fault(refusing.forever());
    owned.re_register(&volume, "a");
    volume.gitlab.clear_faults();
    assert_eq!(volume.gitlab.runners().len(), 2);
    volume.stage.put("config.toml", &before);
    owned.register(&volume, "a");
    volume.ends_clean();
}

#[test]
fn bare_token_of_a_shared_runner_is_known_where_ids_were_swapped_and_the_owned_one_is_gone() {
    let volume = Volume::new();
    let shared = volume.gitlab.add_runner(NewRunner {
        token: Some("oldTOKENoldTOKENold1".to_owned()),
        ..NewRunner::default()
    });
    volume.run(&[&format!("--token={}", shared.token), "--name=a"]);
    volume.run(&[REGISTRATION, "--name=b"]);
    let own = volume.runner("b").id;
    edit(&volume, 0, |entry| entry["id"] = value(own));
    edit(&volume, 1, |entry| entry["id"] = value(shared.id));
    let mut reaper = volume.stage.command("runner-reaper");
    let ended = run(reaper.args(["unregister", "--all-runners", "--keep-entry"]));
    assert_eq!(ended.code(), 0, "{}", ended.output());
    let ended = volume.unregister();
    assert_eq!(
        ids(&volume.gitlab.runners()),
        [shared.id],
        "{}",
        ended.output()
    );
}

#[test]
fn bare_token_of_a_shared_runner_is_not_taken_for_an_owned_one_where_two_are_swapped() {
    let volume = Volume::new();
    let shared = volume.gitlab.add_runner(NewRunner {
        token: Some("oldTOKENoldTOKENold1".to_owned()),
        ..NewRunner::default()
    });
    volume.run(&[&format!("--token={}", shared.token), "--name=a"]);
    volume.run(&[REGISTRATION, "--name=b"]);
    let own = volume.runner("b").token;
    paste(&volume, 0, &own);
    paste(&volume, 1, &shared.token);
    volume.run(&[REGISTRATION, "--name=b"]);
    let ended = volume.unregister();
    let left = volume.gitlab.runners();
    assert_eq!(ids(&left), [shared.id], "{}", ended.output());
    assert_eq!(ended.code(), 0, "{}", ended.output());
}

#[test]
fn swapped_tokens_of_two_owned_runners_cost_neither_of_them_its_end() {
    for alone in [false, true] {
        let (volume, owned) = volume(&["a", "b"]);
        let (one, other) = (volume.runner("a"), volume.runner("b"));
        paste(&volume, 0, &other.token);
        paste(&volume, 1, &one.token);
        if alone {
            register_alone(&volume, &owned, "a");
        } else {
            owned.register(&volume, "a");
        }
        assert_eq!(volume.runner("a").id, other.id);
        owned.register(&volume, "b");
        assert_eq!(volume.runner("b").id, one.id);
        volume.ends_clean();
    }
}

#[test]
fn shared_token_pasted_over_another_shared_one_is_as_shared_as_that() {
    let volume = Volume::new();
    let [one, other] = ["oldTOKENoldTOKENold1", "oldTOKENoldTOKENold2"].map(|token| {
        volume.gitlab.add_runner(NewRunner {
            token: Some(token.to_owned()),
            ..NewRunner::default()
        })
    });
    volume.run(&[&format!("--token={}", one.token), "--name=a"]);
    paste(&volume, 0, &other.token);
    volume.run(&[REGISTRATION, "--name=a"]);
    let ended = volume.unregister();
    let left = ids(&volume.gitlab.runners());
    assert_eq!(left, [one.id, other.id], "{}", ended.output());
}

#[test]
fn shared_token_pasted_over_a_runner_that_is_gone_is_never_deleted() {
    for (token, steps) in [
        (None, &[][..]),
        (Some("oldTOKENoldTOKENold1"), &[]),
        (None, &["away"]),
        (None, &["away", "lost"]),
        (Some("oldTOKENoldTOKENold1"), &["register"]),
        (None, &["rotate"]),
    ] {
        let (volume, owned) = volume(&["a"]);
        let mut reaper = volume.stage.command("runner-reaper");
        let ended = run(reaper.args(["unregister", "--all-runners", "--keep-entry"]));
        assert_eq!(ended.code(), 0, "{}", ended.output());
        let shared = volume.gitlab.add_runner(NewRunner {
            token: token.map(str::to_owned),
            ..NewRunner::default()
        });
        paste(&volume, 0, &shared.token);
        for step in steps {
            match *step {
                "register" => owned.register(&volume, "a"),
                "away" => register_alone(&volume, &owned, "a"),
                "lost" => volume.stage.put("config.toml", "concurrent = 1\n"),
                _ => {
                    let ended = run(&mut volume.stage.init(&["rotate"]));
                    assert_eq!(ended.code(), 78, "{}", ended.output());
                }
            }
        }
        let ended = volume.unregister();
        let left = volume.gitlab.runners();
        assert_eq!(ids(&left), [shared.id], "{steps:?} {}", ended.output());
        assert_eq!(left[0].token, shared.token, "{steps:?}");
    }
}

#[test]
fn nothing_is_deleted_with_a_token_where_a_page_hides_whose_it_is() {
    let (volume, _owned) = volume(&["a"]);
    let own = volume.runner("a").id;
    let shared = volume.gitlab.add_runner(NewRunner::default());
    paste(&volume, 0, &shared.token);
    let page = Fault::on("POST /runners/verify").effect(Effect::Html { status: 403 });
    volume.gitlab.fault(page.forever());
    let mut reaper = volume.stage.command("runner-reaper");
    let ended = run(reaper.args(["unregister", "--all-runners", "--unregister-timeout=1s"]));
    assert_ne!(ended.code(), 0, "{}", ended.output());
    assert_eq!(ids(&volume.gitlab.runners()), [own, shared.id]);
    volume.gitlab.clear_faults();
    let ended = volume.unregister();
    assert_eq!(ended.code(), 0, "{}", ended.output());
    assert_eq!(ids(&volume.gitlab.runners()), [shared.id]);
}
