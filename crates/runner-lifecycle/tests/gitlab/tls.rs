//! Whom the client trusts, whom it does not, and what it says then.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use gitlab_simulator::{Settings, Simulator, Tls};
use rcgen::date_time_ymd;
use runner_lifecycle::deadline::Deadline;
use runner_lifecycle::gitlab::{Error, Pace, TlsFiles};
use tempfile::TempDir;

use crate::certificates::{
    ca, deletes, in_directories, issued, named, refused, serve, usual, with_ca,
};
use crate::world::{PACE, ample, attributes, client, heard, listen, put, token};

#[tokio::test]
async fn an_unknown_issuer_is_refused_with_the_file_to_give() {
    let sim = usual(&ca());
    let wants = ["unknown authority", "--tls-ca-file", "localhost.crt"];
    refused(&sim, &TlsFiles::default(), &wants).await;
}

#[tokio::test]
async fn a_wrong_name_an_expired_and_a_future_certificate_are_told_apart() {
    let (ca, directory) = (ca(), TempDir::new().unwrap());
    let files = with_ca(put(&directory, "ca.pem", &ca.pem()));
    let sim = serve(issued(&ca, &named("other.example", "server")), None);
    refused(
        &sim,
        &files,
        &["not valid for localhost", "other.example", "--url"],
    )
    .await;
    let mut old = named("localhost", "server");
    (old.not_before, old.not_after) = (date_time_ymd(2001, 1, 1), date_time_ymd(2002, 1, 1));
    refused(
        &serve(issued(&ca, &old), None),
        &files,
        &["has expired", "renewed"],
    )
    .await;
    let mut new = named("localhost", "server");
    (new.not_before, new.not_after) = (date_time_ymd(2090, 1, 1), date_time_ymd(2091, 1, 1));
    refused(
        &serve(issued(&ca, &new), None),
        &files,
        &["not yet valid", "clock"],
    )
    .await;
    let sim = serve(issued(&ca, &named("", "localhost")), None);
    let wants = [
        "not valid for localhost: it contains no host name (SAN)",
        "reissued",
    ];
    refused(&sim, &files, &wants).await;
}

#[tokio::test]
async fn a_certificate_is_believed_by_itself_without_its_issuer() {
    let pair = issued(&ca(), &named("localhost", "server"));
    let directory = TempDir::new().unwrap();
    put(&directory, "localhost.crt", &pair.0);
    deletes(&serve(pair, None), &in_directories(&[directory.path()]))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_handshake_that_hangs_ends_at_the_deadline() {
    let settings = Settings {
        hang_tls_handshake: true,
        ..Settings::default()
    };
    let pair = issued(&ca(), &named("localhost", "server"));
    let tls = Some(Tls {
        certificate_chain: pair.0,
        private_key: pair.1,
        client_ca: None,
    });
    let sim = Simulator::start(Settings { tls, ..settings }).unwrap();
    let url = sim.url_of("localhost");
    for (attempt, connect) in [(5000, 4000), (60, 40)] {
        let pace = Pace {
            attempt: Duration::from_millis(attempt),
            creation: Duration::from_millis(attempt),
            connect: Duration::from_millis(connect),
            ..PACE
        };
        let start = Instant::now();
        let deadline = Deadline::after(Duration::from_millis(200));
        let attributes = attributes();
        let error = client(&url, pace)
            .register(&token("t"), &attributes, deadline)
            .await;
        let error = error.unwrap_err();
        assert!(
            start.elapsed() < Duration::from_secs(4),
            "{:?}",
            start.elapsed()
        );
        assert!(matches!(error, Error::Unreachable(_)), "{error:?}");
    }
}

#[tokio::test]
async fn a_connection_that_hangs_before_the_request_is_no_lost_creation() {
    listen();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let pace = Pace {
        connect: Duration::from_millis(20),
        ..PACE
    };
    let deadline = Deadline::after(Duration::from_millis(1000));
    let attributes = attributes();
    let error = client(&url, pace)
        .register(&token("t"), &attributes, deadline)
        .await;
    assert!(matches!(error, Err(Error::Unreachable(_))), "{error:?}");
    let lines = heard();
    assert!(!lines.is_empty());
    for line in lines {
        assert!(line.contains("no connection"), "{line}");
        assert!(!line.contains("may have been created"), "{line}");
    }
}

#[tokio::test]
async fn the_wrong_scheme_is_named() {
    let tls = usual(&ca());
    let plain = tls.url_of("localhost").replace("https://", "http://");
    let error = client(&plain, PACE)
        .unregister_runner(&token("t"), ample())
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Unusable(_)), "{error:?}");
    assert!(
        error.to_string().contains("check scheme and port"),
        "{error}"
    );
    let plain = Simulator::start(Settings::default()).unwrap();
    let url = plain.url().replace("http://", "https://");
    let error = client(&url, PACE)
        .unregister_runner(&token("t"), ample())
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Unusable(_)), "{error:?}");
    assert!(
        error.to_string().contains("write http:// in --url"),
        "{error}"
    );
}
