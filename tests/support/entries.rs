//! The entries of a pod's `config.toml`, as others write them: further ones, and what is changed in the first.

use std::time::{Duration, SystemTime};

use gitlab_simulator::{NewRunner, Runner};

use crate::pod::Pod;

impl Pod {
    /// Writes `config.toml`, which is an hour old then.
    pub fn put_config(&self, text: &str) {
        self.stage.put("config.toml", text);
        self.age_config();
    }

    /// Adds an entry for a new runner, with this token or one that tells whose it is. `limit` 0 is none.
    pub fn with_entry(
        &mut self,
        name: &str,
        token: Option<&str>,
        owned: bool,
        limit: usize,
    ) -> Runner {
        let unique = || format!("glrtr-{:a>20}", self.gitlab.runners().len());
        let token = token.map(str::to_owned).or_else(|| owned.then(unique));
        let runner = self.gitlab.add_runner(NewRunner {
            token,
            ..NewRunner::default()
        });
        self.order.entry(&runner, owned);
        self.write_entry(name, &runner, limit);
        self.age_config();
        runner
    }

    /// Adds an entry to the file. `limit` 0 is none.
    pub fn write_entry(&self, name: &str, runner: &Runner, limit: usize) {
        let (url, token, id) = (self.gitlab.url(), &runner.token, runner.id);
        let text = self.stage.text("config.toml").unwrap_or_default();
        let text = format!(
            "{text}\n[[runners]]\n  name = \"{name}\"\n  limit = {limit}\n  url = \"{url}\"\n  id = {id}\n  token = \"{token}\"\n  executor = \"shell\"\n"
        );
        self.stage.put("config.toml", &text);
    }

    /// Adds an entry of a shared runner whose manager GitLab knows: its going tells what was seen before.
    pub fn with_a_shared_one_beside(&mut self) -> Runner {
        let runner = self.with_entry("shared", None, false, 1);
        let system_id = self.stage.text(".runner_system_id").unwrap();
        self.knows_manager(&runner, &system_id);
        runner
    }

    /// Makes the token due to be rotated in so many seconds: three quarters of its 800 s are over then.
    pub fn due_in(&self, seconds: i64) {
        let at = |seconds: i64| {
            let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
            let at = now.unwrap().as_secs().checked_add_signed(seconds).unwrap();
            humantime::format_rfc3339_seconds(SystemTime::UNIX_EPOCH + Duration::from_secs(at))
        };
        self.token_lives(
            &at(seconds - 600).to_string(),
            &at(seconds + 200).to_string(),
        );
    }

    /// Writes from when and until when the token is good.
    pub fn token_lives(&self, obtained: &str, expires: &str) {
        let text = self.stage.text("config.toml").unwrap();
        let is_kept =
            |line: &&str| !line.contains("token_obtained_at") && !line.contains("token_expires_at");
        let kept: Vec<&str> = text.lines().filter(is_kept).collect();
        let executor = "  executor = \"shell\"";
        let lives =
            format!("{executor}\n  token_obtained_at = {obtained}\n  token_expires_at = {expires}");
        self.put_config(&kept.join("\n").replace(executor, &lives));
    }
}
