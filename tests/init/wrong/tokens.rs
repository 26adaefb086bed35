//! Tokens at the wrong flag, and texts that are no token.

use acceptance::pod::Pod;

use super::{refuse, right};

#[test]
fn token_of_another_kind_is_told_its_place_before_gitlab_is_asked() {
    let pod = Pod::fresh();
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
        let by_flag = refuse(&pod, &right(&[&given]), &[], 2, want);
        let by_variable = refuse(&pod, &right(&[]), &[(variable, token)], 2, want);
        pod.stage.put("token", &format!("{token}\n"));
        let file = format!("{flag}-file={{dir}}/token");
        let by_file = refuse(&pod, &right(&[&file]), &[], 78, want);
        for ended in [by_flag, by_variable, by_file] {
            let said = ended.output();
            assert!(!said.to_lowercase().contains("canary"), "{said}");
        }
    }
}
