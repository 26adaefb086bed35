//! Any three texts: the rule holds for what is loaded, and no word of an operator is lost.

use std::fmt::Write as _;

use proptest::prelude::*;

use super::*;

/// A section, a key in it, and its values, each in spellings that mean the same.
type Key = (
    &'static str,
    &'static str,
    &'static [&'static [&'static str]],
);

const KEYS: &[Key] = &[
    ("", "limit", &[&["1", "0x1"], &["2", "+2"], &["3", "0b11"]]),
    ("", "output_limit", &[&["10"], &["20"], &["0"]]),
    (
        "",
        "unhealthy_interval",
        &[&["'1h'", "\"60m\""], &["'2m'", "120_000_000_000"]],
    ),
    ("", "strict_check_interval", &[&["true"], &["false"]]),
    (
        "",
        "environment",
        &[
            &["['A=1']", "[ \"A=1\", ]"],
            &["['A=1', 'B=2']"],
            &["['B=2']"],
        ],
    ),
    ("", "own_key", &[&["1"], &["'x'"]]),
    ("docker", "image", &[&["'i'", "\"i\""], &["'j'"]]),
    ("docker", "privileged", &[&["true"], &["false"]]),
    (
        "docker",
        "pull_policy",
        &[&["'a'", "['a']"], &["['b', 'a']"]],
    ),
    (
        "docker",
        "services",
        &[
            &["[{ name = 'a' }]", "[{ Name = 'a', alias = '' }]"],
            &["[{ name = 'b' }, { name = 'a' }]"],
        ],
    ),
    ("docker.sysctls", "a", &[&["'1'"], &["''"]]),
    ("docker.sysctls", "\"b.c\"", &[&["'1'"], &["'2'"]]),
    ("cache", "Type", &[&["'s3'"], &["'gcs'"]]),
    ("cache.s3", "BucketName", &[&["'b'"], &["'c'"]]),
    ("own", "a", &[&["1"], &["2"]]),
];

#[derive(Clone, Copy, Debug)]
enum Form {
    Headers,
    Dotted,
    Inline,
}

/// What an operator did to one key, and how the key is written.
#[derive(Clone, Debug)]
struct Fate {
    last: Option<usize>,
    now: Option<usize>,
    asked: Option<usize>,
    spelling: usize,
    capital: bool,
    /// Comments above, with and without a line between, and behind.
    comments: [bool; 3],
}

#[derive(Clone)]
struct Story {
    fates: Vec<Fate>,
    order: Vec<usize>,
    docker: Form,
    cache: Form,
    header_comments: bool,
}

impl std::fmt::Debug for Story {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let last = self.plain(|fate| fate.last);
        let asked = self.plain(|fate| fate.asked);
        let now = self.now().text;
        write!(f, "\nlast:\n{last}now:\n{now}asked:\n{asked}")
    }
}

fn fate(key: &Key) -> impl Strategy<Value = Fate> + use<> {
    let value = prop::option::of(0..key.2.len());
    let edit = prop::option::weighted(0.4, value.clone());
    (
        value.clone(),
        edit,
        value,
        0..2_usize,
        any::<bool>(),
        any::<[bool; 3]>(),
    )
        .prop_map(|(last, edit, asked, spelling, capital, comments)| Fate {
            last,
            now: edit.unwrap_or(last),
            asked,
            spelling,
            capital,
            comments,
        })
}

fn story() -> impl Strategy<Value = Story> {
    let fates: Vec<_> = KEYS.iter().map(fate).collect();
    let order = Just((0..KEYS.len()).collect::<Vec<_>>()).prop_shuffle();
    let form = || prop_oneof![Just(Form::Headers), Just(Form::Dotted), Just(Form::Inline)];
    (fates, order, form(), form(), any::<bool>()).prop_map(
        |(fates, order, docker, cache, header_comments)| Story {
            fates,
            order,
            docker,
            cache,
            header_comments,
        },
    )
}

/// The text of an operator's file, with where each of its lines about keys comes from.
struct Text {
    text: String,
    /// Lines that are about one key, by that key.
    lines: Vec<(usize, String)>,
    comments: Vec<String>,
}

impl Text {
    fn comment(&mut self) -> String {
        let comment = format!("# comment {}.", self.comments.len());
        self.comments.push(comment.clone());
        comment
    }

    fn line(&mut self, index: usize, fate: &Fate, statement: &str) {
        let [apart, above, behind] = fate.comments;
        if apart {
            let comment = self.comment();
            let _ = writeln!(self.text, "{comment}\n");
        }
        if above {
            let comment = self.comment();
            let _ = writeln!(self.text, "  {comment}");
        }
        let behind = match behind {
            true => format!(" {}", self.comment()),
            false => String::new(),
        };
        let line = format!("  {statement}{behind}");
        let _ = writeln!(self.text, "{line}");
        self.lines.push((index, line));
    }
}

impl Story {
    fn form(&self, section: &str) -> Form {
        match section.split('.').next() {
            Some("docker") => self.docker,
            Some("cache") => self.cache,
            Some("own") => Form::Headers,
            _ => Form::Dotted,
        }
    }

    fn statement(&self, index: usize, with_section: bool) -> Option<String> {
        let (section, key, values) = KEYS[index];
        let fate = &self.fates[index];
        let spellings = values[fate.now?];
        let spelling = spellings[fate.spelling % spellings.len()];
        let is_field =
            !section.ends_with("sysctls") && !section.starts_with("own") && key != "own_key";
        let key = match fate.capital && is_field {
            true => key.to_ascii_uppercase(),
            false => key.to_owned(),
        };
        let dot = if section.is_empty() { "" } else { "." };
        Some(match with_section {
            true => format!("{section}{dot}{key} = {spelling}"),
            false => format!("{key} = {spelling}"),
        })
    }

    /// The keys of a section in the operator's order.
    fn keys<'a>(&'a self, wanted: impl Fn(&str) -> bool + 'a) -> impl Iterator<Item = usize> + 'a {
        let is_there = |index: &usize| self.fates[*index].now.is_some();
        self.order
            .iter()
            .copied()
            .filter(is_there)
            .filter(move |index| wanted(KEYS[*index].0))
    }

    fn now(&self) -> Text {
        let text =
            "# top\nconcurrent = 1\n\n[[runners]]\n  name = 'n'\n  mine = 1 # mine\n".to_owned();
        let mut text = Text {
            text,
            lines: Vec::new(),
            comments: Vec::new(),
        };
        // Dotted keys of one table stand together: the parser forgets when others come between.
        for section in ["", "docker", "docker.sysctls", "cache", "cache.s3"] {
            for index in self.keys(|own| own == section && matches!(self.form(own), Form::Dotted)) {
                let statement = self.statement(index, true).unwrap();
                text.line(index, &self.fates[index], &statement);
            }
        }
        for (top, inner) in [("docker", "docker.sysctls"), ("cache", "cache.s3")] {
            let of = |wanted: &'static str| -> Vec<String> {
                let keys = self.keys(move |section| section == wanted);
                keys.filter_map(|index| self.statement(index, false))
                    .collect()
            };
            let (mut own, inside) = (of(top), of(inner));
            if !matches!(self.form(top), Form::Inline) || own.len() + inside.len() == 0 {
                continue;
            }
            if !inside.is_empty() {
                let name = inner.split('.').next_back().unwrap();
                own.push(format!("{name} = {{ {} }}", inside.join(", ")));
            }
            let _ = writeln!(text.text, "  {top} = {{ {} }}", own.join(", "));
        }
        for section in ["docker", "docker.sysctls", "cache", "cache.s3", "own"] {
            let keys: Vec<usize> = self.keys(|own| own == section).collect();
            if !matches!(self.form(section), Form::Headers) || keys.is_empty() {
                continue;
            }
            let (above, behind) = match self.header_comments {
                true => (
                    format!("{}\n", text.comment()),
                    format!(" {}", text.comment()),
                ),
                false => (String::new(), String::new()),
            };
            let _ = writeln!(text.text, "\n{above}  [runners.{section}]{behind}");
            for index in keys {
                let statement = self.statement(index, false).unwrap();
                text.line(index, &self.fates[index], &statement);
            }
        }
        text.text.push_str("\n# end\n[session_server]\n");
        text
    }

    /// What we wrote or would write, in one plain form.
    fn plain(&self, which: impl Fn(&Fate) -> Option<usize>) -> DocumentMut {
        let mut text = String::new();
        for ((section, key, values), fate) in KEYS.iter().zip(&self.fates) {
            if let Some(value) = which(fate) {
                let dot = if section.is_empty() { "" } else { "." };
                let _ = writeln!(text, "{section}{dot}{key} = {}", values[value][0]);
            }
        }
        parse(&text)
    }
}

fn entry_of(document: &mut DocumentMut) -> &mut Table {
    let entries = document["runners"].as_array_of_tables_mut().unwrap();
    entries.get_mut(0).unwrap()
}

/// What is loaded, without the comments.
fn loaded(table: &Table) -> Written {
    let mut loaded = written(table, Scope::Entry);
    loaded.retain(|path, _| !path.starts_with('#'));
    loaded
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn operators_keys_stay_ours_follow_and_no_comment_is_lost(story in story()) {
        let last = written(&story.plain(|fate| fate.last), Scope::Entry);
        let asked = story.plain(|fate| fate.asked);
        let text = story.now();
        let mut document = parse(&text.text);
        let before = loaded(entry_of(&mut document));
        let followed = follow(entry_of(&mut document), Scope::Entry, Some(&last), &asked, &|_| false);
        let after = document.to_string();
        let mut again = parse(&after);
        let present = loaded(entry_of(&mut again));

        // The rule, over what is loaded.
        let wanted = loaded(&asked);
        let mut paths: BTreeSet<&String> = last.keys().chain(before.keys()).collect();
        paths.extend(wanted.keys());
        let mut kept = Vec::new();
        for path in paths {
            let (w, n, a) = (last.get(path), before.get(path), wanted.get(path));
            let want = if n == w { a } else { n };
            prop_assert_eq!(present.get(path), want, "{}\n{}\n{}", path, &text.text, &after);
            if n != w && n != a && (a.is_some() || asked_for_zero(&asked, path)) {
                kept.push(path.clone());
            }
            let next = if want == a { a } else { w.filter(|_| a.is_some() || asked_for_zero(&asked, path)) };
            prop_assert_eq!(followed.written.get(path), next, "{}", path);
        }
        let said: Vec<String> = followed.kept.iter().map(|kept| kept.path.clone()).collect();
        prop_assert_eq!(said, kept);

        // Nothing of the operator's is lost, and what did not change stands as it stood.
        for comment in text.comments.iter().map(String::as_str).chain(["# top", "# mine", "# end"]) {
            prop_assert_eq!(after.matches(comment).count(), 1, "{}\n{}\n{}", comment, &text.text, &after);
        }
        let mut lines = after.lines();
        for (index, line) in &text.lines {
            let (section, key, _) = KEYS[*index];
            let path = if section.is_empty() { key.to_owned() } else { format!("{section}.{key}") };
            if before.get(&path) == present.get(&path) && before.contains_key(&path) {
                prop_assert!(lines.any(|after| after == line), "{}\n{}\n{}", line, &text.text, &after);
            }
        }
        prop_assert_eq!(followed.changed, after != text.text);

        // Twice is as once.
        let twice = follow(entry_of(&mut again), Scope::Entry, Some(&followed.written), &asked, &|_| false);
        prop_assert!(!twice.changed);
        prop_assert_eq!(again.to_string(), after);
        prop_assert_eq!(twice.written, followed.written);
    }
}

/// Whether a value is asked for that means as much as none.
fn asked_for_zero(asked: &Table, path: &str) -> bool {
    Scope::Entry
        .leaves(asked)
        .get(path)
        .is_some_and(|leaf| !leaf.is_there() && !leaf.is_table())
}
