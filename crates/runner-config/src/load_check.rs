//! Owns the check of a file that somebody else wrote: whether gitlab-runner would load it (a template, a base or an existing
//! `config.toml`), and whether it could start with it (a base or an existing `config.toml`). Pure; it changes nothing and shows
//! no value.

mod types;
mod values;

use toml_edit::{Document, Table};

use crate::elements::{Mismatch, start};
use crate::globals::Globals;
use crate::{listen_address, place};

/// Checks what gitlab-runner checks when it loads a `config.toml`, and the values of which it dies then. `name` is what errors
/// call the file. What flags replace is not checked. Gives a line for everything that gitlab-runner leaves out without a word.
///
/// # Errors
/// With one line: file, line, key and what to write.
pub fn check(text: &str, name: &str, globals: &Globals) -> Result<Vec<String>, String> {
    // A text that is no TOML is explained by whoever reads it.
    let Ok(document) = Document::parse(text) else {
        return Ok(Vec::new());
    };
    let root = document.as_table();
    let said = |mismatch: &Mismatch| mismatch.said(name, text);
    let left_out = loads(root, |key| globals.has(key)).map_err(|wrong| said(&wrong))?;
    starts(root, globals).map_err(|wrong| said(&wrong))?;
    Ok(left_out.iter().map(said).collect())
}

/// Checks the values of which gitlab-runner dies when it has loaded them.
fn starts(root: &Table, globals: &Globals) -> Result<(), Mismatch> {
    let wrong = |path: &str, item, message: String| Mismatch {
        path: path.to_owned(),
        offset: start(item),
        message,
    };
    let found = |key: &str| place::get(root, key).filter(|_| !globals.has(key));
    if let Some(item) = found("concurrent")
        && item.as_integer().is_some_and(|jobs| jobs < 1)
    {
        let message = "gitlab-runner exits if it is less than 1: write concurrent = 1 or more";
        return Err(wrong("concurrent", item, message.to_owned()));
    }
    if let Some(item) = found("listen_address")
        && let Some(address) = item.as_str().filter(|address| !address.is_empty())
    {
        listen_address::check(address)
            .map_err(|why| wrong("listen_address", item, format!("it {why}")))?;
    }
    Ok(())
}

/// Checks what gitlab-runner checks when it loads a file: the types of every key that it knows and the values that it
/// refuses. The global keys that are `not_judged` are not looked at. Gives what gitlab-runner leaves out without a word.
///
/// An error is what gitlab-runner refuses, and where it stands.
pub(crate) fn loads(
    root: &Table,
    not_judged: impl Fn(&str) -> bool,
) -> Result<Vec<Mismatch>, Mismatch> {
    let left_out = types::check(root, not_judged)?;
    values::check(root)?;
    Ok(left_out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cases::rows;

    #[test]
    fn what_gitlab_runner_dies_of_is_named_with_file_line_and_fix() {
        fn refused(text: &str, want: &str) {
            let said = check(text, "base.toml", &Globals::default()).unwrap_err();
            assert!(said.starts_with("base.toml, line "), "{said}");
            assert!(said.contains(want), "{text}: {said}");
            assert!(!said.contains("geheim"), "{said}");
        }
        for [text, want] in rows(
            r#"
            a = 1↵concurrent = 0↵ │ line 2: concurrent: gitlab-runner exits if it is less than 1
            Concurrent = -1↵ │ write concurrent = 1
            concurrent = "geheim"↵ │ concurrent: expected a whole number, found a string
            check_interval = "3s" │ check_interval: expected a whole number
            log_level = 3 │ log_level: expected a string
            listen_address = "h:99999" │ listen_address: it has no port
            listen_address = "9252" │ write ":9252"
            [session_server]↵session_timeout = true │ session_server.session_timeout: expected
            session_server = 5 │ session_server: expected a table
            [[runners]]↵limit = "geheim" │ line 2: runners.limit: expected a whole number
            [[Runners]]↵[Runners.docker]↵privileged = 1 │ expected true or false
        "#,
        ) {
            refused(&text, &want);
        }
        for wrong in [
            "ab = \"v\"",
            "-ab = \"v\"",
            "\".ab\" = \"v\"",
            "\"a b\" = \"v\"",
            "abc = \"\"",
            "abc = \"geheim it\"",
        ] {
            refused(&format!("[labels]\n{wrong}"), "line 2: labels: a label's");
            let text = format!("[[runners]]\nlabels = {{ ok1 = \"v\", {wrong} }}");
            refused(&text, "line 2: runners.labels: a label's");
        }
        let many = |from: usize, to: usize| -> String {
            (from..to).map(|n| format!("key{n} = \"v\"\n")).collect()
        };
        let union = |from, to| {
            format!(
                "[labels]\n{}[[runners]]\n[runners.Labels]\n{}",
                many(0, 20),
                many(from, to)
            )
        };
        refused(&union(20, 33), "runners.labels: more than 32");
        assert!(check(&union(10, 32), "f", &Globals::default()).is_ok());
        refused(
            "[[runners]]\n[runners.machine]\nMachineOptionsWithName = [\"a=%s\",\n\"geheim\"]",
            "line 4: runners.machine.MachineOptionsWithName: each must contain %s",
        );
        refused(
            "[[runners]]\n[[runners.machine.autoscaling]]\nPeriods = [\"geheim\"]",
            "line 3: runners.machine.autoscaling.Periods: a period",
        );
        for missing in NFS_KEYS {
            let keys = NFS_KEYS.iter().filter(|key| *key != missing);
            let keys: String = keys.map(|key| format!("{key} = \"/a\"\n")).collect();
            refused(
                &format!("[[runners]]\n[[runners.kubernetes.volumes.nfs]]\n{keys}"),
                "line 3: runners.kubernetes.volumes.nfs: each must have name, ",
            );
        }
    }

    const NFS_KEYS: &[&str] = &["name", "mount_path", "server", "path"];

    #[test]
    fn what_flags_replace_and_what_is_unknown_is_not_judged() {
        let given = Globals {
            concurrent: Some(1),
            listen_address: Some(":1".to_owned()),
            ..Globals::default()
        };
        let text = "concurrent = \"four\"\nlisten_address = 5\nnew_key = \"x\"\n";
        assert!(check(text, "f", &given).is_ok());
        let usual = "concurrent = 4\nlisten_address = \"\"\n[experimental.any]\na = 1\n[[runners]]\nurl = \"h\"\n";
        assert!(check(usual, "f", &Globals::default()).is_ok());
        let usual = "[labels]\nabc = \"v-1.x\"\n[[runners]]\n[runners.machine]\nMachineOptionsWithName = [\"a=%s\"]\n\
                     [[runners.machine.autoscaling]]\nPeriods = [\"* * 9-17 * * mon-fri *\", \"@daily\"]\n\
                     [[runners.kubernetes.volumes.nfs]]\nname = \"n\"\nmount_path = \"/n\"\nserver = \"s\"\npath = \"/\"\n";
        assert!(check(usual, "f", &Globals::default()).is_ok());
        assert!(check("", "f", &Globals::default()).is_ok());
    }
}
