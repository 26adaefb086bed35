//! What holds for any flags, any template and any operator's file, tried on random ones (a fixed number of them).

mod file;
mod random;

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;

use runner_config::Emit;
use runner_config::template::Template;

use crate::args::tests::registration;
use crate::args::{Environment, Options};
use crate::entry;
use crate::flags::{self, Purpose, ValueType};
use file::{OPERATORS, applied, map_of, plain, rendered};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use random::{
    EXECUTORS, NEEDED, SECTIONS, entry_flags, some_flags, static_path, template_fields, value_for,
    words,
};
use runner_lifecycle::ending::NoRun;
use toml_edit::{Item, Value};

/// Keys that are there although no flag gave them.
const OURS: &[&str] = &[
    "name",
    "url",
    "id",
    "token",
    "token_obtained_at",
    "executor",
    "shell",
    "docker.volumes",
    "docker.image",
    "ssh.host",
    "ssh.user",
    "parallels.base_name",
    "virtualbox.base_name",
    "custom.run_exec",
    "machine.MachineDriver",
    "machine.MachineName",
];

fn options(words: Vec<OsString>) -> Options {
    let environment = Environment::default().on_host("host");
    registration(words, &environment)
        .unwrap_or_else(|stop| panic!("{stop:?}"))
        .options
}

fn is_kept(path: &str, keeps: &[&str]) -> bool {
    let first = path.split('.').next().unwrap_or_default();
    path == first || !SECTIONS.contains(&first) || keeps.contains(&first)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn five_flags_give_exactly_what_was_given(
        (executor, keeps) in select(EXECUTORS),
        given in some_flags(5),
    ) {
        let wish = entry::wish(&options(words(executor, &given)), None).unwrap();
        let text = rendered(&wish);
        let map = map_of(&text);
        for (flag, _, want) in &given {
            let Purpose::Key(path) = flag.purpose else { continue };
            let want = want.parse::<Value>().unwrap();
            let wanted = is_kept(path, keeps).then(|| plain(&Item::Value(want.clone())));
            let got = map.get(path).cloned();
            if path == "docker.volumes" {
                prop_assert_eq!(got.is_some(), wanted.is_some());
            } else {
                prop_assert_eq!(got, wanted, "{} in\n{}", path, text);
            }
        }
        for path in map.keys() {
            let asked = given.iter().any(|(flag, ..)| flag.purpose == Purpose::Key(static_path(path)));
            prop_assert!(asked || OURS.contains(&path.as_str()), "{} was not asked for\n{}", path, text);
        }
        let (again, changed) = applied(&wish, &text);
        prop_assert!(!changed && again == text, "twice:\n{}\n{}", text, again);
    }

    #[test]
    fn template_survives_the_merge(
        (executor, keeps) in select(EXECUTORS),
        fields in subsequence(template_fields(), 1..12),
        inline in any::<bool>(),
    ) {
        let mut template = String::from("[[runners]]\n");
        for (index, (path, shape)) in fields.iter().enumerate() {
            let path = if inline { path.clone() } else { path.replace('.', " . ") };
            template.push_str(&format!("  # comment {index}.\n  {path} = {}\n  unknown{index} = {index}\n", value_for(*shape)));
        }
        let template = Template::parse(&template, "t", &|_| None).unwrap();
        let mut words = words(executor, &[]);
        let needed: Vec<String> = NEEDED.iter().map(|(name, _)| format!("--{name}=")).collect();
        // What the template gives is not given again, so that the template decides.
        words.retain(|word| !needed.iter().any(|flag| word.to_str().unwrap().starts_with(flag)
            && fields.iter().any(|(path, _)| flags::find(flag.trim_matches(['-', '='])).unwrap().purpose == Purpose::Key(static_path(path)))));
        let wish = entry::wish(&options(words), Some(&template)).unwrap();
        let text = rendered(&wish);
        let map = map_of(&text);
        for (index, (path, shape)) in fields.iter().enumerate() {
            let want = value_for(*shape).parse::<Value>().unwrap();
            let kept = is_kept(path, keeps);
            prop_assert_eq!(map.get(path).cloned(), kept.then(|| plain(&Item::Value(want))), "{} in\n{}", path, text);
            prop_assert_eq!(text.contains(&format!("# comment {index}.")), kept, "{} in\n{}", path, text);
            let unknown = format!("unknown{index}");
            let wanted = index.to_string();
            prop_assert_eq!(map.get(&unknown), Some(&wanted));
        }
        let (again, changed) = applied(&wish, &text);
        prop_assert!(!changed && again == text, "twice:\n{}\n{}", text, again);
    }

    #[test]
    fn an_operators_file_keeps_everything_through_any_flags(
        given in some_flags(5),
        named in any::<bool>(),
    ) {
        let mut words = words("docker", &given);
        if named {
            words.push("--name=given".into());
        }
        let wish = entry::wish(&options(words), None).unwrap();
        let (text, _) = applied(&wish, OPERATORS);
        let (again, changed) = applied(&wish, &text);
        prop_assert!(!changed && again == text, "twice:\n{}\n{}", text, again);
        let (before, after) = (map_of(OPERATORS), map_of(&text));
        let touched = |path: &str| given.iter().any(|(flag, ..)| matches!(flag.purpose, Purpose::Key(own) if own == path))
            || path == "name" || path == "docker.Image";
        for (path, value) in &before {
            let own = runner_config::at(path).map_or(path.as_str(), |_| path);
            if touched(own) {
                continue;
            }
            prop_assert_eq!(after.get(path), Some(value), "{} in\n{}", path, text);
        }
        for (flag, _, want) in &given {
            let Purpose::Key(path) = flag.purpose else { continue };
            if !is_kept(path, &["docker"]) || ["docker.volumes", "docker.image", "docker.sysctls"].contains(&path) {
                continue;
            }
            let want = plain(&Item::Value(want.parse::<Value>().unwrap()));
            prop_assert_eq!(after.get(path), Some(&want), "{} in\n{}", path, text);
        }
        prop_assert_eq!(after["name"].as_str(), if named { "\"given\"" } else { "\"mine\"" });
        for comment in ["# our runners, ask team X", "# per node", "# the first", "# unknown to everybody", "# inline",
            "# dotted",
            "# who", "# not used here", "# limits", "# the end"] {
            prop_assert!(text.contains(comment), "{} is gone from\n{}", comment, text);
        }
        // Lines that no flag could touch are the same bytes.
        for line in ["  future.key = [ 1,", "    2, # two", "  ssh.unknown = 1", "concurrent=4   # per node",
            "    [runners.kubernetes.pod_labels]", "    \"a.b/c\" = 'd'", "  token=\"glrt-1\""] {
            prop_assert!(text.lines().any(|own| own == line), "{:?} is gone from\n{}", line, text);
        }
    }

    #[test]
    fn any_words_are_read_or_refused(
        words in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..12), 0..6),
        flags in proptest::collection::vec((select(flags::all().collect::<Vec<_>>()), "(=.{0,8})?"), 0..4),
    ) {
        let mut words: Vec<OsString> = words.into_iter().map(OsString::from_vec).collect();
        words.extend(flags.iter().map(|(flag, rest)| OsString::from(format!("--{}{rest}", flag.name))));
        let environment = Environment::default();
        if let Err(NoRun::Failure(failure)) = registration(words, &environment) {
            prop_assert!(!failure.message.contains('\n'), "{}", failure.message);
        }
    }

    #[test]
    fn zero_values_are_written_only_where_they_mean_something(flag in select(entry_flags())) {
        let zero = match flag.value_type {
            ValueType::Text => "",
            ValueType::Integer => "0",
            ValueType::Bool | ValueType::NullableBool => "false",
            ValueType::GoDuration => "0s",
            _ => return Ok(()),
        };
        let Purpose::Key(path) = flag.purpose else { return Ok(()) };
        let keeps = path.split('.').next().unwrap();
        let executor = EXECUTORS.iter().find(|(_, kept)| kept.contains(&keeps)).map_or("shell", |(name, _)| name);
        if NEEDED.iter().any(|(name, _)| *name == flag.name) {
            return Ok(());
        }
        let wish = entry::wish(&options(words(executor, &[(flag, vec![zero.to_owned()], String::new())])), None).unwrap();
        let written = map_of(&rendered(&wish)).contains_key(path);
        let means = runner_config::at(path).unwrap().emit != Emit::IfNotZero;
        prop_assert_eq!(written, means, "{}", path);
    }
}
