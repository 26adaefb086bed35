//! Owns reading PEM files: certificates and keys. Every failure names the file, and the flag where one named it.

use std::path::Path;

use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use crate::gitlab::Error;
use crate::named_file;

/// All certificates of a file, at least one.
pub(super) fn certificates(flag: &str, path: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let text = read(flag, path)?;
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    match certificates {
        Ok(certificates) if certificates.is_empty() => Err(unusable(
            flag,
            path,
            "holds no certificate: PEM with BEGIN CERTIFICATE is wanted",
        )),
        Ok(certificates) => Ok(certificates),
        Err(error) => Err(unusable(flag, path, &format!("is no PEM file: {error}"))),
    }
}

/// The first key of a file.
pub(super) fn key(flag: &str, path: &Path) -> Result<PrivateKeyDer<'static>, Error> {
    PrivateKeyDer::from_pem_slice(&read(flag, path)?).map_err(|_| {
        unusable(
            flag,
            path,
            "holds no private key: PEM without a passphrase is wanted",
        )
    })
}

fn read(flag: &str, path: &Path) -> Result<Vec<u8>, Error> {
    named_file::read(path)
        .map_err(|error| unusable(flag, path, &format!("cannot be read: {error}")))
}

/// `flag` is empty for a file that was only looked for.
fn unusable(flag: &str, path: &Path, why: &str) -> Error {
    let words = format!("{flag} {} {why}", path.display());
    Error::unusable(words.trim_start())
}
