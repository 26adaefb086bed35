//! A second run of `runner-init`, and a tenth: which entry is meant, which runner it gets, and what becomes of the file.

mod entries;
mod files;
mod follow;
mod hosts;
#[cfg(target_arch = "x86_64")]
mod killed;
mod limit;
mod limits;
mod lost;
mod mixed_up;
mod pasted;
#[cfg(target_arch = "x86_64")]
mod stopped;
mod told;
mod url;
mod volumes;

use acceptance::known::STATE;
use acceptance::stage::{Ended, Stage, run};
use gitlab_simulator::{Runner, Settings, Simulator};
use toml_edit::Table;

const REGISTRATION: &str = "--registration-token=gitlabtoken";

/// A volume, and the GitLab that its runs ask.
pub(crate) struct Volume {
    pub(crate) gitlab: Simulator,
    pub(crate) stage: Stage,
}

impl Volume {
    pub(crate) fn new() -> Self {
        Self {
            gitlab: Simulator::start(Settings::default()).unwrap(),
            stage: Stage::new(),
        }
    }

    pub(crate) fn command(&self, words: &[&str]) -> std::process::Command {
        let mut command = self.stage.init(&["register", "--non-interactive"]);
        command.args(["--url", &self.gitlab.url(), "--timeout=5s"]);
        if !words.iter().any(|word| word.starts_with("--executor")) {
            command.arg("--executor=shell");
        }
        command.args(words);
        command
    }

    /// A run that ends well.
    #[track_caller]
    pub(crate) fn run(&self, words: &[&str]) -> Ended {
        let ended = run(&mut self.command(words));
        assert_eq!(ended.code(), 0, "{words:?}: {}", ended.output());
        ended
    }

    /// The end of the pod.
    #[track_caller]
    pub(crate) fn unregister(&self) -> Ended {
        let mut reaper = self.stage.command("runner-reaper");
        run(reaper.args(["unregister", "--all-runners"]))
    }

    pub(crate) fn config(&self) -> String {
        self.stage.text("config.toml").unwrap()
    }

    pub(crate) fn state(&self) -> String {
        self.stage.text(STATE).unwrap()
    }

    /// Everything on the volume, as text that can be shown where it differs.
    pub(crate) fn bytes(&self) -> String {
        let files = self.stage.snapshot().into_iter();
        let files = files.map(|(name, (mode, bytes))| {
            format!("{name} {mode:o}\n{}\n", String::from_utf8_lossy(&bytes))
        });
        files.collect()
    }

    /// The entry of this name.
    #[track_caller]
    pub(crate) fn entry(&self, name: &str) -> Table {
        let config = self.stage.config();
        let entries = config["runners"].as_array_of_tables().unwrap();
        let mut named = entries
            .iter()
            .filter(|entry| entry["name"].as_str() == Some(name));
        let (first, second) = (named.next().cloned(), named.next());
        assert!(second.is_none(), "two entries {name}: {config}");
        first.unwrap_or_else(|| panic!("no entry {name}: {config}"))
    }

    /// The runner at GitLab whose token stands in the entry of this name.
    #[track_caller]
    pub(crate) fn runner(&self, name: &str) -> Runner {
        let entry = self.entry(name);
        let token = entry["token"].as_str().unwrap();
        let mut all = self.gitlab.runners().into_iter();
        let runner = all.find(|runner| runner.token == token);
        let runner = runner.unwrap_or_else(|| panic!("GitLab knows no runner of {name}"));
        assert_eq!(entry["id"].as_integer(), Some(runner.id));
        runner
    }

    /// Nothing is left at GitLab of what was made here.
    #[track_caller]
    pub(crate) fn ends_clean(&self) {
        let ended = self.unregister();
        assert_eq!(ended.code(), 0, "{}", ended.output());
        assert!(self.gitlab.runners().is_empty(), "{}", ended.output());
    }
}
