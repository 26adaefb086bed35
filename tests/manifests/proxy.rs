//! GitLab that can be reached through a proxy only: its name exists nowhere else, so a container that was not told of the proxy,
//! or not in these letters, asks in vain.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use acceptance::pod::{LIMIT, wait_for};
use gitlab_simulator::Settings;
use nix::sys::signal::Signal;

use crate::render::Objects;
use crate::scene::{Scene, certificate, get};

const OURS: &str = "http://proxy.example.com:3128";
/// A name that no resolver knows.
const GITLAB: &str = "gitlab.invalid";

/// Sends every connection on to one server, whatever name was asked for, and keeps the first line of each.
struct Proxy {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    /// In the network of this thread.
    fn start(server: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (log, server) = (Arc::clone(&asked), server.to_owned());
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let (log, server) = (Arc::clone(&log), server.clone());
                // A connection that breaks off is the client's business: a test sees what did not arrive.
                thread::spawn(move || pass_on(client, &server, &log).ok());
            }
        });
        Self { address, asked }
    }

    /// The first lines so far.
    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

/// `CONNECT` opens a tunnel; any other request goes on as it came, with the whole URL in it, which servers take too.
fn pass_on(mut client: TcpStream, server: &str, log: &Mutex<Vec<String>>) -> std::io::Result<()> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        client.read_exact(&mut byte)?;
        head.extend(byte);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let line = head.lines().next().unwrap_or_default().to_owned();
    let mut upstream = TcpStream::connect(server)?;
    if line.starts_with("CONNECT ") {
        client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?;
    } else {
        upstream.write_all(head.as_bytes())?;
    }
    log.lock().unwrap().push(line);
    let (mut from, mut to) = (upstream.try_clone()?, client.try_clone()?);
    let back = thread::spawn(move || {
        let copied = std::io::copy(&mut from, &mut to);
        to.shutdown(Shutdown::Write).and(copied)
    });
    std::io::copy(&mut client, &mut upstream)?;
    upstream.shutdown(Shutdown::Write)?;
    drop(back.join());
    Ok(())
}

/// A pod whose GitLab is behind a proxy.
fn behind_a_proxy(components: &[&str], settings: Settings) -> (Scene, Proxy) {
    let mut scene = Scene::with(&Objects::combined(components, None), settings);
    let url = scene.gitlab.url();
    let (scheme, address) = url.split_once("://").unwrap();
    let proxy = Proxy::start(address);
    let told = format!("http://{}", proxy.address);
    scene.pod.fill_in(&[
        (url.as_str(), &format!("{scheme}://{GITLAB}")),
        (OURS, &told),
    ]);
    (scene, proxy)
}

/// The stand-in for the runner manager knows no proxy and asks in vain: only the helpers are seen here.
#[test]
#[ignore = "needs kubectl 1.27 and root: run by .ci/run"]
fn init_container_and_hook_reach_gitlab_through_the_proxy() {
    let components = ["access-token", "kubernetes-executor", "pre-stop", "proxy"];
    let (mut scene, proxy) = behind_a_proxy(&components, Settings::default());
    scene.pod.start();
    assert_eq!(scene.gitlab.runners().len(), 1);
    wait_for("the runner manager to run", || get("/metrics"));
    scene.pod.delete(|_| ());
    scene.check_end();
    let asked = proxy.asked();
    for request in ["POST", "DELETE"].map(|method| format!("{method} http://{GITLAB}/api/v4/")) {
        assert!(
            asked.iter().any(|line| line.starts_with(&request)),
            "{request}: {asked:#?}"
        );
    }
}

#[test]
#[ignore = "needs kubectl 1.27 and root: run by .ci/run"]
fn init_container_and_sidecar_reach_gitlab_through_a_tunnel() {
    let components = [
        "access-token",
        "kubernetes-executor",
        "sidecar",
        "private-ca",
        "proxy",
    ];
    let tls = certificate(GITLAB);
    let authority = tls.certificate_chain.clone();
    let settings = Settings {
        tls: Some(tls),
        ..Settings::default()
    };
    let (mut scene, proxy) = behind_a_proxy(&components, settings);
    scene
        .pod
        .given
        .insert(("gitlab-ca".to_owned(), "ca.crt".to_owned()), authority);
    scene.pod.prepare_volumes();
    assert_eq!(scene.pod.run_init_containers(), 0, "{}", scene.pod.words());
    assert_eq!(scene.gitlab.runners().len(), 1);
    let sidecar = scene.pod.sidecars.pop().expect("started");
    sidecar.signal(Signal::SIGTERM);
    assert_eq!(sidecar.ended_within(LIMIT), Some(0), "{}", sidecar.log());
    assert!(scene.gitlab.runners().is_empty(), "{}", sidecar.log());
    let asked = proxy.asked();
    let tunnel = format!("CONNECT {GITLAB}:443 ");
    assert!(
        !asked.is_empty() && asked.iter().all(|line| line.starts_with(&tunnel)),
        "{asked:#?}"
    );
}
