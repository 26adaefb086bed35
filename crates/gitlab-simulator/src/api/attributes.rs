//! Owns the attributes a request can give a runner and the model's rules about them; never looks at who asks.

use serde_json::{Map, Value, json};

use crate::request::Params;
use crate::runner::{AccessLevel, Runner};

const LONGEST_TEXT: usize = 1024;
const MOST_TAGS: usize = 50;
const SHORTEST_TIMEOUT: i64 = 600;

/// What a request said about a runner; `None` where it said nothing.
#[derive(Debug, Default)]
pub(super) struct Attributes {
    description: Option<String>,
    maintenance_note: Option<String>,
    paused: Option<bool>,
    locked: Option<bool>,
    access_level: Option<AccessLevel>,
    run_untagged: Option<bool>,
    tags: Option<Vec<String>>,
    maximum_timeout: Option<i64>,
}

/// One broken rule of the model: attribute and text, as in `{"message": {attribute: [text]}}`.
pub(super) type Problem = (&'static str, String);

/// The parameters of which PUT wants at least one.
pub(super) const NAMES: [&str; 9] = [
    "description",
    "active",
    "paused",
    "tag_list",
    "run_untagged",
    "locked",
    "access_level",
    "maximum_timeout",
    "maintenance_note",
];

impl Attributes {
    pub(super) fn read(params: &mut Params) -> Attributes {
        for (one, other) in [
            ("maintenance_note", "maintainer_note"),
            ("active", "paused"),
        ] {
            if params.has(one) && params.has(other) {
                params.complain(format!("{one}, {other} are mutually exclusive"));
            }
        }
        let access_level = params.word("access_level", |word| {
            [AccessLevel::NotProtected, AccessLevel::RefProtected]
                .into_iter()
                .find(|level| level.as_str() == word)
        });
        let old_note = params.present_text("maintainer_note");
        let active = params.boolean("active");
        Attributes {
            description: params.present_text("description"),
            maintenance_note: params.present_text("maintenance_note").or(old_note),
            paused: params.boolean("paused").or(active.map(|active| !active)),
            locked: params.boolean("locked"),
            access_level,
            run_untagged: params.boolean("run_untagged"),
            tags: params.list("tag_list"),
            maximum_timeout: params.integer("maximum_timeout"),
        }
    }

    /// Lays them over a runner, and says which rules of the model the result breaks. Tags count only when they were given:
    /// a runner with more of them than is allowed today can still be changed otherwise.
    pub(super) fn apply(self, runner: &mut Runner) -> Vec<Problem> {
        let tags_given = self.tags.is_some();
        runner.description = self.description.or(runner.description.take());
        runner.maintenance_note = self.maintenance_note.or(runner.maintenance_note.take());
        runner.paused = self.paused.unwrap_or(runner.paused);
        runner.locked = self.locked.unwrap_or(runner.locked);
        runner.access_level = self.access_level.unwrap_or(runner.access_level);
        runner.run_untagged = self.run_untagged.unwrap_or(runner.run_untagged);
        runner.tags = self.tags.unwrap_or(std::mem::take(&mut runner.tags));
        runner.maximum_timeout = self.maximum_timeout.or(runner.maximum_timeout);
        problems(runner, tags_given)
    }
}

fn problems(runner: &Runner, tags_given: bool) -> Vec<Problem> {
    let mut found = Vec::new();
    for (name, text) in [
        ("description", &runner.description),
        ("maintenance_note", &runner.maintenance_note),
    ] {
        if text
            .as_ref()
            .is_some_and(|text| text.chars().count() > LONGEST_TEXT)
        {
            found.push((
                name,
                format!("is too long (maximum is {LONGEST_TEXT} characters)"),
            ));
        }
    }
    if runner.tags.is_empty() && !runner.run_untagged {
        found.push((
            "tags_list",
            "can not be empty when runner is not allowed to pick untagged jobs".into(),
        ));
    }
    if tags_given && runner.tags.len() > MOST_TAGS {
        let text =
            format!("Too many tags specified. Please limit the number of tags to {MOST_TAGS}");
        found.push(("tags_list", text));
    }
    if runner
        .maximum_timeout
        .is_some_and(|timeout| timeout < SHORTEST_TIMEOUT)
    {
        found.push(("maximum_timeout", "needs to be at least 10 minutes".into()));
    }
    found
}

/// The form of `POST /runners`: texts by attribute.
pub(super) fn by_attribute(problems: Vec<Problem>) -> Value {
    let mut all = Map::new();
    for (name, text) in problems {
        if let Value::Array(texts) = all.entry(name).or_insert_with(|| json!([])) {
            texts.push(text.into());
        }
    }
    Value::Object(all)
}

/// The form of `POST /user/runners`: full sentences.
pub(super) fn as_sentences(problems: &[Problem]) -> String {
    let sentences = problems.iter().map(|(name, text)| {
        if *name == "tags_list" && text.starts_with("Too many") {
            return text.clone();
        }
        let words = name.replace('_', " ");
        let (first, rest) = words.split_at(1);
        format!("{}{rest} {text}", first.to_uppercase())
    });
    sentences.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problems_are_told_in_both_forms() {
        let problems = vec![
            ("tags_list", "can not be empty".to_owned()),
            ("maximum_timeout", "is short".to_owned()),
        ];
        assert_eq!(
            as_sentences(&problems),
            "Tags list can not be empty, Maximum timeout is short"
        );
        assert_eq!(
            by_attribute(problems),
            json!({"tags_list": ["can not be empty"], "maximum_timeout": ["is short"]})
        );
    }
}
