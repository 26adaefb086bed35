//! A small program's scripts. The real programs' are tried in a real bash from outside.

use std::ffi::OsString;

use clap::Arg;

use super::*;
use crate::command_line::CommandLine;
use crate::environment::Environment;

fn program() -> Command {
    let valued = |name: &'static str| Arg::new(name).long(name);
    Command::new("a-program")
        .arg(
            valued("config")
                .short('c')
                .help("the operator's file")
                .global(true),
        )
        .arg(valued("url").visible_alias("address"))
        .arg(
            Arg::new("debug")
                .long("debug")
                .num_args(0..=1)
                .action(ArgAction::Set)
                .help("say: more"),
        )
        .subcommand(Command::new("begin").about("Begin it"))
        .subcommand(Command::new("end").about("It's over").arg(valued("when")))
        .subcommand(command())
}

fn flags_of(command: &str) -> Vec<String> {
    let program = program();
    let surface = Surface::of(&program);
    let of = surface.commands.iter().find(|of| of.name == command);
    let flags = of.map_or(&surface.flags, |of| &of.flags);
    written(flags).map(|(name, _)| name).collect()
}

#[test]
fn each_command_has_its_own_flags_and_the_global_ones() {
    fn check(command: &str, want: &[&str]) {
        assert_eq!(flags_of(command), want, "{command}");
    }
    let all = [
        "-c",
        "--config",
        "--url",
        "--address",
        "--debug",
        "-h",
        "--help",
    ];
    check("", &all);
    check("begin", &all);
    check("end", &["--when", "-c", "--config", "-h", "--help"]);
    // It has words of its own, and so not the program's flags.
    check("completions", &["-c", "--config", "-h", "--help"]);
    let program = program();
    let surface = Surface::of(&program);
    assert_eq!(surface.commands[2].words, ["bash", "zsh", "fish"]);
    let takes = |name: &str| {
        let mut all = written(&surface.flags);
        all.find(|(flag, _)| flag == name).unwrap().1.takes_value
    };
    assert!(takes("--config") && takes("--address"));
    assert!(!takes("--debug") && !takes("--help"));
}

#[test]
fn every_word_is_in_every_script_and_no_quote_ends_early() {
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
        let script = script(&program(), shell);
        let dashes = if shell == Shell::Fish { "-l " } else { "--" };
        for word in ["config", "url", "address", "debug", "when", "help"] {
            assert!(
                script.contains(&format!("{dashes}{word}")),
                "{word}: {script}"
            );
        }
        for word in ["a-program", "begin", "end", "completions", "bash", "fish"] {
            assert!(script.contains(word), "{word}: {script}");
        }
        let quotes = match shell {
            Shell::Bash => Vec::new(),
            Shell::Zsh => vec!["'--config:the operator'\\''s file'", "'end:It'\\''s over'"],
            Shell::Fish => vec!["-d 'the operator\\'s file'", "-d 'It\\'s over'"],
        };
        for quoted in quotes {
            assert!(script.contains(quoted), "{quoted}: {script}");
        }
    }
}

#[test]
fn one_shell_is_asked_for_and_wrong_words_are_told() {
    fn check(words: &[&str], want: Option<Result<Shell, &str>>) {
        let argv: Vec<OsString> = words.iter().map(OsString::from).collect();
        let program = crate::command_line::Program {
            prefix: "A_",
            takes_value: |_| false,
            is_password: |_| false,
        };
        let line = CommandLine::read(&argv, &Environment::default(), program);
        match (asked(&line.words), want) {
            (Some(Err(failure)), Some(Err(part))) => {
                assert!(failure.message.contains(part), "{}", failure.message);
            }
            (got, want) => {
                let got = got.map(Result::unwrap);
                assert_eq!(got, want.map(Result::unwrap), "{words:?}");
            }
        }
    }
    check(&["completions", "bash"], Some(Ok(Shell::Bash)));
    check(&["--debug", "completions", "zsh"], Some(Ok(Shell::Zsh)));
    check(&["completions", "fish"], Some(Ok(Shell::Fish)));
    check(&["completions"], Some(Err("needs one word")));
    check(&["completions", "bash", "zsh"], Some(Err("needs one word")));
    check(&["completions", "tcsh"], Some(Err("\"tcsh\" is not")));
    check(&["completions", "--help"], None);
    check(&["register", "completions"], None);
    check(&[], None);
}
