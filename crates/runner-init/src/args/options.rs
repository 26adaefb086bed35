//! Owns the types of what was asked for. Holds no rule about them.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use runner_config::globals::Globals;
use runner_lifecycle::fleet::Fleet;
use runner_lifecycle::gitlab::{AccessLevel, RunnerType};
use runner_lifecycle::pod::Pod;
use runner_lifecycle::source::Source;
use runner_lifecycle::token::Token;

use crate::values::Content;

/// Which flag or variable said something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A flag, by the name or alias that was used, without dashes.
    Flag(&'static str),
    /// An environment variable.
    Variable(&'static str),
    /// Somebody at a terminal.
    Terminal,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) if name.len() == 1 => write!(f, "-{name}"),
            Self::Flag(name) => write!(f, "--{name}"),
            Self::Variable(name) => f.write_str(name),
            Self::Terminal => f.write_str("the typed token"),
        }
    }
}

/// A value and who said it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Given<T> {
    /// The value.
    pub value: T,
    /// The flag or variable it came from.
    pub origin: Origin,
}

/// Everything that was asked for on the command line and in the environment.
#[derive(Debug)]
pub(crate) struct Options {
    /// Path of `config.toml`.
    pub config: PathBuf,
    /// A `config.toml` to start from where there is none yet.
    pub config_base: Option<PathBuf>,
    /// The template whose one `[[runners]]` entry fills in what was not given.
    pub template: Option<PathBuf>,
    /// GitLab's URL as given; without it the template must hold one.
    pub url: Option<Given<String>>,
    /// The token that wins, and with it where the runner comes from.
    pub credential: Credential,
    /// The runner's name, as far as it is known without the template.
    pub name: Name,
    /// Attributes that GitLab keeps; all `None` for an authentication token.
    pub server_side: ServerSide,
    /// What goes into the runner entry, in the order of gitlab-runner's fields.
    pub entry: Vec<Setting>,
    /// Keys of `config.toml` outside the entries.
    pub globals: Globals,
    /// Whether to add what lets `runner-reaper` pause and watch the runner manager.
    pub drain_ready: bool,
    /// Whether to leave a runner at GitLab when a later step fails.
    pub leave_runner: bool,
    /// Whether a runner entry that is there gets another runner, however good its own is.
    pub anew: bool,
    /// Whether what was done is printed as JSON: of a registration never.
    pub json: bool,
    /// Whether only to show what would be asked and written.
    pub dry_run: bool,
    /// Limit of the whole run.
    pub timeout: Duration,
    /// Mode of what is written; `None`: 0600 for new files, an existing file keeps its own.
    pub file_mode: Option<u32>,
    /// Where `runner-reaper` is copied to.
    pub install_reaper: Install,
    /// Where this program is copied to.
    pub install_init: Install,
    /// How long the pod may take to end once it is told to.
    pub grace_period: Duration,
    /// What the system ID is derived from, instead of namespace and pod name.
    pub system_id_seed: Option<String>,
    /// Whether to work on the volume of another pod: a registration takes it over instead.
    pub other_pod: bool,
    /// The pod, as far as the manifest tells.
    pub pod: Pod,
    /// The host name, where the process runs in a pod: it stands in at GitLab for a pod whose name nobody told.
    pub host_of_pod: Option<String>,
    /// Name of these pods in the marks at GitLab: maintenance note and system ID.
    pub fleet: Option<Fleet>,
}

/// The runner's name, before the template is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Name {
    /// A flag or variable gave it.
    Given(String),
    /// Nobody gave one: it is the host's.
    Host(String),
    /// A flag or variable gave an empty one: now the template's counts, and without one the host's, if that may stand in.
    Emptied {
        /// Who gave the empty one.
        by: Origin,
        /// The host's name, where it may stand in.
        host: Option<String>,
    },
}

/// Where the runner comes from: one token of one kind.
#[derive(Clone, Debug)]
#[expect(clippy::enum_variant_names, reason = "GitLab's names")]
pub(crate) enum Credential {
    /// A runner that a person made: verify it.
    AuthenticationToken(Token),
    /// Create a runner of this type with an access token.
    AccessToken {
        /// The access token; never written anywhere.
        token: Token,
        /// What the runner is made for.
        runner_type: RunnerType,
    },
    /// Register a runner, the deprecated way.
    RegistrationToken(Token),
}

impl Credential {
    /// The source that the state file remembers.
    pub(crate) fn source(&self) -> Source {
        match self {
            Self::AuthenticationToken(_) => Source::AuthenticationToken,
            Self::AccessToken { .. } => Source::AccessToken,
            Self::RegistrationToken(_) => Source::RegistrationToken,
        }
    }
}

/// Attributes of the runner that GitLab keeps, each only if given.
#[derive(Clone, Debug, Default)]
pub(crate) struct ServerSide {
    /// Tags, separated by commas, as given: blanks are something until they are sent.
    pub tag_list: Option<Given<String>>,
    /// Whether to run jobs without tags.
    pub run_untagged: Option<Given<bool>>,
    /// Whether to lock the runner to its project.
    pub locked: Option<Given<bool>>,
    /// Jobs of which branches are taken.
    pub access_level: Option<Given<AccessLevel>>,
    /// Longest time of a job, in seconds.
    pub maximum_timeout: Option<Given<i64>>,
    /// Whether the runner starts paused.
    pub paused: Option<Given<bool>>,
    /// The note that administrators see, as given.
    pub maintenance_note: Option<Given<String>>,
}

impl ServerSide {
    /// Whether jobs without tags are taken: as told, and always where there are no tags, as gitlab-runner asks for it.
    pub(crate) fn runs_untagged(&self) -> bool {
        let tags = self.tag_list.as_ref().map(|given| given.value.trim());
        tags.unwrap_or_default().is_empty()
            || self.run_untagged.as_ref().is_some_and(|given| given.value)
    }

    /// Whether the runner is locked: gitlab-runner's default is yes.
    pub(crate) fn is_locked(&self) -> bool {
        self.locked.as_ref().is_none_or(|given| given.value)
    }

    /// Whether a maintenance note was given that says anything.
    pub(crate) fn tells_note(&self) -> bool {
        let note = self.maintenance_note.as_ref();
        note.is_some_and(|note| !note.value.trim().is_empty())
    }

    /// Who gave an attribute a value other than its default: an authentication token cannot go with those.
    pub(crate) fn other_than_default(&self) -> Vec<Origin> {
        fn origin<T>(given: Option<&Given<T>>, differs: impl Fn(&T) -> bool) -> Option<Origin> {
            given
                .filter(|given| differs(&given.value))
                .map(|given| given.origin)
        }
        let origins = [
            origin(self.locked.as_ref(), |locked| !locked),
            origin(self.access_level.as_ref(), |_| true),
            origin(self.run_untagged.as_ref(), |run| *run),
            origin(self.maximum_timeout.as_ref(), |seconds| *seconds != 0),
            origin(self.paused.as_ref(), |paused| *paused),
            origin(self.tag_list.as_ref(), |tags| !tags.is_empty()),
            origin(self.maintenance_note.as_ref(), |note| !note.is_empty()),
        ];
        origins.into_iter().flatten().collect()
    }
}

/// One thing that was given for the runner entry.
#[derive(Clone)]
pub(crate) struct Setting {
    /// Keys from the entry down, joined with dots; no key of gitlab-runner holds one.
    pub path: &'static str,
    /// What was given.
    pub content: Content,
    /// Who said so.
    pub origin: Origin,
}

impl fmt::Debug for Setting {
    /// Without the content: it may be a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} from {}", self.path, self.origin)
    }
}

/// Where a program is copied to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Install {
    /// Beside `config.toml`, if it is beside `runner-init`.
    #[default]
    BesideConfig,
    /// To this path.
    To(PathBuf),
    /// Nowhere.
    No,
}
