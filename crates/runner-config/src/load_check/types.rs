//! Owns the check whether the values of a template or a config.toml have the types that gitlab-runner reads, as its decoder
//! does (BurntSushi/toml 1.6): a wrong type is refused, but where a map belongs anything else is left out without a word.

use toml_edit::{Item, TableLike, Value};

use crate::elements::{Mismatch, elements, start};
use crate::go_duration;
use crate::{CONFIG, Field, Shape, field};

mod advice;

/// The whole numbers that a number with a fraction can hold exactly: Go refuses larger ones there.
const EXACT: i64 = 1 << 53;

/// What is wrong with values is remembered while the file is walked.
struct Check {
    /// What gitlab-runner leaves out without a word.
    left_out: Vec<Mismatch>,
}

/// Checks every known key of a whole file, however deep; unknown ones are the operator's own. Those in `not_judged` are not
/// looked at. Gives what gitlab-runner leaves out.
pub(crate) fn check(
    root: &dyn TableLike,
    not_judged: impl Fn(&str) -> bool,
) -> Result<Vec<Mismatch>, Mismatch> {
    let mut check = Check {
        left_out: Vec::new(),
    };
    for (key, item) in root.iter().filter(|(key, _)| !not_judged(key)) {
        check.one(CONFIG, "", key, item)?;
    }
    Ok(check.left_out)
}

impl Check {
    fn table(
        &mut self,
        fields: &[Field],
        path: &str,
        table: &dyn TableLike,
    ) -> Result<(), Mismatch> {
        table
            .iter()
            .try_for_each(|(key, item)| self.one(fields, path, key, item))
    }

    /// One key of a table.
    fn one(
        &mut self,
        fields: &[Field],
        parent: &str,
        key: &str,
        item: &Item,
    ) -> Result<(), Mismatch> {
        let Some((_, field)) = field(fields, key) else {
            return Ok(());
        };
        let path = advice::join(parent, key);
        match field.shape {
            Shape::Table(fields) => match item.as_table_like() {
                Some(table) => self.table(fields, &path, table),
                None => Err(refused(field.shape, &path, item)),
            },
            Shape::Tables(fields) => match elements(item) {
                Some(tables) => tables
                    .into_iter()
                    .try_for_each(|table| self.table(fields, &path, table)),
                None => Err(refused(field.shape, &path, item)),
            },
            Shape::OwnTables(fields) => match elements(item) {
                Some(tables) => {
                    for table in tables {
                        self.read_by_itself(fields, &path, table);
                    }
                    Ok(())
                }
                None => Err(refused(field.shape, &path, item)),
            },
            shape if shape.is_map() => match item.as_table_like() {
                Some(map) => map.iter().try_for_each(|(key, item)| {
                    let path = advice::join(&path, key);
                    match shape.inside_map() {
                        Some(inside) => {
                            value(inside, &path, item).map_err(|no| advice::dotted(no, item))
                        }
                        None => Ok(()),
                    }
                }),
                None => {
                    self.left_out.push(advice::no_map(shape, &path, item));
                    Ok(())
                }
            },
            shape => value(shape, &path, item),
        }
    }

    /// A table of which gitlab-runner takes what fits, and nothing else.
    fn read_by_itself(&mut self, fields: &[Field], parent: &str, table: &dyn TableLike) {
        for (key, item) in table.iter() {
            let known = fields.iter().find(|field| field.name == key);
            let wrong = known.map(|field| value(field.shape, &advice::join(parent, key), item));
            if let Some(Err(wrong)) = wrong {
                let message = format!("gitlab-runner ignores it: {}", wrong.message);
                self.left_out.push(Mismatch { message, ..wrong });
            }
        }
    }
}

/// Checks a value that is neither table nor map.
fn value(shape: Shape, path: &str, item: &Item) -> Result<(), Mismatch> {
    match item.as_value() {
        Some(value) if fits(shape, value) => Ok(()),
        // An array of tables is a list, and without tables an empty one.
        None if matches!(item, Item::None) => Ok(()),
        _ => Err(refused(shape, path, item)),
    }
}

fn refused(shape: Shape, path: &str, item: &Item) -> Mismatch {
    // In a list it is one element that does not fit.
    let element = match (item.as_array(), element_of(shape)) {
        (Some(list), Some(shape)) => list.iter().find(|value| !fits(shape, value)),
        (Some(list), None) if matches!(shape, Shape::Tables(_) | Shape::OwnTables(_)) => {
            list.iter().find(|value| !value.is_inline_table())
        }
        _ => None,
    };
    Mismatch {
        path: path.to_owned(),
        offset: element
            .and_then(Value::span)
            .map_or_else(|| start(item), |span| Some(span.start)),
        message: advice::refusal(shape, path, item, element),
    }
}

/// Whether gitlab-runner's decoder takes a value for this.
fn fits(shape: Shape, value: &Value) -> bool {
    let number = |value: &Value| {
        let whole = value.as_integer();
        value.is_float() || whole.is_some_and(|whole| (-EXACT..=EXACT).contains(&whole))
    };
    let list = |shape: Shape| {
        value
            .as_array()
            .is_some_and(|l| l.iter().all(|v| fits(shape, v)))
    };
    match shape {
        Shape::Text => value.is_str(),
        Shape::Integer => value.is_integer(),
        Shape::SmallInteger => value.as_integer().is_some_and(|n| i32::try_from(n).is_ok()),
        Shape::Float => number(value),
        Shape::Bool => value.is_bool(),
        Shape::Duration => {
            let text = value.as_str();
            value.is_integer() || text.is_some_and(|text| go_duration::parse(text).is_some())
        }
        Shape::Time => {
            let text = value.as_str();
            value.is_datetime() || text.is_some_and(|t| crate::moment::in_quotes(t).is_some())
        }
        Shape::Texts => list(Shape::Text),
        Shape::Integers => list(Shape::Integer),
        Shape::Floats => list(Shape::Float),
        Shape::TextOrTexts => value.is_str() || list(Shape::Text),
        Shape::TextMap
        | Shape::BoolMap
        | Shape::TextsMap
        | Shape::IntegerMap
        | Shape::AnyTable
        | Shape::Table(_) => value.is_inline_table(),
        Shape::Tables(_) | Shape::OwnTables(_) => value
            .as_array()
            .is_some_and(|list| list.iter().all(Value::is_inline_table)),
    }
}

/// What the elements of a list are.
fn element_of(shape: Shape) -> Option<Shape> {
    match shape {
        Shape::Texts | Shape::TextOrTexts => Some(Shape::Text),
        Shape::Integers => Some(Shape::Integer),
        Shape::Floats => Some(Shape::Float),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
