//! Owns setting a key of `config.toml` outside the entries: in place, or at its place among the others.

use toml_edit::{Item, Table, Value};

use crate::place;

/// The order of global keys: gitlab-runner's, with `listen_address` among the plain ones.
pub const ORDER: &[&str] = &[
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
