//! The commands by hand beside a runner manager that has emptied `config.toml` and not filled it yet: each sees the entry.

use std::ffi::OsString;
use std::fs;

use runner_lifecycle::command_line::CommandLine;
use runner_lifecycle::volume::names;

use crate::args::{self, Environment};
use crate::commands::Command;
use crate::{register, rotate};

const STATE: &str = "version = 2\n\n[[entry]]\nurl = \"http://127.0.0.1:1\"\nid = 7\nname = \"build\"\nsource = \"authentication-token\"\n";
const WHOLE: &str = "[[runners]]\n  name = \"build\"\n  url = \"http://127.0.0.1:1\"\n  id = 7\n  token = \"glrt-old\"\n  executor = \"shell\"\n";

/// What the command ends with where the file is filled once it was looked at. Nothing listens at that address.
async fn ends(command: Command, words: &str) -> String {
    let directory = tempfile::tempdir().unwrap();
    let put = |name: &str, text: &str| {
        #[expect(clippy::disallowed_methods, reason = "somebody else's files")]
        fs::write(directory.path().join(name), text).unwrap();
    };
    put(names::STATE, STATE);
    put(names::CONFIG, "");
    let config = directory.path().join(names::CONFIG);
    let mut argv: Vec<OsString> = vec![command.word().into(), "--config".into(), config.into()];
    argv.extend(words.split_whitespace().map(OsString::from));
    let environment = Environment::of::<&str, &str>([]);
    let line = CommandLine::read(&argv, &environment, command.program());
    let running = async {
        match command {
            Command::Rotate => {
                let options = rotate::options::parse(line, &environment).unwrap();
                rotate::run(&options, &environment).await
            }
            _ => {
                let parsed = args::parse(line, command, &environment, &|| Ok(None)).unwrap();
                register::run(&parsed.options, &environment).await
            }
        }
    };
    let (ended, ()) = tokio::join!(running, async { put(names::CONFIG, WHOLE) });
    format!("{:#}", ended.unwrap_err())
}

const NEW: &str = "--non-interactive --url=http://127.0.0.1:1 --executor=shell --name=build --registration-token=canary \
                   --install-reaper=none --install-init=none --timeout=30s";

#[tokio::test(start_paused = true)]
async fn rotate_finds_the_entry() {
    for words in ["", "--dry-run", "--output=json"] {
        let ended = ends(Command::Rotate, words).await;
        assert!(ended.contains("runner 7 at"), "{words}: {ended}");
        assert!(ended.contains("is shared"), "{words}: {ended}");
    }
}

#[tokio::test(start_paused = true)]
async fn re_register_replaces_the_entry_and_register_does_not_wait_for_one() {
    let ended = ends(Command::ReRegister, NEW).await;
    assert!(
        ended.contains("verifying runner entry \"build\""),
        "{ended}"
    );
    let ended = ends(Command::Register, NEW).await;
    assert!(!ended.contains("verifying runner entry"), "{ended}");
    assert!(ended.contains("registering a runner"), "{ended}");
}
