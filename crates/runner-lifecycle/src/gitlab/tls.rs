//! Owns whom we trust as GitLab, and who we are to it: roots, CA files and client certificates. It sends nothing.

use std::sync::Arc;

use runner_config::shown;
use rustls::crypto::{CryptoProvider, ring};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ClientConfig, InconsistentKeys, RootCertStore};

use super::Error;
use crate::foreign::pem::{NO_CERTIFICATE, NO_KEY};

mod certificate;
mod explanation;
mod files;
mod pem;
mod trust;

pub(super) use explanation::{Peer, explain};
use files::{FileCertificates, client_certificate, named_ca};
pub use files::{GivenTlsFiles, TlsFiles};
use trust::Trust;

/// The configuration for connections to `host` over TLS.
pub(super) fn for_host(files: &TlsFiles, host: &str) -> Result<ClientConfig, Error> {
    let host = host.trim_matches(['[', ']']);
    let provider = Arc::new(ring::default_provider());
    let named = named_ca(files, host)?;
    let roots = roots(&named)?;
    let named = named.map_or_else(Vec::new, |named| named.certificates);
    // The image may have no bundle at all, so the binary brings one; a company's own roots are in the system's.
    let system = || rustls_native_certs::load_native_certs().certs;
    let trust = Trust::new(Arc::clone(&provider), roots, named, system).map_err(|_| no_tls())?;
    let builder = versions(Arc::clone(&provider))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(trust));
    let mut config = match client_certificate(files, host)? {
        Some(found) => {
            let key = provider.key_provider.load_private_key(found.key);
            let key = key.map_err(|_| pem::unusable(found.flags[1], &found.paths[1], NO_KEY))?;
            let pair = CertifiedKey::new(found.chain, key);
            // Two halves of two pairs are told here. What cannot be compared, such as X.509 of version 1, GitLab checks.
            if pair.keys_match() == Err(InconsistentKeys::KeyMismatch.into()) {
                let why = format!(
                    "does not match {} {}: its key belongs to another certificate",
                    found.flags[1],
                    shown::path(&found.paths[1])
                );
                return Err(pem::unusable(found.flags[0], &found.paths[0], &why));
            }
            builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(pair)))
        }
        None => builder.with_no_client_auth(),
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// A configuration that trusts nobody, for a plain `http://` address. What was named must be usable all the same: the
/// entry that is written names it to the runner manager.
pub(super) fn unused(files: &TlsFiles) -> Result<ClientConfig, Error> {
    let named = TlsFiles {
        certs_directories: Vec::new(),
        ..files.clone()
    };
    roots(&named_ca(&named, "")?)?;
    let provider = Arc::new(ring::default_provider());
    if let Some(found) = client_certificate(&named, "")? {
        let key = provider.key_provider.load_private_key(found.key);
        key.map_err(|_| pem::unusable(found.flags[1], &found.paths[1], NO_KEY))?;
    }
    let builder = versions(provider)?;
    Ok(builder
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth())
}

fn versions(
    provider: Arc<CryptoProvider>,
) -> Result<rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier>, Error> {
    ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|_| no_tls())
}

/// Cannot happen with the ciphers and roots that are built in; what the library would say is nobody's business.
fn no_tls() -> Error {
    Error::unusable("TLS cannot be set up: this is a bug, please report it")
}

/// The authorities among the named certificates; one that cannot be read counts for nothing while another one can.
fn roots(named: &Option<FileCertificates>) -> Result<RootCertStore, Error> {
    let mut roots = RootCertStore::empty();
    if let Some(FileCertificates {
        flag,
        path,
        certificates,
    }) = named
    {
        let (taken, passed) = roots.add_parsable_certificates(certificates.iter().cloned());
        if taken == 0 {
            return Err(pem::unusable(flag, path, NO_CERTIFICATE));
        }
        if passed > 0 {
            pem::passed_over(flag, path, passed);
        }
    }
    Ok(roots)
}
