//! Owns the part of `config.toml` outside the entries: how a new file begins and how global flags are applied.

use toml_edit::{DocumentMut, Item, Table, value};

use super::drain_ready;
use crate::args::Globals;
use runner_config::global_key::set;
use runner_config::place;

/// A `config.toml` without entries, as gitlab-runner 19.4 begins one.
#[must_use]
pub fn new_document(globals: &Globals) -> DocumentMut {
    let mut document = DocumentMut::new();
    for (key, number) in [
        ("concurrent", 1),
        ("check_interval", 0),
        ("shutdown_timeout", 0),
    ] {
        document.insert(key, value(number));
    }
    let mut session = Table::new();
    session.decor_mut().set_prefix("\n");
    session.insert("session_timeout", value(1800));
    if let Some(mut key) = session.key_mut("session_timeout") {
        key.leaf_decor_mut().set_prefix("  ");
    }
    document.insert("session_server", Item::Table(session));
    apply_globals(&mut document, globals);
    document
}

/// Applies the global keys that were given where they differ; says whether anything changed.
pub fn apply_globals(document: &mut DocumentMut, globals: &Globals) -> bool {
    let root = document.as_table_mut();
    let numbers = [
        ("concurrent", globals.concurrent),
        ("check_interval", globals.check_interval),
        ("shutdown_timeout", globals.shutdown_timeout),
    ];
    let mut changed = false;
    for (key, number) in numbers {
        if let Some(number) = number
            && place::get(root, key).and_then(Item::as_integer) != Some(number)
        {
            set(root, key, number.into());
            changed = true;
        }
    }
    if let Some(address) = &globals.listen_address {
        changed |= drain_ready::listen_address_is_the_operators(root);
        if place::get(root, "listen_address").and_then(Item::as_str) != Some(address) {
            set(root, "listen_address", address.into());
            changed = true;
        }
    }
    changed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globals_are_applied_where_they_differ() {
        fn check(text: &str, globals: &Globals, want: &str) {
            let mut document: DocumentMut = text.parse().unwrap();
            assert_eq!(apply_globals(&mut document, globals), text != want);
            assert_eq!(document.to_string(), want);
            assert!(!apply_globals(&mut document, globals), "twice");
        }
        let four = Globals {
            concurrent: Some(4),
            ..Globals::default()
        };
        check("concurrent = 2 # two\n", &four, "concurrent = 4 # two\n");
        check("Concurrent = 2\n", &four, "Concurrent = 4\n");
        check("concurrent = 4\n", &four, "concurrent = 4\n");
        check("", &four, "concurrent = 4\n");
        let address = Globals {
            listen_address: Some("127.0.0.1:1".to_owned()),
            ..Globals::default()
        };
        // What was given is the operator's, also where we had written the same.
        check(
            "# mine\n# Written by runner-init: whatever\nlisten_address = \"127.0.0.1:1\"\n",
            &address,
            "# mine\nlisten_address = \"127.0.0.1:1\"\n",
        );
        check(
            "log_level = \"info\"\n[session_server]\n",
            &four,
            "concurrent = 4\nlog_level = \"info\"\n[session_server]\n",
        );
        let all = Globals {
            concurrent: Some(1),
            check_interval: Some(3),
            listen_address: Some(":1".to_owned()),
            shutdown_timeout: Some(9),
        };
        check(
            "",
            &all,
            "concurrent = 1\ncheck_interval = 3\nlisten_address = \":1\"\nshutdown_timeout = 9\n",
        );
    }
}
