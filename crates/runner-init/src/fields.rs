//! Owns what gitlab-runner knows of a runner entry: names in the order of its structs, types, and when a zero value
//! is written. Holds facts; unknown keys are nobody's business here and are kept elsewhere.

/// Rows of fields: `"name" Shape Emit;`.
macro_rules! fields {
    ($($name:literal $shape:ident $(($inside:ident))? $emit:ident;)*) => {
        &[$(Field { name: $name, shape: Shape::$shape $(($inside))?, emit: Emit::$emit }),*]
    };
}

mod autoscaler;
mod docker;
mod global;
mod kubernetes;
mod pod;
mod runner;
mod scheduling;

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

/// The fields of `config.toml` as a whole; [`RUNNER`] is part of it.
pub const CONFIG: &[Field] = global::CONFIG;

/// The fields of a runner entry.
pub const RUNNER: &[Field] = runner::RUNNER;

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
    let mut fields = RUNNER;
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
    use crate::flags::{self, Kind, Place};

    /// Paths, Go types and emit rules as recorded from gitlab-runner 19.4.0.
    const RECORDED: &str = include_str!("../tests/runner-fields.tsv");

    fn shapes(word: &str) -> &'static str {
        match word.trim_start_matches('*') {
            "int32" => "SmallInteger",
            "int" | "int64" | "RequestRetryLimit" | "RequestRetryBackoffMax" => "Integer",
            "bool" => "Bool",
            "float64" => "Float",
            "time.Duration" => "Duration",
            "time.Time" => "Time",
            "[]string" | "[]api.Capability" | "[]DockerPullPolicy" => "Texts",
            "[]int64" => "Integers",
            "[]float64" => "Floats",
            "StringOrArray" => "TextOrTexts",
            "map[string]string" | "Labels" | "DockerSysCtls" => "TextMap",
            "map[string]bool" => "BoolMap",
            "map[string][]string" => "TextsMap",
            "RequestRetryLimits" => "IntegerMap",
            "AutoscalerSettingsMap" => "AnyTable",
            "monitoring.JobQueuingDurations" => "Tables",
            "[]KubernetesNFS" => "OwnTables",
            "string"
            | "S3AuthType"
            | "api.ProcMountType"
            | "KubernetesDNSPolicy"
            | "KubernetesPodSpecPatchType" => "Text",
            "KubernetesHostAliasesFlag" => "Tables",
            list if list.starts_with("[]") => "Tables",
            _ => "Table",
        }
    }

    #[test]
    fn table_holds_every_recorded_field_in_order() {
        let mut gaps = Vec::new();
        let mut places = std::collections::BTreeMap::new();
        let mut rows = 0;
        for line in RECORDED.lines().filter(|line| !line.starts_with('#')) {
            let cells: Vec<&str> = line.split('\t').collect();
            let [path, word, emit] = cells[..] else {
                panic!("{line}")
            };
            rows += 1;
            let path = path.replace("[]", "");
            let (parent, _) = path.rsplit_once('.').unwrap_or_default();
            let place = places.entry(parent.to_owned()).or_insert(0_usize);
            let siblings = at(parent).map_or(RUNNER, |field| field.shape.inside());
            let Some(field) = siblings.get(*place).filter(|f| path.ends_with(f.name)) else {
                gaps.push(format!("{path} is missing, or not at place {place}"));
                continue;
            };
            *place += 1;
            let shape = format!("{:?}", field.shape);
            let name: String = shape.chars().take_while(|c| c.is_alphanumeric()).collect();
            let is_table = ["Table", "Tables", "OwnTables"].contains(&name.as_str());
            let want = match emit {
                _ if is_table => Emit::IfNotZero,
                _ if emit.starts_with("always") => Emit::Always,
                _ if word.starts_with('*') && !emit.contains("pointee 0") => Emit::IfGiven,
                _ => Emit::IfNotZero,
            };
            if name != shapes(word) || field.emit != want {
                gaps.push(format!(
                    "{path} differs: recorded {line:?}, table {shape:.40} {:?}",
                    field.emit
                ));
            }
        }
        assert_eq!(gaps, Vec::<String>::new());
        assert_eq!(rows, 695);
    }

    #[test]
    fn every_flag_of_the_entry_leads_to_a_field_that_can_hold_it() {
        let mut found = 0;
        for flag in flags::all() {
            let Place::Entry(path) = flag.place else {
                continue;
            };
            // A flag newer than this table goes to the end of its table: one row is enough for it.
            let Some(field) = at(path) else {
                continue;
            };
            found += 1;
            let fits = match flag.kind {
                Kind::Text => matches!(field.shape, Shape::Text),
                Kind::Integer => matches!(field.shape, Shape::Integer),
                Kind::Float => matches!(field.shape, Shape::Float),
                Kind::Bool | Kind::NullableBool => matches!(field.shape, Shape::Bool),
                Kind::GoDuration => matches!(field.shape, Shape::Duration),
                Kind::List => matches!(field.shape, Shape::Texts),
                Kind::CommaList => matches!(field.shape, Shape::TextOrTexts),
                Kind::IntegerList => matches!(field.shape, Shape::Integers),
                Kind::TextMap => matches!(field.shape, Shape::TextMap),
                Kind::BoolMap => matches!(field.shape, Shape::BoolMap),
                Kind::ListMap => matches!(field.shape, Shape::TextsMap),
                Kind::IntegerMap => matches!(field.shape, Shape::IntegerMap),
                Kind::HostAliases => matches!(field.shape, Shape::Tables(_)),
                Kind::Time | Kind::Mode => false,
            };
            assert!(fits, "--{} {:?} {:?}", flag.name, flag.kind, field.shape);
        }
        assert!(found >= 345, "{found}");
    }

    #[test]
    fn letters_of_either_case_name_the_same_field() {
        assert_eq!(at("cache.type").map(|f| f.name), Some("Type"));
        assert!(at("cache.nothing").is_none());
    }
}
