//! Answers that look like GitLab's and are not, or say less than they must.

use std::time::Duration;

use gitlab_simulator::{Effect, Fault, Settings};
use runner_lifecycle::gitlab::Error;
use serde_json::json;

use crate::world::{Ask, NOTE, World, ample};

#[tokio::test]
async fn a_page_instead_of_an_answer_is_not_gitlab() {
    for ask in Ask::ALL {
        for status in [200, 201] {
            let world = World::new();
            world
                .sim
                .fault(Fault::on("*").effect(Effect::Html { status }).forever());
            let error = world.ask(&world.client(), ask, ample()).await.unwrap_err();
            assert!(
                matches!(error, Error::Unusable(_)),
                "{ask:?} {status}: {error:?}"
            );
            assert!(
                error.to_string().contains("answered in GitLab's place"),
                "{error}"
            );
            assert_eq!(world.sim.journal().len(), 1, "{ask:?} {status}");
        }
    }
}

#[tokio::test]
async fn plain_text_200_verifies_nothing() {
    let world = World::new();
    world.sim.fault(Fault::on("*").status(200).body("200"));
    let error = world
        .ask(&world.client(), Ask::Verify, ample())
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Unusable(_)), "{error:?}");
}

#[tokio::test]
async fn a_created_runner_without_a_token_is_a_refusal_that_may_have_made_one() {
    for ask in [Ask::Register, Ask::Create] {
        let world = World::new();
        world
            .sim
            .fault(Fault::on("*").status(201).json(json!({"id": 1})));
        let error = world.ask(&world.client(), ask, ample()).await.unwrap_err();
        assert!(
            matches!(error, Error::Rejected { status: 201, .. }),
            "{error:?}"
        );
        assert!(error.maybe_created(), "{error}");
        assert_eq!(world.sim.journal().len(), 1);
    }
}

#[tokio::test]
async fn wrong_addresses_are_never_taken_for_gone() {
    for ask in [Ask::UnregisterRunner, Ask::UnregisterRunnerManager] {
        let world = World::new();
        world.sim.fault(
            Fault::on("*")
                .status(404)
                .json(json!({"error": "404 Not Found"})),
        );
        let error = world.ask(&world.client(), ask, ample()).await.unwrap_err();
        assert!(
            matches!(error, Error::Rejected { status: 404, .. }),
            "{error:?}"
        );
        assert!(error.to_string().contains("check --url"), "{error}");
    }
}

#[tokio::test]
async fn a_read_only_gitlab_is_not_taken_for_gone() {
    let world = World::with(Settings {
        read_only: true,
        ..Settings::default()
    });
    let deadline = ample().earlier(Duration::from_millis(500));
    let error = world
        .ask(&world.client(), Ask::UnregisterRunner, deadline)
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Unreachable(_)), "{error:?}");
    assert!(error.to_string().contains("read-only"), "{error}");
    assert!(world.sim.journal().len() > 1);
    assert_eq!(world.sim.runners().len(), 1);
}

#[tokio::test]
async fn every_request_asks_for_an_answer_that_is_not_compressed() {
    for ask in Ask::ALL {
        let world = World::new();
        drop(world.ask(&world.client(), ask, ample()).await);
        let calls = world.sim.journal();
        let accepted = calls[0].headers.get("accept-encoding");
        assert_eq!(accepted.map(String::as_str), Some("identity"), "{ask:?}");
    }
}

#[tokio::test]
async fn a_compressed_answer_to_a_creation_counts_as_lost_and_is_not_repeated() {
    for ask in [Ask::Register, Ask::Create] {
        let world = World::new();
        let before = world.sim.runners().len();
        world.sim.fault(Fault::on("POST *").gzip().forever());
        let error = world.ask(&world.client(), ask, ample()).await.unwrap_err();
        assert_eq!(
            world.sim.runners().len(),
            before + 1,
            "{ask:?}: one was made"
        );
        assert!(
            matches!(error, Error::Rejected { .. }),
            "{ask:?}: {error:?}"
        );
        assert!(error.maybe_created(), "{ask:?}: {error}");
        let said = error.to_string();
        for want in ["compressed as gzip", "may have been created anyway", NOTE] {
            assert!(said.contains(want), "{want}: {said}");
        }
        for runner in world.sim.runners() {
            assert!(!said.contains(&runner.token), "{said}");
        }
        world.assert_no_secret(&said);
    }
}

#[tokio::test]
async fn a_compressed_answer_to_a_verification_is_called_so() {
    let world = World::new();
    world.sim.fault(Fault::on("*").gzip().forever());
    let error = world
        .ask(&world.client(), Ask::Verify, ample())
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Unusable(_)), "{error:?}");
    assert!(!error.maybe_created(), "{error}");
    let said = error.to_string();
    assert!(said.contains("the response is compressed"), "{said}");
    assert!(said.contains("in between"), "{said}");
    // What is deleted has no body to compress.
    let client = world.client();
    let gone = world.ask(&client, Ask::UnregisterRunner, ample()).await;
    gone.unwrap();
}
