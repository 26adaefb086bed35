//! Owns the walk over a command line that both programs share: which words are gitlab-runner's global ones (`--debug`,
//! `-l debug`, `--log-format=json`, …), taken wherever they stand, what they and their variables say about the log, and what
//! each other word is. Pure.
//!
//! One rule for both programs: a variable that means nothing is warned of and the default counts, for a ConfigMap of the whole
//! namespace must stop neither a pod's birth nor its end; a flag that means nothing is wrong usage, as any other is.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use log::LevelFilter;
use runner_config::shown::shown;

use crate::environment::Environment;
use crate::exit::Failure;
use crate::report::{Format, Reporting, level_named};

mod stray;

pub use stray::{behind_switch, no_command, no_flag};

/// What of its words a program must tell, so that the value of one is not taken for another.
#[derive(Clone, Copy)]
pub struct Program {
    /// How each variable of its own begins: `RUNNER_INIT_`.
    pub prefix: &'static str,
    /// Whether the flag of this name, given without dashes, always has the word behind it for its value.
    pub takes_value: fn(&str) -> bool,
    /// Whether the value of the flag of this name is a secret that may hold blanks, as a password does and no token.
    pub is_password: fn(&str) -> bool,
}

/// What a word is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A flag, with or without its value behind `=`.
    Flag,
    /// The value of the flag before it.
    Value,
    /// Neither: a command, or astray.
    Plain,
    /// The same behind a password that was not quoted, of which it may be the rest.
    BehindPassword,
}

/// A word that is not global.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// As it was given.
    pub text: OsString,
    /// The how-manieth it is behind the program's name, beginning with 1, as people count.
    pub place: usize,
    /// What it is.
    pub role: Role,
}

/// A command line, parted.
#[derive(Debug)]
pub struct CommandLine {
    /// All words but the global ones.
    pub words: Vec<Word>,
    /// How and where to report, whatever else is wrong.
    pub reporting: Reporting,
    /// What the operator should hear about, one line each.
    pub warnings: Vec<String>,
    /// The first global word that cannot be understood.
    pub wrong: Option<Failure>,
}

/// A global word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Global {
    Debug,
    Level,
    Format,
    CpuProfile,
    TerminationMessagePath,
}

/// What the global words said; the last of each counts.
#[derive(Default)]
struct GlobalWords {
    debug: Option<bool>,
    level: Option<LevelFilter>,
    format: Option<Format>,
    path: Option<PathBuf>,
    profile: bool,
}

impl Global {
    fn named(name: &str) -> Option<Self> {
        match name {
            "debug" => Some(Self::Debug),
            "log-level" | "l" => Some(Self::Level),
            "log-format" => Some(Self::Format),
            "cpuprofile" => Some(Self::CpuProfile),
            "termination-message-path" => Some(Self::TerminationMessagePath),
            _ => None,
        }
    }
}

/// Whether a flag of this name, without dashes, is read here and by nobody else.
#[must_use]
pub fn is_global(name: &str) -> bool {
    Global::named(name).is_some()
}

impl CommandLine {
    /// Parts the arguments behind the program's name. It never fails, so that even wrong usage is reported as asked.
    #[must_use]
    pub fn read(argv: &[OsString], environment: &Environment, program: Program) -> Self {
        let mut said = GlobalWords::default();
        let mut line = Self {
            words: Vec::new(),
            reporting: Reporting::default(),
            warnings: Vec::new(),
            wrong: None,
        };
        line.part(argv, program, &mut said);
        line.warnings = settle(&mut line.reporting, &said, environment, program.prefix);
        line
    }

    fn part(&mut self, argv: &[OsString], program: Program, said: &mut GlobalWords) {
        let mut rest = argv.iter().zip(1..);
        let mut behind_password = false;
        while let Some((text, place)) = rest.next() {
            let plain = if behind_password {
                Role::BehindPassword
            } else {
                Role::Plain
            };
            if text == "--" {
                self.keep(text, place, Role::Flag);
                rest.by_ref()
                    .for_each(|(text, place)| self.keep(text, place, plain));
                return;
            }
            let Some((name, value)) = flag(text) else {
                self.keep(text, place, plain);
                continue;
            };
            behind_password = (program.is_password)(name);
            match Global::named(name) {
                None => {
                    self.keep(text, place, Role::Flag);
                    if value.is_none() && (program.takes_value)(name) {
                        let next = rest.next();
                        next.into_iter()
                            .for_each(|(text, place)| self.keep(text, place, Role::Value));
                    }
                }
                Some(global) => {
                    let value = match value {
                        Some(value) => Some(value.to_owned()),
                        None if global == Global::Debug => Some("true".to_owned()),
                        None => rest
                            .next()
                            .and_then(|(text, _)| text.to_str().map(str::to_owned)),
                    };
                    let understood = match value {
                        Some(value) => said.add(global, name, &value),
                        None => Err(Failure::usage(format!("{} needs a value", dashed(name)))),
                    };
                    if let Err(failure) = understood {
                        self.wrong.get_or_insert(failure);
                    }
                }
            }
        }
    }

    fn keep(&mut self, text: &OsStr, place: usize, role: Role) {
        let text = text.to_owned();
        self.words.push(Word { text, place, role });
    }
}

impl GlobalWords {
    fn add(&mut self, global: Global, name: &str, value: &str) -> Result<(), Failure> {
        let wrong = |expected: &str| {
            let flag = dashed(name);
            Failure::usage(format!("{flag}: {} is not {expected}", shown(value)))
        };
        let value = value.trim();
        match global {
            Global::Debug => self.debug = Some(boolean(value).ok_or_else(|| wrong(BOOLEANS))?),
            Global::CpuProfile => self.profile = true,
            // An empty one is unset: charts leave values out.
            _ if value.is_empty() => {}
            Global::Level => self.level = Some(level_named(value).ok_or_else(|| wrong(LEVELS))?),
            Global::Format => {
                self.format = Some(Format::named(value).ok_or_else(|| wrong(FORMATS))?);
            }
            Global::TerminationMessagePath => self.path = Some(PathBuf::from(value)),
        }
        Ok(())
    }
}

const LEVELS: &str = "error, warn, info or debug";
const FORMATS: &str = "text or json";
const BOOLEANS: &str = "true or false";

/// What counts: a flag, else the program's own variable, else gitlab-runner's.
fn settle(
    reporting: &mut Reporting,
    said: &GlobalWords,
    environment: &Environment,
    prefix: &str,
) -> Vec<String> {
    let mut warnings = Vec::new();
    let own = |name: &str| format!("{prefix}{name}");
    if let Some(format) = said.format.or_else(|| {
        let names = [own("LOG_FORMAT"), "LOG_FORMAT".to_owned()];
        variable(environment, &names, Format::named, FORMATS, &mut warnings)
    }) {
        reporting.format = format;
    }
    if let Some(level) = said.level.or_else(|| {
        let names = [own("LOG_LEVEL"), "LOG_LEVEL".to_owned()];
        variable(environment, &names, level_named, LEVELS, &mut warnings)
    }) {
        reporting.level = level;
    }
    let debug = said.debug.or_else(|| {
        let names = [own("DEBUG"), "RUNNER_DEBUG".to_owned()];
        variable(environment, &names, boolean, BOOLEANS, &mut warnings)
    });
    // As in gitlab-runner it wins over a level.
    if debug == Some(true) {
        reporting.level = reporting.level.max(LevelFilter::Debug);
    }
    let path = environment
        .get(&own("TERMINATION_MESSAGE_PATH"))
        .map(PathBuf::from);
    if let Some(path) = said.path.clone().or(path) {
        reporting.termination_message_path = path;
    }
    if said.profile {
        warnings.push("--cpuprofile is a flag of gitlab-runner: no profile is written".to_owned());
    }
    warnings
}

/// The value of the first of the variables that is set; a word that means nothing is warned of.
fn variable<T>(
    environment: &Environment,
    names: &[String; 2],
    read: impl Fn(&str) -> Option<T>,
    expected: &str,
    warnings: &mut Vec<String>,
) -> Option<T> {
    let set = names
        .iter()
        .find_map(|name| Some((name, environment.get(name)?)));
    let (name, value) = set?;
    let meant = read(value.trim());
    if meant.is_none() {
        let value = shown(value);
        warnings.push(format!(
            "{name}: {value} is not {expected}; the default is used"
        ));
    }
    meant
}

/// Reads a boolean as Go's `strconv.ParseBool` does; an empty text after `=` is `true`.
#[must_use]
pub fn boolean(text: &str) -> Option<bool> {
    match text {
        "" | "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

/// Name and value of a flag; `-x` is `--x` to Go.
fn flag(word: &OsStr) -> Option<(&str, Option<&str>)> {
    let text = word.to_str()?;
    let body = text.strip_prefix("--").or_else(|| text.strip_prefix('-'))?;
    match body.split_once('=') {
        Some((name, value)) => Some((name, Some(value))),
        None => (!body.is_empty()).then_some((body, None)),
    }
}

fn dashed(name: &str) -> String {
    if name.len() == 1 {
        return format!("-{name}");
    }
    format!("--{name}")
}

#[cfg(test)]
mod tests;
