//! Owns the flags and variables of `sweep`. Reads the token files it is told of; asks nobody and writes nothing.

use std::path::Path;
use std::time::Duration;

use clap::Command;
use runner_config::shown::shown;
use runner_lifecycle::exit::Failure;
use runner_lifecycle::fleet::Fleet;
use runner_lifecycle::gitlab::{Endpoint, RunnersOf};
use runner_lifecycle::named_file;
use runner_lifecycle::token::{Token, TokenKind};

use super::arg::{switch, valued};
use super::given::GivenFlags;

/// Flags with a value; each has a variable `RUNNER_REAPER_…`.
const VALUED: [(&str, &str, &str); 11] = [
    ("url", "URL", "GitLab's address [CI_SERVER_URL]"),
    (
        "access-token-file",
        "FILE",
        "file with an access token that may list and delete runners (scope api, or read_api and manage_runner); the token itself goes into RUNNER_REAPER_ACCESS_TOKEN",
    ),
    (
        "fleet",
        "NAME",
        "required: only runners marked with this fleet name, the RUNNER_INIT_FLEET of their pods",
    ),
    ("group-id", "ID", "only group runners of this group"),
    ("project-id", "ID", "only project runners of this project"),
    (
        "runner-id",
        "ID",
        "the runner managers of this shared runner instead of runners; with --yes, --token-file is required",
    ),
    (
        "token-file",
        "FILE",
        "file with the authentication token of the runner of --runner-id",
    ),
    (
        "older-than",
        "TIME",
        "only those without contact for this time; default 3h, at least 2h",
    ),
    (
        "most",
        "NUMBER",
        "maximum number of deletions in one run; default 100",
    ),
    ("output", "FORMAT", "table or json; default table"),
    (
        "timeout",
        "TIME",
        "time limit of the whole run; default 50m",
    ),
];

/// The one switch.
const YES: (&str, &str) = (
    "yes",
    "delete what the plan lists; without it the plan is only printed",
);

/// An idle runner manager whose requests GitLab holds is seen about once an hour, and the shown contact may lag as long.
const LEAST_AGE: Duration = Duration::from_secs(2 * 60 * 60);
const USUAL_AGE: Duration = Duration::from_secs(3 * 60 * 60);
const USUAL_MOST: usize = 100;
const USUAL_TIMEOUT: Duration = Duration::from_secs(50 * 60);

/// What is to be swept.
#[derive(Clone, Debug)]
pub(crate) struct Sweep {
    /// GitLab's address.
    pub endpoint: Endpoint,
    /// What the lists are read with, and runners deleted.
    pub access_token: Token,
    /// Whose marks count.
    pub fleet: Fleet,
    /// Where they are looked for.
    pub of: Of,
    /// How long nothing was heard of what may go; at least two hours.
    pub older_than: Duration,
    /// How many may go in one run.
    pub most: usize,
    /// Whether they go; otherwise only the plan is made.
    pub yes: bool,
    /// How the plan is shown.
    pub output: Output,
    /// Limit of the whole run.
    pub timeout: Duration,
}

/// Where is looked.
#[derive(Clone, Debug)]
pub(crate) enum Of {
    /// Everywhere that the access token may list: as an administrator's the instance, else what its user may administer.
    Everywhere,
    /// In this list.
    List(RunnersOf),
    /// Among the runner managers of one runner; they are deleted with its authentication token.
    Runner {
        /// Its number.
        id: i64,
        /// Its authentication token.
        token: Option<Token>,
    },
}

/// How the plan is shown on stdout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Output {
    /// A table for people.
    Table,
    /// JSON, one object a line, for programs.
    Json,
}

/// The names of all flags.
pub(super) fn flags() -> impl Iterator<Item = &'static str> {
    VALUED.iter().map(|(name, ..)| *name).chain([YES.0])
}

/// Whether the flag of this name always has a value.
pub(super) fn takes_value(name: &str) -> bool {
    VALUED.iter().any(|(known, ..)| *known == name)
}

/// What follows `RUNNER_REAPER_` in the names of all variables.
pub(super) fn variables() -> impl Iterator<Item = String> {
    flags()
        .chain(["access-token"])
        .map(|flag| flag.replace('-', "_").to_uppercase())
}

/// The subcommand.
pub(super) fn command() -> Command {
    Command::new("sweep")
        .about("Find, and with --yes delete, runners that pods of a fleet left at GitLab without unregistering")
        .args(VALUED.map(|(name, value, help)| {
            let arg = valued(name, value, help);
            match name {
                "url" => arg.short('u'),
                "output" => arg.value_parser(["table", "json"]),
                _ => arg,
            }
        }))
        .arg(switch(YES.0, YES.1))
}

/// Reads what was given.
pub(super) fn read(given: &GivenFlags<'_>) -> Result<Sweep, Failure> {
    let text = |flag: &str| {
        let variable = format!("RUNNER_REAPER_{}", flag.replace('-', "_").to_uppercase());
        given.text(flag, &[&variable])
    };
    let needed = |flag: &str| {
        let missing = || Failure::usage(format!("sweep needs --{flag}"));
        text(flag).ok_or_else(missing)
    };
    let id = |flag: &str| {
        let read = |text: String| {
            let id = text.trim().parse().ok().filter(|id: &i64| *id > 0);
            id.ok_or_else(|| {
                Failure::usage(format!(
                    "--{flag}: write the ID as a number, as GitLab shows it"
                ))
            })
        };
        text(flag).map(read).transpose()
    };
    let time = |flag: &str, usual: Duration| {
        let variable = format!("RUNNER_REAPER_{}", flag.replace('-', "_").to_uppercase());
        Ok(given.duration(flag, &variable)?.unwrap_or(usual))
    };
    let url = given.text("url", &["RUNNER_REAPER_URL", "CI_SERVER_URL"]);
    let url = url.ok_or_else(|| Failure::usage("sweep needs --url"))?;
    let older_than = time("older-than", USUAL_AGE)?;
    if older_than < LEAST_AGE {
        return Err(Failure::usage(
            "--older-than: must be at least 2h, because GitLab can show the last contact of an idle runner that late",
        ));
    }
    let fleet = needed("fleet")?;
    let most = text("most").map(|text| {
        let number = text.trim().parse().ok().filter(|most| *most > 0);
        number.ok_or_else(|| Failure::usage("--most: write a whole number, 1 or more"))
    });
    let yes = match (given.switch(YES.0), given.variable("RUNNER_REAPER_YES")) {
        (Some(yes), _) => yes,
        (None, None | Some("false")) => false,
        (None, Some("true")) => true,
        (None, Some(_)) => return Err(Failure::usage("RUNNER_REAPER_YES: write true or false")),
    };
    let of = of(id("group-id")?, id("project-id")?, id("runner-id")?, &text)?;
    if yes && matches!(of, Of::Runner { token: None, .. }) {
        return Err(Failure::usage(
            "--yes with --runner-id needs --token-file: GitLab deletes a runner manager only with the authentication token of its runner",
        ));
    }
    Ok(Sweep {
        endpoint: Endpoint::parse(&url).map_err(|error| Failure::usage(error.to_string()))?,
        access_token: access_token(given, text("access-token-file").as_deref())?,
        fleet: fleet
            .parse()
            .map_err(|error| Failure::usage(format!("--fleet: {error}")))?,
        of,
        older_than,
        most: most.transpose()?.unwrap_or(USUAL_MOST),
        yes,
        output: match text("output").as_deref() {
            None | Some("table") => Output::Table,
            Some("json") => Output::Json,
            Some(other) => {
                let other = shown(other);
                return Err(Failure::usage(format!(
                    "--output: {other} is not table or json"
                )));
            }
        },
        timeout: time("timeout", USUAL_TIMEOUT)?,
    })
}

fn of(
    group: Option<i64>,
    project: Option<i64>,
    runner: Option<i64>,
    text: &impl Fn(&str) -> Option<String>,
) -> Result<Of, Failure> {
    let token_file = text("token-file");
    if token_file.is_some() && runner.is_none() {
        return Err(Failure::usage(
            "--token-file goes with --runner-id: other runners are deleted with the access token",
        ));
    }
    match (group, project, runner) {
        (None, None, None) => Ok(Of::Everywhere),
        (Some(id), None, None) => Ok(Of::List(RunnersOf::Group(id))),
        (None, Some(id), None) => Ok(Of::List(RunnersOf::Project(id))),
        (None, None, Some(id)) => {
            let read = |path: String| {
                let advice = "the token itself is not taken from the command line";
                named_file::read_token(Path::new(&path), "--token-file", advice, |text| {
                    misgiven(
                        text,
                        TokenKind::Authentication,
                        "the runner's authentication token",
                    )
                })
            };
            let token = token_file.map(read).transpose()?;
            Ok(Of::Runner { id, token })
        }
        _ => Err(Failure::usage(
            "--group-id, --project-id and --runner-id cannot be used together",
        )),
    }
}

/// From a file, or from a variable; a flag with the token itself would show it in the list of processes.
fn access_token(given: &GivenFlags<'_>, file: Option<&str>) -> Result<Token, Failure> {
    let wanted = |text: &str| misgiven(text, TokenKind::Access, "an access token");
    if let Some(path) = file {
        let advice = "the token itself goes into RUNNER_REAPER_ACCESS_TOKEN";
        return named_file::read_token(Path::new(path), "--access-token-file", advice, wanted);
    }
    let text = given
        .variable("RUNNER_REAPER_ACCESS_TOKEN")
        .ok_or_else(|| {
            Failure::usage("sweep needs --access-token-file, or RUNNER_REAPER_ACCESS_TOKEN")
        })?;
    let refuse =
        |why: &str| Failure::usage(format!("the token in RUNNER_REAPER_ACCESS_TOKEN {why}"));
    match wanted(text) {
        Some(why) => Err(refuse(&why)),
        None => Token::new(text).map_err(|error| refuse(&error.to_string())),
    }
}

/// Why a text is not the kind of token that is wanted, where that is certain.
fn misgiven(text: &str, wanted: TokenKind, words: &str) -> Option<String> {
    wanted.misgiven(text, |_| format!("sweep needs {words} here"))
}
