//! Owns the script for zsh: a function that describes words by what stands before. It may be sourced, or lie in `fpath`.

use super::{ShownFlag, Surface, written};

pub(super) fn script(surface: &Surface<'_>) -> String {
    let (program, function) = (surface.program, surface.function());
    let mut text = format!(
        "#compdef {program}
{function}() {{
    local command= word
    local -a words_of flags valued
    for word in \"${{(@)words[2,CURRENT-1]}}\"; do
        case $word in
        ({}) command=$word; break ;;
        esac
    done
    case $command in
",
        surface.names("|")
    );
    for command in &surface.commands {
        let words = command.words.iter().map(|word| (*word).to_owned());
        text += &format!("    ({})\n", command.name);
        text += &lists(words.collect(), &command.flags);
    }
    let commands = surface.commands.iter();
    let described = commands.map(|command| described(command.name, &command.about));
    text += "    (*)\n";
    text += &lists(described.collect(), &surface.flags);
    text += &format!(
        "    esac
    if (( ${{valued[(Ie)${{words[CURRENT-1]}}]}} )); then
        _files
        return
    fi
    if [[ ${{words[CURRENT]}} != -* ]]; then
        _describe -t commands command words_of
    fi
    _describe -o -t flags flag flags
}}
if [[ ${{funcstack[1]}} == {function} ]]; then
    {function} \"$@\"
else
    compdef {function} {program}
fi
"
    );
    text
}

fn lists(words: Vec<String>, flags: &[ShownFlag]) -> String {
    let quoted = |text: String| format!("'{}'", text.replace('\'', "'\\''"));
    let words: Vec<String> = words.into_iter().map(quoted).collect();
    let mut text = format!("        words_of=({})\n        flags=(\n", words.join(" "));
    for (name, flag) in written(flags) {
        text += &format!("            {}\n", quoted(described(&name, &flag.help)));
    }
    let valued = written(flags).filter(|(_, flag)| flag.takes_value);
    let valued: Vec<String> = valued.map(|(name, _)| name).collect();
    text += &format!("        )\n        valued=({}) ;;\n", valued.join(" "));
    text
}

/// The first colon parts a word from its description; the words have none.
fn described(word: &str, help: &str) -> String {
    if help.is_empty() {
        return word.to_owned();
    }
    format!("{word}:{help}")
}
