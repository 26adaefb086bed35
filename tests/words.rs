//! The words of both programs as people write them: gitlab-runner's global ones, stray ones, those that are gone, and addresses
//! that Go reads in its own way. Nothing is asked, nothing is written, one line says what is wrong.

use acceptance::stage::{Ended, Stage, run};
use gitlab_simulator::{Settings, Simulator};

const REGISTER: [&str; 4] = [
    "register",
    "--executor=shell",
    "--registration-token=gitlabtoken",
    "--name=words",
];

fn gitlab() -> Simulator {
    Simulator::start(Settings::default()).unwrap()
}

/// A volume with one registered runner.
fn registered(gitlab: &Simulator) -> Stage {
    let stage = Stage::new();
    let url = format!("--url={}", gitlab.url());
    let ended = run(stage.init(&REGISTER).arg(url));
    assert_eq!(ended.code(), 0, "{}", ended.output());
    stage
}

fn reaper(stage: &Stage, words: &str, variables: &[(&str, &str)]) -> Ended {
    let mut command = stage.command("runner-reaper");
    command.args(words.split_whitespace());
    run(command.envs(variables.iter().copied()))
}

#[test]
fn global_words_and_their_variables_do_the_same_in_both_programs() {
    let globals = [
        ("--debug", &[][..]),
        ("-debug", &[]),
        ("-l debug", &[]),
        ("--log-level debug", &[]),
        ("--log-level=debug", &[]),
        ("--cpuprofile x -l=debug", &[]),
        ("-l error", &[]),
        ("-log-level=error", &[]),
        ("", &[("LOG_LEVEL", "fatal")]),
        ("", &[("RUNNER_DEBUG", "true")]),
        ("", &[("LOG_LEVEL", "debug"), ("CPU_PROFILE", "x")]),
    ];
    for (words, variables) in globals {
        for before in [true, false] {
            let gitlab = gitlab();
            let stage = Stage::new();
            let mut init = stage.command("runner-init");
            let url = format!("--url={}", gitlab.url());
            let given = || words.split_whitespace();
            if before {
                init.args(given());
            }
            init.args(REGISTER).args([&url, "--log-format", "json"]);
            if !before {
                init.args(given());
            }
            let born = run(init
                .env("RUNNER_INIT_INSTALL_REAPER", "none")
                .env("RUNNER_INIT_INSTALL_INIT", "none")
                .envs(variables.iter().copied()));
            assert_eq!(born.code(), 0, "{words}: {}", born.output());
            assert!(
                born.stderr.lines().all(|line| line.starts_with('{')),
                "{}",
                born.output()
            );
            assert_eq!(gitlab.runners().len(), 1);

            let line = match before {
                true => format!("{words} --log-format json unregister --all-runners"),
                false => format!("unregister --all-runners {words} --log-format=json"),
            };
            let gone = reaper(&stage, &line, variables);
            assert_eq!(gone.code(), 0, "{line}: {}", gone.output());
            assert!(
                gone.stderr.lines().all(|line| line.starts_with('{')),
                "{}",
                gone.output()
            );
            // Then nothing but an error would be said.
            let silent = words.contains("error") || variables.contains(&("LOG_LEVEL", "fatal"));
            assert_eq!(born.stderr.is_empty(), silent, "{}", born.output());
            assert_eq!(gone.stderr.is_empty(), silent, "{}", gone.output());
            assert!(gitlab.runners().is_empty(), "{}", gone.output());
            assert!(!stage.file("x").exists(), "no profile is written");
        }
    }
}

#[test]
fn log_setting_that_means_nothing_stops_neither_birth_nor_end() {
    let gitlab = gitlab();
    for variable in ["LOG_LEVEL", "LOG_FORMAT", "RUNNER_DEBUG"] {
        let stage = Stage::new();
        let url = format!("--url={}", gitlab.url());
        let born = run(stage.init(&REGISTER).arg(url).env(variable, "bogus"));
        assert_eq!(born.code(), 0, "{}", born.output());
        let gone = reaper(&stage, "unregister --all-runners", &[(variable, "bogus")]);
        assert_eq!(gone.code(), 0, "{}", gone.output());
        for ended in [&born, &gone] {
            let said = format!(" WARN  {variable}: \"bogus\" is not ");
            assert_eq!(ended.stderr.matches(&said).count(), 1, "{}", ended.output());
        }
        assert!(gitlab.runners().is_empty());
    }
}

#[test]
fn word_that_means_nothing_is_named_with_its_place_and_nothing_is_done() {
    let gitlab = gitlab();
    let stage = registered(&gitlab);
    let before = (stage.snapshot(), gitlab.journal().len());
    let check = |program: &str, words: &str, named: &str| {
        let mut command = stage.command(program);
        let ended = run(command.args(words.split_whitespace()));
        assert_eq!(ended.code(), 2, "{words}: {}", ended.output());
        let error = ended.one_error(words);
        assert!(error.contains(named), "{words}: {error}");
        assert!(!ended.output().contains("canary"), "{words}: {error}");
        assert_eq!(
            (stage.snapshot(), gitlab.journal().len()),
            before,
            "{words}"
        );
    };
    let init = |words: &str, named: &str| check("runner-init", words, named);
    let reaper = |words: &str, named: &str| check("runner-reaper", words, named);
    init(
        "register --url X --token T stray",
        "\"stray\" (argument 6) does not belong to a flag",
    );
    init(
        "register --url X --token T glrt-canary",
        "argument 6 (it may be a secret",
    );
    init(
        "register --ssh-password my canary",
        "argument 4 (it may be a secret",
    );
    init(
        "register --name my runner --token T",
        "\"runner\" (argument 4)",
    );
    init("register --locked false", "--locked=false");
    init("register --debug -- stray", "\"stray\" (argument 4)");
    init("unregister --all-runners", "\"unregister\" (argument 1)");
    init("--log-level=bogus register", "--log-level: \"bogus\"");
    init("register -l", "-l needs a value");
    reaper(
        "unregister --all-runners stray",
        "\"stray\" (argument 3) does not belong to a flag",
    );
    reaper(
        "--debug unregister --token T gDRhSyzgvU9jYcanaryZ",
        "argument 5 (it may be a secret",
    );
    reaper(
        "register",
        "\"register\" (argument 1) is not a command of runner-reaper",
    );
    reaper("unregistre --all-runners", "did you mean unregister?");
    reaper("unregister --all-runners false", "--all-runners=false");
    reaper(
        "unregister --all-runners --log-level=bogus",
        "--log-level: \"bogus\"",
    );
    reaper(
        "unregister --all-runners --log-format xml",
        "--log-format: \"xml\"",
    );
}

#[test]
fn flag_and_variable_that_are_gone_are_named_with_their_version_and_successor() {
    let gitlab = gitlab();
    for (flag, version, instead) in [
        ("--cache-cache-shared", "12.0", "--cache-shared"),
        ("--cache-s3-cache-path=x", "12.0", "--cache-path"),
        ("--metrics-server=:9252", "12.0", "--listen-address"),
        (
            "-docker-services=mysql",
            "13.0",
            "[[runners.docker.services]]",
        ),
        (
            "--kubernetes-services=mysql",
            "13.1",
            "[[runners.kubernetes.services]]",
        ),
        (
            "--machine-off-peak-timezone=UTC",
            "14.0",
            "[[runners.machine.autoscaling]]",
        ),
        ("--post-clone-script=x", "17.0", "--post-get-sources-script"),
        ("--kubernetes-cpus=1", "9.4", "--kubernetes-cpu-limit"),
    ] {
        let stage = Stage::new();
        let ended = run(stage.init(&REGISTER).args([flag, "--url=http://h"]));
        assert_eq!(ended.code(), 2, "{flag}: {}", ended.output());
        let error = ended.one_error(flag);
        let want = format!("was removed in gitlab-runner {version}: use {instead}");
        assert!(error.contains(&want), "{error}");
    }
    for (variable, version, instead) in [
        (
            "RUNNER_PRE_CLONE_SCRIPT",
            "17.0",
            "RUNNER_PRE_GET_SOURCES_SCRIPT",
        ),
        ("METRICS_SERVER", "12.0", "LISTEN_ADDRESS"),
        ("S3_SECRET_KEY", "11.3", "CACHE_S3_SECRET_KEY"),
        ("DOCKER_SERVICES", "13.0", "[[runners.docker.services]]"),
    ] {
        let stage = Stage::new();
        let url = format!("--url={}", gitlab.url());
        let ended = run(stage.init(&REGISTER).arg(url).env(variable, "canary"));
        assert_eq!(ended.code(), 0, "{}", ended.output());
        let want = format!(
            "WARN  {variable} was removed in gitlab-runner {version} and is ignored: use {instead}"
        );
        assert!(ended.stderr.contains(&want), "{}", ended.output());
        assert!(!ended.output().contains("canary"), "{}", ended.output());
        assert!(!stage.text("config.toml").unwrap().contains("canary"));
    }
}

#[test]
fn address_that_go_reads_otherwise_is_refused_wherever_it_comes_from() {
    let gitlab = gitlab();
    let stage = registered(&gitlab);
    let port = gitlab.url().rsplit(':').next().unwrap().to_owned();
    let asked = gitlab.journal().len();
    for url in [
        format!("http:/127.0.0.1:{port}"),
        format!("http:127.0.0.1:{port}"),
        format!("http:\\\\127.0.0.1:{port}"),
        format!("http://127.0.\t0.1:{port}"),
        format!("http://127.0.0.1\n:{port}"),
        format!("http://127.1:{port}"),
        format!("http://0x7f.1:{port}"),
        format!("http://2130706433:{port}"),
        format!("http:///127.0.0.1:{port}"),
        format!("http://127.0.0.1%2e:{port}"),
        format!("http://@127.0.0.1:{port}"),
        format!("http://127.0.0.1:{port}\\a"),
        format!("http://127.0.0.1:{port}/%2e%2e/a"),
        "http://127.0.0.1:99999".to_owned(),
        "http://[::1".to_owned(),
        "http://[fe80::1%25eth0]".to_owned(),
    ] {
        let fresh = Stage::new();
        let flag = run(fresh.init(&REGISTER).args(["--url", &url]));
        let variable = run(fresh.init(&REGISTER).env("CI_SERVER_URL", &url));
        let quoted = url
            .replace('\\', "\\\\")
            .replace('\t', "\\t")
            .replace('\n', "\\n");
        fresh.put(
            "template.toml",
            &format!("[[runners]]\nurl = \"{quoted}\"\n"),
        );
        let template = format!(
            "--template-config={}",
            fresh.file("template.toml").display()
        );
        let template = run(fresh.init(&REGISTER).arg(template));
        let mut hook = stage.command("runner-reaper");
        let hook = run(hook.args(["unregister", "--all-runners", "--url", &url]));
        for (ended, code, by) in [
            (&flag, 2, "--url: the URL of GitLab "),
            (&variable, 2, "CI_SERVER_URL: the URL of GitLab "),
            (&template, 78, "template.toml"),
            (&hook, 2, "--url: the URL of GitLab "),
        ] {
            let at = format!("{url:?}, {by}: {}", ended.output());
            assert_eq!(ended.code(), code, "{at}");
            assert!(ended.one_error(&at).contains(by), "{at}");
        }
        assert_eq!(fresh.entries(), 0);

        // In a file of others it is an entry that cannot be unregistered, and that is said.
        let text = format!(
            "[[runners]]\nname = \"n\"\nurl = \"{quoted}\"\ntoken = \"glrt-x\"\nexecutor = \"shell\"\n"
        );
        fresh.put("config.toml", &text);
        let left = reaper(&fresh, "unregister --all-runners", &[]);
        assert_eq!(left.code(), 78, "{url:?}: {}", left.output());
        assert!(
            left.stderr.contains("the URL of GitLab "),
            "{}",
            left.output()
        );
        assert_eq!(fresh.entries(), 1, "{}", left.output());
    }
    assert_eq!(gitlab.journal().len(), asked, "GitLab was asked");
    assert_eq!((gitlab.runners().len(), stage.entries()), (1, 1));
}
