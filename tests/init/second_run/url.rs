//! A script that replaces the URL at every start, by one under which the same GitLab answers inside the cluster.

use gitlab_simulator::NewRunner;

use super::{REGISTRATION, Volume};

/// The address of the same GitLab under its other name.
fn inside(volume: &Volume) -> String {
    volume.gitlab.url().replace("127.0.0.1", "localhost")
}

#[test]
fn url_that_a_script_replaces_at_every_start_makes_no_second_entry() {
    // A shared runner of before `glrt-` has a token that tells nothing.
    let bare = "oldTOKENoldTOKENold1";
    for (shared, token) in [(false, None), (true, None), (true, Some(bare))] {
        let volume = Volume::new();
        let token = || {
            let token = token.map(str::to_owned);
            let new = NewRunner {
                token,
                ..NewRunner::default()
            };
            volume.gitlab.add_runner(new).token
        };
        let given = shared.then(|| format!("--token={}", token()));
        let words = given.as_deref().unwrap_or(REGISTRATION);
        for start in 0..4 {
            let said = volume.run(&[words, "--name=build", &format!("--limit={}", start / 2 + 1)]);
            let kept = said
                .stderr
                .contains("url in config.toml was changed by somebody else");
            assert_eq!(kept, start > 0, "{start}: {}", said.output());
            let text = volume.config();
            let replaced = text.replace(&volume.gitlab.url(), &inside(&volume));
            volume.stage.put("config.toml", &replaced);
        }
        let text = volume.config();
        assert_eq!(volume.stage.entries(), 1, "{text}");
        assert!(text.contains(&inside(&volume)), "{text}");
        assert!(text.contains("limit = 2"), "flags are followed: {text}");
        let made = volume.gitlab.calls("POST /runners").len();
        assert_eq!(made, usize::from(!shared));
        assert_eq!(volume.state().matches("[[entry]]").count(), 1);
        let ended = volume.unregister();
        assert_eq!(ended.code(), 0, "{}", ended.output());
        let left = volume.gitlab.runners();
        assert_eq!(left.len(), usize::from(shared), "{}", ended.output());
        assert!(left.iter().all(|runner| runner.managers.is_empty()));
    }
}
