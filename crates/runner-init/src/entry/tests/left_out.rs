//! Something that is no table where a map belongs: gitlab-runner leaves it out, and so it is in nobody's way.

use toml_edit::DocumentMut;

use super::{entry_of, file, wished};
use crate::entry::EntryWish;
use runner_config::place::get;
use runner_config::three_way::{Scope, follow};

const WAYS: &[&str] = &[
    "[[runners.kubernetes.node_selector]]\nkey = \"a\"\n",
    "[runners.kubernetes]\nnode_selector = \"a=b\"\n",
    "[runners.kubernetes]\nnode_selector = [\"a\"]\n",
    "kubernetes = { node_selector = 5 }\n",
];

const FLAGS: &[&str] = &["--executor=kubernetes", "--kubernetes-node-selector=c:d"];

fn entries() -> impl Iterator<Item = String> {
    let begin = "[[runners]]\nexecutor = \"kubernetes\"\n";
    WAYS.iter().map(move |way| format!("{begin}{way}"))
}

/// Applies what was told to an entry of which nobody knows more; says whether it changed.
fn apply(wish: &EntryWish, entry: &mut toml_edit::Table) -> bool {
    let told = wish.told(entry);
    let asked = wish.asked_with_zeros(None);
    follow(entry, Scope::Entry, None, &asked, &|path| told.has(path)).changed
}

fn selector(text: &str) -> String {
    let mut document: DocumentMut = text.parse().unwrap();
    let item = get(entry_of(&mut document), "kubernetes.node_selector").cloned();
    item.unwrap().to_string().split_whitespace().collect()
}

#[test]
fn template_with_it_is_taken_and_flags_take_its_place() {
    for template in entries() {
        let kept = file(&wished(&["--executor=kubernetes"], &template), None);
        assert!(kept.contains("node_selector"), "{kept}");
        let text = file(&wished(FLAGS, &template), None);
        assert!(
            ["c=\"d\"", "{c=\"d\"}"].contains(&selector(&text).as_str()),
            "{text}"
        );
    }
}

#[test]
fn existing_entry_with_it_is_kept_and_flags_take_its_place() {
    for entry in entries() {
        let mut document: DocumentMut = entry.parse().unwrap();
        assert!(!apply(
            &wished(&["--executor=kubernetes"], ""),
            entry_of(&mut document)
        ));
        assert_eq!(document.to_string(), entry);
        assert!(apply(&wished(FLAGS, ""), entry_of(&mut document)));
        let text = document.to_string();
        assert!(
            ["c=\"d\"", "{c=\"d\"}"].contains(&selector(&text).as_str()),
            "{text}"
        );
        assert!(
            !apply(&wished(FLAGS, ""), entry_of(&mut document)),
            "{text}"
        );
    }
}
