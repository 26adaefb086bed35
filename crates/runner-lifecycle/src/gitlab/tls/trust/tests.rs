//! Who is trusted as GitLab.

use std::sync::atomic::{AtomicUsize, Ordering};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::crypto::ring;

use super::*;

static SYSTEM: OnceLock<CertificateDer<'static>> = OnceLock::new();
static READ: AtomicUsize = AtomicUsize::new(0);

fn read_system() -> Vec<CertificateDer<'static>> {
    READ.fetch_add(1, Ordering::SeqCst);
    SYSTEM.get().cloned().into_iter().collect()
}

/// An authority and a certificate for `gitlab.example` that it signed.
fn authority() -> (CertificateDer<'static>, CertificateDer<'static>) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let server = CertificateParams::new(vec!["gitlab.example".to_owned()]).unwrap();
    let server = server
        .signed_by(&KeyPair::generate().unwrap(), &ca)
        .unwrap();
    (ca.der().clone(), server.der().clone())
}

fn trust(named: &CertificateDer<'static>, read: fn() -> Vec<CertificateDer<'static>>) -> Trust {
    let mut roots = RootCertStore::empty();
    roots.add(named.clone()).unwrap();
    let provider = Arc::new(ring::default_provider());
    Trust::new(provider, roots, vec![named.clone()], read).unwrap()
}

fn trusts(trust: &Trust, server: &CertificateDer<'_>, name: &str) -> bool {
    let name = ServerName::try_from(name.to_owned()).unwrap();
    trust
        .verify_server_cert(server, &[], &name, &[], UnixTime::now())
        .is_ok()
}

#[test]
fn the_systems_roots_are_read_once_and_only_when_nobody_else_knows_the_issuer() {
    let (named, system) = (authority(), authority());
    SYSTEM.set(system.0).unwrap();
    let trust = trust(&named.0, read_system);
    assert!(trusts(&trust, &named.1, "gitlab.example"));
    assert!(!trusts(&trust, &named.1, "other.example"));
    assert_eq!(READ.load(Ordering::SeqCst), 0, "nobody asked for them");
    assert!(trusts(&trust, &system.1, "gitlab.example"));
    assert!(!trusts(&trust, &system.1, "other.example"));
    assert!(!trusts(&trust, &authority().1, "gitlab.example"));
    assert_eq!(READ.load(Ordering::SeqCst), 1);
}

#[test]
fn a_system_without_roots_changes_nothing() {
    let (named, stranger) = (authority(), authority());
    let trust = trust(&named.0, Vec::new);
    assert!(trusts(&trust, &named.1, "gitlab.example"));
    assert!(!trusts(&trust, &stranger.1, "gitlab.example"));
}
