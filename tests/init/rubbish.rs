//! Files that somebody or a broken disk has damaged: taken or refused whole, with one line that says which and where, and
//! never half written.

use acceptance::stage::{Stage, run};
use gitlab_simulator::{Settings, Simulator};

const CONFIG: &str = "config.toml";
const STATE: &str = ".runner-lifecycle.toml";

/// What takes the place of what was cut out.
const PIECES: [&str; 7] = [
    "",
    "\u{0}",
    "= =",
    "\"",
    "[[runners]\n",
    "\nrunners = 5\n",
    "\u{e4}[",
];

/// Every volume that comes of a piece cut out of this file and another put in; the steps are odd, so that they meet every
/// kind of place.
fn damaged(text: &str) -> impl Iterator<Item = String> {
    let ends = (0..text.len())
        .step_by(17)
        .filter(|at| text.is_char_boundary(*at));
    ends.enumerate().map(move |(number, start)| {
        let end = (start + number % 5 * 9).min(text.len());
        format!(
            "{}{}{}",
            &text[..start],
            PIECES[number % PIECES.len()],
            &text[end..]
        )
    })
}

/// A volume as `runner-init` leaves it.
struct Scene {
    gitlab: Simulator,
    stage: Stage,
}

impl Scene {
    fn new() -> Self {
        let gitlab = Simulator::start(Settings::default()).unwrap();
        let stage = Stage::new();
        let scene = Self { gitlab, stage };
        let ended = run(&mut scene.command());
        assert_eq!(ended.code(), 0, "{}", ended.output());
        scene
    }

    fn command(&self) -> std::process::Command {
        let mut command = self
            .stage
            .init(&["register", "--non-interactive", "--executor=shell"]);
        command.args(["--url", &self.gitlab.url(), "--description=rubbish"]);
        command.arg("--registration-token=gitlabtoken");
        command
    }

    /// Runs on this text. Whether it was refused.
    fn refuses(&self, name: &str, text: &str) -> bool {
        self.stage.put(name, text);
        let before = self.stage.snapshot();
        let calls = self.gitlab.journal().len();
        let ended = run(&mut self.command());
        let at = format!("{name} is {text:?}: {}", ended.output());
        assert!(!ended.output().contains("panicked"), "{at}");
        if ended.code() == 0 {
            assert!(self.stage.entries() > 0, "{at}");
            return false;
        }
        assert_eq!(ended.code(), 78, "{at}");
        let error = ended.one_error(&at);
        let place = ["line ", "runner entry", "incomplete", "version"];
        assert!(error.contains(name), "which file: {at}");
        assert!(
            place.iter().any(|place| error.contains(place)),
            "where: {at}"
        );
        assert_eq!(
            self.stage.snapshot(),
            before,
            "changed though refused: {at}"
        );
        assert_eq!(self.gitlab.journal().len(), calls, "GitLab was asked: {at}");
        true
    }
}

fn check(name: &str) {
    let scene = Scene::new();
    let good = scene.stage.snapshot();
    let text = scene.stage.text(name).unwrap();
    let mut refused = 0;
    for damaged in damaged(&text) {
        for (file, (_, bytes)) in &good {
            scene.stage.put(file, std::str::from_utf8(bytes).unwrap());
        }
        refused += usize::from(scene.refuses(name, &damaged));
    }
    assert!(refused > 8, "only {refused} were refused");
}

#[test]
fn damaged_config_is_refused_by_name_and_line_and_left_as_it_is() {
    check(CONFIG);
}

#[test]
fn damaged_state_is_refused_by_name_and_line_and_left_as_it_is() {
    check(STATE);
}
