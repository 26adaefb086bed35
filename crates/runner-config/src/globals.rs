//! Owns the keys of `config.toml` outside the entries: their order, how one is set, those that a registration can give, and how
//! a new file begins.

use toml_edit::{DocumentMut, Item, Table, Value, value};

use crate::place;

/// The order of global keys: gitlab-runner's, with `listen_address` among the plain ones.
const ORDER: &[&str] = &[
    "concurrent",
    "check_interval",
    "listen_address",
    "log_level",
    "log_format",
    "user",
    "sentry_dsn",
    "connection_max_age",
    "shutdown_timeout",
];

/// The keys that a registration can give, each only if given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Globals {
    /// Jobs at once over all entries; at least 1.
    pub concurrent: Option<i64>,
    /// Seconds between two polls.
    pub check_interval: Option<i64>,
    /// Host and port of metrics and debug pages.
    pub listen_address: Option<String>,
    /// Seconds that a forceful shutdown waits.
    pub shutdown_timeout: Option<i64>,
}

impl Globals {
    /// The keys that were given, with their values.
    pub fn given(&self) -> impl Iterator<Item = (&'static str, Value)> {
        let numbers = [
            ("concurrent", self.concurrent),
            ("check_interval", self.check_interval),
            ("shutdown_timeout", self.shutdown_timeout),
        ];
        let numbers = numbers
            .into_iter()
            .filter_map(|(key, number)| Some((key, number?.into())));
        let address = self.listen_address.as_ref();
        numbers.chain(address.map(|address| ("listen_address", address.into())))
    }

    /// Whether this key was given, in any case of letters.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.given()
            .any(|(given, _)| key.eq_ignore_ascii_case(given))
    }

    /// Sets the keys that were given where they differ.
    pub fn apply(&self, root: &mut Table) {
        for (key, new) in self.given() {
            let number = place::get(root, key).and_then(Item::as_integer);
            if number.is_none() || number != new.as_integer() {
                set(root, key, new);
            }
        }
    }

    /// What is asked for outside the entries: the base's keys, or else a new file's, with those that were given over them.
    #[must_use]
    pub fn over(&self, base: Option<&DocumentMut>) -> Table {
        let Some(base) = base else {
            return self.new_document().as_table().clone();
        };
        let mut root = base.as_table().clone();
        drop(place::remove(&mut root, "runners"));
        self.apply(&mut root);
        root
    }

    /// A `config.toml` without entries, as gitlab-runner 19.4 begins one.
    #[must_use]
    pub fn new_document(&self) -> DocumentMut {
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
        self.apply(document.as_table_mut());
        document
    }
}

/// Sets a global key; a new one comes to its place among the others.
pub fn set(root: &mut Table, key: &str, new: Value) {
    let spelled = place::spelled(root, key).to_owned();
    if let Some(Item::Value(before)) = root.get_mut(&spelled) {
        place::replace_value(before, new);
        return;
    }
    let rank = |key: &str| {
        ORDER
            .iter()
            .position(|known| *known == key)
            .unwrap_or(ORDER.len())
    };
    let plain = root.iter().take_while(|(_, item)| item.is_value()).count();
    let before = root
        .iter()
        .take(plain)
        .filter(|(present, _)| rank(present) < rank(key))
        .last();
    let anchor = before.map(|(present, _)| present.to_owned());
    let index = root
        .iter()
        .position(|(present, _)| Some(present) == anchor.as_deref());
    place::insert_at(root, index.map_or(0, |at| at + 1), key, Item::Value(new));
    if plain == 0
        && let Some(mut key) = root.key_mut(key)
    {
        // There is no neighbour to stand like.
        key.leaf_decor_mut().set_prefix("");
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
                globals.apply(document.as_table_mut());
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
