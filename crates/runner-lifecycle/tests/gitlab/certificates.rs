//! Owns what the tests of TLS share: authorities, certificates, and a simulator behind them.

use std::path::{Path, PathBuf};

use gitlab_simulator::{Settings, Simulator, Tls};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use runner_lifecycle::gitlab::{Client, Endpoint, Error, NameFiles, Proxies, TlsFiles};

use crate::world::{PACE, ample, token};

pub(crate) type Ca = CertifiedIssuer<'static, KeyPair>;

pub(crate) fn named(name: &str, common_name: &str) -> CertificateParams {
    let names = if name.is_empty() {
        Vec::new()
    } else {
        vec![name.to_owned()]
    };
    let mut params = CertificateParams::new(names).unwrap();
    params
        .distinguished_name
        .push(DnType::CommonName, common_name);
    params
}

pub(crate) fn ca() -> Ca {
    let mut params = named("", "test CA");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    Ca::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A certificate with its key, both PEM.
pub(crate) fn issued(ca: &Ca, params: &CertificateParams) -> (String, String) {
    let key = KeyPair::generate().unwrap();
    (
        params.signed_by(&key, ca).unwrap().pem(),
        key.serialize_pem(),
    )
}

pub(crate) fn serve(
    (certificate_chain, private_key): (String, String),
    client_ca: Option<String>,
) -> Simulator {
    let tls = Some(Tls {
        certificate_chain,
        private_key,
        client_ca,
    });
    Simulator::start(Settings {
        tls,
        ..Settings::default()
    })
    .unwrap()
}

/// A simulator whose certificate is for `localhost`, signed by `ca`.
pub(crate) fn usual(ca: &Ca) -> Simulator {
    serve(issued(ca, &named("localhost", "server")), None)
}

/// Deletes an unknown runner: anything but an error means that the handshake was fine.
pub(crate) async fn deletes(sim: &Simulator, files: &TlsFiles) -> Result<(), Error> {
    let endpoint = Endpoint::parse(&sim.url_of("localhost")).unwrap();
    let names = NameFiles::default();
    let client = Client::paced(&endpoint, files, &Proxies::default(), PACE, names)?;
    client
        .unregister_runner(&token("unknown"), ample())
        .await
        .map(drop)
}

pub(crate) fn with_ca(path: PathBuf) -> TlsFiles {
    TlsFiles {
        ca_file: Some(path),
        ..TlsFiles::default()
    }
}

pub(crate) fn in_directories(directories: &[&Path]) -> TlsFiles {
    let certs_directories = directories.iter().map(|path| path.to_path_buf()).collect();
    TlsFiles {
        certs_directories,
        ..TlsFiles::default()
    }
}

/// The handshake fails for good, at once, and the line holds all of `wants`.
pub(crate) async fn refused(sim: &Simulator, files: &TlsFiles, wants: &[&str]) {
    let error = deletes(sim, files).await.unwrap_err();
    assert!(matches!(error, Error::Unusable(_)), "{error:?}");
    for want in wants {
        assert!(error.to_string().contains(want), "{want}: {error}");
    }
    assert!(sim.journal().is_empty(), "no request may be sent");
}
