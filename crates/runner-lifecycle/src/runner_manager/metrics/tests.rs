//! Pages of gitlab-runner, and others, as a sample.

use super::*;

const PAGE: &str = r#"
# HELP gitlab_runner_concurrent The current value of concurrent setting
# TYPE gitlab_runner_concurrent gauge
gitlab_runner_concurrent 4
# TYPE gitlab_runner_api_request_statuses_total counter
gitlab_runner_api_request_statuses_total{endpoint="request_job",runner="abcdefghi",runner_name="a",status="201",system_id="r_0123456789ab"} 3
gitlab_runner_configuration_loaded_total 2
gitlab_runner_configuration_loading_error_total 0
gitlab_runner_jobs{executor_stage="idle",runner="abcdefghi",runner_name="a \"}\" b",stage="idle",state="idle",system_id="r_0123456789ab"} 0
gitlab_runner_jobs{executor_stage="run",runner="abcdefghi",runner_name="a \"}\" b",stage="step_script",state="running",system_id="r_0123456789ab"} 2
gitlab_runner_jobs{executor_stage="run",runner="abcdefghi",runner_name="a",stage="get_sources",state="running",system_id="r_0123456789ab"} 1
gitlab_runner_jobs_total{runner="abcdefghi",runner_name="a",system_id="r_0123456789ab"} 7
gitlab_runner_limit{runner="abcdefghi",runner_name="a",system_id="r_0123456789ab"} 4
gitlab_runner_limit{runner="zbcdefghi",runner_name="b",system_id="r_0123456789ab"} 0
gitlab_runner_process_state_info{state="forceful-shutdown"} 0
gitlab_runner_process_state_info{state="running"} 1
gitlab_runner_request_concurrency{runner="abcdefghi",system_id="r_0123456789ab"} 1
gitlab_runner_version_info{branch="main",name="gitlab-runner",version="19.4.0"} 1
gitlab_runner_worker_feeds_total 1.2e+01 1700000000000
gitlab_runner_worker_slot_operations_total{operation="started"} 4
gitlab_runner_worker_slot_operations_total{operation="stopped"} 0
gitlab_runner_worker_slots_number 4
go_goroutines 33
"#;

#[test]
fn page_of_gitlab_runner_is_read() {
    let want = Sample {
        loaded: 2.0,
        concurrent: 4.0,
        limit_rows: 2,
        loaded_runners: vec!["abcdefghi".into(), "zbcdefghi".into()],
        polled_runners: vec!["abcdefghi".into()],
        requests: 1.0,
        jobs: 3.0,
        work: vec![Work {
            runner: "abcdefghi".into(),
            requests: 1.0,
            jobs: 3.0,
        }],
        activity: 19.0,
        state: Some(ProcessState::Running),
        says_state: true,
        workers: Some(4.0),
        workers_started: true,
        load_errors: 0.0,
        polls: 3.0,
        version: Version::parse("19.4.0"),
        system_id: SystemId::parse("r_0123456789ab"),
    };
    assert_eq!(Sample::of(PAGE), Some(want));
}

#[test]
fn page_of_any_version_is_one_of_gitlab_runner() {
    // 15.8 has neither the counter of loads nor workers to show.
    let page = "gitlab_runner_concurrent 1\ngitlab_runner_version_info{version=\"15.8.3\"} 1\n";
    let sample = Sample::of(page).unwrap();
    assert_eq!(sample.version, Version::parse("15.8"));
    assert_eq!((sample.workers, sample.says_state), (None, false));
}

#[test]
fn hangup_is_for_a_runner_manager_with_handlers() {
    fn check(state: Option<ProcessState>, workers: Option<f64>, want: bool) {
        let sample = Sample {
            state,
            workers,
            ..Sample::default()
        };
        assert_eq!(sample.takes_hangup(), want, "{state:?} {workers:?}");
    }
    check(Some(ProcessState::Running), Some(1.0), true);
    check(Some(ProcessState::Running), None, true);
    check(Some(ProcessState::Starting), Some(1.0), false);
    check(Some(ProcessState::Graceful), Some(1.0), false);
    check(None, Some(1.0), true);
    check(None, Some(0.0), false);
    check(None, None, false);
}

#[test]
fn page_of_something_else_is_no_sample() {
    assert_eq!(Sample::of(""), None);
    assert_eq!(
        Sample::of("go_goroutines 3\ngitlab_runner_oddity 1\n"),
        None
    );
    assert_eq!(
        Sample::of("<html>gitlab_runner_configuration_loaded_total 1"),
        None
    );
}

#[test]
fn broken_rows_are_skipped() {
    let page = "gitlab_runner_configuration_loaded_total 1\ngitlab_runner_jobs{a=\"b\" 3\ngitlab_runner_jobs\ngitlab_runner_jobs x\n";
    assert_eq!(Sample::of(page).map(|sample| sample.jobs), Some(0.0));
}

#[test]
fn states_are_those_of_the_debug_page() {
    fn check(text: &str, want: Option<ProcessState>) {
        assert_eq!(ProcessState::parse(text), want, "{text}");
    }
    check("starting\n", Some(ProcessState::Starting));
    check("running\n", Some(ProcessState::Running));
    check("graceful-shutdown\n", Some(ProcessState::Graceful));
    check("forceful-shutdown", Some(ProcessState::Forceful));
    check("404 page not found", None);
}
