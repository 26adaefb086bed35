//! `.runner_system_id` beside `config.toml`: read once at start, made when missing or invalid. Never changed later.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crate::log_line;

const NAME: &str = ".runner_system_id";
const ALPHABET: &[u8; 62] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/// Reads the ID or makes a random one.
///
/// # Errors
/// When the file is there and cannot be read: gitlab-runner does not start then. A file that cannot be *written* is only a warning.
pub(crate) fn read_or_create(directory: &Path) -> io::Result<String> {
    let path = directory.join(NAME);
    match fs::read(&path) {
        Ok(bytes) => {
            let found = String::from_utf8_lossy(&bytes).trim().to_owned();
            if valid(&found) {
                return Ok(found);
            }
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let made = random()?;
    match save(directory, &path, &made) {
        Ok(()) => log_line::info(&format!(
            "Created missing unique system ID  system_id={made}"
        )),
        Err(error) => log_line::warning(&format!(
            "Couldn't save new system ID on state file  error={error}"
        )),
    }
    Ok(made)
}

fn valid(id: &str) -> bool {
    let rest = id.strip_prefix("s_").or_else(|| id.strip_prefix("r_"));
    rest.is_some_and(|rest| rest.len() == 12 && rest.bytes().all(|b| b.is_ascii_alphanumeric()))
}

/// Modulo 62 favours eight characters a little; nothing here needs a fair choice.
fn random() -> io::Result<String> {
    let mut bytes = [0_u8; 12];
    getrandom::fill(&mut bytes).map_err(|error| io::Error::other(error.to_string()))?;
    Ok(bytes.iter().fold("r_".to_owned(), |mut id, byte| {
        id.push(char::from(ALPHABET[usize::from(*byte) % ALPHABET.len()]));
        id
    }))
}

fn save(directory: &Path, path: &Path, id: &str) -> io::Result<()> {
    fs::create_dir_all(directory)?;
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(id.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::{NAME, read_or_create, valid};
    use std::fs;

    #[test]
    fn made_once_and_found_again() {
        let directory = tempfile::tempdir().unwrap();
        let made = read_or_create(directory.path()).unwrap();
        assert!(valid(&made) && made.starts_with("r_"), "{made}");
        assert_eq!(
            fs::read_to_string(directory.path().join(NAME)).unwrap(),
            made,
            "no newline at the end"
        );
        assert_eq!(read_or_create(directory.path()).unwrap(), made);
    }

    #[test]
    fn invalid_content_is_replaced_and_white_space_is_not() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(NAME);
        for bad in [
            "",
            "s_short",
            "x_ee3af03959fe",
            "s_ee3af03959fe\ns_ee3af03959fe",
        ] {
            super::save(directory.path(), &path, bad).unwrap();
            assert_ne!(read_or_create(directory.path()).unwrap(), bad);
        }
        super::save(directory.path(), &path, " s_ee3af03959fe\n").unwrap();
        assert_eq!(read_or_create(directory.path()).unwrap(), "s_ee3af03959fe");
    }
}
