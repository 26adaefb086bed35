//! What a proxy in between gets to see.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use gitlab_simulator::{Settings, Simulator, Tls};
use runner_lifecycle::gitlab::{Client, Endpoint, Error, Gone, NameFiles, Proxies, TlsFiles};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

use crate::world::{PACE, World, ample, put, token};

/// A proxy that leads everything to one place and remembers the heads of the requests.
struct Proxy {
    address: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    /// With `refusal` it answers that and nothing else.
    async fn start(target: SocketAddr, refusal: Option<&'static str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let heads = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&heads);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(lead(stream, target, refusal, Arc::clone(&seen)));
            }
        });
        Self { address, heads }
    }

    fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

async fn lead(
    mut client: TcpStream,
    target: SocketAddr,
    refusal: Option<&'static str>,
    seen: Arc<Mutex<Vec<String>>>,
) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(client.read_u8().await?);
    }
    let text = String::from_utf8_lossy(&head).into_owned();
    let tunnel = text.starts_with("CONNECT ");
    seen.lock().unwrap().push(text);
    if let Some(refusal) = refusal {
        return client.write_all(refusal.as_bytes()).await;
    }
    let mut server = TcpStream::connect(target).await?;
    if tunnel {
        client
            .write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")
            .await?;
    } else {
        server.write_all(&head).await?;
    }
    copy_bidirectional(&mut client, &mut server).await.map(drop)
}

fn through(proxy: &str, url: &str, files: &TlsFiles) -> Client {
    let proxies = Proxies::from_variables(|name| {
        matches!(name, "HTTP_PROXY" | "HTTPS_PROXY").then(|| proxy.to_owned())
    });
    let endpoint = Endpoint::parse(url).unwrap();
    Client::paced(&endpoint, files, &proxies, PACE, NameFiles::default()).unwrap()
}

/// `me:pass word` as Basic authentication.
const BASIC: &str = "Basic bWU6cGFzcyB3b3Jk";

#[tokio::test]
async fn a_plain_request_goes_through_the_proxy_with_its_credentials() {
    let world = World::with(Settings {
        relative_root: "/root".into(),
        ..Settings::default()
    });
    let proxy = Proxy::start(world.sim.address(), None).await;
    let value = format!("me:pass%20word@{}", proxy.address);
    let client = through(&value, "http://gitlab.test/root", &TlsFiles::default());
    client
        .unregister_runner(&world.runner, ample())
        .await
        .unwrap();
    let head = &proxy.heads()[0];
    assert!(
        head.starts_with("DELETE http://gitlab.test/root/api/v4/runners HTTP/1.1"),
        "{head}"
    );
    assert!(
        head.to_lowercase()
            .contains(&format!("proxy-authorization: {BASIC}").to_lowercase()),
        "{head}"
    );
}

#[tokio::test]
async fn a_tls_request_is_tunnelled_and_the_proxy_sees_no_token() {
    let key = rcgen::KeyPair::generate().unwrap();
    let params = rcgen::CertificateParams::new(vec!["gitlab.test".to_owned()]).unwrap();
    let certificate_chain = params.self_signed(&key).unwrap().pem();
    let directory = tempfile::TempDir::new().unwrap();
    put(&directory, "gitlab.test.crt", &certificate_chain);
    let private_key = key.serialize_pem();
    let tls = Some(Tls {
        certificate_chain,
        private_key,
        client_ca: None,
    });
    let sim = Simulator::start(Settings {
        tls,
        ..Settings::default()
    })
    .unwrap();
    let proxy = Proxy::start(sim.address(), None).await;
    let files = TlsFiles {
        certs_directories: vec![directory.path().to_owned()],
        ..TlsFiles::default()
    };
    let value = format!("http://me:pass%20word@{}", proxy.address);
    let client = through(&value, "https://gitlab.test", &files);
    let gone = client
        .unregister_runner(&token("glrt-secret"), ample())
        .await
        .unwrap();
    assert_eq!(gone, Gone::Unknown);
    let heads = proxy.heads();
    assert_eq!(heads.len(), 1);
    assert!(
        heads[0].starts_with("CONNECT gitlab.test:443 HTTP/1.1"),
        "{}",
        heads[0]
    );
    assert!(heads[0].contains(BASIC), "{}", heads[0]);
    assert!(!heads[0].contains("glrt-secret"), "{}", heads[0]);
    assert_eq!(sim.journal()[0].headers.get("proxy-authorization"), None);
}

#[tokio::test]
async fn a_proxy_that_wants_a_password_is_named() {
    const REFUSAL: &str = "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Type: text/html\r\n\
        Content-Length: 6\r\nConnection: close\r\n\r\n<html>";
    let world = World::new();
    for url in ["http://gitlab.test", "https://gitlab.test"] {
        let proxy = Proxy::start(world.sim.address(), Some(REFUSAL)).await;
        let client = through(&proxy.address.to_string(), url, &TlsFiles::default());
        let error = client
            .unregister_runner(&world.runner, ample())
            .await
            .unwrap_err();
        assert!(matches!(error, Error::Unusable(_)), "{url}: {error:?}");
        let variable = if url.starts_with("https") {
            "HTTPS_PROXY"
        } else {
            "HTTP_PROXY"
        };
        let named = format!("the proxy http://{} ({variable}) requires", proxy.address);
        assert!(error.to_string().contains(&named), "{url}: {error}");
        assert_eq!(proxy.heads().len(), 1, "{url}");
    }
}

#[tokio::test]
async fn a_proxy_that_cannot_reach_gitlab_yet_is_asked_again() {
    const REFUSAL: &str =
        "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let world = World::new();
    for url in ["http://gitlab.test", "https://gitlab.test"] {
        let proxy = Proxy::start(world.sim.address(), Some(REFUSAL)).await;
        let client = through(&proxy.address.to_string(), url, &TlsFiles::default());
        let deadline = ample().earlier(std::time::Duration::from_millis(500));
        let error = client
            .unregister_runner(&world.runner, deadline)
            .await
            .unwrap_err();
        assert!(matches!(error, Error::Unreachable(_)), "{url}: {error:?}");
        assert!(proxy.heads().len() > 1, "{url}");
    }
}

#[tokio::test]
async fn a_proxy_that_opens_no_tunnel_is_named_with_its_status_and_not_asked_for_long() {
    let world = World::new();
    for (status, reason) in [
        (400, "Bad Request"),
        (403, "Forbidden"),
        (404, "Not Found"),
        (405, "Method Not Allowed"),
        (501, ""),
    ] {
        let refusal = format!(
            "HTTP/1.1 {status} {reason}\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\
             Connection: close\r\n\r\n<html>"
        );
        let proxy = Proxy::start(world.sim.address(), Some(refusal.leak())).await;
        let value = format!("me:pass%20word@{}", proxy.address);
        let client = through(&value, "https://gitlab.test", &TlsFiles::default());
        let deadline = ample().earlier(std::time::Duration::from_millis(500));
        let error = client
            .unregister_runner(&world.runner, deadline)
            .await
            .unwrap_err();
        let said = error.to_string();
        let named = format!(
            "the proxy http://{} (HTTPS_PROXY) answered {status}",
            proxy.address
        );
        assert!(said.contains(&named), "{said}");
        assert!(
            !said.contains("pass") && !said.contains("tunnel error"),
            "{said}"
        );
        if status == 501 {
            assert!(matches!(error, Error::Unreachable(_)), "{error:?}");
            assert!(proxy.heads().len() > 2, "a proxy in trouble is asked again");
            continue;
        }
        assert!(matches!(error, Error::Unusable(_)), "{error:?}");
        assert!(
            said.contains("gitlab.test:443") && said.contains("NO_PROXY"),
            "{said}"
        );
        let heads = proxy.heads();
        assert_eq!(heads.len(), 2, "once to use it, once to hear its status");
        for head in heads {
            assert!(
                head.starts_with("CONNECT gitlab.test:443 HTTP/1.1\r\n"),
                "{head}"
            );
            assert!(head.contains(BASIC), "{head}");
            assert!(!head.contains(world.runner.expose()), "{head}");
        }
    }
    assert!(world.sim.journal().is_empty());
}

#[tokio::test]
async fn a_proxy_over_tls_that_is_not_believed_is_named_instead_of_gitlab() {
    let (ca, directory) = (crate::certificates::ca(), tempfile::TempDir::new().unwrap());
    // It speaks TLS and knows no CONNECT.
    let proxy = crate::certificates::usual(&ca);
    let value = proxy.url_of("localhost");
    for url in ["http://gitlab.test", "https://gitlab.test"] {
        let client = through(&value, url, &TlsFiles::default());
        let error = client
            .unregister_runner(&token("t"), ample())
            .await
            .unwrap_err();
        assert!(matches!(error, Error::Unusable(_)), "{url}: {error:?}");
        let said = error.to_string();
        let named = format!("the certificate of the proxy {value} (");
        assert!(
            said.contains(&named) && said.contains("unknown authority"),
            "{said}"
        );
        assert!(
            said.contains("--tls-ca-file") && !said.contains("gitlab.test.crt"),
            "{said}"
        );
    }
    assert!(proxy.journal().is_empty());
    let files = crate::certificates::with_ca(put(&directory, "ca.pem", &ca.pem()));
    let client = through(&value, "https://gitlab.test", &files);
    let error = client
        .unregister_runner(&token("t"), ample())
        .await
        .unwrap_err();
    let said = error.to_string();
    assert!(matches!(error, Error::Unusable(_)), "{said}");
    assert!(
        said.contains(&format!("the proxy {value} (HTTPS_PROXY) answered 4")),
        "{said}"
    );
}

#[tokio::test]
async fn a_proxy_that_is_not_there_is_named() {
    let address = gitlab_simulator::own_address();
    for url in ["http://gitlab.test", "https://gitlab.test"] {
        let client = through(&format!("http://{address}"), url, &TlsFiles::default());
        let deadline = ample().earlier(std::time::Duration::from_millis(500));
        let error = client
            .unregister_runner(&token("t"), deadline)
            .await
            .unwrap_err();
        assert!(matches!(error, Error::Unreachable(_)), "{url}: {error:?}");
        let said = error.to_string();
        assert!(
            said.contains(&format!("the proxy http://{address} (")),
            "{url}: {said}"
        );
        assert!(said.contains("connection refused"), "{url}: {said}");
    }
}

#[tokio::test]
async fn this_machine_is_reached_without_the_proxy() {
    let world = World::new();
    let proxy = Proxy::start(world.sim.address(), None).await;
    let client = through(
        &proxy.address.to_string(),
        &world.sim.url(),
        &TlsFiles::default(),
    );
    client
        .unregister_runner(&world.runner, ample())
        .await
        .unwrap();
    assert!(proxy.heads().is_empty());
}
