//! What a person gives: the plan first, the most of one run, and what is refused before GitLab is asked.

use std::time::Duration;

use gitlab_simulator::{RateLimits, Settings, Throttle};

use super::world::{FLEET, HOUR, World, mark};

#[test]
fn without_yes_there_is_a_plan_and_nothing_else() {
    let world = World::new();
    let dead = world.dead();
    let never = world.runner(mark(FLEET), None);
    let recent = world.runner(mark(FLEET), Some(HOUR * 5 / 2));
    world.runner(mark("other"), Some(9 * HOUR));
    world.runner(None, Some(HOUR / 60));
    let ended = world.ends(&[], 0);
    let line = |id: i64| {
        let begin = format!("{id} ");
        let line = ended.stdout.lines().find(|line| line.starts_with(&begin));
        line.unwrap_or_else(|| panic!("{id}: {}", ended.stdout))
    };
    assert!(
        line(dead).contains("delete  no contact for 5h00m"),
        "{}",
        line(dead)
    );
    assert!(line(dead).contains("ci/runner-0"));
    assert!(line(never).contains("never contacted"));
    assert!(
        line(recent).contains("keep    contacted 2h30m ago"),
        "{}",
        line(recent)
    );
    for said in [
        "1 kept: contacted within 2 hours",
        "1 kept: another fleet",
        "2 to delete; fleet ci, no contact for 3h00m; 5 listed, 4 checked, 5 requests",
    ] {
        assert!(ended.stdout.contains(said), "{said}: {}", ended.stdout);
    }
    assert!(
        ended
            .stderr
            .contains("nothing was deleted; to delete the 2 in the plan, give --yes")
    );
    world.is_untouched(5, "no --yes");
}

#[test]
fn json_has_the_documented_shape_and_stdout_nothing_else() {
    let world = World::new();
    let dead = world.dead();
    world.runner(mark(FLEET), Some(HOUR * 5 / 2));
    let ended = world.ends(&["--output=json", "--yes"], 0);
    let [plan, result] = &World::objects(&ended)[..] else {
        panic!("{}", ended.stdout)
    };
    let keys = |value: &serde_json::Value| {
        let keys = value.as_object().unwrap().keys().cloned();
        keys.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(
        keys(plan),
        "delete fleet keep kept kind listed looked_at more_due most not_known of older_than_seconds requests url version yes"
    );
    assert_eq!(
        keys(result),
        "deleted ended_early failed gone kept kind left version"
    );
    let row = &result["deleted"][0];
    assert_eq!(keys(row), "name pod runner since system_id why");
    assert_eq!(
        (&row["runner"], &row["why"]),
        (&dead.into(), &"silent".into())
    );
    assert_eq!(
        (&plan["version"], &result["version"]),
        (&1.into(), &1.into())
    );
    assert_eq!(plan["kept"]["contacted"], 1);
    let documented = include_str!("../../manifests/components/sweep/README.md");
    for key in [keys(plan), keys(result), keys(row)].join(" ").split(' ') {
        assert!(
            documented.contains(&format!("`{key}`")),
            "{key} is not in the page"
        );
    }
}

#[test]
fn at_most_so_many_go_in_one_run_and_the_exit_code_tells() {
    let world = World::new();
    let dead: Vec<i64> = (0..5).map(|_| world.dead()).collect();
    let ended = world.ends(&["--yes", "--most=2"], 75);
    assert!(
        ended
            .stdout
            .contains("2 to delete, 3 more in later runs (--most 2)")
    );
    assert!(
        ended.stderr.contains("2 deleted, 3 left for the next run"),
        "{}",
        ended.stderr
    );
    assert_eq!(world.asked_to_go(), dead[..2].iter().copied().collect());
    world.ends(&["--most=2"], 0);
    world.ends(&["--yes", "--most=2"], 75);
    world.ends(&["--yes", "--most=2"], 0);
    assert!(world.there().is_empty());
}

#[test]
fn older_than_is_followed() {
    let world = World::new();
    let five = world.dead();
    let seven = world.runner(mark(FLEET), Some(7 * HOUR));
    world.ends(&["--yes", "--older-than=6h"], 0);
    assert_eq!(world.there(), [five].into());
    assert_eq!(world.asked_to_go(), [seven].into());
    world.ends(&["--yes", "--older-than=2h"], 0);
    assert!(world.there().is_empty());
}

#[test]
fn what_is_given_wrong_is_refused_before_gitlab_is_asked() {
    fn check(arguments: &[&str], variables: &[(&str, &str)], code: i32, want: &str) {
        let world = World::new();
        let mut command = world.stage.command("runner-reaper");
        let url = world.gitlab.url();
        let arguments = arguments.iter().map(|word| word.replace("URL", &url));
        command
            .arg("sweep")
            .args(arguments)
            .envs(variables.iter().copied());
        let ended = acceptance::stage::run(&mut command);
        assert_eq!(ended.code(), code, "{want}: {}", ended.output());
        assert!(ended.stderr.contains(want), "{want}: {}", ended.stderr);
        assert!(!ended.output().contains("canary"), "{}", ended.output());
        assert!(world.gitlab.journal().is_empty(), "{want}");
    }
    let file = "--access-token-file=access-token";
    check(&["--url=URL", file], &[], 2, "sweep needs --fleet");
    check(
        &["--url=URL", file],
        &[("RUNNER_REAPER_FLEET", "two words")],
        2,
        "a fleet's name",
    );
    check(&["--fleet=ci", file], &[], 2, "sweep needs --url");
    check(
        &["--fleet=ci", "--url=URL"],
        &[],
        2,
        "RUNNER_REAPER_ACCESS_TOKEN",
    );
    let base = ["--fleet=ci", "--url=URL", file];
    let with = |more: &'static str| [&base[..], &[more]].concat();
    check(&with("--older-than=119m"), &[], 2, "at least 2h");
    check(&with("--most=0"), &[], 2, "--most");
    check(&with("--group-id=mine"), &[], 2, "--group-id");
    check(
        &[&base[..], &["--group-id=1", "--project-id=1"]].concat(),
        &[],
        2,
        "cannot be used together",
    );
    check(
        &with("--token-file=access-token"),
        &[],
        2,
        "goes with --runner-id",
    );
    check(
        &[&base[..], &["--runner-id=1", "--yes"]].concat(),
        &[],
        2,
        "needs --token-file",
    );
    check(
        &base,
        &[("RUNNER_REAPER_YES", "perhaps")],
        2,
        "true or false",
    );
    check(
        &with("--access-token=glpat-canary"),
        &[],
        2,
        "--access-token",
    );
    let missing = ["--fleet=ci", "--url=URL", "--access-token-file=nowhere"];
    check(&missing, &[], 78, "--access-token-file");
    let bare = ["--fleet=ci", "--url=URL"];
    let wrong = [("RUNNER_REAPER_ACCESS_TOKEN", "glrt-canary")];
    check(&bare, &wrong, 2, "sweep needs an access token here");
}

#[test]
fn everything_can_be_given_by_variables() {
    let world = World::new();
    world.dead();
    let mut command = world.stage.command("runner-reaper");
    command.arg("sweep").envs([
        ("CI_SERVER_URL", world.gitlab.url().as_str()),
        ("RUNNER_REAPER_FLEET", FLEET),
        ("RUNNER_REAPER_ACCESS_TOKEN", &world.token),
        ("RUNNER_REAPER_YES", "true"),
        ("RUNNER_REAPER_OLDER_THAN", "4h"),
        ("RUNNER_REAPER_MOST", "7"),
        ("RUNNER_REAPER_OUTPUT", "json"),
    ]);
    let ended = acceptance::stage::run(&mut command);
    assert_eq!(ended.code(), 0, "{}", ended.output());
    assert!(!ended.stderr.contains(" WARN "), "{}", ended.stderr);
    let plan = &World::objects(&ended)[0];
    assert_eq!(
        (&plan["most"], &plan["older_than_seconds"]),
        (&7.into(), &14_400.into())
    );
    assert!(world.there().is_empty());
}

#[test]
fn flag_wins_over_the_variable_even_when_it_says_no() {
    let world = World::new();
    world.dead();
    let mut command = world.command(&["--yes=false"]);
    let ended = acceptance::stage::run(command.env("RUNNER_REAPER_YES", "true"));
    assert_eq!(ended.code(), 0, "{}", ended.output());
    world.is_untouched(1, "--yes=false");
}

#[test]
fn rate_limit_is_waited_for_and_never_exceeded_twice_in_a_row() {
    let world = World::with(Settings {
        rate_limits: RateLimits {
            authenticated: Some(Throttle {
                requests: 10,
                period: Duration::from_secs(1),
            }),
            ..RateLimits::default()
        },
        ..Settings::default()
    });
    for _ in 0..6 {
        world.dead();
    }
    let ended = world.ends(&["--yes"], 0);
    assert!(world.there().is_empty());
    assert!(ended.stderr.contains("rate limit of"), "{}", ended.stderr);
    let refused = world.gitlab.journal();
    let refused = refused.iter().filter(|call| call.status == Some(429));
    assert_eq!(refused.count(), 0, "what GitLab says is left is kept to");
}
