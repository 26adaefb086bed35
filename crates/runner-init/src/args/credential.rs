//! Owns the choice among the tokens: which one wins, what GitLab keeps of the other flags, which of them are refused.

use std::path::Path;

use runner_config::shown::shown;
use runner_lifecycle::exit::Failure;
use runner_lifecycle::gitlab::{AccessLevel, RunnerType};
use runner_lifecycle::named_file;
use runner_lifecycle::token::{Token, TokenKind};

use super::reading::Readings;
use super::{Ask, Credential, Given, Origin, ServerSide};

/// A token and where it came from.
struct GivenToken {
    token: Token,
    origin: Origin,
}

/// Picks the token: an authentication token wins over an access token, that over a registration token.
pub(super) fn choose(
    readings: &Readings,
    ask: Ask<'_>,
    warnings: &mut Vec<String>,
) -> Result<(Credential, ServerSide), Failure> {
    let server_side = server_side(readings)?;
    for kind in ["token", "registration-token"] {
        if let (Some(value), Some(file)) = (
            readings.trimmed(kind),
            readings.trimmed(&format!("{kind}-file")),
        ) {
            let both = format!(
                "{} and {} cannot be used together: give only one",
                value.origin, file.origin
            );
            return Err(Failure::usage(both));
        }
    }
    let runner_type = runner_type(readings)?;
    if let Some(found) = candidate(readings, "token")? {
        overruled(
            readings,
            &found,
            &["access-token-file", REGISTRATION, REGISTRATION_FILE],
            warnings,
        );
        // An unreadable file of a token that is not used anyway is not worth a failure.
        let registration = candidate(readings, REGISTRATION).ok().flatten();
        let twice = registration.is_some_and(|other| other.token == found.token);
        return authentication(found, twice, &server_side, warnings);
    }
    let access_file = readings.trimmed("access-token-file");
    // Read only when it can matter: an access token wins, unless this is an authentication token in disguise.
    let registration = match candidate(readings, REGISTRATION) {
        Err(_) if access_file.is_some() => None,
        found => found?,
    };
    match (registration, access_file) {
        (Some(found), _) if found.token.is_created_runner() => {
            overruled(readings, &found, &["access-token-file"], warnings);
            Ok(in_disguise(found, &server_side, warnings))
        }
        (_, Some(file)) => {
            // The command line is checked before what is in a file.
            let runner_type = runner_type.ok_or_else(|| Failure::usage(NO_RUNNER_TYPE))?;
            let token = read(&file.value, file.origin, TokenKind::Access)?;
            let found = GivenToken {
                token,
                origin: file.origin,
            };
            overruled(
                readings,
                &found,
                &[REGISTRATION, REGISTRATION_FILE],
                warnings,
            );
            Ok((
                Credential::AccessToken {
                    token: found.token,
                    runner_type,
                },
                server_side,
            ))
        }
        (Some(found), None) => Ok((Credential::RegistrationToken(found.token), server_side)),
        (None, None) => {
            let silent = readings.boolean("non-interactive");
            let typed = match silent {
                Some(Given { value: true, .. }) => None,
                _ => ask()?,
            };
            match typed {
                Some(token) => self::typed(token, runner_type, server_side, warnings),
                None => Err(Failure::usage(NO_TOKEN)),
            }
        }
    }
}

const NO_TOKEN: &str = "no token: give --token-file (or --token) with the runner's authentication token, \
                        --access-token-file or --registration-token-file";

/// A token that somebody typed: its prefix tells what it is for, and without one it is a runner's, as behind `--token`.
fn typed(
    token: Token,
    runner_type: Option<RunnerType>,
    server_side: ServerSide,
    warnings: &mut Vec<String>,
) -> Result<(Credential, ServerSide), Failure> {
    let found = GivenToken {
        token,
        origin: Origin::Terminal,
    };
    let GivenToken { token, origin } = &found;
    match (TokenKind::of(token.expose()), runner_type) {
        (Some(TokenKind::Registration), _) => {
            Ok((Credential::RegistrationToken(found.token), server_side))
        }
        (Some(TokenKind::Access), Some(runner_type)) => {
            let token = found.token;
            Ok((Credential::AccessToken { token, runner_type }, server_side))
        }
        (Some(TokenKind::Access), None) => Err(Failure::usage(NO_RUNNER_TYPE)),
        _ => match misgiven(token.expose(), TokenKind::Authentication) {
            Some(why) => Err(Failure::usage(format!("{origin} {why}"))),
            None => authentication(found, false, &server_side, warnings),
        },
    }
}

const NO_RUNNER_TYPE: &str = "an access token needs --runner-type=instance, group or project";

const REGISTRATION: &str = "registration-token";
const REGISTRATION_FILE: &str = "registration-token-file";

/// `--token`: what GitLab keeps of the runner cannot be given with it, unless the same token is given `twice`, as
/// registration token too, which old manifests do.
fn authentication(
    found: GivenToken,
    twice: bool,
    server_side: &ServerSide,
    warnings: &mut Vec<String>,
) -> Result<(Credential, ServerSide), Failure> {
    // gitlab-runner refuses for the literal prefix only; tokens of other shapes it takes and ignores the flags.
    let refused = server_side.other_than_default();
    if !refused.is_empty() {
        let refused = list(&refused);
        if found.token.begins_with_glrt() && !twice {
            return Err(Failure::usage(format!(
                "{refused} cannot be used with an authentication token: remove it and change the runner at GitLab",
            )));
        }
        warnings.push(format!(
            "{refused} has no effect: an authentication token belongs to an existing runner"
        ));
    }
    Ok((
        Credential::AuthenticationToken(found.token),
        ServerSide::default(),
    ))
}

/// An authentication token given as a registration token, which gitlab-runner allows for old manifests.
fn in_disguise(
    found: GivenToken,
    server_side: &ServerSide,
    warnings: &mut Vec<String>,
) -> (Credential, ServerSide) {
    let refused = server_side.other_than_default();
    let ignored = if refused.is_empty() {
        String::new()
    } else {
        format!("; {} has no effect", list(&refused))
    };
    warnings.push(format!(
        "{} contains an authentication token: give it with --token{ignored}",
        found.origin
    ));
    (
        Credential::AuthenticationToken(found.token),
        ServerSide::default(),
    )
}

fn candidate(readings: &Readings, kind: &str) -> Result<Option<GivenToken>, Failure> {
    let wanted = match kind {
        REGISTRATION => TokenKind::Registration,
        _ => TokenKind::Authentication,
    };
    if let Some(Given { value, origin }) = readings.trimmed(kind) {
        if let Some(why) = misgiven(&value, wanted) {
            return Err(Failure::usage(format!("{origin}: the token {why}")));
        }
        let token = Token::new(value)
            .map_err(|error| Failure::usage(format!("{origin}: the token {error}")))?;
        return Ok(Some(GivenToken { token, origin }));
    }
    let Some(Given { value, origin }) = readings.trimmed(&format!("{kind}-file")) else {
        return Ok(None);
    };
    Ok(Some(GivenToken {
        token: read(&value, origin, wanted)?,
        origin,
    }))
}

fn read(path: &str, origin: Origin, wanted: TokenKind) -> Result<Token, Failure> {
    let given_by = origin.to_string();
    named_file::read_token(Path::new(path), &given_by, advice(origin), |text| {
        misgiven(text, wanted)
    })
}

/// Why a text is not the token that is wanted, and where it belongs; only what is certain without asking GitLab.
fn misgiven(text: &str, wanted: TokenKind) -> Option<String> {
    let is_created = || Token::new(text).is_ok_and(|token| token.is_created_runner());
    let wanted = match wanted {
        // A created runner's token given as registration token is taken, as gitlab-runner takes it.
        TokenKind::Registration if is_created() => TokenKind::Authentication,
        wanted => wanted,
    };
    wanted.misgiven(text, |kind| {
        let place = match kind {
            TokenKind::Authentication => "give it with --token-file or --token",
            TokenKind::Registration => {
                "give it with --registration-token-file or --registration-token"
            }
            TokenKind::Access => "give it with --access-token-file",
            TokenKind::Other(_) => {
                "it cannot register a runner; see --help for the tokens that can"
            }
        };
        place.to_owned()
    })
}

fn advice(origin: Origin) -> &'static str {
    match origin {
        Origin::Flag("token-file") | Origin::Variable("RUNNER_INIT_TOKEN_FILE") => {
            "give the token itself with --token"
        }
        Origin::Flag("registration-token-file")
        | Origin::Variable("RUNNER_INIT_REGISTRATION_TOKEN_FILE") => {
            "give the token itself with --registration-token"
        }
        _ => "give the path of a file that contains the access token",
    }
}

/// Says that a token was given that is not used: a leftover variable is a common mistake.
fn overruled(readings: &Readings, used: &GivenToken, names: &[&str], warnings: &mut Vec<String>) {
    let given: Vec<Origin> = names
        .iter()
        .filter_map(|name| readings.trimmed(name))
        .map(|given| given.origin)
        .collect();
    if !given.is_empty() {
        warnings.push(format!(
            "{} is ignored: {} takes precedence",
            list(&given),
            used.origin
        ));
    }
}

fn list(origins: &[Origin]) -> String {
    let names: Vec<String> = origins.iter().map(ToString::to_string).collect();
    names.join(", ")
}

fn runner_type(readings: &Readings) -> Result<Option<RunnerType>, Failure> {
    let (group, project) = (readings.integer("group-id"), readings.integer("project-id"));
    let given = readings.trimmed("runner-type");
    let (origin, word) = match (&given, &group, &project) {
        (Some(given), ..) => (given.origin, given.value.as_str()),
        (None, Some(group), None) => (group.origin, "group"),
        (None, None, Some(project)) => (project.origin, "project"),
        (None, None, None) => return Ok(None),
        (None, Some(group), Some(project)) => {
            let (group, project) = (group.origin, project.origin);
            return Err(Failure::usage(format!(
                "{group} and {project} cannot be used together"
            )));
        }
    };
    let needs = |id: Option<Given<i64>>, flag: &str| match id {
        Some(Given { value, origin }) if value < 1 => {
            Err(Failure::usage(format!("{origin}: {value} is not an ID")))
        }
        Some(id) => Ok(id.value),
        None => Err(Failure::usage(format!("{origin} {word} needs {flag}"))),
    };
    Ok(Some(match word {
        "instance" => RunnerType::Instance,
        "group" => RunnerType::Group(needs(group, "--group-id")?),
        "project" => RunnerType::Project(needs(project, "--project-id")?),
        _ => {
            return Err(Failure::usage(format!(
                "{origin}: {} is not instance, group or project",
                shown(word)
            )));
        }
    }))
}

fn server_side(readings: &Readings) -> Result<ServerSide, Failure> {
    let access_level = match readings.trimmed("access-level") {
        None => None,
        Some(Given { value, origin }) => {
            let unknown = || {
                let value = shown(&value);
                Failure::usage(format!(
                    "{origin}: {value} is not not_protected or ref_protected"
                ))
            };
            let value = AccessLevel::parse(&value).ok_or_else(unknown)?;
            Some(Given { value, origin })
        }
    };
    Ok(ServerSide {
        tag_list: readings.text("tag-list"),
        run_untagged: readings.boolean("run-untagged"),
        locked: readings.boolean("locked"),
        access_level,
        maximum_timeout: readings.integer("maximum-timeout"),
        paused: readings.boolean("paused"),
        maintenance_note: readings.text("maintenance-note"),
    })
}

#[cfg(test)]
mod tests;
