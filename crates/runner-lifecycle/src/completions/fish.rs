//! Owns the script for fish: one line for each word that may come, and when.

use super::{ShownFlag, Surface};

pub(super) fn script(surface: &Surface<'_>) -> String {
    let program = surface.program;
    let mut text = format!(
        "# fish completion for {program}: put it in ~/.config/fish/completions/{program}.fish\n"
    );
    let none = format!("not __fish_seen_subcommand_from {}", surface.names(" "));
    for command in &surface.commands {
        let (name, about) = (command.name, quoted(&command.about));
        text += &format!("complete -c {program} -n '{none}' -a {name} -d {about}\n");
    }
    lines(&mut text, program, &none, &surface.flags);
    for command in &surface.commands {
        let seen = format!("__fish_seen_subcommand_from {}", command.name);
        for word in &command.words {
            text += &format!("complete -c {program} -n '{seen}' -f -a {word}\n");
        }
        lines(&mut text, program, &seen, &command.flags);
    }
    text
}

fn lines(text: &mut String, program: &str, when: &str, flags: &[ShownFlag]) {
    for flag in flags {
        let long = flag.long.iter().map(|name| format!(" -l {name}"));
        let short = flag.short.map(|letter| format!(" -s {letter}"));
        let names: String = long.chain(short).collect();
        let value = if flag.takes_value { " -r" } else { "" };
        let help = quoted(&flag.help);
        *text += &format!("complete -c {program} -n '{when}'{names}{value} -d {help}\n");
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}
