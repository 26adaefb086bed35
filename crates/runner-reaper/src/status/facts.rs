//! Owns what `status` found, as plain values: what is there, not whether it is a problem. No token is among them, and no text
//! of others that was not made harmless.

use std::time::SystemTime;

use runner_lifecycle::exit::Exit;
use runner_lifecycle::source::{Ownership, Source};

mod words;

pub(crate) use words::owner;

/// Everything that was seen.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    /// The volume.
    pub volume: VolumeFacts,
    /// The runner manager that works on it.
    pub runner_manager: RunnerManagerFacts,
    /// The runner entries of `config.toml`, in its order.
    pub entries: Vec<Entry>,
    /// What the state file tells of and no entry holds.
    pub without_entry: Vec<WithoutEntry>,
}

/// The volume and its files.
#[derive(Clone, Debug)]
pub(crate) struct VolumeFacts {
    /// The path of `config.toml`.
    pub config: String,
    /// Its directory.
    pub directory: String,
    /// What is to be said of `config.toml`.
    pub file: ConfigFile,
    /// Why gitlab-runner does not load it although it can be read: line, key, what to write.
    pub unloadable: Option<String>,
    /// The names of the files of ours and of gitlab-runner that are there.
    pub files: Vec<&'static str>,
    /// Why `config.toml` cannot be replaced, if it cannot, and what to do.
    pub fixed: Option<&'static str>,
    /// The system ID of its file.
    pub system_id: Option<String>,
    /// Whether a file that tells whose runner manager works here may not be read.
    pub belongs_to_another_user: bool,
    /// The state file.
    pub state: StateFile,
    /// Keys outside the entries that stand otherwise than we wrote them; nothing where nobody knows.
    pub changed_keys: Option<Vec<String>>,
    /// The pod that the volume belongs to.
    pub pod: Option<String>,
    /// Whether that is this pod; nothing where nobody knows.
    pub is_this_pod: Option<bool>,
    /// A pause that is on the volume.
    pub pause: Pause,
    /// A reset of a token that a killed run began, or that is under way.
    pub rotation: Option<ResetUnderWay>,
    /// Whether another helper works there just now.
    pub locked: bool,
}

/// A reset of a token that the state file tells of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ResetUnderWay {
    /// How far it came.
    pub step: RotationStep,
    /// The entry of `config.toml` with the token before, or with the new one.
    pub entry: Option<usize>,
    /// GitLab's id of the runner.
    pub id: Option<i64>,
    /// GitLab's address.
    pub url: String,
    /// When GitLab was asked or has answered, in RFC 3339 UTC.
    pub at: String,
}

/// How far the reset of a token came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RotationStep {
    /// GitLab was asked, and no answer is known.
    Unanswered,
    /// The new token was received, and the entry has the one before.
    Received,
    /// The new token was received, and no entry has the one before.
    NoEntry,
    /// The new token is in `config.toml`, and the state file does not know yet.
    Written,
}

/// `config.toml`, or its original during a pause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ConfigFile {
    /// There is no such directory.
    NoDirectory,
    /// There is no such file.
    Missing,
    /// It cannot be read or understood: why.
    Broken(String),
    /// It can be read.
    Read,
}

/// `.runner-lifecycle.toml`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum StateFile {
    /// No helper ever worked here.
    Never,
    /// A helper worked here, and the file is gone.
    Lost,
    /// It cannot be read or understood: why.
    Unusable(String),
    /// It can be read; in the words of this version.
    Version(i64),
}

/// A pause on the volume, and whose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Pause {
    /// There is none.
    None,
    /// Somebody asked for it.
    ByHand {
        /// Who.
        by: String,
        /// When, in RFC 3339 UTC.
        at: String,
    },
    /// A hook or another command is at work.
    Working,
    /// A hook was killed, and nobody has put the original back.
    LeftOver,
    /// The paused file is there without its original.
    NoOriginal,
    /// It is over, or was never begun: `config.toml` is not the paused file; the original is still there.
    Over,
    /// The same, and there is no runner entry in `config.toml`.
    Emptied,
}

/// The runner manager.
#[derive(Clone, Debug)]
pub(crate) struct RunnerManagerFacts {
    /// What it is doing.
    pub activity: Activity,
    /// The PID, where the process is in sight.
    pub pid: Option<i32>,
    /// Whether others read the same file.
    pub has_others: bool,
    /// Where its metrics are, as far as anybody says.
    pub metrics_address: Option<String>,
    /// Its version, such as `19.4`.
    pub version: Option<String>,
    /// The system ID it works with.
    pub system_id: Option<String>,
    /// How many jobs run.
    pub jobs: Option<usize>,
    /// Their addresses at GitLab.
    pub job_urls: Option<Vec<String>>,
    /// `concurrent` of the operator's file.
    pub concurrent: Option<i64>,
}

/// What the runner manager is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Activity {
    /// There is none.
    NotRunning,
    /// It is there and shows too little: what to do about it.
    Unknown(String),
    /// It has not taken over the signals yet.
    Starting,
    /// It asks for jobs.
    Polling,
    /// It has loaded a paused file.
    Paused,
    /// It has loaded a file without runner entries, and there is no other.
    NothingToPoll,
    /// It takes no new job and will end.
    ShuttingDown,
}

/// A runner entry.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// Its name.
    pub name: String,
    /// GitLab's address.
    pub url: String,
    /// GitLab's id of the runner.
    pub id: Option<i64>,
    /// Where the runner came from, where the state file tells.
    pub source: Option<Source>,
    /// Who may delete the runner.
    pub ownership: Option<Ownership>,
    /// Who wrote the entry.
    pub writer: Writer,
    /// The short form of its token.
    pub token: Option<String>,
    /// Whether the token comes from a variable.
    pub is_variable: bool,
    /// Why there is no token although the entry names one.
    pub no_token: Option<String>,
    /// When the token expires.
    pub expires_at: Option<SystemTime>,
    /// Whether the state file says that GitLab has refused its token, or that it was unregistered here.
    pub was_refused: bool,
    /// Keys that stand otherwise than we wrote them; nothing where nobody knows.
    pub changed_keys: Option<Vec<String>>,
    /// What GitLab says.
    pub gitlab: AtGitlab,
}

/// Who wrote an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Writer {
    /// `runner-init`, in this pod where that is known.
    RunnerInit(Option<String>),
    /// Somebody else, and `runner-init` has kept it.
    Adopted,
    /// Somebody else.
    Other,
    /// Nobody knows, for want of a state file.
    Unknown,
}

/// What GitLab says of an entry's token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum AtGitlab {
    /// It takes it, for the runner of this id.
    Valid(i64),
    /// It could not be asked, or did not take it: why, and the exit code that means.
    Failed(Exit, String),
    /// It was not asked: why.
    NotAsked(Unasked),
}

/// Why GitLab was not asked about an entry. A question with a token and a system ID makes a runner manager where there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unasked {
    /// Nobody wanted it.
    Offline,
    /// There is nothing to ask with.
    NoToken,
    /// Another helper may be unregistering.
    Locked,
    /// Nobody polls.
    NoRunnerManager,
    /// Nobody is known to poll.
    NotPolling,
    /// The runner manager has no answer with this entry yet.
    NotPolledYet,
    /// The system ID of the runner manager is not known.
    NoSystemId,
}

/// What the state file tells of and no entry holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WithoutEntry {
    /// Why there is none.
    pub kind: Loose,
    /// GitLab's id of the runner.
    pub id: Option<i64>,
    /// GitLab's address.
    pub url: String,
    /// Where the runner came from.
    pub source: Option<Source>,
    /// Whether the state file has its token.
    pub has_token: bool,
    /// The description of a runner that was asked for at GitLab; nothing where another token of one was.
    pub description: Option<String>,
    /// When it was asked for or received, in RFC 3339 UTC.
    pub at: Option<String>,
}

/// Why a runner has no entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Loose {
    /// Its entry is gone.
    Known,
    /// Its token was received and is not written yet.
    Received,
    /// It gave its entry to another and is to be unregistered.
    Leaving,
    /// A creation without an answer: it may be there or not.
    Unanswered,
}

impl Facts {
    /// Slots that are free, where both numbers are known.
    pub(crate) fn free_slots(&self) -> Option<i64> {
        let jobs = i64::try_from(self.runner_manager.jobs?).ok()?;
        Some(self.runner_manager.concurrent?.saturating_sub(jobs).max(0))
    }
}
