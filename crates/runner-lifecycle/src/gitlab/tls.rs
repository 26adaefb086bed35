//! Owns whom we trust as GitLab, and who we are to it: roots, CA files and client certificates, found where
//! gitlab-runner finds them. It sends nothing.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::crypto::{CryptoProvider, ring};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ClientConfig, InconsistentKeys, RootCertStore};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use super::Error;
use crate::foreign::pem::{NO_CERTIFICATE, NO_KEY};
use crate::shown;

mod certificate;
mod explanation;
mod pem;
mod trust;

use certificate::Facts;
pub(super) use explanation::{Peer, explain};
use trust::Trust;

/// Where certificates lie. A file that is named must be usable; one that is looked for may be missing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsFiles {
    /// `--tls-ca-file`: trusted besides the system's roots.
    pub ca_file: Option<PathBuf>,
    /// `--tls-cert-file`: the client's certificate.
    pub cert_file: Option<PathBuf>,
    /// `--tls-key-file`: its key.
    pub key_file: Option<PathBuf>,
    /// Searched in this order for `<host>.crt`, `<host>.auth.crt` and `<host>.auth.key` where no file is named.
    pub certs_directories: Vec<PathBuf>,
}

/// A client's certificate with its chain, and its key.
struct ClientCertificate {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    /// Which flags named the two files; empty where they were found.
    flags: [&'static str; 2],
    paths: [PathBuf; 2],
}

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

/// The certificates of one file.
struct Named {
    flag: &'static str,
    path: PathBuf,
    certificates: Vec<CertificateDer<'static>>,
}

/// The CA file that is named, else the first `<host>.crt` that is there.
fn named_ca(files: &TlsFiles, host: &str) -> Result<Option<Named>, Error> {
    let flag = files.ca_file.as_ref().map_or("", |_| "--tls-ca-file");
    let found = || first_there(&files.certs_directories, &format!("{host}.crt"));
    let Some(path) = files.ca_file.clone().or_else(found) else {
        return Ok(None);
    };
    let certificates = pem::certificates(flag, &path)?;
    Ok(Some(Named {
        flag,
        path,
        certificates,
    }))
}

/// The authorities among the named certificates; one that cannot be read counts for nothing while another one can.
fn roots(named: &Option<Named>) -> Result<RootCertStore, Error> {
    let mut roots = RootCertStore::empty();
    if let Some(Named {
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

/// The pair that is named, else the first directory's that holds both halves.
fn client_certificate(files: &TlsFiles, host: &str) -> Result<Option<ClientCertificate>, Error> {
    let mut flags = ["", ""];
    let (cert, key) = match (&files.cert_file, &files.key_file) {
        (Some(cert), Some(key)) => {
            flags = ["--tls-cert-file", "--tls-key-file"];
            (cert.clone(), key.clone())
        }
        (Some(cert), None) => return Err(half(cert, "certificate", "--tls-key-file")),
        (None, Some(key)) => return Err(half(key, "key", "--tls-cert-file")),
        (None, None) => {
            let pair = |directory: &PathBuf| {
                let file = |end: &str| directory.join(format!("{host}.auth.{end}"));
                let pair = (file("crt"), file("key"));
                (there(&pair.0) && there(&pair.1)).then_some(pair)
            };
            match files.certs_directories.iter().find_map(pair) {
                Some(pair) => pair,
                None => return Ok(None),
            }
        }
    };
    let chain = pem::certificates(flags[0], &cert)?;
    if Facts::of(&chain[0]).is_none() {
        return Err(pem::unusable(flags[0], &cert, NO_CERTIFICATE));
    }
    Ok(Some(ClientCertificate {
        chain,
        key: pem::key(flags[1], &key)?,
        flags,
        paths: [cert, key],
    }))
}

fn half(path: &Path, what: &str, missing: &str) -> Error {
    let path = shown::path(path);
    Error::unusable(format!(
        "{path}: a client {what} alone is not enough: give the other file with {missing}"
    ))
}

fn first_there(directories: &[PathBuf], name: &str) -> Option<PathBuf> {
    directories
        .iter()
        .map(|directory| directory.join(name))
        .find(|path| there(path))
}

/// A file that is there but cannot be read must not be passed over in silence: reading it says why.
fn there(path: &Path) -> bool {
    !matches!(path.try_exists(), Ok(false))
}
