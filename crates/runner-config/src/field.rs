//! Owns what a key of `config.toml` is: its name, what it holds, and when a zero value is written. Unknown keys are nobody's
//! business here.

use crate::RUNNER;

/// One key of a table.
#[derive(Debug)]
pub struct Field {
    /// The key as gitlab-runner writes it; it reads it in any case of letters.
    pub name: &'static str,
    /// What it holds.
    pub shape: Shape,
    /// Whether a zero value of it means anything in the file.
    pub emit: Emit,
}

/// What a field holds.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    /// A string.
    Text,
    /// A whole number.
    Integer,
    /// A whole number of 32 bits.
    SmallInteger,
    /// A number.
    Float,
    /// `true` or `false`.
    Bool,
    /// A Go duration as a string, or nanoseconds.
    Duration,
    /// A moment.
    Time,
    /// A list of strings.
    Texts,
    /// A list of whole numbers.
    Integers,
    /// A list of numbers.
    Floats,
    /// A list of strings, or one string for a list of one.
    TextOrTexts,
    /// A table of strings.
    TextMap,
    /// A table of `true` and `false`.
    BoolMap,
    /// A table of lists of strings.
    TextsMap,
    /// A table of whole numbers.
    IntegerMap,
    /// A table that a plugin reads.
    AnyTable,
    /// A table.
    Table(&'static [Field]),
    /// An array of tables.
    Tables(&'static [Field]),
    /// An array of tables that gitlab-runner reads by itself: what does not fit in one is left out.
    OwnTables(&'static [Field]),
}

/// When a zero value is written: gitlab-runner's encoder drops it where it cannot mean anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Emit {
    /// Always; so it may be written when it was asked for.
    Always,
    /// Never: zero and absent are the same.
    IfNotZero,
    /// Whenever it was given: zero and absent differ.
    IfGiven,
}

/// The field that a key stands for, with its place in the struct; letters may be of either case, as in gitlab-runner.
#[must_use]
pub fn field<'a>(fields: &'a [Field], key: &str) -> Option<(usize, &'a Field)> {
    let exact = fields.iter().position(|field| field.name == key);
    let index = exact.or_else(|| {
        fields
            .iter()
            .position(|field| field.name.eq_ignore_ascii_case(key))
    })?;
    Some((index, &fields[index]))
}

/// The field at a path of names joined with dots.
#[must_use]
pub fn at(path: &str) -> Option<&'static Field> {
    let mut fields: &[Field] = RUNNER;
    let mut found = None;
    for key in path.split('.') {
        let (_, inner) = field(fields, key)?;
        found = Some(inner);
        fields = inner.shape.inside();
    }
    found
}

impl Shape {
    /// The fields of a table; none for everything else.
    #[must_use]
    pub fn inside(self) -> &'static [Field] {
        match self {
            Self::Table(fields) | Self::Tables(fields) | Self::OwnTables(fields) => fields,
            _ => &[],
        }
    }

    /// Whether it is a table whose keys the operator chooses. Whatever stands there that is no table, gitlab-runner leaves out.
    #[must_use]
    pub fn is_map(self) -> bool {
        self.inside_map().is_some() || matches!(self, Self::AnyTable)
    }

    /// What the values of such a table are, where gitlab-runner cares.
    #[must_use]
    pub fn inside_map(self) -> Option<Self> {
        match self {
            Self::TextMap => Some(Self::Text),
            Self::BoolMap => Some(Self::Bool),
            Self::IntegerMap => Some(Self::Integer),
            Self::TextsMap => Some(Self::Texts),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_of_either_case_name_the_same_field() {
        assert_eq!(at("cache.type").map(|f| f.name), Some("Type"));
        assert!(at("cache.nothing").is_none());
    }
}
