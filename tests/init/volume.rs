//! The files of a volume: what stands in their place, who may read them, what a killed run leaves half written.

use std::os::unix::fs::PermissionsExt;

use acceptance::pod::Pod;

const TOKEN: &str = "--registration-token=gitlabtoken";

#[test]
fn file_of_ours_that_is_a_pipe_is_refused_and_not_waited_for() {
    for name in ["config.toml", ".runner_system_id", ".runner-lifecycle.toml"] {
        let pod = Pod::fresh();
        nix::unistd::mkfifo(&pod.stage.file(name), nix::sys::stat::Mode::S_IRWXU).unwrap();
        let ended = pod.init_ends(&[TOKEN], 78);
        assert!(
            ended.stderr.contains("not a regular file"),
            "{}",
            ended.output()
        );
        assert!(pod.gitlab.journal().is_empty());
    }
}

#[test]
fn half_written_file_of_a_killed_run_is_taken_away() {
    let pod = Pod::fresh();
    pod.registers(&[TOKEN]);
    let before = pod.stage.snapshot();
    pod.stage.put(".config.toml.new", "token = \"canary\"");
    pod.stage
        .put(".config.toml.original.new", "token = \"canary\"");
    pod.stage
        .put(".runner-lifecycle.toml.new", "token = \"canary\"");
    pod.registers(&[TOKEN]);
    assert_eq!(pod.stage.snapshot(), before);
}

#[test]
fn file_gets_private_with_its_first_token_and_the_mode_that_is_asked_for_later() {
    let pod = Pod::fresh();
    let mode = |name: &str| pod.stage.snapshot()[name].0;
    pod.stage.put("config.toml", "concurrent = 2\n");
    let readable = PermissionsExt::from_mode(0o644);
    std::fs::set_permissions(pod.stage.file("config.toml"), readable).unwrap();
    pod.registers(&[TOKEN]);
    assert_eq!(mode("config.toml"), 0o600);
    pod.registers(&[TOKEN, "--file-mode=0640"]);
    for name in [
        "config.toml",
        ".runner_system_id",
        ".runner-lifecycle.toml",
        ".runner-lifecycle.lock",
    ] {
        assert_eq!(mode(name), 0o640, "{name}");
    }
    pod.registers(&[TOKEN]);
    assert_eq!(
        mode("config.toml"),
        0o640,
        "an existing file keeps its mode"
    );
}

#[test]
fn names_of_our_own_files_are_refused_as_config() {
    for name in [
        "runner-reaper",
        ".runner-lifecycle.toml",
        ".runner_system_id",
        "a.original",
    ] {
        let pod = Pod::fresh();
        let path = format!("--config={}", pod.stage.file(name).display());
        let refused = pod.init_ends(&[TOKEN, &path], 2);
        assert!(
            refused.stderr.contains("is reserved"),
            "{}",
            refused.output()
        );
        assert!(pod.stage.snapshot().is_empty());
        assert!(pod.gitlab.journal().is_empty());
    }
}
