//! How a host's name is found, against a name server of our own.

use std::net::{Ipv6Addr, SocketAddr};
use std::time::{Duration, Instant};

use runner_lifecycle::deadline::Deadline;
use runner_lifecycle::gitlab::{Client, Endpoint, Error, Gone, NameFiles, Proxies, TlsFiles};
use tempfile::TempDir;
use tokio::net::UdpSocket;

use crate::name_server::{Entry, HOME, Server};
use crate::world::{PACE, World, ample, put};

/// A client for `http://host:port-of-the-simulator` that resolves names as the two texts say.
fn client(
    world: &World,
    host: &str,
    port: u16,
    hosts: &str,
    resolv_conf: &str,
) -> (Client, TempDir) {
    let directory = TempDir::new().unwrap();
    let names = NameFiles {
        hosts: put(&directory, "hosts", hosts),
        resolv_conf: put(&directory, "resolv.conf", resolv_conf),
        port,
    };
    let endpoint = Endpoint::parse(&world.sim.url_of(host)).unwrap();
    let none = (TlsFiles::default(), Proxies::default());
    (
        Client::paced(&endpoint, &none.0, &none.1, PACE, names).unwrap(),
        directory,
    )
}

const CONF: &str =
    "nameserver 127.0.0.1\nsearch ci.svc.test svc.test\noptions ndots:5 timeout:1 attempts:1\n";

/// Reaches the simulator as `host` and tells which names were asked for.
async fn reached(host: &str, conf: &str, entries: &[(&str, Entry)]) -> Vec<String> {
    let world = World::new();
    let server = Server::start("127.0.0.1", entries).await;
    let (client, _directory) = client(&world, host, server.port, "", conf);
    let gone = client
        .unregister_runner(&world.runner, ample())
        .await
        .unwrap();
    assert_eq!(gone, Gone::Deleted);
    server.asked()
}

#[tokio::test]
async fn a_short_name_goes_through_the_search_domains_first() {
    let home = || Entry::At(vec![HOME]);
    let asked = reached(
        "gitlab",
        CONF,
        &[("gitlab.svc.test", home()), ("gitlab", home())],
    )
    .await;
    assert_eq!(asked, ["gitlab.ci.svc.test", "gitlab.svc.test"]);
    let asked = reached("gitlab.example", CONF, &[("gitlab.example", home())]).await;
    assert_eq!(
        asked,
        [
            "gitlab.example.ci.svc.test",
            "gitlab.example.svc.test",
            "gitlab.example"
        ]
    );
}

#[tokio::test]
async fn a_long_or_full_name_is_asked_for_as_it_is() {
    let home = || Entry::At(vec![HOME]);
    let asked = reached("a.b.c.d.e.f", CONF, &[("a.b.c.d.e.f", home())]).await;
    assert_eq!(asked, ["a.b.c.d.e.f"]);
    let asked = reached("gitlab.example.", CONF, &[("gitlab.example", home())]).await;
    assert_eq!(asked, ["gitlab.example"]);
}

#[tokio::test]
async fn aliases_tcp_and_a_server_that_swallows_aaaa_are_coped_with() {
    let conf = CONF.replace("timeout:1", "timeout:5");
    for entry in [Entry::Alias(vec![HOME]), Entry::OnlyTcp, Entry::OnlyA] {
        let start = Instant::now();
        let asked = reached(
            "gitlab.example.",
            &conf,
            &[("gitlab.example", entry.clone())],
        )
        .await;
        assert_eq!(asked, ["gitlab.example"], "{entry:?}");
        assert!(
            start.elapsed() < Duration::from_secs(4),
            "{entry:?}: {:?}",
            start.elapsed()
        );
    }
}

#[tokio::test]
async fn every_address_is_tried() {
    // Nobody listens at ::1 on the simulator's port.
    let both = Entry::At(vec![Ipv6Addr::LOCALHOST.into(), HOME]);
    reached("gitlab.example.", CONF, &[("gitlab.example", both)]).await;
}

#[tokio::test]
async fn a_name_server_in_trouble_is_asked_again() {
    let asked = reached(
        "gitlab.example.",
        CONF,
        &[("gitlab.example", Entry::Trouble(4))],
    )
    .await;
    assert_eq!(asked, ["gitlab.example"]);
}

#[tokio::test]
async fn a_dead_name_server_beside_a_live_one_costs_no_time() {
    let world = World::new();
    let server = Server::start("127.0.0.1", &[("gitlab.example", Entry::At(vec![HOME]))]).await;
    let silent = UdpSocket::bind(SocketAddr::from(([127, 0, 0, 2], server.port)))
        .await
        .unwrap();
    let conf = "nameserver 127.0.0.2\nnameserver 127.0.0.1\noptions timeout:5";
    let (client, _directory) = client(&world, "gitlab.example", server.port, "", conf);
    let start = Instant::now();
    client
        .unregister_runner(&world.runner, ample())
        .await
        .unwrap();
    assert!(
        start.elapsed() < Duration::from_secs(4),
        "{:?}",
        start.elapsed()
    );
    drop(silent);
}

#[tokio::test]
async fn a_name_that_does_not_exist_is_said_at_once() {
    let world = World::new();
    let server = Server::start("127.0.0.1", &[]).await;
    let (client, _directory) = client(&world, "gitlab.example", server.port, "", CONF);
    let start = Instant::now();
    let attributes = crate::world::attributes();
    let error = client
        .register(&world.registration, &attributes, ample())
        .await
        .unwrap_err();
    assert!(
        start.elapsed() < Duration::from_secs(4),
        "{:?}",
        start.elapsed()
    );
    assert!(matches!(error, Error::Unreachable(_)), "{error:?}");
    assert!(
        error
            .to_string()
            .contains("the host gitlab.example was not found"),
        "{error}"
    );
    assert!(!error.maybe_created(), "{error}");
    assert_eq!(server.asked().len(), 3);
}

#[tokio::test]
async fn a_silent_name_server_is_asked_until_the_deadline() {
    let world = World::new();
    let server = Server::start("127.0.0.1", &[("gitlab.example", Entry::Silence)]).await;
    let (client, _directory) = client(&world, "gitlab.example.", server.port, "", CONF);
    let deadline = Deadline::after(Duration::from_millis(2500));
    let error = client
        .unregister_runner(&world.runner, deadline)
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Unreachable(_)), "{error:?}");
    assert!(
        error.to_string().contains("did not resolve gitlab.example"),
        "{error}"
    );
}

#[tokio::test]
async fn the_hosts_file_counts_before_the_name_server() {
    let world = World::new();
    let server = Server::start("127.0.0.1", &[]).await;
    let hosts = "127.0.0.1 gitlab.example\n";
    let (client, _directory) = client(&world, "gitlab.example", server.port, hosts, CONF);
    client
        .unregister_runner(&world.runner, ample())
        .await
        .unwrap();
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn localhost_needs_no_file_at_all() {
    let world = World::new();
    let names = NameFiles {
        hosts: "/nonexistent/hosts".into(),
        resolv_conf: "/nonexistent/resolv.conf".into(),
        port: 9,
    };
    let endpoint = Endpoint::parse(&world.sim.url_of("localhost")).unwrap();
    let none = (TlsFiles::default(), Proxies::default());
    let client = Client::paced(&endpoint, &none.0, &none.1, PACE, names).unwrap();
    client
        .unregister_runner(&world.runner, ample())
        .await
        .unwrap();
}
