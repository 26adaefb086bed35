//! What a pod's state file tells: written by hand, as the program of each version leaves it. It judges where tokens are.

use std::os::unix::fs::PermissionsExt as _;

use gitlab_simulator::{NewRunner, Runner};
use toml_edit::{ArrayOfTables, DocumentMut, Item, value};

use crate::canary::form;
use crate::order::Order;
use crate::pod::{Pod, Source};

/// The state file.
pub const STATE: &str = ".runner-lifecycle.toml";

/// The call that gives a runner another authentication token.
pub const RESET: &str = "POST /runners/reset_authentication_token";

impl Pod {
    /// Begins anew with these runners, each with an entry of this name and known to the state file, where an owned one has its
    /// token too.
    pub fn with_runners(&mut self, wanted: &[(&str, Source)]) -> Vec<Runner> {
        self.order = Order::default();
        self.stage.put(
            STATE,
            "version = 2\n\n[pod]\nnamespace = \"ci\"\nname = \"runner-0\"\nuid = \"u-0\"\n",
        );
        let address = &self.address;
        let head = format!("concurrent = 2\ncheck_interval = 1\nlisten_address = \"{address}\"\n");
        self.stage.put("config.toml", &head);
        let system_id = self.stage.text(".runner_system_id").unwrap();
        let made = wanted.iter().enumerate().map(|(at, (name, source))| {
            let kind = if *source == Source::RegistrationToken {
                "glrtr-"
            } else {
                "glrt-"
            };
            let runner = self.gitlab.add_runner(NewRunner {
                token: Some(format!("{kind}aAbBcCdDeEfFgGhHiI{at:02}")),
                ..NewRunner::default()
            });
            self.knows_manager(&runner, &system_id);
            self.add_entry(name, &runner);
            self.add_to_state(name, &runner, *source);
            runner
        });
        let made: Vec<Runner> = made.collect();
        for (runner, (_, source)) in made.iter().zip(wanted) {
            self.order.entry(runner, source.owned());
        }
        self.age_config();
        made
    }

    /// One more entry of `config.toml`.
    pub fn add_entry(&self, name: &str, runner: &Runner) {
        self.write_entry(name, runner, 1);
    }

    /// One more entry of the state file.
    pub fn add_to_state(&self, name: &str, runner: &Runner, source: Source) {
        let text = self.stage.text(STATE).unwrap();
        let (url, id) = (self.gitlab.url(), runner.id);
        let word = match source {
            Source::AuthenticationToken => "authentication-token",
            Source::AccessToken => "access-token",
            Source::RegistrationToken => "registration-token",
        };
        let token = match source.owned() {
            true => format!("token = \"{}\"\n", runner.token),
            false => String::new(),
        };
        self.stage.put(
            STATE,
            &format!("{text}\n[[entry]]\nurl = \"{url}\"\nid = {id}\nname = \"{name}\"\nsource = \"{word}\"\n{token}"),
        );
    }

    /// Makes the state file one of version 1, which knows no token of an entry.
    pub fn knows_no_token(&self) {
        self.change_state(|document| {
            document["version"] = value(1);
            document.remove("written");
            for entry in entries(document).iter_mut() {
                for key in ["name", "token", "token_obtained_at", "token_expires_at"] {
                    entry.remove(key);
                }
                for key in ["pod", "sent", "written"] {
                    entry.remove(key);
                }
            }
        });
    }

    /// Changes the state file as an editor would.
    pub fn change_state(&self, change: impl FnOnce(&mut DocumentMut)) {
        let mut document = self.state_file();
        change(&mut document);
        self.stage.put(STATE, &document.to_string());
    }

    fn state_file(&self) -> DocumentMut {
        self.stage.text(STATE).unwrap().parse().unwrap()
    }

    /// The ids of the runners that the state file knows, with the token where it has one.
    pub fn known(&self) -> Vec<(i64, Option<String>)> {
        let document = &mut self.state_file();
        let of = |entry: &toml_edit::Table| {
            let token = entry.get("token").and_then(Item::as_str);
            (entry["id"].as_integer().unwrap(), token.map(str::to_owned))
        };
        entries(document).iter().map(of).collect()
    }

    /// Fails where a token of these is in a file that is not `config.toml`, or the state file may be read by others.
    #[track_caller]
    pub fn only_the_config_has(&self, tokens: &[&str], at: &str) {
        for (name, (mode, bytes)) in self.stage.snapshot() {
            if name != "config.toml" {
                let found = tokens.iter().find_map(|token| form(&bytes, token));
                assert_eq!(found, None, "{name}: {at}");
            }
            if name == STATE {
                assert_eq!(mode, 0o600, "{at}");
            }
        }
        let state = self.stage.file(STATE);
        let mode = std::fs::metadata(state).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{at}");
    }
}

fn entries(document: &mut DocumentMut) -> &mut ArrayOfTables {
    let entries = document.entry("entry");
    let entries = entries.or_insert(Item::ArrayOfTables(ArrayOfTables::new()));
    entries.as_array_of_tables_mut().unwrap()
}
