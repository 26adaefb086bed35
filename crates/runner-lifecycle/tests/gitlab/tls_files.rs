//! Which files count, in which order, and that one that was named is never passed over.

use std::path::PathBuf;

use rcgen::KeyPair;
use runner_lifecycle::gitlab::{Client, Endpoint, Error, Proxies, TlsFiles};
use tempfile::TempDir;

use crate::certificates::{
    ca, deletes, in_directories, issued, named, refused, serve, usual, with_ca,
};
use crate::world::put;

#[tokio::test]
async fn an_own_ca_is_believed_when_it_is_named() {
    let (ca, directory) = (ca(), TempDir::new().unwrap());
    let sim = usual(&ca);
    deletes(&sim, &with_ca(put(&directory, "ca.pem", &ca.pem())))
        .await
        .unwrap();
    assert_eq!(sim.journal().len(), 1);
}

#[tokio::test]
async fn an_own_ca_is_found_by_the_host_in_the_first_directory_that_has_it() {
    let (ca, other) = (ca(), ca());
    let sim = usual(&ca);
    let (empty, right) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    put(&right, "localhost.crt", &ca.pem());
    let missing = empty.path().join("missing");
    let directories = [missing.as_path(), empty.path(), right.path()];
    deletes(&sim, &in_directories(&directories)).await.unwrap();
    let wrong = TempDir::new().unwrap();
    put(&wrong, "localhost.crt", &other.pem());
    let sim = usual(&ca);
    refused(
        &sim,
        &in_directories(&[wrong.path(), right.path()]),
        &["unknown authority"],
    )
    .await;
    let named = TlsFiles {
        ca_file: Some(put(&right, "named.pem", &ca.pem())),
        ..in_directories(&[wrong.path()])
    };
    deletes(&sim, &named).await.unwrap();
}

#[tokio::test]
async fn a_client_certificate_is_sent_when_named_or_found() {
    let (ca, directory) = (ca(), TempDir::new().unwrap());
    let sim = serve(issued(&ca, &named("localhost", "server")), Some(ca.pem()));
    let (cert, key) = issued(&ca, &named("", "client"));
    let mut files = with_ca(put(&directory, "ca.pem", &ca.pem()));
    refused(
        &sim,
        &files,
        &["client certificate is required", "--tls-cert-file"],
    )
    .await;
    files.certs_directories = vec![directory.path().to_owned()];
    put(&directory, "localhost.auth.crt", &cert);
    refused(&sim, &files, &["client certificate is required"]).await;
    put(&directory, "localhost.auth.key", &key);
    deletes(&sim, &files).await.unwrap();
    files.certs_directories.clear();
    files.cert_file = Some(put(&directory, "client.pem", &cert));
    files.key_file = Some(put(&directory, "client.key", &key));
    deletes(&sim, &files).await.unwrap();
    let stranger = issued(&self::ca(), &named("", "client"));
    files.cert_file = Some(put(&directory, "stranger.pem", &stranger.0));
    files.key_file = Some(put(&directory, "stranger.key", &stranger.1));
    let error = deletes(&sim, &files).await.unwrap_err();
    assert!(matches!(error, Error::Unusable(_)), "{error:?}");
    assert!(error.to_string().contains("--tls-cert-file"), "{error}");
}

#[tokio::test]
async fn what_cannot_be_read_in_a_bundle_hides_no_other_certificate() {
    let (ca, directory) = (ca(), TempDir::new().unwrap());
    let no_der = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let no_base64 = "-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n";
    for stray in [no_der, no_base64, "# Our CA\n", "subject=CN = x\n"] {
        for bundle in [
            format!("{stray}{}", ca.pem()),
            format!("{}{stray}", ca.pem()),
        ] {
            let sim = usual(&ca);
            let file = put(&directory, "bundle.pem", &bundle);
            deletes(&sim, &with_ca(file)).await.unwrap();
        }
    }
}

#[test]
fn a_files_content_in_place_of_its_path_is_not_shown() {
    let key = KeyPair::generate().unwrap().serialize_pem();
    for content in [
        key.clone(),
        key.replace('\n', " "),
        key.replace('\n', "\\n"),
    ] {
        for flag in 0..3 {
            let mut files = TlsFiles::default();
            let place = match flag {
                0 => &mut files.ca_file,
                1 => &mut files.cert_file,
                _ => &mut files.key_file,
            };
            *place = Some(content.clone().into());
            let endpoint = Endpoint::parse("https://h").unwrap();
            let error = Client::new(&endpoint, &files, &Proxies::default()).unwrap_err();
            let said = error.to_string();
            assert!(said.contains("content"), "{said}");
            assert!(
                !said.contains("BEGIN") && !said.contains(&key[40..60]),
                "{said}"
            );
        }
    }
}

#[tokio::test]
async fn a_file_that_is_named_must_be_usable_even_for_a_plain_url() {
    let (ca, directory) = (ca(), TempDir::new().unwrap());
    let (cert, key) = issued(&ca, &named("", "client"));
    let good = put(&directory, "good.pem", &cert);
    let good_key = put(&directory, "good.key", &key);
    let other_key = put(
        &directory,
        "other.key",
        &KeyPair::generate().unwrap().serialize_pem(),
    );
    let missing = directory.path().join("missing.pem");
    let empty = put(&directory, "empty.pem", "");
    let garbage = put(
        &directory,
        "garbage.pem",
        "-----BEGIN CERTIFICATE-----\n!!!\n",
    );
    let no_der = put(
        &directory,
        "no.pem",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    );
    let check = |url: &str, files: TlsFiles, want: &str| {
        let endpoint = Endpoint::parse(url).unwrap();
        let error = Client::new(&endpoint, &files, &Proxies::default()).unwrap_err();
        assert!(matches!(error, Error::Unusable(_)), "{error:?}");
        assert!(error.to_string().contains(want), "{want}: {error}");
    };
    // The operator must see which of the three files is meant.
    check("http://h", with_ca(missing.clone()), "--tls-ca-file /");
    let pair = |cert: Option<&PathBuf>, key: Option<&PathBuf>| TlsFiles {
        cert_file: cert.cloned(),
        key_file: key.cloned(),
        ..TlsFiles::default()
    };
    for url in ["https://h", "http://h"] {
        for path in [&missing, &empty, &garbage, &directory.path().to_owned()] {
            let name = path.display().to_string();
            check(url, with_ca(path.clone()), &name);
            check(url, pair(Some(path), Some(&good_key)), &name);
            check(url, pair(Some(&good), Some(path)), &name);
        }
        check(url, pair(Some(&good), None), "--tls-key-file");
        check(url, pair(None, Some(&good_key)), "--tls-cert-file");
    }
    for url in ["https://h", "http://h"] {
        check(
            url,
            with_ca(no_der.clone()),
            "no.pem contains a damaged certificate",
        );
        let damaged = pair(Some(&no_der), Some(&good_key));
        check(url, damaged, "no.pem contains a damaged certificate");
        let no_key = put(
            &directory,
            "no.key",
            "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        );
        check(
            url,
            pair(Some(&good), Some(&no_key)),
            "no.key contains a key that is damaged",
        );
    }
    check("https://h", pair(Some(&good), Some(&other_key)), "good.pem");
    let why = "its key belongs to another certificate";
    check("https://h", pair(Some(&good), Some(&other_key)), why);
    let found = TempDir::new().unwrap();
    put(&found, "h.crt", "");
    check("https://h", in_directories(&[found.path()]), "h.crt");
}
