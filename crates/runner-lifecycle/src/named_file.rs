//! Owns reading a file that an operator names: a Secret, a template, a base. What is no regular file is refused instead of
//! waited for, and a file that is too large for its purpose is not read whole. It writes nothing.

use std::fs::{File, OpenOptions};
use std::io::{Error, ErrorKind, Read as _, Result};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use runner_config::fault::not_utf8;
use runner_config::shown::shown;

use crate::exit::Failure;
use crate::token::Token;

/// Largest file that is read, in bytes: a ConfigMap or Secret cannot be larger.
const LIMIT: u64 = 1024 * 1024;

/// The bytes of a file; links are followed.
///
/// # Errors
/// When it cannot be read, is no regular file, or is larger than 1 MiB.
pub fn read(path: &Path) -> Result<Vec<u8>> {
    let file = open_without_waiting(path)?;
    if !file.metadata()?.is_file() {
        return Err(Error::new(
            ErrorKind::InvalidInput,
            "it is not a regular file",
        ));
    }
    let mut bytes = Vec::new();
    file.take(LIMIT + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LIMIT {
        return Err(Error::new(
            ErrorKind::InvalidData,
            "it is larger than 1 MiB",
        ));
    }
    Ok(bytes)
}

/// Opens a file to read. Without waiting: a FIFO that nobody writes to would hold the pod for ever, whatever signal comes.
pub(crate) fn open_without_waiting(path: &Path) -> Result<File> {
    let nonblocking = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    OpenOptions::new()
        .read(true)
        .custom_flags(nonblocking)
        .open(path)
}

/// The text of a file, as [`read`].
///
/// # Errors
/// As [`read`], and when it is not UTF-8.
pub fn read_text(path: &Path) -> Result<String> {
    String::from_utf8(read(path)?)
        .map_err(|error| Error::new(ErrorKind::InvalidData, not_utf8(error.as_bytes())))
}

/// The token that a file holds. `given_by` names the flag or variable with the path, `advice` where a token itself goes;
/// `misgiven` says of a text why it is not the token that is wanted.
///
/// # Errors
/// With the one line for the operator, when the file cannot be read as [`read_text`] does or holds no token. A word
/// without a directory that names no file is not in it: a token without a prefix looks like a name.
pub fn read_token(
    path: &Path,
    given_by: &str,
    advice: &str,
    misgiven: impl Fn(&str) -> Option<String>,
) -> std::result::Result<Token, Failure> {
    let name = shown(&path.display().to_string());
    let text = read_text(path).map_err(|error| {
        let bare = path
            .parent()
            .is_some_and(|parent| parent.as_os_str().is_empty());
        let none = matches!(
            error.kind(),
            ErrorKind::NotFound | ErrorKind::InvalidFilename
        );
        if bare && none {
            return Failure::unusable(format!("{given_by} does not name a file: {advice}"));
        }
        // The system's words, or those of `read`: neither quotes the file.
        Failure::unusable(format!("{given_by}: reading {name}: {error}"))
    })?;
    let unusable = |why: &str| Failure::unusable(format!("{given_by}: the token in {name} {why}"));
    match misgiven(&text) {
        Some(why) => Err(unusable(&why)),
        None => Token::new(text).map_err(|error| unusable(&error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn word_that_may_be_the_token_itself_is_not_shown() {
        fn check(path: &str, want: &str) {
            let message = read_token(Path::new(path), "--token-file", "give it otherwise", |_| {
                None
            })
            .unwrap_err()
            .message;
            assert!(message.contains(want), "{message}");
            assert!(!message.contains("canary"), "{message}");
        }
        check(
            "canary-without-prefix",
            "--token-file does not name a file: give it otherwise",
        );
        check(&"canary".repeat(50), "does not name a file");
        check("/none/glrt-canary", "reading \"/none/***\"");
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("token");
        drop(File::create_new(&path).unwrap());
        check(path.to_str().unwrap(), "the token in");
    }

    #[test]
    fn only_regular_files_of_a_reasonable_size_are_read() {
        fn check(path: &Path, want: &str) {
            let error = read_text(path).unwrap_err().to_string();
            assert!(error.contains(want), "{}: {error}", path.display());
        }
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
        rustix::fs::mknodat(
            rustix::fs::CWD,
            at("fifo"),
            rustix::fs::FileType::Fifo,
            mode,
            0,
        )
        .unwrap();
        check(&at("fifo"), "not a regular file");
        check(Path::new("/dev/zero"), "not a regular file");
        check(directory.path(), "not a regular file");
        check(&at("missing"), "No such file");
        let file = File::create_new(at("large")).unwrap();
        file.set_len(LIMIT).unwrap();
        assert_eq!(read(&at("large")).unwrap().len() as u64, LIMIT);
        file.set_len(LIMIT + 1).unwrap();
        check(&at("large"), "larger than 1 MiB");
        std::os::unix::fs::symlink(at("fifo"), at("link")).unwrap();
        check(&at("link"), "not a regular file");
    }
}
