//! What was written last, what stands there and what is asked now: a key of ours follows, one that somebody changed stays.

use super::{REGISTRATION, Volume};

const TEMPLATE: &str = "[[runners]]
  environment = [\"A=1\"]
  [runners.kubernetes]
    image = \"alpine:3\"
    cpu_limit = \"1\"
    [runners.kubernetes.node_selector]
      disk = \"ssd\"
    [[runners.kubernetes.volumes.empty_dir]]
      name = \"cache\"
      mount_path = \"/cache\"
";

/// A volume and a template beside it.
pub(super) fn templated() -> Volume {
    let volume = Volume::new();
    volume.stage.put("t.toml", TEMPLATE);
    volume
}

pub(super) fn run(volume: &Volume, more: &[&str]) -> String {
    let file = format!(
        "--template-config={}",
        volume.stage.file("t.toml").display()
    );
    let words = [REGISTRATION, "--name=n", "--executor=kubernetes", &file];
    volume.run(&[&words[..], more].concat()).output()
}

pub(super) fn template(volume: &Volume, from: &str, to: &str) {
    let text = volume.stage.text("t.toml").unwrap();
    assert!(text.contains(from), "{from}: {text}");
    volume.stage.put("t.toml", &text.replace(from, to));
}

/// The tenth run leaves the bytes of the second.
pub(super) fn settles(volume: &Volume, more: &[&str]) {
    let before = volume.bytes();
    for _ in 0..8 {
        let said = run(volume, more);
        assert!(said.contains("nothing to change"), "{said}");
    }
    assert_eq!(volume.bytes(), before, "same bytes");
}

#[test]
fn changed_template_takes_effect_key_by_key() {
    for (from, to, gone, come) in [
        (
            "cpu_limit = \"1\"",
            "cpu_limit = \"2\"",
            "cpu_limit = \"1\"",
            "cpu_limit = \"2\"",
        ),
        (
            "    cpu_limit = \"1\"\n",
            "",
            "cpu_limit",
            "image = \"alpine:3\"",
        ),
        (
            "cpu_limit",
            "memory_limit = \"1Gi\"\n    cpu_limit",
            "\u{0}",
            "memory_limit = \"1Gi\"",
        ),
        ("\"A=1\"", "\"A=1\", \"B=2\"", "\u{0}", "\"B=2\""),
        ("disk = \"ssd\"", "zone = \"a\"", "disk", "zone = \"a\""),
        ("/cache\"", "/c\"", "\"/cache\"", "mount_path = \"/c\""),
        (
            "    [[runners.kubernetes.volumes.empty_dir]]\n      name = \"cache\"\n      mount_path = \"/cache\"\n",
            "",
            "empty_dir",
            "node_selector",
        ),
        (
            "  [runners.kubernetes]\n",
            "  [runners.cache]\n    Type = \"s3\"\n    [runners.cache.s3]\n      BucketName = \"b\"\n  [runners.kubernetes]\n",
            "\u{0}",
            "BucketName = \"b\"",
        ),
    ] {
        let volume = templated();
        run(&volume, &[]);
        let runner = volume.runner("n").id;
        template(&volume, from, to);
        let said = run(&volume, &[]);
        let text = volume.config();
        assert!(said.contains(" wrote "), "{said}");
        assert!(!text.contains(gone), "{gone}: {text}");
        assert!(text.contains(come), "{come}: {text}");
        assert!(!said.contains("somebody else"), "{said}");
        assert_eq!(volume.runner("n").id, runner);
        settles(&volume, &[]);
        // And back again.
        template_back(&volume);
        run(&volume, &[]);
        assert!(
            volume.config().contains("cpu_limit = \"1\""),
            "{}",
            volume.config()
        );
        assert_eq!(volume.gitlab.runners().len(), 1);
    }
}

pub(super) fn template_back(volume: &Volume) {
    volume.stage.put("t.toml", TEMPLATE);
}

#[test]
fn flag_that_is_dropped_goes_and_one_that_changes_follows() {
    let volume = templated();
    let more = [
        "--kubernetes-privileged=true",
        "--kubernetes-node-selector=pool:ci",
        "--output-limit=8192",
        "--concurrent=4",
        "--check-interval=7",
        "--listen-address=:9300",
        "--kubernetes-helper-image=h",
    ];
    run(&volume, &more);
    let first = volume.config();
    for key in [
        "privileged = true",
        "pool = \"ci\"",
        "disk = \"ssd\"",
        "output_limit = 8192",
        "concurrent = 4",
        "check_interval = 7",
        "listen_address = \":9300\"",
        "helper_image = \"h\"",
        "limit = 4",
    ] {
        assert!(first.contains(key), "{key}: {first}");
    }
    settles(&volume, &more);
    run(&volume, &["--output-limit=1", "--concurrent=9"]);
    let text = volume.config();
    for key in [
        "output_limit = 1\n",
        "concurrent = 9\n",
        "  limit = 9\n",
        "check_interval = 0\n",
    ] {
        assert!(text.contains(key), "{key}: {text}");
    }
    for key in ["privileged", "pool", "9300", "helper_image"] {
        assert!(!text.contains(key), "{key}: {text}");
    }
    assert!(text.contains("disk = \"ssd\"") && text.contains("listen_address = \"127.0.0.1:"));
    run(&volume, &[]);
    let text = volume.config();
    assert!(text.contains("concurrent = 1\n"), "{text}");
    assert!(
        !text.contains("limit = 9") && !text.contains("output_limit"),
        "{text}"
    );
    settles(&volume, &[]);
    run(&volume, &more);
    let values = |text: &str| -> Vec<String> {
        let lines = text
            .lines()
            .map(str::trim)
            .filter(|line| line.contains('='));
        let mut lines: Vec<String> = lines
            .filter(|line| !line.starts_with('#'))
            .map(str::to_owned)
            .collect();
        lines.sort();
        lines
    };
    assert_eq!(values(&volume.config()), values(&first));
}

#[test]
fn edit_of_an_operator_survives_whatever_is_asked_and_is_named() {
    for (from, to, key) in [
        (
            "cpu_limit = \"1\"",
            "cpu_limit = \"8\" # for the big build",
            "kubernetes.cpu_limit",
        ),
        ("    cpu_limit = \"1\"\n", "", "kubernetes.cpu_limit"),
        ("\"A=1\"", "\"A=1\", \"MINE=1\"", "environment"),
        (
            "disk = \"ssd\"",
            "disk = \"hdd\"",
            "kubernetes.node_selector.disk",
        ),
        ("concurrent = 4", "concurrent = 12", "concurrent"),
        ("output_limit = 8192", "output_limit = 99", "output_limit"),
    ] {
        let volume = templated();
        let more = ["--concurrent=4", "--output-limit=8192"];
        run(&volume, &more);
        let text = volume.config();
        assert!(text.contains(from), "{from}: {text}");
        // Only the first: a limit of ours is not meant.
        volume.stage.put("config.toml", &text.replacen(from, to, 1));
        template(&volume, "alpine:3", "alpine:4");
        let said = run(&volume, &more);
        let lines = said.lines().filter(|line| line.contains("somebody else"));
        let lines: Vec<&str> = lines.collect();
        assert_eq!(lines.len(), 1, "{said}");
        assert!(lines[0].contains(&format!(" {key} ")), "{}", lines[0]);
        let text = volume.config();
        assert!(to.is_empty() || text.contains(to), "{to}: {text}");
        assert!(!to.is_empty() || !text.contains("cpu_limit"), "{text}");
        assert!(text.contains("alpine:4"), "{text}");
        settles(&volume, &more);
        // Asked for once more, still theirs; and what they added themselves is nobody else's.
        template(&volume, "cpu_limit = \"1\"", "cpu_limit = \"2\"");
        template(&volume, "A=1", "A=2");
        run(&volume, &["--concurrent=5", "--output-limit=1"]);
        let text = volume.config();
        assert!(to.is_empty() || text.contains(to), "{to}: {text}");
        assert!(!to.is_empty() || !text.contains("cpu_limit"), "{text}");
    }
}

#[test]
fn key_that_an_operator_added_is_theirs_for_good() {
    let volume = templated();
    run(&volume, &[]);
    let text = volume.config();
    let added = text
        .replace(
            "  environment",
            "  # why not\n  builds_dir = \"/b\"\n  environment",
        )
        .replacen(
            "concurrent",
            "log_level = \"debug\" # theirs\nconcurrent",
            1,
        );
    volume.stage.put("config.toml", &added);
    settles(&volume, &[]);
    template(&volume, "alpine:3", "alpine:4");
    run(&volume, &["--output-limit=1"]);
    let text = volume.config();
    for kept in [
        "  # why not\n  builds_dir = \"/b\"\n",
        "log_level = \"debug\" # theirs\n",
    ] {
        assert!(text.contains(kept), "{kept}: {text}");
    }
}
