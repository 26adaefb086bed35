//! A place that cannot be written: GitLab is not asked, and one line says where.

use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use acceptance::namespaces::{mount_namespace, user_namespace};
use acceptance::pod::{Pod, Source};
use acceptance::stage::{Stage, behind, run};

/// Runs `runner-init` behind these words, with `config` below the volume, and looks at what must hold wherever nothing can
/// be written.
fn refused(wrapper: impl FnOnce(&Stage) -> Option<Command>, config: &str) {
    let pod = Pod::fresh();
    let stage = &pod.stage;
    stage.put("there.before", "untouched");
    let Some(command) = wrapper(stage) else {
        return;
    };
    let before = stage.snapshot();
    let mut init = pod.init(&pod.flags(Source::RegistrationToken));
    init.env("CONFIG_FILE", stage.file(config));
    let ended = run(&mut behind(command, &init));
    std::fs::set_permissions(stage.path(), PermissionsExt::from_mode(0o700)).unwrap();
    let at = format!("{config}: {}", ended.output());
    assert_eq!(ended.code(), 78, "{at}");
    let error = ended.one_error(&at);
    let directory = stage.path().display().to_string();
    assert!(error.contains(&directory), "which place: {at}");
    assert!(pod.gitlab.journal().is_empty(), "GitLab was asked: {at}");
    assert_eq!(stage.snapshot(), before, "{at}");
}

/// A mode would not stop root, a read-only mount does.
fn mounted(script: &'static str) -> impl FnOnce(&Stage) -> Option<Command> {
    move |stage| {
        let mut command = mount_namespace()?;
        command.args(["sh", "-c", script]).arg(stage.path());
        Some(command)
    }
}

#[test]
fn volume_that_is_mounted_read_only_is_named_and_gitlab_is_not_asked() {
    let script = "mount --bind \"$0\" \"$0\" && mount -o remount,bind,ro \"$0\" && exec \"$@\"";
    refused(mounted(script), "config.toml");
}

#[test]
fn directory_that_cannot_be_made_on_a_read_only_root_is_named_and_gitlab_is_not_asked() {
    let script = "mount -o remount,bind,ro / && mount --bind \"$0\" \"$0\" && mount -o remount,bind,ro \"$0\" && exec \"$@\"";
    refused(mounted(script), "etc/gitlab-runner/config.toml");
}

#[test]
fn directory_of_a_mode_that_forbids_it_is_named_and_gitlab_is_not_asked() {
    let forbidden = |stage: &Stage| {
        // Without capabilities a mode counts for its owner too.
        let command = user_namespace()?;
        std::fs::set_permissions(stage.path(), PermissionsExt::from_mode(0o500)).unwrap();
        Some(command)
    };
    refused(forbidden, "config.toml");
    refused(forbidden, "etc/config.toml");
}
