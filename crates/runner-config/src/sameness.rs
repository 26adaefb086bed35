//! Owns when two pieces of TOML mean the same to gitlab-runner, however they are written: a text that is equal exactly then.
//! A secret stands in that text as it is: it is compared or made a digest of, and shown nowhere.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};
use toml_edit::{ArrayOfTables, Item, TableLike, Value};

use crate::field::Shape;
use crate::go_duration;
use crate::leaves::{self, Inside};

/// How many bytes of a digest are kept: enough that an edit is not missed by chance.
const BYTES: usize = 8;

/// Whether both mean the same, however they are written.
#[must_use]
pub fn same(shape: Option<Shape>, left: &Item, right: &Item) -> bool {
    meaning(shape, left) == meaning(shape, right)
}

/// A digest of what an item means, in 16 hexadecimal digits.
#[must_use]
pub fn digest(shape: Option<Shape>, item: &Item) -> String {
    digest_of(&meaning(shape, item))
}

/// The same of a text as it is.
pub(crate) fn digest_of(text: &str) -> String {
    let hash = Sha256::digest(text.as_bytes());
    let mut digits = String::new();
    for byte in &hash[..BYTES] {
        let _ = write!(digits, "{byte:02x}");
    }
    digits
}

/// The text that is equal where the meaning is: each value with a letter for its type, texts with their length, keys in one
/// order and in gitlab-runner's spelling.
fn meaning(shape: Option<Shape>, item: &Item) -> String {
    match item {
        Item::None => String::new(),
        Item::Table(table) => of_table(shape, table),
        Item::ArrayOfTables(tables) => {
            list(ArrayOfTables::iter(tables).map(|t| of_table(shape, t)))
        }
        Item::Value(value) => of_value(shape, value),
    }
}

fn of_value(shape: Option<Shape>, value: &Value) -> String {
    if let Some(Shape::Duration) = shape {
        let time = match value {
            Value::String(text) => go_duration::parse(text.value()),
            Value::Integer(nanoseconds) => Some(*nanoseconds.value()),
            _ => None,
        };
        if let Some(time) = time {
            return format!("t{time}");
        }
    }
    match value {
        Value::String(one) if matches!(shape, Some(Shape::TextOrTexts)) => {
            list([text(one.value())].into_iter())
        }
        Value::String(own) => text(own.value()),
        #[expect(
            clippy::cast_precision_loss,
            reason = "gitlab-runner reads it for a float so"
        )]
        Value::Integer(whole) if matches!(shape, Some(Shape::Float)) => {
            number(*whole.value() as f64)
        }
        Value::Integer(whole) => format!("i{}", whole.value()),
        Value::Float(fraction) => number(*fraction.value()),
        Value::Boolean(yes) => format!("b{}", yes.value()),
        Value::Datetime(moment) => text(&moment.value().to_string()),
        Value::Array(elements) => {
            let element = match shape {
                Some(Shape::Floats) => Some(Shape::Float),
                Some(Shape::Tables(_) | Shape::OwnTables(_)) => shape,
                _ => None,
            };
            list(elements.iter().map(|value| of_value(element, value)))
        }
        Value::InlineTable(table) => of_table(shape, table),
    }
}

fn of_table(shape: Option<Shape>, table: &dyn TableLike) -> String {
    let leaves = leaves::of(table, Inside::of(shape));
    let pairs = leaves
        .iter()
        .filter(|(_, leaf)| leaf.is_there())
        .map(|(path, leaf)| format!("{}={}", text(path), meaning(leaf.shape, leaf.item)));
    format!("{{{}}}", pairs.collect::<Vec<_>>().join(","))
}

fn list(elements: impl Iterator<Item = String>) -> String {
    format!("[{}]", elements.collect::<Vec<_>>().join(","))
}

fn text(text: &str) -> String {
    format!("s{}:{text}", text.len())
}

/// By its bits, as a text of it may change with the compiler. There is one zero.
fn number(number: f64) -> String {
    format!("f{:x}", (number + 0.0).to_bits())
}

#[cfg(test)]
mod tests {
    use toml_edit::DocumentMut;

    use super::*;
    use crate::RUNNER;

    fn meaning_of(text: &str) -> String {
        let document: DocumentMut = text.parse().unwrap();
        of_table(Some(Shape::Table(RUNNER)), document.as_table())
    }

    #[test]
    fn spelling_does_not_count() {
        fn check(left: &str, right: &str) {
            assert_eq!(meaning_of(left), meaning_of(right));
        }
        check(
            "unhealthy_interval = '1h'",
            "Unhealthy_Interval = \"60m\" # why",
        );
        check(
            "unhealthy_interval = '1m'",
            "unhealthy_interval = 60_000_000_000",
        );
        check("limit = 16", "Limit = 0x10");
        check(
            "monitoring.job_queuing_durations = [{ threshold = '1s' }]",
            "[[monitoring.job_queuing_durations]]\nThreshold = '1000ms'",
        );
        check("docker.pull_policy = 'a'", "[docker]\npull_policy = ['a']");
        check(
            "docker = { image = 'i', privileged = true }",
            "[docker]\nprivileged = true\nimage = 'i'",
        );
        check(
            "[[docker.services]]\nname = 'n'\nalias = ''",
            "[docker]\nservices = [{ Name = 'n' }]",
        );
        check(
            "docker.sysctls = { b = '1', a = '2' }",
            "[docker.sysctls]\na = '2'\nb = '1'",
        );
        check("limit = 0\ndocker.image = ''\n[cache]\n", "");
        check("docker.sysctls = 'ignored'", "");
    }

    #[test]
    fn what_gitlab_runner_tells_apart_differs() {
        fn check(left: &str, right: &str) {
            assert_ne!(meaning_of(left), meaning_of(right));
        }
        check("limit = 1", "limit = 2");
        check("environment = ['a,b']", "environment = ['a', 'b']");
        check("environment = ['a', 'b']", "environment = ['b', 'a']");
        check("docker.sysctls.A = '1'", "docker.sysctls.a = '1'");
        check("docker.sysctls.\"a.b\" = '1'", "docker.sysctls.a = '1'");
        check("strict_check_interval = false", "");
        check("docker.sysctls.a = ''", "");
        check("[[docker.services]]\n", "");
        check("own_key = 1", "own_key = 1.0");
        check("own_key = 0", "");
        check("Own_key = 1", "own_key = 1");
    }
}
