//! Owns reading PEM files: certificates and keys. Every failure names the file.

use std::path::Path;

use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use crate::gitlab::Error;

/// All certificates of a file, at least one.
pub(super) fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let text = read(path)?;
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    match certificates {
        Ok(certificates) if certificates.is_empty() => Err(unusable(
            path,
            "holds no certificate: PEM with BEGIN CERTIFICATE is wanted",
        )),
        Ok(certificates) => Ok(certificates),
        Err(error) => Err(unusable(path, &format!("is no PEM file: {error}"))),
    }
}

/// The first key of a file.
pub(super) fn key(path: &Path) -> Result<PrivateKeyDer<'static>, Error> {
    PrivateKeyDer::from_pem_slice(&read(path)?).map_err(|_| {
        unusable(
            path,
            "holds no private key: PEM without a passphrase is wanted",
        )
    })
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    std::fs::read(path).map_err(|error| unusable(path, &format!("cannot be read: {error}")))
}

fn unusable(path: &Path, why: &str) -> Error {
    Error::unusable(format!("{} {why}", path.display()))
}
