//! Owns reading PEM files: certificates and keys. Every failure names the file, and the flag where one named it.

use std::path::Path;

use runner_config::shown;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use crate::foreign::pem::{PemContent, fault};
use crate::gitlab::Error;
use crate::named_file;

/// All certificates of a file, at least one. What else is in the file is passed over, as gitlab-runner does.
pub(super) fn certificates(flag: &str, path: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let bytes = read(flag, path, PemContent::Certificate)?;
    let sections: Vec<_> = CertificateDer::pem_slice_iter(&bytes).collect();
    let all = sections.len();
    // The parser's error is dropped: it holds what it read.
    let certificates: Vec<_> = sections.into_iter().filter_map(Result::ok).collect();
    if certificates.is_empty() {
        return Err(unusable(flag, path, fault(&bytes, PemContent::Certificate)));
    }
    if certificates.len() < all {
        passed_over(flag, path, all - certificates.len());
    }
    Ok(certificates)
}

/// The first key of a file.
pub(super) fn key(flag: &str, path: &Path) -> Result<PrivateKeyDer<'static>, Error> {
    let bytes = read(flag, path, PemContent::Key)?;
    PrivateKeyDer::from_pem_slice(&bytes)
        .map_err(|_| unusable(flag, path, fault(&bytes, PemContent::Key)))
}

fn read(flag: &str, path: &Path, wanted: PemContent) -> Result<Vec<u8>, Error> {
    if shown::is_content(path) {
        let given = if flag.is_empty() { "the path" } else { flag };
        let line = format!("{given} contains a file's content: give the path of the file");
        return Err(Error::unusable(line));
    }
    // The error is the system's or one of our own: neither knows what the file holds.
    let bytes = named_file::read(path)
        .map_err(|error| unusable(flag, path, &format!("cannot be read: {error}")))?;
    // Lines that end in CR alone are lines for our parser, and none for gitlab-runner's.
    if !bytes.contains(&b'\n') {
        return Err(unusable(flag, path, fault(&bytes, wanted)));
    }
    Ok(bytes)
}

/// Says that `passed` sections of a file do not count.
pub(super) fn passed_over(flag: &str, path: &Path, passed: usize) {
    let sections = if passed == 1 { "section" } else { "sections" };
    log::warn!(
        "{}: {passed} damaged {sections} ignored, as gitlab-runner does",
        name(flag, path)
    );
}

/// What is wrong with the file at `path`. `flag` is empty for a file that was only looked for.
pub(super) fn unusable(flag: &str, path: &Path, why: &str) -> Error {
    Error::unusable(format!("{} {why}", name(flag, path)))
}

fn name(flag: &str, path: &Path) -> String {
    let path = shown::path(path);
    if flag.is_empty() {
        path
    } else {
        format!("{flag} {path}")
    }
}
