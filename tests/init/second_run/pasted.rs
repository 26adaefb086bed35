//! The token of a shared runner that somebody has put into the entry of an owned one: whatever runs in between, the shared runner is
//! never deleted nor given another token, for it serves every replica, and the owned one goes.

use acceptance::pod::put;
use acceptance::stage::{Ended, run};
use gitlab_simulator::{Effect, Fault, NewRunner, Role};

use super::Volume;

/// What happens between the edit and the end of the pod.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// The init container runs again.
    Register,
    /// The same while GitLab cannot be reached.
    RegisterAlone,
    /// A new runner for the entry.
    ReRegister,
    /// A command of `runner-init` by hand that must refuse for this reason.
    Refused(&'static str, &'static [&'static str]),
    /// A command of `runner-reaper` by hand.
    Reaper(&'static [&'static str]),
    /// The end, while GitLab cannot be reached.
    EndAlone,
    /// A script writes over `config.toml`.
    Lose,
}

const ANOTHERS: &str = "its token belongs to runner 2";

fn play(volume: &Volume, step: Step, words: &[&str]) -> Option<Ended> {
    let reaper = |words: &[&str]| run(volume.stage.command("runner-reaper").args(words));
    let away = || {
        let fault = Fault::on("*").effect(Effect::DropBefore).forever();
        volume.gitlab.fault(fault);
    };
    Some(match step {
        Step::Register => volume.run(words),
        Step::RegisterAlone => {
            away();
            volume.run(&[words, &["--timeout=1s"]].concat())
        }
        Step::ReRegister => {
            let mut command = volume.stage.init(&["re-register", "--non-interactive"]);
            command.args(["--url", &volume.gitlab.url(), "--executor=shell"]);
            run(command.args(words))
        }
        Step::Refused(why, words) => {
            let ended = run(&mut volume.stage.init(words));
            assert_eq!(ended.code(), 78, "{}", ended.output());
            assert!(ended.stderr.contains(why), "{}", ended.output());
            ended
        }
        Step::Reaper(words) => reaper(words),
        Step::EndAlone => {
            away();
            let ended = reaper(&["unregister", "--all-runners", "--unregister-timeout=1s"]);
            assert_eq!(ended.code(), 69, "{}", ended.output());
            ended
        }
        Step::Lose => {
            volume.stage.put("config.toml", "concurrent = 1\n");
            return None;
        }
    })
}

fn check(steps: &[Step]) {
    let volume = Volume::new();
    let secret = tempfile::NamedTempFile::new().unwrap();
    let access = volume
        .gitlab
        .add_access_token(&["create_runner"], Role::admin());
    put(secret.path(), &access);
    let file = format!("--access-token-file={}", secret.path().display());
    let words = [&file, "--runner-type=instance", "--name=n"];
    volume.run(&words);
    let owned = volume.gitlab.runners().pop().unwrap();
    let shared = volume.gitlab.add_runner(NewRunner::default());
    // The id stays as it was: a rotated token would look the same.
    let text = volume.config().replace(&owned.token, &shared.token);
    assert!(text.contains(&format!("id = {}\n", owned.id)), "{text}");
    volume.stage.put("config.toml", &text);
    let mut said = format!("{steps:?}");
    for step in steps {
        let ended = play(&volume, *step, &words);
        volume.gitlab.clear_faults();
        let output = ended.map(|ended| ended.output());
        said += &format!("\n--- {step:?}\n{}", output.unwrap_or_default());
    }
    said += &format!("\n--- end\n{}", volume.unregister().output());
    let left = volume.gitlab.runners();
    let ids: Vec<i64> = left.iter().map(|runner| runner.id).collect();
    assert_eq!(ids, [shared.id], "{said}");
    assert_eq!(left[0].token, shared.token, "{said}");
}

#[test]
fn shared_runner_outlives_whatever_runs_between_the_edit_and_the_end() {
    use Step::{EndAlone, Lose, ReRegister, Reaper, Refused, Register, RegisterAlone};
    let stories: &[&[Step]] = &[
        &[],
        &[Register],
        &[RegisterAlone],
        &[RegisterAlone, Register],
        &[RegisterAlone, RegisterAlone],
        &[ReRegister],
        &[RegisterAlone, ReRegister],
        &[Refused(ANOTHERS, &["rotate"])],
        &[Refused(ANOTHERS, &["rotate", "--shared"])],
        &[RegisterAlone, Refused(ANOTHERS, &["rotate"])],
        &[Register, Refused("is shared", &["rotate", "--id=2"])],
        &[Reaper(&["status"])],
        &[Reaper(&["pause", "--timeout=1s"])],
        &[EndAlone],
        &[EndAlone, EndAlone],
        &[EndAlone, Register],
        &[Lose],
        &[Register, Lose],
        &[RegisterAlone, Lose],
        &[RegisterAlone, Lose, Register],
        &[Register, Lose, Register],
    ];
    std::thread::scope(|scope| {
        for steps in stories {
            scope.spawn(|| check(steps));
        }
    });
}
