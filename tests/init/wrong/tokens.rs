//! Tokens at the wrong flag, and texts that are no token.

use super::{Scene, right};

#[test]
fn token_of_another_kind_is_told_its_place_before_gitlab_is_asked() {
    let scene = Scene::new();
    for (flag, variable, token, want) in [
        (
            "--token",
            "CI_SERVER_TOKEN",
            "GR1348941canary",
            "--registration-token",
        ),
        (
            "--token",
            "CI_SERVER_TOKEN",
            "glpat-canary",
            "--access-token-file",
        ),
        ("--token", "CI_SERVER_TOKEN", "<your canary>", "placeholder"),
        ("--token", "CI_SERVER_TOKEN", "\"glrt-canary\"", "quotes"),
        (
            "--registration-token",
            "REGISTRATION_TOKEN",
            "glpat-canary",
            "--access-token-file",
        ),
        (
            "--registration-token",
            "REGISTRATION_TOKEN",
            "glrtr-canary",
            "--token-file",
        ),
        (
            "--registration-token",
            "REGISTRATION_TOKEN",
            "$(CANARY)",
            "a variable",
        ),
    ] {
        let given = format!("{flag}={token}");
        let ended = scene.refuse(&right(&[&given]), &[], 2, want);
        assert!(
            !ended.output().to_lowercase().contains("canary"),
            "{}",
            ended.output()
        );
        let ended = scene.refuse(&right(&[]), &[(variable, token)], 2, want);
        assert!(
            !ended.output().to_lowercase().contains("canary"),
            "{}",
            ended.output()
        );
        scene.stage.put("token", &format!("{token}\n"));
        let file = format!("{flag}-file={{dir}}/token");
        let ended = scene.refuse(&right(&[&file]), &[], 78, want);
        assert!(
            !ended.output().to_lowercase().contains("canary"),
            "{}",
            ended.output()
        );
    }
}
