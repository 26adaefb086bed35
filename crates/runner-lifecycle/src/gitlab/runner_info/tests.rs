//! Held against what gitlab-runner 19.4.0 was recorded to send for each executor.

use super::*;

/// The features that are true, in the order of the wire.
fn sent(info: &RunnerInfo) -> (serde_json::Value, Vec<String>) {
    let value: serde_json::Value = serde_json::from_str(&info.written().end()).unwrap();
    let features = value["features"].as_object().unwrap();
    let on = FEATURES.iter().filter(|name| features[**name] == true);
    let on = on.map(|name| (*name).to_owned()).collect();
    (value, on)
}

fn info(executor: &str, shell: Option<&str>) -> RunnerInfo {
    RunnerInfo {
        executor: Some(executor.to_owned()),
        shell: shell.map(str::to_owned),
        gpus: String::new(),
    }
}

#[test]
fn features_of_each_executor_are_as_recorded() {
    /// `off` are the features that are false.
    fn check(executor: &str, off: &[&str]) {
        let (value, on) = sent(&info(executor, None));
        let want: Vec<&str> = FEATURES
            .into_iter()
            .filter(|name| !off.contains(name))
            .collect();
        assert_eq!(on, want, "{executor}");
        assert_eq!(value["executor"], executor);
        assert_eq!(value["shell"], "bash", "{executor}");
    }
    let shell = [
        "image",
        "services",
        "proxy",
        "service_variables",
        "service_multiple_aliases",
        "image_executor_opts",
        "service_executor_opts",
    ];
    let custom = [
        "image",
        "services",
        "session",
        "terminal",
        "proxy",
        "service_multiple_aliases",
        "image_executor_opts",
        "service_executor_opts",
        "native_steps_integration",
    ];
    let ssh: Vec<&str> = custom
        .iter()
        .copied()
        .chain(["service_variables"])
        .collect();
    let machine: Vec<&str> = ssh.iter().copied().chain(["shared"]).collect();
    let instance: Vec<&str> = ssh
        .iter()
        .copied()
        .filter(|name| *name != "native_steps_integration")
        .collect();
    check("docker", &["shared", "proxy"]);
    check("docker+machine", &["shared", "proxy"]);
    check("docker-autoscaler", &["shared", "proxy"]);
    check(
        "docker-windows",
        &["shared", "proxy", "native_steps_integration"],
    );
    check("kubernetes", &["shared", "service_executor_opts"]);
    check("shell", &shell);
    check("custom", &custom);
    check("ssh", &ssh);
    check("instance", &instance);
    check("virtualbox", &machine);
    check("parallels", &machine);
}

#[test]
fn an_unknown_executor_or_none_has_only_what_all_have() {
    for info in [RunnerInfo::empty(), info("nope", None)] {
        let (value, on) = sent(&info);
        assert_eq!(on, ALWAYS);
        assert!(value.get("shell").is_none(), "{value}");
    }
    assert!(sent(&RunnerInfo::empty()).0.get("executor").is_none());
}

#[test]
fn a_shell_that_nobody_knows_brings_no_features() {
    let (value, on) = sent(&info("shell", Some("val-shell")));
    assert_eq!(value["shell"], "val-shell");
    let want = [
        "variables",
        "shared",
        "session",
        "terminal",
        "trace_reset",
        "trace_checksum",
        "trace_size",
        "cancelable",
        "cancel_gracefully",
        "native_steps_integration",
        "two_phase_job_commit",
        "job_inputs",
    ];
    assert_eq!(on, want);
}

#[test]
fn known_shells_bring_the_same_features() {
    let bash = sent(&info("docker", None)).1;
    for shell in ["", "sh", "pwsh", "powershell"] {
        assert_eq!(sent(&info("docker", Some(shell))).1, bash, "{shell}");
    }
}

#[test]
fn gpus_count_for_docker_only() {
    let gpus = |executor: &str| {
        let info = RunnerInfo {
            gpus: " all ".into(),
            ..info(executor, None)
        };
        sent(&info).0["config"]["gpus"].clone()
    };
    assert_eq!(gpus("docker"), "all");
    assert_eq!(gpus("docker+machine"), "all");
    assert_eq!(gpus("kubernetes"), "");
}

#[test]
fn fields_are_in_gitlab_runners_order() {
    let text = info("shell", Some("sh")).written().end();
    let architecture = if cfg!(target_arch = "aarch64") {
        "arm64"
    } else {
        "amd64"
    };
    let head = format!(
        "{{\"name\":\"gitlab-runner\",\"version\":\"19.4.0\",\"revision\":\"d79f3e7b\",\
         \"platform\":\"linux\",\"architecture\":\"{architecture}\",\"executor\":\"shell\",\
         \"shell\":\"sh\",\"features\":{{\"variables\":true,\"image\":false,"
    );
    assert!(text.starts_with(&head), "{text}");
    assert!(
        text.ends_with("\"job_inputs\":true},\"config\":{\"gpus\":\"\"}}"),
        "{text}"
    );
}
