//! Tags and the like, which GitLab takes at a registration only: the new runner has those of the one before where nobody asks for
//! others.

use acceptance::pod::{Plan, Pod, Source};
use acceptance::stage::run;
use gitlab_simulator::{Runner, Settings};

use super::{in_file, re_registers};

/// All of them, each other than GitLab's default.
const ALL: [&str; 7] = [
    "--tag-list=a,b",
    "--run-untagged",
    "--locked=false",
    "--access-level=ref_protected",
    "--maximum-timeout=700",
    "--paused",
    "--maintenance-note=ours",
];

/// What GitLab has of them.
fn of(runner: &Runner) -> impl PartialEq + std::fmt::Debug + use<> {
    (
        runner.tags.clone(),
        (runner.run_untagged, runner.locked, runner.paused),
        format!("{:?}", runner.access_level),
        runner.maximum_timeout,
        (runner.maintenance_note.clone(), runner.description.clone()),
    )
}

/// A pod whose runner was registered with these words more.
fn registered(source: Source, more: &[&str]) -> (Pod, Vec<String>) {
    let mut pod = Pod::empty(Settings::default());
    pod.source = source;
    let words = pod.words(&Plan::of(source));
    let more = more.iter().map(|word| (*word).to_owned());
    pod.registers(&words.iter().cloned().chain(more).collect::<Vec<_>>());
    (pod, words)
}

#[test]
fn attributes_that_nobody_asks_for_are_those_of_the_runner_before() {
    for source in [Source::RegistrationToken, Source::AccessToken] {
        let (mut pod, words) = registered(source, &ALL);
        let old = in_file(&pod);
        let (new, ended) = re_registers(&mut pod, &words);
        assert_eq!(of(&new), of(&old), "{}", ended.words);
        assert!(
            ended
                .words
                .contains("has attributes of the previous one: tag list \"a,b\"")
        );
        // A runner that takes no jobs must not be a riddle.
        assert!(ended.words.contains("--paused=false"), "{}", ended.words);
        // The init container asks for the same, and has nothing to say.
        let container = words.iter().cloned().chain(ALL.map(str::to_owned));
        let again = pod.registers(&container.collect::<Vec<_>>());
        assert!(!again.stderr.contains("re-register"), "{}", again.output());
        assert_eq!(in_file(&pod).id, new.id);
    }
}

#[test]
fn attribute_that_is_asked_for_changes_alone() {
    let (mut pod, mut words) = registered(Source::RegistrationToken, &ALL);
    let old = in_file(&pod);
    words.extend(["--tag-list=c", "--paused=false"].map(str::to_owned));
    let (new, ended) = re_registers(&mut pod, &words);
    assert_eq!(
        (new.tags.as_slice(), new.paused),
        (&["c".to_owned()][..], false)
    );
    let as_before = Runner {
        tags: new.tags.clone(),
        paused: false,
        ..old
    };
    assert_eq!(of(&new), of(&as_before), "{}", ended.words);
    assert!(
        ended
            .words
            .contains("tag list \"c\" (was \"a,b\"), paused no (was yes)"),
        "{}",
        ended.words
    );
    // It was asked for: nothing to warn of.
    assert!(!ended.words.contains(" WARN "), "{}", ended.words);
}

#[test]
fn runner_without_tags_takes_untagged_jobs_and_one_that_gets_tags_does_not() {
    let (mut pod, words) = registered(Source::RegistrationToken, &["--tag-list=a"]);
    assert!(!in_file(&pod).run_untagged);
    let with = |tags: &str| {
        let tags = format!("--tag-list={tags}");
        words.iter().cloned().chain([tags]).collect::<Vec<_>>()
    };
    let (none, ended) = re_registers(&mut pod, &with(""));
    assert_eq!(none.tags, [""; 0], "{}", ended.words);
    assert!(none.run_untagged, "{}", ended.words);
    // That was nobody's wish.
    let (tagged, ended) = re_registers(&mut pod, &with("b"));
    assert_eq!(tagged.tags, ["b"]);
    assert!(!tagged.run_untagged, "{}", ended.words);
}

#[test]
fn shell_that_knows_neither_name_nor_pod_nor_fleet_leaves_them_as_they_were() {
    let (mut pod, words) = registered(Source::RegistrationToken, &["--fleet=ci"]);
    let old = in_file(&pod);
    let note = old.maintenance_note.as_deref().unwrap();
    assert!(
        note.contains("pod=runner-0") && note.contains("fleet=ci"),
        "{note}"
    );
    let of_pod = |pod: &Pod| {
        let state = pod.stage.text(".runner-lifecycle.toml").unwrap();
        let (_, rest) = state.split_once("[pod]").unwrap();
        rest.split_once("\n\n").unwrap().0.to_owned()
    };
    let before = of_pod(&pod);
    assert!(before.contains("uid = \"u-0\""), "{before}");
    let mut shell = pod.stage.init(&["re-register", "--executor=shell"]);
    shell.args(["--url", &pod.gitlab.url(), &words[0]]);
    let ended = run(&mut shell);
    assert_eq!(ended.code(), 0, "{}", ended.output());
    let new = in_file(&pod);
    pod.order.entry(&new, true);
    assert_ne!(new.id, old.id);
    assert_eq!(of(&new), of(&old), "{}", ended.output());
    assert_eq!(of_pod(&pod), before);
}

#[test]
fn attributes_that_nobody_knows_any_more_are_missed_aloud() {
    let (mut pod, words) = registered(Source::RegistrationToken, &["--tag-list=a"]);
    std::fs::remove_file(pod.stage.file(".runner-lifecycle.toml")).unwrap();
    let (new, ended) = re_registers(&mut pod, &words);
    assert_eq!(new.tags, [""; 0]);
    let missed = "is registered without tags";
    assert!(ended.words.contains(missed), "{}", ended.words);
    let words: Vec<String> = words
        .into_iter()
        .chain(["--tag-list=a".to_owned()])
        .collect();
    let (new, ended) = re_registers(&mut pod, &words);
    assert_eq!(new.tags, ["a"]);
    assert!(!ended.words.contains(missed), "{}", ended.words);
}

#[test]
fn dry_run_shows_the_attributes_of_the_runner_before() {
    let (pod, mut words) = registered(Source::RegistrationToken, &ALL);
    words.push("--dry-run".to_owned());
    let ended = run(&mut pod.init_as("re-register", &words));
    assert_eq!(ended.code(), 0, "{}", ended.output());
    let like = "tags \"a,b\", untagged jobs true, locked false, paused true";
    assert!(ended.stdout.contains(like), "{}", ended.stdout);
}
