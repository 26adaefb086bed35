//! A token that is exchanged for another: what is sent, what comes back, and what is known when nothing does.

use gitlab_simulator::Fault;
use runner_lifecycle::gitlab::Error;
use serde_json::json;

use crate::world::{World, ample, token};

#[tokio::test]
async fn new_token_comes_back_and_the_old_one_is_void() {
    let world = World::new();
    let client = world.client();
    let id = Some(&world.system_id);
    let reset = client.reset_token(&world.runner, id, ample()).await;
    let reset = reset.unwrap();
    assert_ne!(reset.token, world.runner);
    let runner = &world.sim.runners()[0];
    assert_eq!(runner.token, reset.token.expose());
    assert_eq!(reset.token_expires_at, None);
    let call = &world.sim.journal()[0];
    let want = "/api/v4/runners/reset_authentication_token";
    assert_eq!((call.method.as_str(), call.path.as_str()), ("POST", want));
    // Without it GitLab would list a runner manager `<legacy>`.
    let managers: Vec<&str> = runner
        .managers
        .iter()
        .map(|m| m.system_id.as_str())
        .collect();
    assert_eq!(managers, [world.system_id.as_str()]);
    let again = client.reset_token(&world.runner, id, ample()).await;
    let Err(error @ Error::TokenRefused { gone: true, .. }) = again else {
        panic!("{again:?}")
    };
    assert!(!error.maybe_created(), "{error}");
    assert!(error.to_string().contains("was reset"), "{error}");
}

#[tokio::test]
async fn lost_answer_is_told_from_a_refusal() {
    let world = World::new();
    world.sim.fault(Fault::on("*").drop_after());
    let reset = world
        .client()
        .reset_token(&world.runner, None, ample())
        .await;
    // The second attempt meets a token that the first has made void.
    let error = reset.unwrap_err();
    assert!(
        matches!(error, Error::TokenRefused { gone: true, .. }),
        "{error}"
    );
    assert!(error.maybe_created(), "{error}");
    assert!(error.to_string().contains("may have been reset"), "{error}");
    assert!(!error.to_string().contains("runner may"), "{error}");
}

#[tokio::test]
async fn answer_without_a_token_is_no_answer_and_one_that_gitlab_words_otherwise_is() {
    async fn check(body: serde_json::Value, want: Option<&str>) {
        let world = World::new();
        world.sim.fault(Fault::on("*").status(201).json(body));
        let reset = world
            .client()
            .reset_token(&world.runner, None, ample())
            .await;
        match want {
            Some(want) => assert_eq!(reset.unwrap().token, token(want)),
            None => {
                let error = reset.unwrap_err();
                assert!(error.maybe_created(), "{error}");
                assert!(error.to_string().contains("reset the token"), "{error}");
            }
        }
    }
    check(json!({"token_expires_at": null}), None).await;
    let odd = json!({"token": "glrt-new", "token_expires_at": 7});
    check(odd, Some("glrt-new")).await;
}
