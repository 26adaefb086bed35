//! The CronJob of the component `sweep`, played: restricted, on a read-only root, with nothing but its own Secret; its plan is in
//! its log, and it deletes only where the overlay says so.

use std::time::Duration;

use acceptance::pod::{LIMIT, wait_for};
use gitlab_simulator::{NewRunner, Role, Settings, Simulator};
use serde_json::{Value, json};

use crate::pod::Pod;
use crate::render::{Objects, PROXIES, list, text};
use crate::restricted::violations;
use crate::scene::certificate;

const COMPONENTS: [&str; 4] = ["access-token", "kubernetes-executor", "sidecar", "sweep"];

/// What an overlay adds to turn it on, as the page says.
const TURNED_ON: &str = "patches:
  - target: {kind: CronJob, name: gitlab-runner-sweep}
    patch: |
      - {op: add, path: /spec/jobTemplate/spec/template/spec/containers/0/args, value: [--yes]}
";

fn cron_job(objects: &Objects) -> &Value {
    let is = |object: &&Value| object["kind"] == "CronJob";
    objects.all.iter().find(is).unwrap()
}

/// Plays one run on a GitLab with a dead runner of this fleet and of another; its words, and which of the two are left.
fn play(objects: &Objects, settings: Settings) -> (String, Vec<i64>) {
    let mut pod = Pod::new(objects, "gitlab-runner-sweep-1");
    let certificate = settings
        .tls
        .as_ref()
        .map(|tls| tls.certificate_chain.clone());
    let gitlab = Simulator::start(settings).unwrap();
    let token = gitlab.add_access_token(&["read_api", "manage_runner"], Role::admin());
    for fleet in ["gitlab-runner", "other"] {
        gitlab.update(|state| {
            state.add_runner(NewRunner::default());
            let long_ago = state.now() - Duration::from_secs(9 * 3600);
            let runner = state.runners.last_mut().unwrap();
            let note = format!(
                "runner-lifecycle pod=gitlab-runner-0 namespace=gitlab-runner fleet={fleet}"
            );
            runner.maintenance_note = Some(note);
            runner.created_at = long_ago;
            runner.updated_at = long_ago;
            runner.contacted_at = Some(long_ago);
        });
    }
    let values = [(
        "https://gitlab.example.com/",
        &*format!("{}/", gitlab.url()),
    )];
    pod.fill_in(&values);
    pod.spec = objects.filled_in(&values).cron_job_pod().clone();
    let secret = ("gitlab-sweep-token".to_owned(), "token".to_owned());
    pod.given.insert(secret, format!("{token}\n"));
    if let Some(certificate) = certificate {
        pod.given
            .insert(("gitlab-ca".to_owned(), "ca.crt".to_owned()), certificate);
    }
    pod.prepare_volumes();
    pod.start_main();
    let main = pod.main.as_ref().unwrap();
    let code = main.ended_within(LIMIT);
    // The last words may still lie in the pipe.
    wait_for("its last words", || {
        let log = main.log();
        (log.contains("INFO") || log.contains("ERROR")).then_some(())
    });
    let words = main.log();
    assert_eq!(code, Some(0), "{words}");
    assert!(!words.contains(&token), "the token is in the log");
    assert!(!words.contains(" WARN "), "{words}");
    let left = gitlab.look(|state| state.runners.iter().map(|runner| runner.id).collect());
    (words, left)
}

#[test]
#[ignore = "needs kubectl 1.27 and root: run by .ci/run"]
fn sweep_writes_its_plan_into_the_log_and_deletes_nothing_until_it_is_turned_on() {
    let transformers = "transformers: [../manifests/copies]\n";
    let (words, left) = play(&Objects::of(&COMPONENTS, transformers), Settings::default());
    assert!(
        words.contains("1 to delete; fleet gitlab-runner"),
        "{words}"
    );
    assert!(words.contains("gitlab-runner/gitlab-runner-0"), "{words}");
    assert!(
        words.contains("nothing was deleted; to delete the 1 in the plan, give --yes"),
        "{words}"
    );
    assert_eq!(left, [1, 2]);
    let page = include_str!("../../manifests/components/sweep/README.md");
    assert!(page.contains(TURNED_ON), "as the tests have it");
    let on = Objects::of(&COMPONENTS, &format!("{TURNED_ON}{transformers}"));
    let (words, left) = play(&on, Settings::default());
    assert!(
        words.contains("1 to delete; fleet gitlab-runner"),
        "{words}"
    );
    assert!(
        words.contains("sweep of fleet gitlab-runner: 1 deleted"),
        "{words}"
    );
    assert_eq!(left, [2]);
}

#[test]
#[ignore = "needs kubectl 1.27 and root: run by .ci/run"]
fn sweep_goes_to_gitlab_by_the_private_ca_of_the_runners() {
    let components = [&COMPONENTS[..], &["private-ca"]].concat();
    let tls = Some(certificate("127.0.0.1"));
    let settings = Settings {
        tls,
        ..Settings::default()
    };
    let (words, left) = play(&Objects::combined(&components, None), settings);
    assert!(words.contains("1 to delete"), "{words}");
    assert_eq!(left, [1, 2]);
}

#[test]
#[ignore = "needs kubectl 1.27: run by .ci/run"]
fn sweep_goes_to_gitlab_by_the_proxy_of_the_runners() {
    let components = [&COMPONENTS[..], &["proxy"]].concat();
    let objects = Objects::combined(&components, None);
    let container = &objects.cron_job_pod()["containers"][0];
    let (ours, theirs) = (
        objects.environment(container),
        objects.environment(objects.containers().next().unwrap()),
    );
    for name in PROXIES {
        assert_eq!(ours.get(name), theirs.get(name), "{name}");
        assert!(ours.contains_key(name));
    }
}

#[test]
#[ignore = "needs kubectl 1.27: run by .ci/run"]
fn sweep_keeps_to_the_restricted_profile_with_nothing_but_its_own_secret() {
    let objects = Objects::combined(&COMPONENTS, None);
    let pod = objects.cron_job_pod();
    let violations = violations(pod);
    assert!(violations.is_empty(), "{violations:#?}");
    let secrets: Vec<&Value> = list(&pod["volumes"])
        .map(|volume| &volume["secret"]["secretName"])
        .collect();
    assert_eq!(secrets, ["gitlab-sweep-token"], "no other volume");
    assert_eq!(pod["automountServiceAccountToken"], false);
    assert_eq!(
        pod["containers"][0]["securityContext"]["readOnlyRootFilesystem"],
        true
    );
    let account = text(&pod["serviceAccountName"]);
    for object in &objects.all {
        let bound = list(&object["subjects"]).any(|subject| subject["name"] == account);
        assert!(!bound, "a right for {account}: {object}");
    }
    // Nothing of the runner's selects it: no disruption budget, no policy, no service.
    let name = "app.kubernetes.io/name";
    let labels =
        &cron_job(&objects)["spec"]["jobTemplate"]["spec"]["template"]["metadata"]["labels"];
    assert_eq!(labels[name], "gitlab-runner-sweep");
}

#[test]
#[ignore = "needs kubectl 1.27: run by .ci/run"]
fn sweep_runs_one_at_a_time_and_says_how_far_it_came_before_it_is_killed() {
    let objects = Objects::combined(&COMPONENTS, None);
    let spec = &cron_job(&objects)["spec"];
    assert_eq!(spec["concurrencyPolicy"], "Forbid");
    assert_eq!(spec["schedule"], "17 * * * *");
    assert_eq!(spec["jobTemplate"]["spec"]["backoffLimit"], json!(0));
    let killed = spec["jobTemplate"]["spec"]["activeDeadlineSeconds"]
        .as_u64()
        .unwrap();
    let container = &objects.cron_job_pod()["containers"][0];
    let timeout = text(objects.environment(container)["RUNNER_REAPER_TIMEOUT"]).to_owned();
    let minutes: u64 = timeout.strip_suffix('m').unwrap().parse().unwrap();
    assert!(
        minutes * 60 < killed && killed < 3600,
        "{timeout}, {killed}"
    );
}
