//! Where the new token goes: the file for the Secret, the original of a paused file; and volumes that cannot take it.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use acceptance::stage::run;

use super::Scene;
use acceptance::known::RESET;
use acceptance::namespaces::mount_namespace;

#[test]
fn file_for_the_secret_holds_the_token_alone_for_its_owner_alone() {
    for (shared, there) in [(true, false), (false, true)] {
        let scene = Scene::new(shared);
        let out = scene.outside.file("token");
        if there {
            scene.outside.put(
                "token",
                "something longer than a token, for everybody to read\n",
            );
            fs::set_permissions(&out, fs::Permissions::from_mode(0o644)).unwrap();
        }
        let ended = scene.rotate(&["--token-out", out.to_str().unwrap()]);
        assert_eq!(ended.code(), 0, "{}", ended.output());
        scene.is_rotated("with a file");
        assert_eq!(scene.outside.text("token").unwrap(), scene.token());
        let files = scene.outside.snapshot();
        assert_eq!(files.len(), 1, "{files:?}");
        assert_eq!(files["token"].0, 0o600);
        scene.says_no_token(&ended);
    }
}

#[test]
fn file_that_cannot_be_written_is_refused_before_gitlab_is_asked() {
    let scene = Scene::new(false);
    let outside = &scene.outside;
    fs::create_dir(outside.file("directory")).unwrap();
    outside.put("aim", "");
    symlink(outside.file("aim"), outside.file("link")).unwrap();
    let fifo = outside.file("fifo");
    nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRUSR).unwrap();
    let volume = |name: &str| scene.stage.file(name);
    for (path, words) in [
        (outside.file("directory"), "not a regular file"),
        (outside.file("link"), "not a regular file"),
        (fifo, "not a regular file"),
        ("/dev/stdout".into(), "not a regular file"),
        (outside.file("none/token"), "directory does not exist"),
        (outside.file("aim/token"), "--token-out"),
        (volume("config.toml"), "reserved"),
        (volume(".runner-lifecycle.toml"), "reserved"),
        (volume("config.toml.original"), "reserved"),
        (volume("runner-reaper"), "reserved"),
    ] {
        let before = scene.stage.snapshot();
        let ended = scene.rotate(&["--token-out", path.to_str().unwrap()]);
        scene.is_refused(&ended, 78, words);
        assert_eq!(scene.stage.snapshot(), before, "{}", path.display());
    }
    assert_eq!(outside.text("aim").unwrap(), "");
}

#[test]
fn read_only_places_are_refused_before_gitlab_is_asked() {
    let scene = Scene::new(true);
    for (place, more) in [
        (scene.outside.path(), "--token-out"),
        (scene.stage.path(), "--timeout=20"),
    ] {
        let Some(mut command) = mount_namespace() else {
            return;
        };
        let script = "mount --bind \"$0\" \"$0\" && mount -o remount,bind,ro \"$0\" && exec \"$@\"";
        command.args(["sh", "-c", script]).arg(place);
        let rotate = scene.command(&[more]);
        command.arg(rotate.get_program()).args(rotate.get_args());
        if more == "--token-out" {
            command.arg(scene.outside.file("token"));
        }
        command
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .env("CONFIG_FILE", scene.stage.file("config.toml"));
        let ended = run(&mut command);
        scene.is_refused(&ended, 78, place.to_str().unwrap());
        assert!(!scene.state().contains("rotation"));
    }
}

#[test]
fn paused_file_stays_paused_and_its_original_gets_the_token() {
    let scene = Scene::new(false);
    let text = scene.config_text();
    scene.stage.put("config.toml.original", &text);
    let paused = "# Paused by runner-reaper: no runner entries, so that no new job is taken.\nconcurrent = 1\n";
    scene.stage.put("config.toml", paused);
    let by_hand = "[pause]\nby = \"root on node-1\"\nat = \"2026-01-31T10:10:11Z\"\n";
    let state = scene
        .state()
        .replace("[[entry]]", &format!("{by_hand}\n[[entry]]"));
    scene.stage.put(".runner-lifecycle.toml", &state);
    let time = |name: &str| {
        fs::metadata(scene.stage.file(name))
            .unwrap()
            .modified()
            .unwrap()
    };
    let before = time("config.toml.original");
    let ended = scene.rotate(&["--output=json"]);
    assert_eq!(ended.code(), 0, "{}", ended.output());
    assert_eq!(scene.config_text(), paused);
    let original = scene.stage.text("config.toml.original").unwrap();
    assert!(original.contains(&scene.token()) && !original.contains(&scene.old));
    // Or a live runner manager would load it when a hook puts it back.
    assert_eq!(time("config.toml.original"), before);
    assert!(
        ended.stdout.contains("config.toml.original"),
        "{}",
        ended.stdout
    );
    assert!(ended.stderr.contains("resume"), "{}", ended.stderr);
    assert!(scene.state().contains("root on node-1"));
}

#[test]
fn pause_of_a_killed_hook_is_ended_first() {
    let scene = Scene::new(false);
    let text = scene.config_text();
    scene.stage.put("config.toml.original", &text);
    scene
        .stage
        .put("config.toml", "# Paused by runner-reaper: x\n");
    let ended = scene.rotate(&[]);
    assert_eq!(ended.code(), 0, "{}", ended.output());
    scene.is_rotated("after a killed hook");
    assert_eq!(scene.stage.text("config.toml.original"), None);
}

#[test]
fn token_of_a_variable_is_replaced_by_the_new_one_and_that_is_said_before_and_after() {
    let scene = Scene::new(true);
    let text = scene.stage.text("config.toml").unwrap();
    scene
        .stage
        .put("config.toml", &text.replace(&scene.old, "$OUR_TOKEN"));
    let ends = |more: &[&str], words: &str| {
        let ended = run(scene.command(more).env("OUR_TOKEN", &scene.old));
        assert_eq!(ended.code(), 0, "{}", ended.output());
        let said = ended.output().replace('\n', " ");
        assert_eq!(
            said.matches("the entry names its token by a variable")
                .count(),
            usize::from(!words.is_empty()),
            "{said}"
        );
        assert!(said.contains(words), "{said}");
    };
    ends(&["--dry-run"], "takes its place in the file");
    assert!(scene.gitlab.calls(RESET).is_empty());
    ends(&[], "the variable still has the previous token");
    assert!(
        scene
            .stage
            .text("config.toml")
            .unwrap()
            .contains(&scene.token())
    );
    // It is in no variable any more.
    ends(&[], "");
}
