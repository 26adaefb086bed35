//! Owns how the keys outside the entries follow the flags, `--config-base` and the defaults that `runner-init` adds.

use std::collections::BTreeSet;

use runner_config::place::{self, get};
use runner_config::three_way::{self, Scope, Written};
use toml_edit::{DocumentMut, Item, Table};

use super::Last;
use crate::entry::{self, LOOPBACK};
use crate::register::plan::Plan;

/// What came of the keys outside the entries.
pub(super) struct FollowedGlobals {
    pub(super) written: Written,
    /// What the operator should hear about, one line each.
    pub(super) lines: Vec<String>,
    /// Whether somebody told `concurrent`, in the file too: gitlab-runner's default of 1 is nobody's word.
    pub(super) concurrent_is_told: bool,
}

/// Brings them to what is asked for. What is only a default is never spoken of.
pub(super) fn follow(
    document: &mut DocumentMut,
    plan: &Plan<'_>,
    last: &Last,
    port: impl FnOnce() -> u16,
) -> FollowedGlobals {
    let globals = &plan.options.globals;
    let has_others = !last.others.is_empty();
    let base: Option<DocumentMut> = plan.base.as_deref().and_then(|text| text.parse().ok());
    let flags: BTreeSet<&str> = globals.given().map(|(key, _)| key).collect();
    let mut asked = match &base {
        // Which run told a key that this one does not tell, nobody knows.
        None if has_others || plan.options.anew => {
            let mut told = Table::new();
            globals.apply(&mut told);
            told
        }
        base => globals.over(base.as_ref()),
    };
    let of_base = base.map(|base| three_way::written(base.as_table(), Scope::File));
    let is_told = |path: &str| {
        let in_base = of_base.as_ref().is_some_and(|base| base.contains_key(path));
        flags.contains(path) || in_base
    };

    if get(document.as_table(), "listen_address").is_none() {
        entry::drop_stray_comment_of_listen_address(document);
    }
    let root = document.as_table_mut();
    if flags.contains("listen_address") {
        entry::listen_address_is_the_operators(root);
    }
    let mut known = last.globals.clone();
    let address = get(root, "listen_address").and_then(Item::as_str);
    let address = address.filter(|address| !address.is_empty());
    let is_missing = address.is_none();
    if !is_told("listen_address") {
        let is_ours = match &known {
            Some(known) => is_as_written(root, "listen_address", known),
            None => entry::is_marked_listen_address(root),
        };
        match address {
            None if plan.options.drain_ready => {
                entry::put_listen_address(&mut asked, &format!("{LOOPBACK}{}", port()));
                // It is needed, whoever has taken it away.
                known
                    .iter_mut()
                    .for_each(|known| drop(known.remove("listen_address")));
            }
            Some(address) if is_ours && plan.options.drain_ready => {
                // One that a flag told before is no more, unless another entry's run told it.
                let stays = address.starts_with(LOOPBACK) || has_others;
                let address = match stays {
                    true => address.to_owned(),
                    false => format!("{LOOPBACK}{}", port()),
                };
                entry::put_listen_address(&mut asked, &address);
            }
            Some(_) if is_ours && known.is_none() => {
                drop(place::remove(root, "listen_address"));
            }
            _ => {}
        }
    }
    let mut aside = match &mut known {
        Some(known) if has_others || plan.options.anew => {
            three_way::set_aside(known, &asked, Scope::File, &|path| flags.contains(path))
        }
        _ => Written::new(),
    };
    let followed = three_way::follow(root, Scope::File, known.as_ref(), &asked, &|path| {
        flags.contains(path) || is_missing && path == "listen_address"
    });
    let lines = followed.kept.iter().filter(|kept| is_told(&kept.path));
    let lines = lines.map(|kept| kept.line(&plan.config_name)).collect();
    let concurrent = get(root, "concurrent").and_then(Item::as_integer);
    aside.extend(followed.written);
    FollowedGlobals {
        written: aside,
        lines,
        concurrent_is_told: is_told("concurrent") || concurrent.is_some_and(|jobs| jobs != 1),
    }
}

fn is_as_written(root: &Table, path: &str, last: &Written) -> bool {
    let now = three_way::written(root, Scope::File);
    last.contains_key(path) && now.get(path) == last.get(path)
}
