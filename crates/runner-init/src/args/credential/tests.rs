//! Which of several tokens wins, and what is said of the others.

use std::io::Write as _;

use runner_lifecycle::ending::NoRun;
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
        parsed.warnings[0].contains("--token takes precedence"),
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

/// What each way to give a token wants.
const WAYS: [(TokenKind, [&str; 4]); 3] = [
    (
        TokenKind::Authentication,
        [
            "--token",
            "CI_SERVER_TOKEN",
            "--token-file",
            "RUNNER_INIT_TOKEN_FILE",
        ],
    ),
    (
        TokenKind::Registration,
        [
            "--registration-token",
            "REGISTRATION_TOKEN",
            "--registration-token-file",
            "RUNNER_INIT_REGISTRATION_TOKEN_FILE",
        ],
    ),
    (
        TokenKind::Access,
        [
            "",
            "",
            "--access-token-file",
            "RUNNER_INIT_ACCESS_TOKEN_FILE",
        ],
    ),
];

/// Every way with a token given by it: the kind it wants, whether a file holds the token, and what comes of it.
fn by_every_way(token: &str, check: impl Fn(TokenKind, &str, Result<Credential, Failure>)) {
    let file = token_file(token);
    let path = file.path().to_str().unwrap();
    for (wanted, ways) in WAYS {
        for way in ways.into_iter().filter(|way| !way.is_empty()) {
            let value = if way.to_lowercase().ends_with("file") {
                path
            } else {
                token
            };
            let parsed = if way.starts_with("--") {
                run(&[way, value, "--runner-type=instance"], &[])
            } else {
                run(&["--runner-type=instance"], &[(way, value)])
            };
            let comes = match parsed {
                Ok(parsed) => Ok(parsed.options.credential),
                Err(NoRun::Failure(failure)) => Err(failure),
                Err(NoRun::Show(text)) => panic!("{text}"),
            };
            check(wanted, way, comes);
        }
    }
}

#[test]
fn every_kind_of_token_is_taken_where_it_belongs_and_told_its_place_elsewhere() {
    const REGISTRATION: &str = "--registration-token-file";
    let other = TokenKind::Other("");
    for (token, kind, place) in [
        ("glrt-canary", TokenKind::Authentication, "--token-file"),
        (
            "acme-glrt-canary",
            TokenKind::Authentication,
            "--token-file",
        ),
        (
            "glrt-t1_canary.01.121flyh6j",
            TokenKind::Authentication,
            "--token-file",
        ),
        ("glrtr-canary", TokenKind::Authentication, "--token-file"),
        ("GR1348941canary", TokenKind::Registration, REGISTRATION),
        ("glpat-canary", TokenKind::Access, "--access-token-file"),
        (
            "acme-glpat-canary",
            TokenKind::Access,
            "--access-token-file",
        ),
        ("gldt-canary", other, "a deploy token"),
        ("gloas-canary", other, "OAuth"),
        ("glcbt-canary", other, "a job token"),
        ("glptt-canary", other, "a trigger token"),
        ("glft-canary", other, "a feed token"),
        ("glimt-canary", other, "incoming mail"),
        ("glagent-canary", other, "agent for Kubernetes"),
        ("glsoat-canary", other, "SCIM"),
        ("glffct-canary", other, "feature flags"),
        ("_gitlab_session=canary", other, "session cookie"),
    ] {
        by_every_way(token, |wanted, way, comes| {
            // gitlab-runner takes a created runner's token as registration token too.
            let disguise = wanted == TokenKind::Registration && token.contains("glrt-");
            match comes {
                Ok(_) => assert!(wanted == kind || disguise, "{token} by {way} passed"),
                Err(failure) => {
                    assert!(
                        wanted != kind && !disguise,
                        "{token} by {way}: {}",
                        failure.message
                    );
                    let code = if way.to_lowercase().ends_with("file") {
                        Exit::Unusable
                    } else {
                        Exit::Usage
                    };
                    assert_eq!(failure.exit, code, "{token} by {way}");
                    let said = failure.message;
                    assert!(
                        said.starts_with(way) && said.contains(place),
                        "{token}: {said}"
                    );
                    assert!(!said.contains("canary"), "{said}");
                }
            }
        });
    }
}

#[test]
fn token_without_a_prefix_is_left_to_gitlab() {
    for token in [
        "canary",
        "t1_canary",
        "s3cret/with+every=sign",
        "xGR1348941",
    ] {
        by_every_way(token, |_, way, comes| {
            assert!(
                comes.is_ok(),
                "{token} by {way}: {}",
                comes.unwrap_err().message
            );
        });
    }
}

#[test]
fn what_is_no_token_is_refused_everywhere() {
    for (text, want) in [
        ("<your canary>", "placeholder"),
        ("\u{2039}your canary\u{203a}", "placeholder"),
        ("glrt-xxxxxxxxxxxx", "placeholder"),
        ("\"glrt-canary\"", "quotes"),
        ("'GR1348941canary'", "quotes"),
        ("$(CANARY)", "variable"),
        ("https://canary.example", "URL"),
        ("TOKEN=glrt-canary", "name before it"),
        ("Z2xydC1jYW5hcnk=", "base64"),
    ] {
        by_every_way(text, |_, way, comes| {
            let said = comes.expect_err(way).message;
            assert!(said.contains(want), "{way}: {said}");
            assert!(!said.to_lowercase().contains("canary"), "{way}: {said}");
        });
    }
}

#[test]
fn token_of_a_wrong_kind_that_is_not_used_does_no_harm() {
    let parsed = run(&["--token=glrt-1", "--registration-token=glpat-x"], &[]).unwrap();
    assert!(matches!(
        parsed.options.credential,
        Credential::AuthenticationToken(_)
    ));
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
