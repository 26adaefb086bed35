//! A server that signed its own certificate: what it takes to be trusted, and what is said where it is not.

use gitlab_simulator::Simulator;
use rcgen::{
    BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, KeyPair, date_time_ymd,
};
use runner_lifecycle::gitlab::TlsFiles;
use tempfile::TempDir;

use crate::certificates::{
    ca, deletes, in_directories, issued, named, refused, serve, usual, with_ca,
};
use crate::world::put;

/// A simulator with a certificate that it signed itself.
struct Own {
    sim: Simulator,
    pem: String,
    directory: TempDir,
}

impl Own {
    fn of(params: &CertificateParams) -> Self {
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self {
            sim: serve((pem.clone(), key.serialize_pem()), None),
            pem,
            directory: TempDir::new().unwrap(),
        }
    }

    /// The ways to give it: by the flag, in the directory, and in a bundle with somebody else's.
    fn given(&self) -> [TlsFiles; 3] {
        let bundle = format!("{}{}", ca().pem(), self.pem);
        let file = with_ca(put(&self.directory, "own.pem", &self.pem));
        let bundle = with_ca(put(&self.directory, "bundle.pem", &bundle));
        put(&self.directory, "localhost.crt", &self.pem);
        [file, in_directories(&[self.directory.path()]), bundle]
    }

    /// Not given, it is refused with all of `wants`, and given too; `never` is no advice then.
    async fn never_good(&self, wants: &[&str], never: &[&str]) {
        let none = TlsFiles::default();
        for files in [none].into_iter().chain(self.given()) {
            refused(&self.sim, &files, wants).await;
            let said = deletes(&self.sim, &files).await.unwrap_err().to_string();
            for never in never {
                assert!(!said.contains(never), "{never}: {said}");
            }
        }
    }
}

/// What `openssl req -x509` makes.
fn authority(mut params: CertificateParams) -> CertificateParams {
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}

fn at(name: &str) -> [CertificateParams; 2] {
    [named(name, "self"), authority(named(name, "self"))]
}

const GIVE: [&str; 2] = ["--tls-ca-file", "certs/localhost.crt"];

#[tokio::test]
async fn it_is_called_so_and_giving_it_in_any_of_the_ways_helps() {
    for params in at("localhost") {
        let own = Own::of(&params);
        let wants = [&["is self-signed"][..], &GIVE].concat();
        refused(&own.sim, &TlsFiles::default(), &wants).await;
        // Somebody else's certificate of the same name is not it.
        let other = Own::of(&params);
        refused(&own.sim, &other.given()[0], &wants).await;
        for files in own.given() {
            deletes(&own.sim, &files).await.unwrap();
        }
        assert_eq!(own.sim.journal().len(), 3);
    }
}

#[tokio::test]
async fn out_of_time_it_is_never_good() {
    for mut params in at("localhost") {
        (params.not_before, params.not_after) =
            (date_time_ymd(2001, 1, 1), date_time_ymd(2002, 1, 1));
        Own::of(&params)
            .never_good(&["has expired", "renewed"], &GIVE)
            .await;
        (params.not_before, params.not_after) =
            (date_time_ymd(2090, 1, 1), date_time_ymd(2091, 1, 1));
        Own::of(&params)
            .never_good(&["not yet valid", "clock"], &GIVE)
            .await;
    }
}

#[tokio::test]
async fn for_another_host_or_none_it_is_never_good() {
    for params in at("other.example") {
        let wants = ["not valid for localhost: it is valid for other.example only"];
        Own::of(&params).never_good(&wants, &GIVE).await;
    }
    for params in at("") {
        let wants = ["it contains no host name (SAN); have it reissued with localhost"];
        Own::of(&params)
            .never_good(&wants, &[&GIVE[..], &["--url"]].concat())
            .await;
    }
}

#[tokio::test]
async fn made_for_clients_only_it_is_never_good() {
    for mut params in at("localhost") {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let wants = ["not issued for servers", "serverAuth"];
        Own::of(&params).never_good(&wants, &GIVE).await;
    }
}

#[tokio::test]
async fn an_authority_that_another_one_signed_is_no_server_until_it_is_given() {
    let pair = issued(&ca(), &authority(named("localhost", "middle")));
    let directory = TempDir::new().unwrap();
    let file = put(&directory, "middle.pem", &pair.0);
    let sim = serve(pair, None);
    refused(
        &sim,
        &TlsFiles::default(),
        &["(CA:TRUE)", "reissued", "--tls-ca-file"],
    )
    .await;
    deletes(&sim, &with_ca(file)).await.unwrap();
}

#[tokio::test]
async fn a_wrong_name_counts_before_an_unknown_authority() {
    let sim = serve(issued(&ca(), &named("other.example", "server")), None);
    refused(
        &sim,
        &TlsFiles::default(),
        &["not valid for localhost", "other.example"],
    )
    .await;
    refused(&usual(&ca()), &TlsFiles::default(), &["unknown authority"]).await;
}
