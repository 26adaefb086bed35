//! Answers that look like GitLab's and are not, or say less than they must.

use std::time::Duration;

use gitlab_simulator::{Effect, Fault, Settings};
use runner_lifecycle::gitlab::Error;
use serde_json::json;

use crate::world::{Ask, World, ample};

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
                error.to_string().contains("something in between"),
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
