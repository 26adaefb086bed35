//! The command line and the variables as manifests and people write them.

use std::ffi::OsString;

use super::*;

const GLRT: [&str; 2] = ["--token", "glrt-AAAAAAAAAAAAAAAAAAAA"];

fn environment(variables: &[(&str, &str)]) -> Environment {
    Environment::of(variables.iter().copied()).on_host("host")
}

fn command_line(argv: &[OsString], environment: &Environment) -> CommandLine {
    CommandLine::read(argv, environment, Command::Register.program())
}

/// A registration's words, where nobody can be asked for a token.
pub(crate) fn registration(
    words: impl IntoIterator<Item = impl Into<OsString>>,
    environment: &Environment,
) -> Result<Parsed, NoRun> {
    let argv: Vec<OsString> = words.into_iter().map(Into::into).collect();
    let line = command_line(&argv, environment);
    parse(line, Command::Register, environment, &|| Ok(None))
}

pub(super) fn run(words: &[&str], variables: &[(&str, &str)]) -> Result<Parsed, NoRun> {
    registration(words, &environment(variables))
}

fn options(words: &[&str], variables: &[(&'static str, &'static str)]) -> Options {
    match run(
        words,
        &[&[("CI_SERVER_TOKEN", "glrt-1")], variables].concat(),
    ) {
        Ok(parsed) => parsed.options,
        Err(stop) => panic!("{words:?} {variables:?}: {stop:?}"),
    }
}

pub(super) fn failure(words: &[&str], variables: &[(&'static str, &'static str)]) -> Failure {
    match run(words, variables) {
        Err(NoRun::Failure(failure)) => failure,
        other => panic!("{words:?} {variables:?}: {other:?}"),
    }
}

/// The entry as `path = value` lines.
fn entry(options: &Options) -> Vec<String> {
    let line = |setting: &Setting| match &setting.content {
        Content::Value(value) => format!("{} ={value}", setting.path),
        Content::Map(map) => format!(
            "{} = {:?}",
            setting.path,
            map.iter()
                .map(|(k, v)| format!("{k}:{v}"))
                .collect::<Vec<_>>()
        ),
        Content::Tables(tables) => format!("{} = {} tables", setting.path, tables.len()),
    };
    options.entry.iter().map(line).collect()
}

#[test]
fn flags_and_variables_meet_as_in_gitlab_runner() {
    fn check(words: &[&str], variables: &[(&'static str, &'static str)], want: &[&str]) {
        let entry: Vec<String> = entry(&options(words, variables))
            .iter()
            .map(|line| line.replace("= ", "="))
            .collect();
        assert_eq!(entry, want, "{words:?} {variables:?}");
    }
    check(&["-limit", "7"], &[], &["limit =7"]);
    check(&["--limit=7", "--limit=8"], &[], &["limit =8"]);
    check(&["--limit", "-7"], &[], &["limit =-7"]);
    check(
        &["register", "-n", "--executor", " docker "],
        &[],
        &["executor =\"docker\""],
    );
    check(
        &["--docker-volumes=/a,/b"],
        &[("DOCKER_VOLUMES", "/c")],
        &["docker.volumes =[\"/c\", \"/a,/b\"]"],
    );
    check(
        &["--docker-pull-policy=never"],
        &[("DOCKER_PULL_POLICY", "a,b")],
        &["docker.pull_policy =[\"never\"]"],
    );
    check(&[], &[("DOCKER_PRIVILEGED", "")], &[]);
    check(&["--docker-privileged"], &[], &["docker.privileged =true"]);
    check(&["--docker-privileged="], &[], &["docker.privileged =true"]);
    check(
        &["--kubernetes-privileged", "false"],
        &[],
        &["kubernetes.privileged =false"],
    );
    check(
        &["--kubernetes-privileged"],
        &[("KUBERNETES_PRIVILEGED", "false")],
        &["kubernetes.privileged =true"],
    );
    check(
        &["--feature-flags", "A:false"],
        &[("FEATURE_FLAGS", "B:true")],
        &["feature_flags =[\"B:true\", \"A:false\"]"],
    );
    check(
        &["--kubernetes-context=a", "--"],
        &[],
        &["kubernetes.context =\"a\""],
    );
}

#[test]
fn help_and_version_are_shown_and_end_well() {
    for words in [
        &["-h"][..],
        &["--help"],
        &["-help"],
        &["help"],
        &["--version"],
        &["register", "--help"],
    ] {
        assert!(
            matches!(run(words, &[]), Err(NoRun::Show(text)) if !text.is_empty()),
            "{words:?}"
        );
    }
}

#[test]
fn config_path_follows_flag_variable_root_and_home() {
    fn check(words: &[&str], variables: &[(&'static str, &'static str)], root: bool, want: &str) {
        let mut environment = environment(variables);
        environment.is_root = root;
        let words = [&GLRT[..], words].concat();
        let parsed = registration(words, &environment).unwrap();
        assert_eq!(parsed.options.config, PathBuf::from(want));
    }
    check(&["-c", "/a"], &[("CONFIG_FILE", "/b")], true, "/a");
    check(&[], &[("CONFIG_FILE", "/b")], true, "/b");
    check(
        &[],
        &[("HOME", "/home/me")],
        true,
        "/etc/gitlab-runner/config.toml",
    );
    check(
        &[],
        &[("HOME", "/home/me")],
        false,
        "/home/me/.gitlab-runner/config.toml",
    );
    check(&[], &[], false, "config.toml");
}

#[test]
fn misspelt_variable_of_ours_gets_a_warning_and_a_services_does_not() {
    let warnings = idle_variables(&environment(&[
        ("RUNNER_INIT_DRAIN_REDY", "false"),
        ("RUNNER_INIT_XYZZY", "1"),
        ("RUNNER_OTHER", "1"),
        ("RUNNER_INIT_SERVICE_HOST", "10.0.0.1"),
        ("RUNNER_INIT_PORT", "tcp://10.0.0.1:80"),
        ("RUNNER_INIT_PORT_80_TCP_ADDR", "10.0.0.1"),
    ]));
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert!(
        warnings[0].contains("did you mean RUNNER_INIT_DRAIN_READY?"),
        "{warnings:?}"
    );
    assert!(!warnings[1].contains("did you mean"), "{warnings:?}");
}

#[test]
fn own_flags_have_their_defaults_and_their_units() {
    let plain = options(&[], &[]);
    assert!(plain.drain_ready && !plain.dry_run && plain.file_mode.is_none());
    assert_eq!(plain.timeout, Duration::from_secs(300));
    assert_eq!(plain.install_reaper, Install::BesideConfig);
    assert_eq!(plain.install_init, Install::BesideConfig);
    assert_eq!(plain.name, Name::Host("host".to_owned()));
    for (word, want) in [
        ("--template-config=", None),
        ("--template-config=/t", Some("/t")),
    ] {
        let template = options(&[word], &[]).template;
        assert_eq!(template, want.map(PathBuf::from), "{word}");
    }
    let variables = [
        ("RUNNER_INIT_TIMEOUT", "4s"),
        ("RUNNER_INIT_DRAIN_READY", "false"),
        ("RUNNER_INIT_INSTALL_REAPER", "none"),
        ("RUNNER_INIT_INSTALL_INIT", "/opt/runner-init"),
        ("RUNNER_INIT_CONCURRENT", "3"),
        ("RUNNER_INIT_CHECK_INTERVAL", "1m"),
        ("RUNNER_INIT_FILE_MODE", "0640"),
        ("RUNNER_INIT_POD_UID", "u"),
    ];
    let given = options(&[], &variables);
    assert_eq!(
        (given.timeout, given.drain_ready),
        (Duration::from_secs(4), false)
    );
    assert_eq!(
        (given.install_reaper, given.file_mode),
        (Install::No, Some(0o640))
    );
    assert_eq!(given.install_init, Install::To("/opt/runner-init".into()));
    assert_eq!(
        (given.globals.concurrent, given.globals.check_interval),
        (Some(3), Some(60))
    );
    assert_eq!(given.pod.uid.as_deref(), Some("u"));
}

#[test]
fn name_is_trimmed_where_gitlab_runner_asks_for_it_and_may_be_emptied() {
    fn check(words: &[&str], variables: &[(&'static str, &'static str)], want: &Name) {
        let name = run(words, variables).unwrap().options.name;
        assert_eq!(&name, want, "{words:?} {variables:?}");
    }
    let given = |name: &str| Name::Given(name.to_owned());
    let host = Some("host".to_owned());
    check(&["-t=glrt-1", "--name= q "], &[], &given("q"));
    check(&["-r=R", "--name= q "], &[], &given("q"));
    check(&["-t=old", "--name= q "], &[], &given(" q "));
    check(&["-t=old"], &[("RUNNER_NAME", "v")], &given("v"));
    check(
        &["-t=glrt-1", "--description="],
        &[("RUNNER_NAME", "v")],
        &Name::Emptied {
            by: Origin::Flag("description"),
            host: None,
        },
    );
    check(
        &["-t=glrt-1"],
        &[("RUNNER_NAME", "")],
        &Name::Emptied {
            by: Origin::Variable("RUNNER_NAME"),
            host,
        },
    );
}

mod global;
mod slips;
mod usage;
