//! Owns the leaves of a table: what gitlab-runner reads one by one, each at its path, in whatever form the tables around it were
//! written. Values, lists and arrays of tables are leaves; tables and maps are walked.

use std::collections::BTreeMap;

use toml_edit::{Decor, Item, Key, RawString, TableLike};

use crate::field::{Emit, Field, Shape, field};
use crate::layout::text;
use crate::lines::comments;
use crate::place::spelled;
use crate::zeros::is_zero;

/// What a table has inside.
#[derive(Clone, Copy)]
pub(crate) enum Inside {
    /// Fields, in any case of letters.
    Fields(&'static [Field]),
    /// Fields that gitlab-runner looks for by itself: the case of their letters counts.
    OwnFields(&'static [Field]),
    /// Keys that the operator chose, with values of this shape where gitlab-runner cares.
    Keys(Option<Shape>),
}

/// A leaf, or a table on the way to leaves.
pub(crate) struct Leaf<'a> {
    /// The names that lead there: fields as gitlab-runner writes them, other keys as they are.
    pub(crate) names: Vec<String>,
    pub(crate) item: &'a Item,
    pub(crate) shape: Option<Shape>,
    /// The comments above it and behind it, a line each without the blanks around it.
    pub(crate) comment: String,
    kind: LeafKind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum LeafKind {
    Value,
    /// A zero value that means as much as no key at all.
    Nothing,
    Table,
}

impl Inside {
    /// What a table of this shape has inside.
    pub(crate) fn of(shape: Option<Shape>) -> Self {
        match shape {
            Some(Shape::Table(fields) | Shape::Tables(fields)) => Self::Fields(fields),
            Some(Shape::OwnTables(fields)) => Self::OwnFields(fields),
            other => Self::Keys(other.and_then(Shape::inside_map)),
        }
    }

    fn field(self, key: &str) -> Option<&'static Field> {
        match self {
            Self::Fields(fields) => field(fields, key).map(|(_, field)| field),
            Self::OwnFields(fields) => fields.iter().find(|field| field.name == key),
            Self::Keys(_) => None,
        }
    }
}

impl Leaf<'_> {
    /// Whether gitlab-runner finds anything here.
    pub(crate) fn is_there(&self) -> bool {
        self.kind == LeafKind::Value
    }

    /// Whether it is no leaf but a table on the way to some.
    pub(crate) fn is_table(&self) -> bool {
        self.kind == LeafKind::Table
    }
}

/// The leaves of a table, and the tables in it, by their paths.
pub(crate) fn of(table: &dyn TableLike, inside: Inside) -> BTreeMap<String, Leaf<'_>> {
    let mut leaves = BTreeMap::new();
    walk(table, inside, &[], &mut leaves);
    leaves
}

/// Names joined with dots, each in quotes where TOML needs them.
pub(crate) fn path(names: &[String]) -> String {
    let shown = names
        .iter()
        .map(|name| Key::new(name).display_repr().into_owned());
    shown.collect::<Vec<_>>().join(".")
}

fn walk<'a>(
    table: &'a dyn TableLike,
    inside: Inside,
    above: &[String],
    leaves: &mut BTreeMap<String, Leaf<'a>>,
) {
    for (key, item) in table.iter() {
        let field = inside.field(key);
        // Of two spellings of one field the other one counts.
        if field.is_some_and(|field| spelled(table, field.name) != key) {
            continue;
        }
        let shape = match inside {
            Inside::Keys(shape) => shape,
            _ => field.map(|field| field.shape),
        };
        let names = [above, &[field.map_or(key, |field| field.name).to_owned()]].concat();
        let inner = item.as_table_like();
        let is_map = shape.is_none_or(Shape::is_map);
        let kind = match (shape, inner) {
            (Some(Shape::Table(_)), Some(_)) => LeafKind::Table,
            (_, Some(_)) if is_map => LeafKind::Table,
            // Anything else in place of a map is left out.
            (Some(_), None) if is_map => LeafKind::Nothing,
            _ if field.is_some_and(|f| f.emit != Emit::IfGiven) && is_zero(shape, item) => {
                LeafKind::Nothing
            }
            _ => LeafKind::Value,
        };
        if let (LeafKind::Table, Some(inner)) = (kind, inner) {
            walk(inner, Inside::of(shape), &names, leaves);
        }
        let comment = comment(table.key(key), item);
        let leaf = Leaf {
            names,
            item,
            shape,
            comment,
            kind,
        };
        leaves.insert(path(&leaf.names), leaf);
    }
}

/// The comments around an item.
fn comment(key: Option<&Key>, item: &Item) -> String {
    let mut around: Vec<Option<&RawString>> = Vec::new();
    let decor = match item {
        Item::Table(table) if table.is_dotted() => None,
        Item::Table(table) => Some(table.decor()),
        Item::Value(value) => {
            around.push(key.and_then(|key| key.leaf_decor().prefix()));
            Some(value.decor())
        }
        Item::ArrayOfTables(tables) => {
            around.extend(tables.iter().map(|table| table.decor().prefix()));
            None
        }
        Item::None => None,
    };
    around.extend(decor.map(Decor::prefix));
    around.extend(decor.map(Decor::suffix));
    let lines = around.into_iter().flat_map(|raw| comments(text(raw)));
    lines.collect::<Vec<_>>().join("\n")
}
