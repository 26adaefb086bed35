//! The entry that follows from flags, variables and template.

use toml_edit::{ArrayOfTables, DocumentMut};

use runner_config::globals::Globals;
use runner_lifecycle::exit::Exit;

use super::*;
use crate::args::Environment;
use crate::args::tests::registration;

const FIRST_RUN: &[&str] = &["--url=https://h/", "--token=glrt-1"];

fn options(words: &[&str]) -> Options {
    let environment = Environment::default().on_host("host");
    registration(FIRST_RUN.iter().chain(words), &environment)
        .unwrap_or_else(|stop| panic!("{stop:?}"))
        .options
}

pub(super) fn wished(words: &[&str], template: &str) -> EntryWish {
    let template =
        (!template.is_empty()).then(|| Template::parse(template, "t", &|_| None).unwrap());
    wish(&options(words), template.as_ref()).unwrap()
}

/// The entry of a first run, with a runner of a test.
pub(crate) fn rendered_entry(wish: &EntryWish, expires_at: Option<&str>) -> Table {
    let token = Token::new("glrt-1").unwrap();
    let (name, url, obtained_at) = (&wish.name, &wish.url, SystemTime::UNIX_EPOCH);
    let identity = Identity {
        name,
        url,
        id: 7,
        token: &token,
        obtained_at,
        expires_at,
    };
    render(wish.asked(None), &identity)
}

fn file(wish: &EntryWish, expires_at: Option<&str>) -> String {
    let mut document = Globals::default().new_document();
    let entries = ArrayOfTables::from_iter([rendered_entry(wish, expires_at)]);
    document.insert("runners", Item::ArrayOfTables(entries));
    document.to_string()
}

pub(super) fn entry_of(document: &mut DocumentMut) -> &mut Table {
    document["runners"]
        .as_array_of_tables_mut()
        .unwrap()
        .get_mut(0)
        .unwrap()
}

#[test]
fn shell_that_the_executors_rules_add_is_not_told_to_gitlab() {
    let windows = ["--executor=docker-windows", "--docker-image=i"];
    let wish = wished(&windows, "");
    assert_eq!(wish.shell, "bash");
    assert!(file(&wish, None).contains("shell = \"pwsh\""));
    let given = wished(&windows, "[[runners]]\nshell = \"pwsh\"");
    assert_eq!(given.shell, "pwsh");
}

#[test]
fn zero_values_of_a_template_are_those_that_gitlab_runner_writes() {
    let template = "[[runners]]
environment = []
unhealthy_interval = \"0s\"
output_limit = 0 # as ever
# asked for
debug_trace_disabled = false
clean_git_config = false
[runners.cache.s3]
Insecure = false
BucketName = \"b\"
[[runners.machine.autoscaling]]
idlecount = 2
[[runners.docker.services]]
alias = \"\"
command = []
[runners.autoscaler]
capacity_per_instance = 1
[runners.autoscaler.scale_throttle]
burst = 2
";
    let words = ["--executor=docker+machine", "--docker-image=i"];
    let text = file(&wished(&words, template), None);
    for gone in ["environment", "unhealthy_interval", "Insecure", "alias"] {
        assert!(!text.contains(gone), "{gone}: {text}");
    }
    for kept in [
        "  output_limit = 0 # as ever\n",
        "  # asked for\n  debug_trace_disabled = false\n",
        "  clean_git_config = false\n",
        "    [[runners.docker.services]]\n      name = \"\"\n      command = []\n",
        "    capacity_per_instance = 1\n    max_use_count = 0\n",
        "      limit = 0\n      burst = 2\n",
        "      Timezone = \"\"\n      idlecount = 2\n      IdleScaleFactor = 0.0\n      IdleCountMin = 0\n      IdleTime = 0\n",
    ] {
        assert!(text.contains(kept), "{kept}: {text}");
    }
}

#[test]
fn empty_name_makes_room_for_the_templates() {
    fn check(word: &str, variables: &[(&'static str, &'static str)], own: &str, want: &str) {
        let environment = Environment::of(variables.iter().copied()).on_host("host");
        let words = [FIRST_RUN, &["--executor=shell", word]].concat();
        let options = registration(words, &environment);
        let options = options.unwrap_or_else(|stop| panic!("{stop:?}")).options;
        let text = format!("[[runners]]\n{own}");
        let template = Template::parse(&text, "t", &|_| None).unwrap();
        let name = wish(&options, Some(&template)).map(|wish| wish.name);
        let name = name.map_err(|failure| failure.message);
        assert_eq!(name.unwrap_or_else(|message| message), want, "{word} {own}");
    }
    let own = "name = \"tn\"";
    let empty = &[("RUNNER_NAME", "")];
    check("--limit=1", &[], own, "host");
    check("--name=n", empty, own, "n");
    check("--limit=1", empty, own, "tn");
    check("--limit=1", empty, "", "host");
    check("--name=", empty, own, "tn");
    check("--name=", empty, "", "--name: the runner's name is empty");
}

#[test]
fn new_file_is_laid_out_as_gitlab_runner_writes_it() {
    let wish = wished(
        &[
            "--executor=docker",
            "--docker-image=docker:latest",
            "--docker-volumes=/var/run/docker.sock:/var/run/docker.sock",
            "--docker-network-mode=host",
            "--limit=2",
            "--feature-flags=FF_B:false",
            "--feature-flags=FF_A:true",
        ],
        "",
    );
    let want = r#"concurrent = 1
check_interval = 0
shutdown_timeout = 0

[session_server]
  session_timeout = 1800

[[runners]]
  name = "host"
  limit = 2
  url = "https://h/"
  id = 7
  token = "glrt-1"
  token_obtained_at = 1970-01-01T00:00:00Z
  executor = "docker"
  [runners.feature_flags]
    FF_A = true
    FF_B = false
  [runners.docker]
    image = "docker:latest"
    volumes = ["/var/run/docker.sock:/var/run/docker.sock", "/cache"]
    network_mode = "host"
"#;
    assert_eq!(file(&wish, None), want);
}

#[test]
fn expiry_is_written_as_gitlab_sent_it() {
    fn check(sent: Option<&str>, want: Option<&str>) {
        let text = file(&wished(&["--executor=shell"], ""), sent);
        let line = text
            .lines()
            .find_map(|line| line.trim().strip_prefix("token_expires_at = "));
        assert_eq!(line, want, "{sent:?}");
    }
    check(None, None);
    check(
        Some("2594-07-21T15:42:53.000Z"),
        Some("2594-07-21T15:42:53Z"),
    );
    check(
        Some("2594-07-21T15:42:53.500+02:00"),
        Some("2594-07-21T15:42:53.5+02:00"),
    );
    check(Some("soon"), None);
}

#[test]
fn template_fills_only_what_is_empty() {
    fn check(words: &[&str], template: &str, path: &str, want: &str) {
        let words = [&["--executor=docker", "--docker-image=i"], words].concat();
        let wish = wished(&words, &format!("[[runners]]\n{template}\n"));
        let text = file(&wish, None);
        let mut document: DocumentMut = text.parse().unwrap();
        let item = place::get(entry_of(&mut document), path);
        let got = item
            .map(|item| item.to_string().trim().to_owned())
            .unwrap_or_default();
        assert_eq!(got, want, "{words:?} {template}\n{text}");
    }
    check(&["--limit=7"], "limit = 3", "limit", "7");
    check(&["--limit=0"], "limit = 3", "limit", "3");
    check(&["--limit=0"], "", "limit", "");
    check(&[], "limit = 3", "limit", "3");
    check(
        &["--docker-privileged=false"],
        "docker.privileged = true",
        "docker.privileged",
        "true",
    );
    check(
        &["--docker-privileged=false"],
        "",
        "docker.privileged",
        "false",
    );
    check(
        &["--kubernetes-privileged=false"],
        "",
        "kubernetes.privileged",
        "",
    );
    check(
        &["--strict-check-interval=false"],
        "strict_check_interval = true",
        "strict_check_interval",
        "true",
    );
    check(
        &["--strict-check-interval=false"],
        "",
        "strict_check_interval",
        "false",
    );
    check(
        &["--docker-dns=1.1.1.1"],
        "docker.dns = ['8.8.8.8', '9.9.9.9']",
        "docker.dns",
        "[\"1.1.1.1\"]",
    );
    check(
        &["--docker-pull-policy="],
        "docker.pull_policy = ['a']",
        "docker.pull_policy",
        "['a']",
    );
    check(
        &["--feature-flags=A:false"],
        "feature_flags.A = true",
        "feature_flags.A",
        "true",
    );
    check(
        &["--feature-flags=A:false"],
        "feature_flags.B = true",
        "feature_flags.A",
        "false",
    );
    check(
        &["--feature-flags=A:true"],
        "feature_flags.B = true",
        "feature_flags.B",
        "true",
    );
    check(
        &[],
        "name = 'theirs'\nid = 3\ntoken = 't'",
        "name",
        "\"host\"",
    );
    check(&[], "url = 'https://theirs/'", "url", "\"https://h/\"");
    check(
        &["--docker-volumes=/a"],
        "docker.volumes = ['/b']",
        "docker.volumes",
        "[\"/a\", \"/cache\"]",
    );
    check(
        &[],
        "[runners.docker]\nvolumes = ['/b']",
        "docker.volumes",
        "['/b', \"/cache\"]",
    );
    check(
        &[],
        "[runners.docker]\ndisable_cache = true",
        "docker.volumes",
        "",
    );
}

#[test]
fn template_keeps_its_comments_and_unknown_keys() {
    let template = "# for the build farm\n[[runners]]\n# three\nlimit = 3 # no more\nfuture = 1\n\n# docker\n[runners.docker]\nimage = 'i' # ours\n[runners.ssh]\n# gone\nhost = 'h'\n# end\n";
    let text = file(
        &wished(&["--executor=docker", "--docker-host=unix:///s"], template),
        None,
    );
    let want = r#"
# for the build farm
# end
[[runners]]
  name = "host"
  # three
  limit = 3 # no more
  url = "https://h/"
  id = 7
  token = "glrt-1"
  token_obtained_at = 1970-01-01T00:00:00Z
  executor = "docker"
  future = 1

  # docker
  [runners.docker]
    host = "unix:///s"
    image = 'i' # ours
    volumes = ["/cache"]
"#;
    assert!(text.ends_with(want), "{text}");
}

mod drain_ready;
mod left_out;
mod second_run;
mod url;
