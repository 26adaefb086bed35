//! A refusal is final, has its variant, and says in one line what to do next.

use gitlab_simulator::{Fault, Settings};
use runner_lifecycle::gitlab::{Attributes, Creation, Error, RunnerType};
use serde_json::{Value, json};

use crate::world::{Ask, World, ample, attributes, heard, listen, token};

#[tokio::test]
async fn other_client_errors_are_never_repeated_at_any_call() {
    for ask in Ask::ALL {
        for status in [400, 401, 403, 404, 405, 409, 410, 412, 415, 422] {
            listen();
            let world = World::new();
            let message = json!({"message": format!("{status} say no")});
            world
                .sim
                .fault(Fault::on("*").status(status).json(message).forever());
            let error = world.ask(&world.client(), ask, ample()).await.unwrap_err();
            let case = format!("{ask:?} {status}: {error:?}");
            match &error {
                Error::TokenRefused { status: heard, .. } => {
                    assert!(
                        matches!(status, 401 | 403 | 410) && *heard == status,
                        "{case}"
                    );
                }
                Error::Rejected { status: heard, .. } => {
                    assert!(
                        !matches!(status, 401 | 403 | 410) && *heard == status,
                        "{case}"
                    );
                }
                _ => panic!("{case}"),
            }
            let line = error.to_string();
            let (method, endpoint) = ask.pattern().split_once(' ').unwrap();
            assert!(
                line.starts_with(&format!(
                    "{method} {}/api/v4{endpoint}: {status} ",
                    world.sim.url()
                )),
                "{case}"
            );
            assert!(
                line.contains("say no") && line.contains("X-Request-Id "),
                "{case}"
            );
            assert!(line.contains("; ") && !line.contains('\n'), "{case}");
            assert!(!error.maybe_created(), "{case}");
            assert_eq!(world.sim.journal().len(), 1, "{case}");
            assert!(heard().is_empty(), "{case}: nobody logs and returns");
        }
    }
}

#[tokio::test]
async fn each_form_of_gitlabs_words_is_shown() {
    async fn check(status: u16, body: Value, want: &str) {
        let world = World::new();
        world.sim.fault(Fault::on("*").status(status).json(body));
        let error = world
            .ask(&world.client(), Ask::Register, ample())
            .await
            .unwrap_err();
        assert!(error.to_string().contains(want), "{error}");
    }
    check(
        400,
        json!({"error": "token is missing"}),
        "400 Bad Request (token is missing)",
    )
    .await;
    check(
        400,
        json!({"message": {"a": ["b", "c"], "d": ["e"]}}),
        "(a: b; c, d: e)",
    )
    .await;
    check(400, json!({"message": ["one", "two"]}), "(one; two)").await;
    check(
        403,
        json!({"message": "403 Forbidden"}),
        "403 Forbidden, X-Request-Id",
    )
    .await;
    check(
        401,
        json!({"error": "invalid_token", "error_description": "Token is expired."}),
        "(invalid_token: Token is expired.)",
    )
    .await;
    check(422, json!({"message": "x\r\ny\u{1b}[31m"}), "(x y [31m)").await;
}

#[tokio::test]
async fn gitlabs_own_request_id_is_shown_where_it_sends_one() {
    let world = World::new();
    let no = json!({"message": "422 no"});
    world.sim.fault(
        Fault::on("*")
            .status(422)
            .json(no)
            .header("X-Request-Id", "01GITLAB"),
    );
    let error = world
        .ask(&world.client(), Ask::Verify, ample())
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("X-Request-Id 01GITLAB"),
        "{error}"
    );
}

#[tokio::test]
async fn real_refusals_name_the_next_step() {
    let off = World::with(Settings {
        allow_registration_tokens: false,
        ..Settings::default()
    });
    let error = off
        .ask(&off.client(), Ask::Register, ample())
        .await
        .unwrap_err();
    assert!(
        matches!(error, Error::TokenRefused { status: 410, .. }),
        "{error:?}"
    );
    assert!(error.to_string().contains("--token-file"), "{error}");

    let world = World::new();
    let client = world.client();
    let wrong = token("GR1348941wrong");
    let error = client
        .register(&wrong, &attributes(), ample())
        .await
        .unwrap_err();
    assert!(
        matches!(error, Error::TokenRefused { status: 403, .. }),
        "{error:?}"
    );
    assert!(
        error.to_string().contains("invalid token supplied"),
        "{error}"
    );
    assert!(!error.to_string().contains("wrong"), "{error}");

    let untagged = Attributes {
        run_untagged: false,
        ..attributes()
    };
    let error = client
        .register(&world.registration, &untagged, ample())
        .await
        .unwrap_err();
    assert!(
        matches!(error, Error::Rejected { status: 400, .. }),
        "{error:?}"
    );
    assert!(
        error.to_string().contains("tags_list: can not be empty"),
        "{error}"
    );

    let creation = Creation {
        runner_type: RunnerType::Instance,
        attributes: attributes(),
    };
    let error = client
        .create(&token("glpat-wrong"), &creation, ample())
        .await
        .unwrap_err();
    assert!(
        matches!(error, Error::TokenRefused { status: 401, .. }),
        "{error:?}"
    );
    assert!(error.to_string().contains("scope create_runner"), "{error}");
    let reader = world
        .sim
        .add_access_token(&["read_api"], gitlab_simulator::Role::admin());
    let error = client
        .create(&token(&reader), &creation, ample())
        .await
        .unwrap_err();
    assert!(
        matches!(error, Error::TokenRefused { status: 403, .. }),
        "{error:?}"
    );
    assert!(
        error
            .to_string()
            .contains("give the access token the scope"),
        "{error}"
    );
}

#[tokio::test]
async fn a_token_that_comes_back_in_an_answer_is_masked() {
    for ask in Ask::ALL {
        let world = World::new();
        let all = [&world.runner, &world.registration, &world.access].map(|token| token.expose());
        let echo = format!("no such token {}\n{}", all.join(" or "), "x".repeat(2000));
        world
            .sim
            .fault(Fault::on("*").status(422).json(json!({"message": echo})));
        let error = world.ask(&world.client(), ask, ample()).await.unwrap_err();
        let own = match ask {
            Ask::Register => &world.registration,
            Ask::Create => &world.access,
            _ => &world.runner,
        };
        assert!(!error.to_string().contains(own.expose()), "{error}");
        assert!(!format!("{error:?}").contains(own.expose()), "{error:?}");
        assert!(error.to_string().len() < 900, "{error}");
    }
}
