//! Owns the part of `config.toml` outside the entries: how a new file begins and how global flags are applied.

use toml_edit::{DocumentMut, Item, Table, value};

use crate::args::Globals;
use runner_config::global_key::set;
use runner_config::place;

/// A `config.toml` without entries, as gitlab-runner 19.4 begins one.
pub(crate) fn new_document(globals: &Globals) -> DocumentMut {
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
    apply_globals(document.as_table_mut(), globals);
    document
}

/// What is asked for outside the entries: the base's keys, or else a new file's, with the flags over them.
pub(crate) fn asked_globals(globals: &Globals, base: Option<&DocumentMut>) -> Table {
    let Some(base) = base else {
        return new_document(globals).as_table().clone();
    };
    let mut root = base.as_table().clone();
    drop(place::remove(&mut root, "runners"));
    apply_globals(&mut root, globals);
    root
}

/// The global keys that were given.
pub(crate) fn told_globals(globals: &Globals) -> impl Iterator<Item = &'static str> {
    let given = [
        ("concurrent", globals.concurrent.is_some()),
        ("check_interval", globals.check_interval.is_some()),
        ("shutdown_timeout", globals.shutdown_timeout.is_some()),
        ("listen_address", globals.listen_address.is_some()),
    ];
    given
        .into_iter()
        .filter_map(|(key, is_given)| is_given.then_some(key))
}

/// Sets the global keys that were given where they differ.
pub(crate) fn apply_globals(root: &mut Table, globals: &Globals) {
    let numbers = [
        ("concurrent", globals.concurrent),
        ("check_interval", globals.check_interval),
        ("shutdown_timeout", globals.shutdown_timeout),
    ];
    for (key, number) in numbers {
        if let Some(number) = number
            && place::get(root, key).and_then(Item::as_integer) != Some(number)
        {
            set(root, key, number.into());
        }
    }
    if let Some(address) = &globals.listen_address {
        set(root, "listen_address", address.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globals_are_applied_where_they_differ() {
        fn check(text: &str, globals: &Globals, want: &str) {
            let mut document: DocumentMut = text.parse().unwrap();
            for _ in 0..2 {
                apply_globals(document.as_table_mut(), globals);
                assert_eq!(document.to_string(), want);
            }
        }
        let four = Globals {
            concurrent: Some(4),
            ..Globals::default()
        };
        check("concurrent = 2 # two\n", &four, "concurrent = 4 # two\n");
        check("Concurrent = 2\n", &four, "Concurrent = 4\n");
        check("concurrent = 4\n", &four, "concurrent = 4\n");
        check("", &four, "concurrent = 4\n");
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
