//! Owns what the tests share: a client that does not wait for real, the five calls as values, and the log's lines.

use std::cell::RefCell;
use std::sync::Once;
use std::time::Duration;

use gitlab_simulator::{NewRunner, Role, Settings, Simulator};
use runner_lifecycle::backoff::Backoff;
use runner_lifecycle::deadline::Deadline;
use runner_lifecycle::gitlab::{
    Attributes, Client, Creation, Credentials, Endpoint, Error, Gone, NameFiles, Pace, Proxies,
    RunnerInfo, RunnerType, TlsFiles,
};
use runner_lifecycle::system_id::SystemId;
use runner_lifecycle::token::Token;

/// Waits of a millisecond instead of seconds.
pub(crate) const PACE: Pace = Pace {
    backoff: Backoff {
        base: Duration::from_millis(1),
        cap: Duration::from_millis(4),
    },
    attempt: Duration::from_secs(5),
    creation: Duration::from_secs(5),
    connect: Duration::from_secs(4),
    room: Duration::ZERO,
};

pub(crate) const NOTE: &str = "pod ci/runner-0";

/// The five calls, to run one table over all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ask {
    Register,
    Create,
    Verify,
    UnregisterRunner,
    UnregisterRunnerManager,
}

impl Ask {
    pub(crate) const ALL: [Self; 5] = [
        Self::Register,
        Self::Create,
        Self::Verify,
        Self::UnregisterRunner,
        Self::UnregisterRunnerManager,
    ];

    /// The pattern by which the simulator knows it.
    pub(crate) fn pattern(self) -> &'static str {
        match self {
            Self::Register => "POST /runners",
            Self::Create => "POST /user/runners",
            Self::Verify => "POST /runners/verify",
            Self::UnregisterRunner => "DELETE /runners",
            Self::UnregisterRunnerManager => "DELETE /runners/managers",
        }
    }

    pub(crate) fn creates(self) -> bool {
        matches!(self, Self::Register | Self::Create)
    }
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Got {
    Credentials(Credentials),
    Gone(Gone),
}

/// A simulated GitLab with a runner, its runner manager and an access token.
pub(crate) struct World {
    pub(crate) sim: Simulator,
    pub(crate) runner: Token,
    pub(crate) registration: Token,
    pub(crate) access: Token,
    pub(crate) system_id: SystemId,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(Settings::default())
    }

    pub(crate) fn with(settings: Settings) -> Self {
        let registration = token(&settings.registration_token);
        let sim = Simulator::start(settings).unwrap();
        let runner = token(&sim.add_runner(NewRunner::default()).token);
        let access = token(&sim.add_access_token(&["create_runner"], Role::admin()));
        let system_id = SystemId::derive("test");
        Self {
            sim,
            runner,
            registration,
            access,
            system_id,
        }
    }

    pub(crate) fn client(&self) -> Client {
        client(&self.sim.url(), PACE)
    }

    pub(crate) async fn ask(
        &self,
        client: &Client,
        ask: Ask,
        deadline: Deadline,
    ) -> Result<Got, Error> {
        let info = RunnerInfo {
            executor: Some("shell".into()),
            ..RunnerInfo::empty()
        };
        match ask {
            Ask::Register => {
                let made = client
                    .register(&self.registration, &attributes(), deadline)
                    .await;
                made.map(Got::Credentials)
            }
            Ask::Create => {
                let attributes = attributes();
                let creation = Creation {
                    runner_type: RunnerType::Instance,
                    attributes,
                };
                client
                    .create(&self.access, &creation, deadline)
                    .await
                    .map(Got::Credentials)
            }
            Ask::Verify => {
                let system_id = Some(&self.system_id);
                let verified = client
                    .verify(&self.runner, system_id, &info, deadline)
                    .await;
                verified.map(Got::Credentials)
            }
            Ask::UnregisterRunner => client
                .unregister_runner(&self.runner, deadline)
                .await
                .map(Got::Gone),
            Ask::UnregisterRunnerManager => client
                .unregister_runner_manager(&self.runner, &self.system_id, deadline)
                .await
                .map(Got::Gone),
        }
    }

    /// What no line may ever hold.
    pub(crate) fn assert_no_secret(&self, text: &str) {
        for token in [&self.runner, &self.registration, &self.access] {
            assert!(!text.contains(token.expose()), "a token in: {text}");
        }
    }
}

pub(crate) fn attributes() -> Attributes {
    Attributes {
        description: "container-builder".into(),
        maintenance_note: NOTE.into(),
        run_untagged: true,
        ..Attributes::default()
    }
}

pub(crate) fn token(text: &str) -> Token {
    Token::new(text).unwrap()
}

pub(crate) fn client(url: &str, pace: Pace) -> Client {
    let endpoint = Endpoint::parse(url).unwrap();
    let none = (TlsFiles::default(), Proxies::default());
    Client::paced(&endpoint, &none.0, &none.1, pace, NameFiles::default()).unwrap()
}

/// Ample for anything that is meant to succeed.
pub(crate) fn ample() -> Deadline {
    Deadline::after(Duration::from_secs(30))
}

thread_local! {
    static LINES: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

struct Listener;

impl log::Log for Listener {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        metadata.target().starts_with("runner_")
    }

    fn log(&self, record: &log::Record<'_>) {
        if self.enabled(record.metadata()) {
            let line = format!("{} {}", record.level(), record.args());
            LINES.with_borrow_mut(|lines| lines.push(line));
        }
    }

    fn flush(&self) {}
}

/// What this test's thread has logged from now on; each test runs on a thread of its own.
pub(crate) fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        log::set_logger(&Listener).unwrap();
        log::set_max_level(log::LevelFilter::Trace);
    });
    LINES.take();
}

/// Takes the lines logged since.
pub(crate) fn heard() -> Vec<String> {
    LINES.take()
}

/// Settings with a loopback address that no other test uses, so that the port stays free for a simulator that is started
/// there again.
pub(crate) fn at_an_address_of_its_own() -> Settings {
    Settings {
        listen: gitlab_simulator::own_address(),
        ..Settings::default()
    }
}

/// Writes a file for the client to read.
pub(crate) fn put(directory: &tempfile::TempDir, name: &str, text: &str) -> std::path::PathBuf {
    use std::io::Write;
    let path = directory.path().join(name);
    let mut options = std::fs::OpenOptions::new();
    let mut file = options
        .write(true)
        .create(true)
        .truncate(true)
        .open(&path)
        .unwrap();
    file.write_all(text.as_bytes()).unwrap();
    path
}
