//! Turns the table of gitlab-runner's keys and flags into Rust, so that a new release is one new table; and beside it the
//! table of what earlier releases had.
//!
//! A tree of fields is made of the paths; tables with equal contents, such as the four security contexts of containers,
//! become one static.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

const TABLE: &str = "gitlab-runner-19.4.tsv";
const FORMER: &str = "former.tsv";

/// One row: cells by the names of the header.
struct Row<'a> {
    key: &'a str,
    go_type: &'a str,
    written: &'a str,
    flag: &'a str,
    alias: &'a str,
    variable: &'a str,
    marks: &'a str,
    help: &'a str,
}

impl<'a> Row<'a> {
    fn read(line: &'a str) -> Self {
        let mut cells = line.split('\t');
        let mut next = || cells.next().unwrap_or_default();
        Self {
            key: next(),
            go_type: next(),
            written: next(),
            flag: next(),
            alias: next(),
            variable: next(),
            marks: next(),
            help: next(),
        }
    }

    fn is_key(&self) -> bool {
        !self.key.starts_with('(')
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a build script writes to OUT_DIR, not to a volume"
)]
fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={TABLE}");
    println!("cargo::rerun-if-changed={FORMER}");
    let text = fs::read_to_string(TABLE)?;
    let former_text = fs::read_to_string(FORMER)?;
    let rows: Vec<Row<'_>> = rows_of(&text).map(Row::read).collect();
    let mut tables = Tables::default();
    let config = tables.of(&rows, "")?;
    let runner = tables.of(&rows, "runners[].")?;
    let mut rust = tables.text;
    writeln!(
        rust,
        "/// The fields of `config.toml` as a whole; [`RUNNER`] is part of it."
    )?;
    writeln!(rust, "pub static CONFIG: &[Field] = &{config};")?;
    writeln!(rust, "/// The fields of a runner entry.")?;
    writeln!(rust, "pub static RUNNER: &[Field] = &{runner};")?;
    writeln!(
        rust,
        "/// The flags of `gitlab-runner register`, in the order of its structs."
    )?;
    writeln!(rust, "pub static FLAGS: &[Flag] = &[")?;
    for row in rows.iter().filter(|row| !row.flag.is_empty()) {
        writeln!(rust, "    {},", flag(row)?)?;
    }
    writeln!(rust, "];")?;
    writeln!(rust, "/// Every flag and variable that is gone.")?;
    writeln!(rust, "pub static FORMER: &[Former] = &[")?;
    for line in rows_of(&former_text) {
        writeln!(rust, "    {},", former(line, &rows)?)?;
    }
    writeln!(rust, "];")?;
    let out = env::var("OUT_DIR")?;
    fs::write(Path::new(&out).join("table.rs"), rust)?;
    Ok(())
}

/// The rows of a table, without its comments and its header.
fn rows_of(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.starts_with('#')).skip(1)
}

/// The statics written so far, by their contents.
#[derive(Default)]
struct Tables {
    text: String,
    names: BTreeMap<String, String>,
}

impl Tables {
    /// The name of the static with the fields right below a prefix.
    fn of(&mut self, rows: &[Row<'_>], prefix: &str) -> Result<String, Box<dyn Error>> {
        let mut fields = Vec::new();
        for row in rows.iter().filter(|row| row.is_key()) {
            let Some(name) = row.key.strip_prefix(prefix) else {
                continue;
            };
            if name.contains(['.', '[']) {
                continue;
            }
            let (one, many) = (format!("{}.", row.key), format!("{}[].", row.key));
            let has = |prefix: &str| rows.iter().any(|row| row.key.starts_with(prefix));
            let shape = if has(&many) {
                // gitlab-runner reads these volumes by itself.
                let own = if row.go_type == "[]KubernetesNFS" {
                    "Own"
                } else {
                    ""
                };
                format!("{own}Tables(&{})", self.of(rows, &many)?)
            } else if has(&one) {
                format!("Table(&{})", self.of(rows, &one)?)
            } else {
                shape(row.go_type)?.to_owned()
            };
            let emit = emit(row, shape.contains("(&"));
            fields.push(format!(
                "Field {{ name: {name:?}, shape: Shape::{shape}, emit: Emit::{emit} }}"
            ));
        }
        let (count, fields) = (fields.len(), fields.join(", "));
        if let Some(name) = self.names.get(&fields) {
            return Ok(name.clone());
        }
        let name = format!("FIELDS_{}", self.names.len());
        writeln!(self.text, "static {name}: [Field; {count}] = [{fields}];")?;
        self.names.insert(fields, name.clone());
        Ok(name)
    }
}

/// When a zero value is written. A table without contents means nothing.
fn emit(row: &Row<'_>, is_table: bool) -> &'static str {
    match row.written {
        _ if is_table => "IfNotZero",
        written if written.starts_with("always") => "Always",
        written if row.go_type.starts_with('*') && !written.contains("pointee 0") => "IfGiven",
        _ => "IfNotZero",
    }
}

/// What a key of this Go type holds.
fn shape(go_type: &str) -> Result<&'static str, String> {
    Ok(match go_type.trim_start_matches('*') {
        "string"
        | "S3AuthType"
        | "api.ProcMountType"
        | "KubernetesDNSPolicy"
        | "KubernetesPodSpecPatchType" => "Text",
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
        other => {
            return Err(format!(
                "{TABLE}: no shape is known for the Go type {other}"
            ));
        }
    })
}

/// How the values of a flag that gives a key of this Go type are read.
fn value_type(go_type: &str) -> Result<&'static str, String> {
    Ok(match go_type {
        "*bool" => "NullableBool",
        "KubernetesHostAliasesFlag" => "HostAliases",
        other => match shape(other)? {
            "Duration" => "GoDuration",
            "Texts" => "List",
            "Integers" => "IntegerList",
            "TextOrTexts" => "CommaList",
            "TextsMap" => "ListMap",
            same => same,
        },
    })
}

fn flag(row: &Row<'_>) -> Result<String, String> {
    let purpose = match row.key {
        "(command)" => "Command".to_owned(),
        "(server-side)" => "ServerSide".to_owned(),
        "runners[].name" | "runners[].url" | "runners[].token" => "Identity".to_owned(),
        key => {
            let path = key.strip_prefix("runners[].");
            let path =
                path.ok_or_else(|| format!("{TABLE}: --{} gives no key of an entry", row.flag))?;
            format!("Key({:?})", path.replace("[]", ""))
        }
    };
    let has = |mark: &str| row.marks.split(',').any(|own| own == mark);
    Ok(format!(
        "Flag {{ name: {:?}, alias: {:?}, variable: {:?}, value_type: ValueType::{}, purpose: Purpose::{purpose}, help: {:?}, \
         is_secret: {}, is_trimmed: {}, is_first: {} }}",
        row.flag,
        some(row.alias),
        some(row.variable),
        value_type(row.go_type)?,
        row.help,
        has("secret"),
        has("trim"),
        has("first"),
    ))
}

/// A row of what is gone, with the variable of the flag that took its place.
fn former(line: &str, rows: &[Row<'_>]) -> Result<String, String> {
    let cells: Vec<&str> = line.split('\t').collect();
    let [command, flag, variable, gone, instead, own @ ..] = &cells[..] else {
        return Err(format!("{FORMER}: {line:?} has too few cells"));
    };
    let instead = if instead.starts_with('[') {
        format!("Table({instead:?})")
    } else {
        let row = rows.iter().find(|row| row.flag == *instead);
        let variable = row.map(|row| row.variable).or(own.first().copied());
        let variable = variable.ok_or_else(|| format!("{FORMER}: --{instead} is no flag"))?;
        format!("Flag({instead:?}, {variable:?})")
    };
    Ok(format!(
        "Former {{ is_of_run: {}, flag: {:?}, variable: {:?}, gone: {gone:?}, instead: Instead::{instead} }}",
        *command == "run",
        some(flag),
        some(variable),
    ))
}

fn some(cell: &str) -> Option<&str> {
    (!cell.is_empty()).then_some(cell)
}
