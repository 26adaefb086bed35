//! What goes by who owns the runner, and what stays.

use runner_lifecycle::exit::Exit;
use runner_lifecycle::gitlab::Gone;
use runner_lifecycle::runner::Runner;
use runner_lifecycle::source::{Ownership, Source};
use runner_lifecycle::unregister::Registered;

use crate::world::{Ask, World, ample};

fn runner(world: &World, id: i64, source: Source) -> Runner {
    Runner {
        url: world.sim.url(),
        id,
        source,
        token: world.runner.clone(),
    }
}

#[tokio::test]
async fn an_owned_runner_goes_and_of_a_shared_one_only_its_runner_manager() {
    for source in [Source::RegistrationToken, Source::AuthenticationToken] {
        let world = World::new();
        let client = world.client();
        world.ask(&client, Ask::Verify, ample()).await.unwrap();
        let id = world.sim.runners()[0].id;
        let runner = runner(&world, id, source);
        let registered = Registered::of(&runner, &world.system_id);
        let gone = registered.unregister(&client, ample()).await.unwrap();
        assert_eq!(gone, Gone::Deleted);
        match source.ownership() {
            Ownership::Owned => assert!(world.sim.runners().is_empty()),
            Ownership::Shared => {
                assert_eq!(world.sim.runners().len(), 1);
                assert!(world.sim.runners()[0].managers.is_empty());
            }
        }
        world.assert_no_secret(&registered.to_string());
    }
}

#[tokio::test]
async fn without_its_system_id_no_runner_manager_is_asked_for_and_no_runner_goes_instead() {
    let world = World::new();
    let runner = runner(&world, 1, Source::AuthenticationToken);
    let registered = Registered {
        system_id: None,
        ..Registered::of(&runner, &world.system_id)
    };
    let error = registered
        .unregister(&world.client(), ample())
        .await
        .unwrap_err();
    assert_eq!(runner_lifecycle::ending::exit_of(&error), Exit::Unusable);
    assert!(error.to_string().contains("its system ID is not known"));
    assert!(world.sim.journal().is_empty());
    assert_eq!(world.sim.runners().len(), 1);
}
