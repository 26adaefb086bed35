//! Owns one recorded case: its arguments and files, a run of a program on them, and what that run left behind.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Map, Value, json};

use super::recorder::Recorder;
pub(crate) use super::recorder::Request;

/// What `runner-init` does beyond stock is switched off, so that the rest can be compared.
pub(crate) const OURS: [(&str, &str); 4] = [
    ("RUNNER_INIT_TIMEOUT", "4s"),
    ("RUNNER_INIT_DRAIN_READY", "false"),
    ("RUNNER_INIT_INSTALL_REAPER", "none"),
    ("RUNNER_INIT_INSTALL_INIT", "none"),
];

/// Kept of what a run leaves in its directory.
const KEPT: [&str; 2] = ["config.toml", ".runner_system_id"];

/// A recorded run: what was given and what came of it.
pub(crate) struct Case {
    pub(crate) id: String,
    pub(crate) argv: Vec<String>,
    env: BTreeMap<String, String>,
    pub(crate) files: BTreeMap<String, String>,
    /// Answers that differ from the recorder's own.
    server: Map<String, Value>,
    pub(crate) recorded: Outcome,
    line: Value,
}

/// A file that a run wrote.
#[derive(Clone, Debug)]
pub(crate) struct Written {
    pub(crate) mode: String,
    pub(crate) text: String,
}

/// What came of a run.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) ok: bool,
    pub(crate) requests: Vec<Request>,
    pub(crate) files: BTreeMap<String, Written>,
    /// Stdout and stderr.
    pub(crate) words: String,
}

impl Outcome {
    /// Runners and runner managers that a failed run made at the recorder and did not take back.
    pub(crate) fn left_behind(&self) -> usize {
        if self.ok {
            return 0;
        }
        let ends =
            |request: &Request, ends: [&str; 2]| ends.iter().any(|end| request.path.ends_with(end));
        let made = |request: &&Request| {
            request.method == "POST"
                && request.made
                && ends(request, ["/runners", "/runners/verify"])
        };
        let gone = |request: &&Request| {
            request.method == "DELETE"
                && request.answered == 204
                && ends(request, ["/runners", "/runners/managers"])
        };
        let count =
            |test: &dyn Fn(&&Request) -> bool| self.requests.iter().filter(|r| test(r)).count();
        count(&made).saturating_sub(count(&gone))
    }
}

impl Case {
    /// Reads one line of the recordings.
    pub(crate) fn parse(line: &str) -> Self {
        let line: Value = serde_json::from_str(line).unwrap();
        let texts = |key: &str| -> BTreeMap<String, String> {
            let object = line[key].as_object().cloned().unwrap_or_default();
            object
                .into_iter()
                .map(|(name, text)| (name, text.as_str().unwrap_or_default().to_owned()))
                .collect()
        };
        let result = &line["result"];
        let written = |file: &Value| Written {
            mode: file["mode"].as_str().unwrap_or_default().to_owned(),
            text: file["text"].as_str().unwrap_or_default().to_owned(),
        };
        let files = result["files"].as_object().cloned().unwrap_or_default();
        let requests = result["requests"].as_array().cloned().unwrap_or_default();
        let words = line["argv"].as_array().cloned().unwrap_or_default();
        Self {
            id: line["id"].as_str().unwrap_or_default().to_owned(),
            argv: words
                .iter()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect(),
            env: texts("env"),
            files: texts("files"),
            server: line["server"].as_object().cloned().unwrap_or_default(),
            recorded: Outcome {
                ok: result["exit"] == 0,
                requests: requests.iter().map(Request::recorded).collect(),
                files: files
                    .iter()
                    .map(|(name, file)| (name.clone(), written(file)))
                    .collect(),
                words: String::new(),
            },
            line,
        }
    }

    /// Runs a program on the case, in a directory of its own and against a recorder of its own.
    pub(crate) fn run(&self, program: &Path, more: &[(&str, &str)]) -> Outcome {
        let work = tempfile::Builder::new()
            .prefix("golden.")
            .tempdir()
            .unwrap();
        let recorder = Recorder::start(self.server.clone());
        let config = work.path().join("config.toml").display().to_string();
        let directory = work.path().display().to_string();
        let filled = |text: &str| {
            text.replace("{URL}", recorder.url())
                .replace("{DIR}", &directory)
                .replace("{CONFIG}", &config)
        };
        for (name, text) in &self.files {
            #[expect(clippy::disallowed_methods, reason = "an operator's file")]
            fs::write(work.path().join(name), filled(text)).unwrap();
        }
        let mut command = Command::new(program);
        command.args(self.argv.iter().map(|word| filled(word)));
        command
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", work.path());
        command
            .env("HOSTNAME", "golden-host")
            .env("CONFIG_FILE", &config);
        command.envs(self.env.iter().map(|(name, text)| (name, filled(text))));
        command.envs(more.iter().copied());
        let output = command
            .current_dir(work.path())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        let emptied = |text: &str| {
            let text = text
                .replace(recorder.url(), "{URL}")
                .replace(&directory, "{DIR}");
            text.replace(&format!("{:?}", host.trim()), "\"{HOSTNAME}\"")
        };
        let mut files = BTreeMap::new();
        for name in KEPT {
            let path = work.path().join(name);
            let (Ok(text), Ok(metadata)) = (fs::read_to_string(&path), fs::metadata(&path)) else {
                continue;
            };
            let mode = format!("0o{:o}", metadata.permissions().mode() & 0o7777);
            files.insert(
                name.to_owned(),
                Written {
                    mode,
                    text: emptied(&text),
                },
            );
        }
        let words = [output.stdout, output.stderr].concat();
        Outcome {
            ok: output.status.success(),
            requests: recorder
                .requests()
                .iter()
                .map(|request| request.emptied(emptied))
                .collect(),
            files,
            words: emptied(&String::from_utf8_lossy(&words)),
        }
    }

    /// The line of the recordings for a new outcome.
    pub(crate) fn line(&self, outcome: &Outcome) -> String {
        let mut line = self.line.clone();
        line["result"] = json!({ "exit": i32::from(!outcome.ok) });
        if outcome.ok {
            line["result"]["requests"] = outcome.requests.iter().map(Request::record).collect();
            for (name, file) in &outcome.files {
                line["result"]["files"][name] = json!({ "mode": file.mode, "text": file.text });
            }
        }
        format!("{line}\n")
    }
}
