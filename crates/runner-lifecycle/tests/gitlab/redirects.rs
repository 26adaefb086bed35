//! A token goes nowhere but where it was sent.

use gitlab_simulator::Fault;
use runner_lifecycle::gitlab::Error;

use crate::world::{Ask, PACE, World, ample, client};

fn to(location: &str, status: u16) -> Fault {
    Fault::on("*")
        .status(status)
        .header("Location", location)
        .body("")
}

#[tokio::test]
async fn no_call_follows_a_redirect_to_another_host() {
    for ask in Ask::ALL {
        for status in [301, 302, 303, 307, 308] {
            let (world, other) = (World::new(), World::new());
            let (_, endpoint) = ask.pattern().split_once(' ').unwrap();
            let target = format!("{}/api/v4{endpoint}", other.sim.url());
            world.sim.fault(to(&target, status).forever());
            let error = world.ask(&world.client(), ask, ample()).await.unwrap_err();
            assert!(
                matches!(error, Error::Unusable(_)),
                "{ask:?} {status}: {error:?}"
            );
            assert!(
                error
                    .to_string()
                    .contains(&format!("write {} in --url", other.sim.url())),
                "{error}"
            );
            assert!(other.sim.journal().is_empty(), "{ask:?} {status}");
            assert_eq!(world.sim.journal().len(), 1, "{ask:?} {status}");
        }
    }
}

#[tokio::test]
async fn from_http_to_https_the_url_to_write_is_named() {
    for status in [301, 302, 303, 307, 308] {
        let world = World::new();
        let https = world.sim.url().replace("http://", "https://");
        world
            .sim
            .fault(to(&format!("{https}/api/v4/runners/verify"), status));
        let error = world
            .ask(&world.client(), Ask::Verify, ample())
            .await
            .unwrap_err();
        assert!(
            error
                .to_string()
                .contains(&format!("write {https} in --url")),
            "{error}"
        );
    }
}

#[tokio::test]
async fn same_place_307_and_308_keep_method_and_body() {
    for ask in Ask::ALL {
        for status in [307, 308] {
            let world = World::new();
            let client = world.client();
            world.ask(&client, Ask::Verify, ample()).await.unwrap();
            let (_, endpoint) = ask.pattern().split_once(' ').unwrap();
            let fault = to(&format!("/api/v4{endpoint}?again=1"), status);
            world.sim.fault(Fault {
                on: ask.pattern().into(),
                ..fault
            });
            world.ask(&client, ask, ample()).await.unwrap();
            let journal = world.sim.journal();
            let (first, second) = (&journal[journal.len() - 2], &journal[journal.len() - 1]);
            assert_eq!((&first.method, &first.body), (&second.method, &second.body));
            assert_eq!(second.query, "again=1");
        }
    }
}

#[tokio::test]
async fn a_redirect_loop_ends() {
    let world = World::new();
    world.sim.fault(to("/api/v4/runners/verify", 307).forever());
    let error = world
        .ask(&world.client(), Ask::Verify, ample())
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Unusable(_)), "{error:?}");
    assert!(error.to_string().contains("redirects in a loop"), "{error}");
    assert_eq!(world.sim.journal().len(), 6);
}

#[tokio::test]
async fn a_login_page_is_named_as_such() {
    let world = World::new();
    world.sim.fault(to("/users/sign_in?secret=1", 302));
    let client = client(&world.sim.url(), PACE);
    let error = world
        .ask(&client, Ask::Register, ample())
        .await
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("/users/sign_in; that is not GitLab's API"),
        "{error}"
    );
    assert_eq!(world.sim.journal().len(), 1, "a POST never becomes a GET");
}
