//! Which of several tokens wins, and what is said of the others.

use std::io::Write as _;

use runner_lifecycle::exit::Exit;

use super::super::tests::{failure, run};
use super::*;

#[test]
fn attributes_that_gitlab_keeps_are_refused_with_an_authentication_token() {
    fn check(word: &str, refused: bool) {
        let words = ["--token=glrt-1", word];
        assert_eq!(run(&words, &[]).is_err(), refused, "{word}");
        let words = ["--registration-token=glrt-1", word];
        let parsed = run(&words, &[]).unwrap();
        assert!(matches!(
            parsed.options.credential,
            Credential::AuthenticationToken(_)
        ));
        assert_eq!(parsed.warnings.len(), 1, "{:?}", parsed.warnings);
        assert_eq!(
            parsed.warnings[0].contains("no effect"),
            refused,
            "{:?}",
            parsed.warnings
        );
        let words = ["--token=glrt-1", "--registration-token= glrt-1", word];
        let parsed = run(&words, &[]).unwrap();
        assert_eq!(parsed.warnings.len(), 1 + usize::from(refused), "{word}");
        let words = ["--token=glrt-1", "--registration-token=glrt-2", word];
        assert_eq!(run(&words, &[]).is_err(), refused, "{word}");
        let parsed = run(&["--token=old-one", word], &[]).unwrap();
        assert_eq!(parsed.warnings.len(), usize::from(refused), "{word}");
    }
    check("--locked=true", false);
    check("--locked=false", true);
    check("--run-untagged=false", false);
    check("--run-untagged", true);
    check("--paused", true);
    check("--tag-list=a", true);
    check("--tag-list=", false);
    // gitlab-runner looks before it trims.
    check("--tag-list= ", true);
    check("--maintenance-note= ", true);
    check("--maintenance-note=", false);
    check("--maximum-timeout=0", false);
    check("--maximum-timeout=600", true);
    check("--maintenance-note=n", true);
    check("--access-level=ref_protected", true);
    let message = failure(&["--token=glrt-1", "--paused"], &[("RUNNER_TAG_LIST", "a")]).message;
    assert!(message.contains("--paused, RUNNER_TAG_LIST"), "{message}");
}

#[test]
fn authentication_token_wins_over_access_token_over_registration_token() {
    let file = token_file("  access-1\n");
    let path = format!("--access-token-file={}", file.path().display());
    let parsed = run(
        &[
            "--token=glrt-1",
            &path,
            "--registration-token=R",
            "--runner-type=instance",
        ],
        &[],
    )
    .unwrap();
    assert!(matches!(
        parsed.options.credential,
        Credential::AuthenticationToken(_)
    ));
    assert!(
        parsed.warnings[0].contains("--token wins"),
        "{:?}",
        parsed.warnings
    );
    let parsed = run(&[&path, "--registration-token=R", "--group-id=7"], &[]).unwrap();
    let Credential::AccessToken { token, runner_type } = parsed.options.credential else {
        panic!()
    };
    assert_eq!(
        (token.expose(), runner_type),
        ("access-1", RunnerType::Group(7))
    );
    let parsed = run(
        &[
            &path,
            "--registration-token=glrt-1",
            "--runner-type=instance",
        ],
        &[],
    )
    .unwrap();
    assert!(matches!(
        parsed.options.credential,
        Credential::AuthenticationToken(_)
    ));
    let parsed = run(&["--token=", "--registration-token=R", "--paused"], &[]).unwrap();
    assert!(matches!(
        parsed.options.credential,
        Credential::RegistrationToken(_)
    ));
    assert!(parsed.options.server_side.paused.is_some() && parsed.warnings.is_empty());
}

#[test]
fn token_file_that_cannot_be_used_ends_with_78() {
    fn check(text: Option<&str>, want: &str) {
        let file = token_file(text.unwrap_or_default());
        let path = file.path().to_owned();
        if text.is_none() {
            drop(file);
        }
        let failure = failure(&["--token-file", path.to_str().unwrap()], &[]);
        assert_eq!(failure.exit, Exit::Unusable);
        assert!(failure.message.contains(want), "{}", failure.message);
        assert!(!failure.message.contains("SECRET"), "{}", failure.message);
    }
    check(None, "--token-file: reading");
    check(Some(" \n"), "empty");
    check(Some("SECRET\nSECRET"), "line break");
}

#[test]
fn white_space_around_tokens_is_trimmed() {
    let parsed = run(&[], &[("CI_SERVER_TOKEN", "glrt-1\n")]).unwrap();
    let Credential::AuthenticationToken(token) = parsed.options.credential else {
        panic!()
    };
    assert_eq!(token.expose(), "glrt-1");
}

fn token_file(text: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}
