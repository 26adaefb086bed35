//! A second runner entry in a pod's file, whose manager goes first: its going tells what was seen before.

use gitlab_simulator::Runner;

use crate::pod::Pod;

impl Pod {
    /// Adds an entry of a shared runner, before anything runs.
    pub fn with_a_shared_one_beside(&mut self) -> Runner {
        let runner = self
            .gitlab
            .add_runner(gitlab_simulator::NewRunner::default());
        self.order.entry(&runner, false);
        let (url, token, id) = (self.gitlab.url(), &runner.token, runner.id);
        let text = self.stage.text("config.toml").unwrap();
        let entry = format!(
            "\n[[runners]]\n  name = \"shared\"\n  limit = 1\n  url = \"{url}\"\n  id = {id}\n  token = \"{token}\"\n  executor = \"shell\"\n"
        );
        self.stage.put("config.toml", &(text + &entry));
        self.age_config();
        let system_id = self.stage.text(".runner_system_id").unwrap();
        self.knows_manager(&runner, &system_id);
        runner
    }
}
