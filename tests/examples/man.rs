//! Writes the manual pages of both programs, from the definitions that give their help: `cargo run -p acceptance --example man --
//! DIR`. Everything that a help says is in them, and nothing else but the files and exit codes that all commands share.

#![expect(clippy::expect_used, reason = "a page that cannot be written ends it")]

use std::fs;
use std::path::Path;

use clap::{Arg, Command};
use runner_lifecycle::exit;

const FILES: &str = "The programs keep their files beside config.toml, the file of \\-\\-config: .runner_system_id, \
.runner\\-lifecycle.toml (the state), .runner\\-lifecycle.lock, and during a pause config.toml.original.";

/// Half a line of a narrow terminal.
const LONG: usize = 30;

fn main() {
    let directory = std::env::args_os().nth(1).expect("usage: man DIR");
    let directory = Path::new(&directory);
    fs::create_dir_all(directory).expect("the directory can be made");
    let programs = [runner_init::surface(), runner_reaper::surface()];
    for (number, program) in programs.iter().enumerate() {
        let other = programs[1 - number].get_name();
        let path = directory.join(format!("{}.1", program.get_name()));
        #[expect(clippy::disallowed_methods, reason = "no file of a volume")]
        fs::write(path, page(program, other)).expect("the page can be written");
    }
}

/// The page of one program, in the macros of man(7); neither keys nor variables are parted at a line's end.
fn page(program: &Command, other: &str) -> String {
    let name = program.get_name();
    let version = env!("CARGO_PKG_VERSION");
    let about = about(program);
    let mut text = format!(
        ".TH {} 1 \"\" \"runner\\-lifecycle {version}\" \"User Commands\"\n.ad l\n.nh\n.SH NAME\n{} \\- {about}\n.SH SYNOPSIS\n",
        escaped(&name.to_uppercase()),
        escaped(name),
    );
    text += &usage(program, name);
    for command in program.get_subcommands() {
        text += ".br\n";
        text += &usage(command, &format!("{name} {}", command.get_name()));
    }
    text += &format!(".SH DESCRIPTION\n{about}.\n.SH COMMANDS\n");
    for command in program.get_subcommands() {
        let name = escaped(command.get_name());
        text += &format!(".TP\n.B {name}\n{}\n", self::about(command));
    }
    text += ".SH OPTIONS\n";
    text += &options(program);
    for command in program.get_subcommands() {
        let own = options(command);
        if !own.is_empty() {
            let title = format!("OPTIONS OF {}", command.get_name().to_uppercase());
            text += &format!(".SH \"{}\"\n{own}", escaped(&title));
        }
    }
    text += ".SH EXIT STATUS\n";
    for (code, meaning) in exit::TABLE {
        text += &format!(".TP\n.B {}\n{}\n", code.code(), line(meaning));
    }
    text += &format!(
        ".SH FILES\n{FILES}\n.SH SEE ALSO\n.BR {} (1)\n",
        escaped(other)
    );
    text
}

fn about(command: &Command) -> String {
    let about = command.get_about().map(ToString::to_string);
    line(about.unwrap_or_default().trim_end_matches('.'))
}

/// How a command is written.
fn usage(command: &Command, name: &str) -> String {
    let usage = command.clone().bin_name(name).render_usage().to_string();
    let usage = usage.trim_start_matches("Usage:").trim().to_owned();
    format!("{}\n", line(&usage))
}

/// Its own flags and words, under their headings.
fn options(command: &Command) -> String {
    let mut text = String::new();
    let mut heading = None;
    for arg in command.get_arguments() {
        if arg.get_help_heading() != heading {
            heading = arg.get_help_heading();
            let title = heading.unwrap_or("Other options");
            text += &format!(".SS \"{}\"\n", escaped(title));
        }
        let help = arg.get_help().map(ToString::to_string);
        let help = line(&help.unwrap_or_default());
        text += &format!(".TP\n{}\n{help}\n", names(arg));
    }
    text
}

/// `-c, --config FILE`, the names bold.
fn names(arg: &Arg) -> String {
    let bold = |name: String| format!("\\fB{}\\fR", escaped(&name));
    let short = arg.get_short().map(|letter| bold(format!("-{letter}")));
    let aliases = arg.get_visible_aliases().unwrap_or_default();
    let long = arg.get_long().into_iter().chain(aliases);
    let long = long.map(|name| bold(format!("--{name}")));
    let names: Vec<String> = short.into_iter().chain(long).collect();
    let value = arg.get_value_names().unwrap_or_default();
    let value: Vec<String> = value.iter().map(|name| escaped(name)).collect();
    let value = format!("\\fI{}\\fR", value.join(" "));
    match (names.is_empty(), value == "\\fI\\fR") {
        (true, _) => value,
        (false, true) => names.join(", "),
        (false, false) => format!("{} {value}", names.join(", ")),
    }
}

/// A line of text: no macro, whatever it begins with.
fn line(text: &str) -> String {
    let text = escaped(text);
    match text.starts_with(['.', '\'']) {
        true => format!("\\&{text}"),
        false => text,
    }
}

/// A text without anything that troff would take for its own. A word that no line has room for may be parted behind its joints.
fn escaped(text: &str) -> String {
    let word = |word: &str| {
        let plain = word.replace('\\', "\\e").replace('-', "\\-");
        match word.len() > LONG {
            true => plain.replace("\\-", "\\-\\:").replace('_', "_\\:"),
            false => plain,
        }
    };
    let words: Vec<String> = text.split([' ', '\n']).map(word).collect();
    words.join(" ")
}
