//! Owns the script for bash: a function that offers words by what stands before. Paths are bash's own matter.

use super::{ShownFlag, Surface, written};

pub(super) fn script(surface: &Surface<'_>) -> String {
    let (program, function) = (surface.program, surface.function());
    let mut text = format!(
        "# bash completion for {program}: source it, or put it in /etc/bash_completion.d
{function}() {{
    local current=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}} command= word words valued
    COMPREPLY=()
    for word in \"${{COMP_WORDS[@]:1:COMP_CWORD-1}}\"; do
        case $word in
        {}) command=$word; break ;;
        esac
    done
    case $command in
",
        surface.names("|")
    );
    for command in &surface.commands {
        text += &format!("    {})\n", command.name);
        text += &lists(&command.words.join(" "), &command.flags);
    }
    text += "    *)\n";
    text += &lists(&surface.names(" "), &surface.flags);
    // What follows a flag with a value, or stands behind an equals sign, is no word of the program.
    text += &format!(
        "    esac
    [[ $before == = || $current == = || \" $valued \" == *\" $before \"* ]] && return
    COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))
}}
complete -o default -F {function} {program}
"
    );
    text
}

fn lists(words: &str, flags: &[ShownFlag]) -> String {
    let names = |valued: bool| {
        let names = written(flags).filter(|(_, flag)| flag.takes_value || !valued);
        names.map(|(name, _)| name).collect::<Vec<_>>().join(" ")
    };
    let (all, valued) = (names(false), names(true));
    format!("        words='{words} {all}'\n        valued='{valued}' ;;\n")
}
