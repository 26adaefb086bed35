//! Owns which certificates and keys are taken: what is named, else what is found where gitlab-runner looks.

use std::path::{Path, PathBuf};

use runner_config::shown;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use super::certificate::CertificateFacts;
use super::pem;
use crate::foreign::pem::NO_CERTIFICATE;
use crate::gitlab::Error;

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

/// Those that were given to a program which speaks for entries with files of their own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GivenTlsFiles {
    /// Which win over those of an entry, with the directories.
    pub first: TlsFiles,
    /// Which count where an entry has none: of variables that other programs read too.
    pub last: TlsFiles,
}

impl GivenTlsFiles {
    /// Those for an entry with these files, in the order of [`TlsFiles::named`].
    #[must_use]
    pub fn for_entry(&self, entry: &[Option<String>; 3]) -> TlsFiles {
        let first = self.first.clone();
        first
            .or(TlsFiles::named(entry.clone()))
            .or(self.last.clone())
    }
}

impl TlsFiles {
    /// CA file, certificate and key, by name alone.
    #[must_use]
    pub fn named(files: [Option<String>; 3]) -> Self {
        let [ca_file, cert_file, key_file] = files.map(|file| file.map(PathBuf::from));
        Self {
            ca_file,
            cert_file,
            key_file,
            certs_directories: Vec::new(),
        }
    }

    /// With the other's where none is named here.
    fn or(self, other: Self) -> Self {
        Self {
            ca_file: self.ca_file.or(other.ca_file),
            cert_file: self.cert_file.or(other.cert_file),
            key_file: self.key_file.or(other.key_file),
            certs_directories: self.certs_directories,
        }
    }

    /// With the directories in which certificates are looked for: `certs/` beside the config file, then that of `default`,
    /// where gitlab-runner looks whatever its `--config` says.
    #[must_use]
    pub fn with_directories(self, config: &Path, default: &Path) -> Self {
        let beside = config.parent().unwrap_or_else(|| Path::new(""));
        let mut certs_directories = vec![beside.join("certs"), default.join("certs")];
        certs_directories.dedup();
        Self {
            certs_directories,
            ..self
        }
    }

    /// Those for another GitLab: what is named is this one's.
    #[must_use]
    pub fn of_another_gitlab(&self) -> Self {
        Self {
            certs_directories: self.certs_directories.clone(),
            ..Self::default()
        }
    }
}

/// A client's certificate with its chain, and its key.
pub(super) struct ClientCertificate {
    pub(super) chain: Vec<CertificateDer<'static>>,
    pub(super) key: PrivateKeyDer<'static>,
    /// Which flags named the two files; empty where they were found.
    pub(super) flags: [&'static str; 2],
    pub(super) paths: [PathBuf; 2],
}

/// The certificates of one file.
pub(super) struct FileCertificates {
    pub(super) flag: &'static str,
    pub(super) path: PathBuf,
    pub(super) certificates: Vec<CertificateDer<'static>>,
}

/// The CA file that is named, else the first `<host>.crt` that is there.
pub(super) fn named_ca(files: &TlsFiles, host: &str) -> Result<Option<FileCertificates>, Error> {
    let flag = files.ca_file.as_ref().map_or("", |_| "--tls-ca-file");
    let found = || first_there(&files.certs_directories, &format!("{host}.crt"));
    let Some(path) = files.ca_file.clone().or_else(found) else {
        return Ok(None);
    };
    let certificates = pem::certificates(flag, &path)?;
    Ok(Some(FileCertificates {
        flag,
        path,
        certificates,
    }))
}

/// The pair that is named, else the first directory's that holds both halves.
pub(super) fn client_certificate(
    files: &TlsFiles,
    host: &str,
) -> Result<Option<ClientCertificate>, Error> {
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
    if CertificateFacts::of(&chain[0]).is_none() {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_directory_beside_the_config_file_comes_first_and_none_comes_twice() {
        let check = |config: &str, want: &[&str]| {
            let default = Path::new("/etc/gitlab-runner");
            let found = TlsFiles::default().with_directories(Path::new(config), default);
            let want: Vec<_> = want.iter().map(PathBuf::from).collect();
            assert_eq!(found.certs_directories, want, "{config}");
        };
        let default = "/etc/gitlab-runner/certs";
        check("/config/config.toml", &["/config/certs", default]);
        check("/etc/gitlab-runner/config.toml", &[default]);
        check("config.toml", &["certs", default]);
    }

    #[test]
    fn each_file_of_an_entry_stands_behind_a_flag_and_before_a_variable() {
        let named = |text: [&str; 3]| {
            TlsFiles::named(text.map(|file| Some(file.to_owned()).filter(|file| file != "-")))
        };
        let given = GivenTlsFiles {
            first: TlsFiles {
                certs_directories: vec!["certs".into()],
                ..named(["flag", "-", "-"])
            },
            last: named(["variable", "variable", "variable"]),
        };
        let entry = ["entry", "entry"].map(|file| Some(file.to_owned()));
        let [ca, certificate] = entry;
        let want = TlsFiles {
            certs_directories: vec!["certs".into()],
            ..named(["flag", "entry", "variable"])
        };
        assert_eq!(given.for_entry(&[ca, certificate, None]), want);
    }

    #[test]
    fn what_is_named_is_for_one_gitlab() {
        let one = TlsFiles {
            ca_file: Some("ca".into()),
            cert_file: Some("cert".into()),
            key_file: Some("key".into()),
            certs_directories: vec!["certs".into()],
        };
        let another = TlsFiles {
            certs_directories: vec!["certs".into()],
            ..TlsFiles::default()
        };
        assert_eq!(one.of_another_gitlab(), another);
    }
}
