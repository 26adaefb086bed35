//! Owns the walk over variables and words: which flag was given, by whom, with what value.
//! Go's rules: `-x` is `--x`, the value stands behind `=` or is the next word, a boolean needs none.

use runner_config::former;
use runner_config::shown::{shown, without_tokens};
use runner_lifecycle::command_line::{self, Word};
use runner_lifecycle::exit::Failure;
use runner_lifecycle::pod::Pod;
use toml_edit::Value;

use super::{Environment, Given, NoRun, Origin};
use crate::commands::Command;
use crate::flags::{Flag, ValueType};
use crate::help;
use crate::values::{self, Content};

/// One flag that was given.
#[derive(Debug)]
pub(super) struct Reading {
    pub(super) flag: &'static Flag,
    pub(super) origin: Origin,
    pub(super) content: Content,
}

/// Everything that was given, each flag once.
#[derive(Debug, Default)]
pub(crate) struct Readings(Vec<Reading>);

impl Readings {
    /// Reads the variables, then the words without the global ones; a flag wins over its variable, a list goes on after it.
    pub(crate) fn read(
        words: Vec<Word>,
        command: Command,
        environment: &Environment,
    ) -> Result<Self, NoRun> {
        let mut readings = Self::default();
        // What the global words and their variables say is known already.
        for flag in command
            .flags()
            .filter(|flag| !command_line::is_global(flag.name))
        {
            let Some(variable) = flag.variable else {
                continue;
            };
            if let Some(text) = environment.get(variable) {
                readings.add(flag, Origin::Variable(variable), text)?;
            }
        }
        Words {
            words: words.into_iter(),
            readings,
            command,
            named: false,
            last: None,
        }
        .read()
    }

    pub(super) fn get(&self, name: &str) -> Option<&Reading> {
        self.0.iter().find(|reading| reading.flag.name == name)
    }

    pub(crate) fn text(&self, name: &str) -> Option<Given<String>> {
        self.given(name, |value| value.as_str().map(str::to_owned))
    }

    /// A text without the white space around it, if anything is left then.
    pub(crate) fn trimmed(&self, name: &str) -> Option<Given<String>> {
        let given = self.text(name)?;
        let value = given.value.trim().to_owned();
        (!value.is_empty()).then_some(Given {
            value,
            origin: given.origin,
        })
    }

    pub(crate) fn boolean(&self, name: &str) -> Option<Given<bool>> {
        self.given(name, Value::as_bool)
    }

    /// Whether `--output` asks for JSON.
    pub(crate) fn asks_for_json(&self) -> Result<bool, Failure> {
        match self.trimmed("output").map(|given| given.value).as_deref() {
            None | Some("text") => Ok(false),
            Some("json") => Ok(true),
            Some(other) => {
                let other = shown(other);
                let wrong = format!("--output: {other} is not text or json");
                Err(Failure::usage(wrong))
            }
        }
    }

    /// The pod, as far as it is told.
    pub(crate) fn pod(&self, environment: &Environment) -> Pod {
        let text = |name: &str| self.trimmed(name).map(|given| given.value);
        Pod {
            name: text("pod-name"),
            namespace: text("pod-namespace"),
            uid: text("pod-uid"),
            hostname: environment.hostname.clone(),
        }
    }

    pub(crate) fn integer(&self, name: &str) -> Option<Given<i64>> {
        self.given(name, Value::as_integer)
    }

    fn given<T>(&self, name: &str, read: impl Fn(&Value) -> Option<T>) -> Option<Given<T>> {
        let reading = self.get(name)?;
        let Content::Value(value) = &reading.content else {
            return None;
        };
        Some(Given {
            value: read(value)?,
            origin: reading.origin,
        })
    }

    fn add(&mut self, flag: &'static Flag, origin: Origin, text: &str) -> Result<(), Failure> {
        let index = self
            .0
            .iter()
            .position(|reading| reading.flag.name == flag.name);
        let before = index.map(|index| self.0.swap_remove(index));
        if let Some(Reading {
            origin: Origin::Flag(first),
            ..
        }) = &before
            && let Origin::Flag(second) = origin
            && *first != second
        {
            let (first, second) = (Origin::Flag(first), Origin::Flag(second));
            return Err(Failure::usage(format!(
                "{first} and {second} are the same flag: give only one"
            )));
        }
        let before = before.map(|reading| reading.content);
        let content = values::add(flag.value_type, before, text)
            .map_err(|expected| Failure::usage(unexpected(flag, origin, text, expected.0)))?;
        self.0.push(Reading {
            flag,
            origin,
            content,
        });
        Ok(())
    }
}

/// The line for a value that cannot be read; a secret is not shown.
fn unexpected(flag: &Flag, origin: Origin, text: &str, expected: &str) -> String {
    if flag.is_secret {
        return format!("{origin}: its value is not {expected}");
    }
    format!("{origin}: {} is not {expected}", shown(text))
}

struct Words {
    words: std::vec::IntoIter<Word>,
    readings: Readings,
    command: Command,
    /// Whether the command's word was seen.
    named: bool,
    /// The flag before, if it could have had a value and had none.
    last: Option<&'static str>,
}

impl Words {
    fn read(mut self) -> Result<Readings, NoRun> {
        while let Some(word) = self.words.next() {
            let Some(text) = word.text.to_str() else {
                return Err(Failure::usage(command_line::no_flag(&word)).into());
            };
            if text == "--" {
                if let Some(stray) = self.words.next() {
                    return Err(Failure::usage(command_line::no_flag(&stray)).into());
                }
                break;
            }
            match text.strip_prefix("--").or_else(|| text.strip_prefix('-')) {
                Some(body) if !body.is_empty() => self.flag(body)?,
                _ => self.stray(&word)?,
            }
        }
        Ok(self.readings)
    }

    fn flag(&mut self, body: &str) -> Result<(), NoRun> {
        let (name, value) = match body.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (body, None),
        };
        if name.is_empty() || name.starts_with('-') {
            return Err(Failure::usage(format!("{} is not a flag", shown(name))).into());
        }
        match (name, value) {
            ("h", None) => return Err(NoRun::Show(help::short(self.command))),
            ("help", None) => return Err(NoRun::Show(help::long(self.command))),
            ("v" | "version", None) => return Err(NoRun::Show(help::version())),
            _ => {}
        }
        let Some(flag) = self.command.find(name) else {
            return Err(Failure::usage(unknown(self.command, name)).into());
        };
        let used = if flag.name == name {
            flag.name
        } else {
            flag.alias.unwrap_or(flag.name)
        };
        self.last = None;
        let text = match value {
            Some(value) => value.to_owned(),
            None if self.needs_value(flag) => self.value(flag, Origin::Flag(used))?,
            None => {
                self.last = Some(used);
                "true".to_owned()
            }
        };
        Ok(self.readings.add(flag, Origin::Flag(used), &text)?)
    }

    /// A nullable boolean whose variable is set is a plain one in gitlab-runner.
    fn needs_value(&self, flag: &Flag) -> bool {
        match flag.value_type {
            ValueType::Bool => false,
            ValueType::NullableBool => self.readings.get(flag.name).is_none(),
            _ => true,
        }
    }

    fn value(&mut self, flag: &Flag, origin: Origin) -> Result<String, Failure> {
        let example = match flag.value_type {
            ValueType::NullableBool => format!(": {origin}=true or {origin}=false"),
            _ => String::new(),
        };
        let missing = || Failure::usage(format!("{origin} needs a value{example}"));
        let word = self.words.next().ok_or_else(missing)?;
        let text = word
            .text
            .into_string()
            .map_err(|_| Failure::usage(format!("{origin}: its value is not UTF-8")))?;
        if flag.value_type == ValueType::NullableBool && text.starts_with('-') {
            return Err(missing());
        }
        Ok(text)
    }

    /// A word that is no flag and no value.
    fn stray(&mut self, word: &Word) -> Result<(), NoRun> {
        let first = self
            .readings
            .0
            .iter()
            .all(|reading| matches!(reading.origin, Origin::Variable(_)));
        if word.text == self.command.word() && !self.named && first {
            self.named = true;
            return Ok(());
        }
        if word.text == "help" && !self.named && first {
            return Err(NoRun::Show(help::long(self.command)));
        }
        let value = word.text.to_str().filter(|text| !text.is_empty());
        let message = match self.last {
            Some(last) if value.is_some_and(|text| values::boolean(text).is_ok()) => {
                command_line::behind_switch(&Origin::Flag(last).to_string(), word)
            }
            _ => command_line::no_flag(word),
        };
        Err(Failure::usage(message).into())
    }
}

/// The line for a flag that is not in the table.
fn unknown(command: Command, name: &str) -> String {
    if let Some(message) = former::flag(name) {
        return message;
    }
    let has = |other: &&Command| other.find(name).is_some();
    let others: Vec<&str> = Command::ALL
        .iter()
        .filter(has)
        .map(|other| other.word())
        .collect();
    if !others.is_empty() {
        let have = if others.len() == 1 { "has" } else { "have" };
        return format!(
            "unknown flag --{name} of {}: only {} {have} it",
            command.word(),
            others.join(" and ")
        );
    }
    let near = help::nearest(command, name);
    let name: String = without_tokens(name).chars().take(60).collect();
    match near {
        Some(near) => format!("unknown flag --{name}: did you mean --{near}?"),
        None => format!("unknown flag --{name}: see --help"),
    }
}
