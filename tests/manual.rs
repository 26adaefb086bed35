//! The manual pages of a release: all that the helps say, in a form that man reads.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use acceptance::programs::program;
use acceptance::stage::{Ended, Stage, run};

use crate::completions::{PROGRAMS, commands_of, flags_of, says};

/// Nothing where the program is not installed.
fn read_by(program: &str, words: &[&str], page: &Path) -> Option<Ended> {
    let there = Command::new(program).arg("--version").output().is_ok();
    there.then(|| run(Command::new(program).args(words).arg(page)))
}

#[test]
fn page_has_every_flag_and_command_of_the_help_and_is_read_without_a_warning() {
    let stage = Stage::new();
    let written = run(Command::new(program("man")).arg(stage.path()));
    assert_eq!(written.code(), 0, "{}", written.output());
    let there: Vec<String> = stage.snapshot().into_keys().collect();
    assert_eq!(there, ["runner-init.1", "runner-reaper.1"]);
    for program in PROGRAMS {
        let name = format!("{program}.1");
        let source = stage.text(&name).unwrap();
        let plain = source
            .replace("\\:", "")
            .replace("\\-", "-")
            .replace("\\fB", "")
            .replace("\\fR", "");
        let words: BTreeSet<&str> = plain.split([' ', ',', '\n', '\\']).collect();
        let help = says(&stage, program, &["--help"]);
        let commands = commands_of(&help);
        let mut flags = flags_of(&help);
        for command in &commands {
            assert!(
                plain.contains(&format!("\n.TP\n.B {command}\n")),
                "{command}"
            );
            flags.extend(flags_of(&says(&stage, program, &[command, "--help"])));
        }
        // What the library adds to every help by itself.
        let missing: Vec<&String> = flags
            .iter()
            .filter(|flag| !["-h", "--help"].contains(&flag.as_str()))
            .filter(|flag| !words.contains(flag.as_str()))
            .collect();
        assert!(missing.is_empty(), "{program}: {missing:?}");
        for section in [
            "NAME",
            "SYNOPSIS",
            "DESCRIPTION",
            "OPTIONS",
            "EXIT STATUS",
            "FILES",
        ] {
            assert!(source.contains(&format!("\n.SH {section}\n")), "{section}");
        }
        // A line that begins so is a macro: no text may.
        let strange = plain.lines().filter(|line| line.starts_with(['.', '\'']));
        let macros = [".TH", ".SH", ".SS", ".TP", ".B", ".BR", ".br", ".ad", ".nh"];
        for line in strange {
            let first = line.split(' ').next().unwrap_or_default();
            assert!(macros.contains(&first), "{line}");
        }
        let page = stage.file(&name);
        if let Some(groff) = read_by("groff", &["-man", "-ww", "-z", "-Tutf8"], &page) {
            assert_eq!(groff.code(), 0, "{}", groff.output());
            assert!(groff.output().is_empty(), "{}", groff.output());
        }
    }
}
