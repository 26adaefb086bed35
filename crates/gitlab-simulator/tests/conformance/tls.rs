//! The server behind TLS, with and without client certificates.

use std::io::Write;
use std::net::TcpStream;
use std::sync::Arc;

use gitlab_simulator::{Settings, Simulator, Tls};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned, crypto::ring,
};

use crate::client::{LIMIT, Reply, receive, written};

type Issuer = CertifiedIssuer<'static, KeyPair>;

/// Certificate and key, PEM.
struct Identity(String, String);

fn issuer() -> Issuer {
    let mut params = CertificateParams::new([]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

fn identity(issuer: &Issuer, name: &str) -> Identity {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new([name.to_owned()])
        .unwrap()
        .signed_by(&key, issuer)
        .unwrap();
    Identity(certificate.pem(), key.serialize_pem())
}

fn start(issuer: &Issuer, clients: Option<&Issuer>) -> Simulator {
    let Identity(certificate_chain, private_key) = identity(issuer, "127.0.0.1");
    let client_ca = clients.map(|issuer| issuer.pem());
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

fn call(sim: &Simulator, issuer: &Issuer, own: Option<&Identity>) -> std::io::Result<Reply> {
    let mut roots = RootCertStore::empty();
    roots.add(issuer.der().clone()).unwrap();
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    let config = match own {
        None => builder.with_no_client_auth(),
        Some(Identity(certificate, key)) => {
            let certificate = CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap();
            let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
            builder
                .with_client_auth_cert(vec![certificate], key)
                .unwrap()
        }
    };
    let session =
        ClientConnection::new(Arc::new(config), ServerName::try_from("127.0.0.1").unwrap())
            .unwrap();
    let socket = TcpStream::connect(sim.address()).unwrap();
    socket.set_read_timeout(Some(LIMIT)).unwrap();
    let mut stream = StreamOwned::new(session, socket);
    stream.write_all(written("POST", "/api/v4/runners/verify", &[], "").as_bytes())?;
    receive(&mut stream)
}

#[test]
fn answers_over_tls_to_those_who_trust_its_issuer() {
    let (own, foreign) = (issuer(), issuer());
    let sim = start(&own, None);
    assert!(sim.url().starts_with("https://127.0.0.1:"));
    assert_eq!(call(&sim, &own, None).unwrap().status, 400);
    assert!(call(&sim, &foreign, None).is_err());
    assert_eq!(sim.look(|state| state.tls_handshakes), 1);
}

#[test]
fn client_certificate_is_required_where_its_issuer_is_given() {
    let (own, clients) = (issuer(), issuer());
    let sim = start(&own, Some(&clients));
    assert_eq!(
        call(&sim, &own, Some(&identity(&clients, "client")))
            .unwrap()
            .status,
        400
    );
    assert!(call(&sim, &own, None).is_err());
    assert!(call(&sim, &own, Some(&identity(&own, "client"))).is_err());
    assert_eq!(sim.journal().len(), 1);
}

#[test]
fn hanging_handshake_lasts_until_the_client_gives_up() {
    let own = issuer();
    let sim = start(&own, None);
    sim.update(|state| state.settings.hang_tls_handshake = true);
    let socket = TcpStream::connect(sim.address()).unwrap();
    assert!(sim.wait_until(LIMIT, |state| state.open_connections == 1));
    drop(socket);
    assert!(sim.wait_until(LIMIT, |state| state.open_connections == 0));
    assert_eq!(
        sim.look(|state| (state.connections, state.tls_handshakes)),
        (1, 0)
    );
}

#[test]
fn unusable_certificate_is_an_error_at_the_start() {
    let tls = Some(Tls {
        certificate_chain: "rubbish".into(),
        ..Tls::default()
    });
    assert!(
        Simulator::start(Settings {
            tls,
            ..Settings::default()
        })
        .is_err()
    );
}
