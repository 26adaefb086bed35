//! Owns the program around the simulator: arguments in, URL out, end on a signal. Never touches the state.

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use signal_hook::consts::{SIGINT, SIGTERM};

use crate::access::{AccessToken, Role, Validity};
use crate::runner::NewRunner;
use crate::settings::{Settings, Tls};
use crate::simulator::Simulator;

/// Runs `gitlab-simulator` with these arguments until SIGTERM or SIGINT: 0 then, 1 when it cannot start, 2 for bad usage.
#[must_use]
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let matches = match command().try_get_matches_from(arguments) {
        Ok(matches) => matches,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    match serve(&matches) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "gitlab-simulator: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve(matches: &ArgMatches) -> io::Result<()> {
    // Before the URL is out: whoever reads it may send the signal at once.
    let (mut ended, signalled) = UnixStream::pair()?;
    for signal in [SIGTERM, SIGINT] {
        signal_hook::low_level::pipe::register(signal, signalled.try_clone()?)?;
    }
    let simulator = Simulator::start(settings(matches)?)?;
    for token in texts(matches, "runner-token") {
        simulator.add_runner(NewRunner {
            token: Some(token),
            ..NewRunner::default()
        });
    }
    let mut out = io::stdout();
    writeln!(out, "listening on {}", simulator.url())?;
    out.flush()?;
    ended.read_exact(&mut [0])
}

fn settings(matches: &ArgMatches) -> io::Result<Settings> {
    let usual = Settings::default();
    let span = |name: &str| matches.get_one::<Duration>(name).copied();
    let expiry = span("token-expiry");
    let tls = match matches
        .get_one::<PathBuf>("tls-cert")
        .zip(matches.get_one::<PathBuf>("tls-key"))
    {
        None => None,
        Some((certificate, key)) => Some(Tls {
            certificate_chain: read(certificate)?,
            private_key: read(key)?,
            client_ca: matches
                .get_one::<PathBuf>("client-ca")
                .map(read)
                .transpose()?,
        }),
    };
    Ok(Settings {
        listen: matches.get_one("listen").copied().unwrap_or(usual.listen),
        relative_root: texts(matches, "relative-root").next().unwrap_or_default(),
        registration_token: texts(matches, "registration-token")
            .next()
            .unwrap_or(usual.registration_token),
        allow_registration_tokens: !matches.get_flag("registration-tokens-off"),
        token_expiry: crate::settings::TokenExpiry {
            instance: expiry,
            group: expiry,
            project: expiry,
        },
        access_tokens: texts(matches, "access-token").map(administrator).collect(),
        runner_limit: matches
            .get_one("runner-limit")
            .copied()
            .unwrap_or(usual.runner_limit),
        read_only: matches.get_flag("read-only"),
        long_poll: span("long-poll"),
        tls,
        ..Settings::default()
    })
}

fn administrator(token: String) -> AccessToken {
    AccessToken {
        token,
        username: "root".into(),
        scopes: vec!["create_runner".into(), "api".into()],
        role: Role::admin(),
        validity: Validity::Valid,
    }
}

fn texts<'a>(matches: &'a ArgMatches, name: &str) -> impl Iterator<Item = String> + 'a {
    matches
        .get_many::<String>(name)
        .into_iter()
        .flatten()
        .cloned()
}

fn read(path: &PathBuf) -> io::Result<String> {
    std::fs::read_to_string(path)
        .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))
}

fn command() -> Command {
    let text = |name: &'static str, value: &'static str, help: &'static str| {
        Arg::new(name).long(name).value_name(value).help(help)
    };
    let flag = |name: &'static str, help: &'static str| {
        Arg::new(name)
            .long(name)
            .action(ArgAction::SetTrue)
            .help(help)
    };
    let path = |name, help| text(name, "FILE", help).value_parser(value_parser!(PathBuf));
    Command::new("gitlab-simulator")
        .about("GitLab's runner API on loopback, with state, faults and a journal")
        .args([
            text(
                "listen",
                "ADDRESS",
                "Where to listen; port 0 takes a free one [default: 127.0.0.1:0]",
            )
            .value_parser(value_parser!(SocketAddr)),
            text(
                "relative-root",
                "PATH",
                "Path before /api/v4, such as /gitlab",
            ),
            text(
                "registration-token",
                "TOKEN",
                "Registration token of the instance [default: gitlabtoken]",
            ),
            flag(
                "registration-tokens-off",
                "Refuse registration tokens with 410",
            ),
            text(
                "token-expiry",
                "SECONDS",
                "Authentication tokens end so long after they were made",
            )
            .value_parser(seconds),
            text(
                "access-token",
                "TOKEN",
                "An administrator's access token with the scopes create_runner and api; repeatable",
            )
            .action(ArgAction::Append),
            text(
                "runner-token",
                "TOKEN",
                "A runner made by a user, with this token; repeatable",
            )
            .action(ArgAction::Append),
            text("runner-limit", "N", "Plan limit of each project and group")
                .value_parser(value_parser!(usize)),
            flag("read-only", "Refuse writes as a read-only instance"),
            text(
                "long-poll",
                "DURATION",
                "Hold job requests that know the state of the queue: 50s, 2m",
            )
            .value_parser(span),
            path("tls-cert", "Certificate chain, PEM").requires("tls-key"),
            path("tls-key", "Private key, PEM").requires("tls-cert"),
            path(
                "client-ca",
                "Ask for client certificates signed by this, PEM",
            )
            .requires("tls-cert"),
        ])
}

fn span(text: &str) -> Result<Duration, String> {
    seconds(text).or_else(|_| humantime::parse_duration(text).map_err(|error| error.to_string()))
}

fn seconds(text: &str) -> Result<Duration, String> {
    text.parse()
        .map(Duration::from_secs)
        .map_err(|_| "not a number of seconds".into())
}
