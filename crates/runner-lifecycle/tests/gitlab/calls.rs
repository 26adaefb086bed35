//! What goes over the wire when all is well.

use gitlab_simulator::{NewRunner, Settings};
use runner_lifecycle::gitlab::{Attributes, Credentials, Gone, RunnerInfo};
use serde_json::json;

use crate::world::{Ask, Got, PACE, World, ample, at_an_address_of_its_own, client, token};

#[tokio::test]
async fn a_registration_token_makes_a_runner() {
    let world = World::new();
    let attributes = Attributes {
        description: "container-builder".into(),
        tag_list: "docker".into(),
        locked: true,
        ..Attributes::default()
    };
    let made = world
        .client()
        .register(&world.registration, &attributes, ample())
        .await
        .unwrap();
    let runner = world
        .sim
        .runners()
        .into_iter()
        .find(|runner| runner.id == made.id)
        .unwrap();
    assert_eq!(runner.token, made.token.expose());
    assert_eq!(runner.description.as_deref(), Some("container-builder"));
    assert_eq!(runner.tags, ["docker"]);
    assert_eq!(
        (runner.locked, runner.run_untagged, runner.paused),
        (true, false, false)
    );
    assert_eq!(made.token_expires_at, None);
    let call = &world.sim.journal()[0];
    assert_eq!(
        (call.method.as_str(), call.path.as_str()),
        ("POST", "/api/v4/runners")
    );
    assert_eq!(call.body["info"]["name"], "gitlab-runner");
    assert_eq!(call.body["info"].get("executor"), None);
    assert_eq!(call.body["token"], world.registration.expose());
}

#[tokio::test]
async fn an_access_token_makes_a_runner_and_travels_in_its_header_only() {
    let world = World::new();
    let got = world
        .ask(&world.client(), Ask::Create, ample())
        .await
        .unwrap();
    let Got::Credentials(Credentials { id, token, .. }) = got else {
        panic!("{got:?}")
    };
    assert!(token.expose().starts_with("glrt-"));
    assert!(world.sim.runners().iter().any(|runner| runner.id == id));
    let call = &world.sim.journal()[0];
    assert_eq!(call.headers["private-token"], world.access.expose());
    assert_eq!(call.headers.get("runner-token"), None);
    assert_eq!(call.body["runner_type"], "instance_type");
    assert!(!call.body.to_string().contains(world.access.expose()));
}

#[tokio::test]
async fn verifying_lists_the_runner_manager_with_its_features() {
    let world = World::new();
    let info = RunnerInfo {
        executor: Some("shell".into()),
        ..RunnerInfo::empty()
    };
    let id = Some(&world.system_id);
    let verified = world
        .client()
        .verify(&world.runner, id, &info, ample())
        .await
        .unwrap();
    assert_eq!(verified.token, world.runner);
    let runner = &world.sim.runners()[0];
    assert_eq!(runner.id, verified.id);
    let manager = runner.manager(world.system_id.as_str()).unwrap();
    assert_eq!(manager.executor.as_deref(), Some("shell"));
    assert_eq!(manager.features["cancel_gracefully"], true);
    assert_eq!(manager.features["proxy"], false);
}

#[tokio::test]
async fn expiry_is_handed_on_as_gitlab_wrote_it() {
    let world = World::with(Settings {
        token_expiry: serde_json::from_value(json!({"instance": 432_000})).unwrap(),
        ..Settings::default()
    });
    let got = world
        .ask(&world.client(), Ask::Register, ample())
        .await
        .unwrap();
    let Got::Credentials(made) = got else {
        panic!("{got:?}")
    };
    let at = made.token_expires_at.unwrap();
    assert!(at.ends_with('Z') && at.contains('T'), "{at}");
}

#[tokio::test]
async fn unregistering_deletes_and_a_second_time_finds_it_gone() {
    for ask in [Ask::UnregisterRunnerManager, Ask::UnregisterRunner] {
        let world = World::new();
        let client = world.client();
        world.ask(&client, Ask::Verify, ample()).await.unwrap();
        assert_eq!(
            world.ask(&client, ask, ample()).await.unwrap(),
            Got::Gone(Gone::Deleted)
        );
        // With its runner the token is gone; with a runner manager it is not.
        let again = match ask {
            Ask::UnregisterRunner => Gone::Unknown,
            _ => Gone::WasGone,
        };
        assert_eq!(
            world.ask(&client, ask, ample()).await.unwrap(),
            Got::Gone(again)
        );
        let runners = world.sim.runners();
        match ask {
            Ask::UnregisterRunner => assert!(runners.is_empty()),
            _ => assert!(runners[0].managers.is_empty()),
        }
    }
}

#[tokio::test]
async fn a_runner_manager_of_a_runner_that_is_gone_was_gone() {
    let world = World::new();
    let client = world.client();
    world
        .ask(&client, Ask::UnregisterRunner, ample())
        .await
        .unwrap();
    let got = world
        .ask(&client, Ask::UnregisterRunnerManager, ample())
        .await
        .unwrap();
    assert_eq!(got, Got::Gone(Gone::Unknown));
}

#[tokio::test]
async fn headers_are_those_of_gitlab_runner() {
    let world = World::new();
    let client = world.client();
    for ask in Ask::ALL {
        world.ask(&client, ask, ample()).await.unwrap();
        let call = world.sim.journal().pop().unwrap();
        let header = |name: &str| call.headers.get(name).map(String::as_str);
        assert!(call.is(ask.pattern()), "{call:?}");
        assert_eq!(header("content-type"), Some("application/json"), "{ask:?}");
        let deletes = call.method == "DELETE";
        assert_eq!(
            header("accept") == Some("application/json"),
            !deletes,
            "{ask:?}"
        );
        let agent = header("user-agent").unwrap();
        assert!(agent.starts_with("runner-lifecycle/"), "{agent}");
        assert!(agent.contains("gitlab-runner 19.4.0"), "{agent}");
        let id = header("x-request-id").unwrap();
        assert!(
            id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit()),
            "{id}"
        );
        assert_eq!(header("transfer-encoding"), None, "{ask:?}");
        if ask != Ask::Create {
            assert_eq!(
                header("runner-token"),
                call.body["token"].as_str(),
                "{ask:?}"
            );
        }
    }
    let ids: std::collections::BTreeSet<String> = world
        .sim
        .journal()
        .iter()
        .map(|call| call.headers["x-request-id"].clone())
        .collect();
    assert_eq!(ids.len(), Ask::ALL.len(), "each call has its own");
}

#[tokio::test]
async fn a_relative_root_is_part_of_every_address() {
    let world = World::with(Settings {
        relative_root: "/gitlab".into(),
        ..Settings::default()
    });
    let client = client(&format!("{}/ci///", world.sim.url()), PACE);
    world.ask(&client, Ask::Verify, ample()).await.unwrap();
    assert_eq!(world.sim.journal()[0].path, "/gitlab/api/v4/runners/verify");
}

#[tokio::test]
async fn connecting_ahead_leaves_a_connection_that_the_next_call_takes() {
    let world = World::new();
    let client = world.client();
    client.connect_ahead().await;
    world
        .ask(&client, Ask::UnregisterRunner, ample())
        .await
        .unwrap();
    let journal = world.sim.journal();
    assert_eq!(journal.len(), 2, "{journal:?}");
    assert_eq!(journal[0].method, "HEAD");
    assert_eq!(journal[0].headers.get("runner-token"), None);
    assert_eq!(journal[0].connection, journal[1].connection);
}

#[tokio::test]
async fn connecting_ahead_to_nobody_is_no_error() {
    let client = client("http://127.0.0.1:9", PACE);
    client.connect_ahead().await;
    let error = client
        .unregister_runner(&token("t"), ample().earlier(PACE.backoff.cap))
        .await;
    assert!(error.is_err());
}

#[tokio::test]
async fn a_connection_that_was_closed_meanwhile_is_replaced_unseen() {
    let world = World::with(at_an_address_of_its_own());
    let client = world.client();
    world.ask(&client, Ask::Verify, ample()).await.unwrap();
    let address = world.sim.address();
    let runner = NewRunner {
        token: Some(world.runner.expose().to_owned()),
        ..NewRunner::default()
    };
    drop(world);
    let settings = Settings {
        listen: address,
        ..Settings::default()
    };
    let sim = gitlab_simulator::Simulator::start(settings).unwrap();
    let token = token(&sim.add_runner(runner).token);
    assert_eq!(
        client.unregister_runner(&token, ample()).await.unwrap(),
        Gone::Deleted
    );
}
