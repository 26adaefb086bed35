//! Owns whom we believe to be GitLab, and who we are to it: roots, CA files and client certificates, found where
//! gitlab-runner finds them. It sends nothing.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::crypto::{CryptoProvider, ring};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ClientConfig, InconsistentKeys, RootCertStore};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use super::Error;

mod explanation;
mod pem;
mod trust;

pub(super) use explanation::explain;
use trust::Trust;

/// Where certificates lie. A file that is named must be usable; one that is looked for may be missing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsFiles {
    /// `--tls-ca-file`: believed besides the system's roots.
    pub ca_file: Option<PathBuf>,
    /// `--tls-cert-file`: the client's certificate.
    pub cert_file: Option<PathBuf>,
    /// `--tls-key-file`: its key.
    pub key_file: Option<PathBuf>,
    /// Searched in this order for `<host>.crt`, `<host>.auth.crt` and `<host>.auth.key` where no file is named.
    pub certs_directories: Vec<PathBuf>,
}

type Identity = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

/// The configuration for connections to `host` over TLS.
pub(super) fn for_host(files: &TlsFiles, host: &str) -> Result<ClientConfig, Error> {
    let host = host.trim_matches(['[', ']']);
    let provider = Arc::new(ring::default_provider());
    let named = named_ca(files, host)?;
    let mut roots = RootCertStore::empty();
    for (path, certificate) in &named {
        roots.add(certificate.clone()).map_err(|error| {
            Error::unusable(format!(
                "{}: a certificate cannot be used: {error}",
                path.display()
            ))
        })?;
    }
    let named = named
        .into_iter()
        .map(|(_, certificate)| certificate)
        .collect();
    // The image may have no bundle at all, so the binary brings one; a company's own roots are in the system's.
    let system = || rustls_native_certs::load_native_certs().certs;
    let trust = Trust::new(Arc::clone(&provider), roots, named, system)
        .map_err(|error| Error::unusable(format!("TLS cannot be set up: {error}")))?;
    let builder = versions(Arc::clone(&provider))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(trust));
    let mut config = match identity(files, host)? {
        Some((path, (chain, key))) => {
            let unusable = |why: String| {
                let path = path.display();
                Error::unusable(format!(
                    "{path}: the client certificate cannot be used: {why}"
                ))
            };
            let key = provider.key_provider.load_private_key(key);
            let pair = CertifiedKey::new(chain, key.map_err(|error| unusable(error.to_string()))?);
            // Two halves of two pairs are told here. What cannot be compared, such as X.509 of version 1, GitLab judges.
            if pair.keys_match() == Err(InconsistentKeys::KeyMismatch.into()) {
                return Err(unusable("its key is that of another one".to_owned()));
            }
            builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(pair)))
        }
        None => builder.with_no_client_auth(),
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// A configuration that believes nobody, for a plain `http://` address. What was named must be usable all the same: the
/// entry that is written names it to the runner manager.
pub(super) fn unused(files: &TlsFiles) -> Result<ClientConfig, Error> {
    let named = TlsFiles {
        certs_directories: Vec::new(),
        ..files.clone()
    };
    named_ca(&named, "")?;
    identity(&named, "")?;
    let builder = versions(Arc::new(ring::default_provider()))?;
    Ok(builder
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth())
}

fn versions(
    provider: Arc<CryptoProvider>,
) -> Result<rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier>, Error> {
    ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::unusable(format!("TLS cannot be set up: {error}")))
}

/// The CA file that is named, else the first `<host>.crt` that is there.
fn named_ca(
    files: &TlsFiles,
    host: &str,
) -> Result<Vec<(PathBuf, CertificateDer<'static>)>, Error> {
    let flag = files.ca_file.as_ref().map_or("", |_| "--tls-ca-file");
    let found = || first_there(&files.certs_directories, &format!("{host}.crt"));
    let Some(path) = files.ca_file.clone().or_else(found) else {
        return Ok(Vec::new());
    };
    let certificates = pem::certificates(flag, &path)?;
    Ok(certificates
        .into_iter()
        .map(|certificate| (path.clone(), certificate))
        .collect())
}

/// The pair that is named, else the first directory's that holds both halves.
fn identity(files: &TlsFiles, host: &str) -> Result<Option<(PathBuf, Identity)>, Error> {
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
    let identity = (
        pem::certificates(flags[0], &cert)?,
        pem::key(flags[1], &key)?,
    );
    Ok(Some((cert, identity)))
}

fn half(path: &Path, what: &str, missing: &str) -> Error {
    let path = path.display();
    Error::unusable(format!(
        "{path}: a client {what} needs its other half: name it with {missing}"
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
