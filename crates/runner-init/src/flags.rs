//! Owns the one table of flags: every flag of `gitlab-runner register` 19.4.0 and our own, one row each.
//! Holds facts; how a value is read is in `values`, what becomes of it in `args` and `entry`.

/// `None`, or the one expression that was given.
macro_rules! optional {
    () => {
        None
    };
    ($value:expr) => {
        Some($value)
    };
}

/// Rows of flags that give a key of the runner entry: `"flag" | "alias" ["VARIABLE"] Kind "key" "help";`, where flag,
/// variable and key begin with the three prefixes. Without a help text `--help` names the key.
macro_rules! entry_flags {
    ($flag:literal $variable:literal $path:literal {
        $($name:literal $(| $alias:literal)? [$($var:literal)?] $kind:ident $key:literal $($help:literal)?;)*
    }) => {
        &[$(Flag {
            name: concat!($flag, $name),
            alias: optional!($($alias)?),
            variable: optional!($(concat!($variable, $var))?),
            kind: Kind::$kind,
            place: Place::Entry(concat!($path, $key)),
            help: concat!($($help)?),
        }),*]
    };
}

/// Rows of all other flags: `"flag" | "alias" ["VARIABLE"] Kind Place "help";`.
macro_rules! other_flags {
    ($($name:literal $(| $alias:literal)? [$($var:literal)?] $kind:ident $place:ident $help:literal;)*) => {
        &[$(Flag {
            name: $name,
            alias: optional!($($alias)?),
            variable: optional!($($var)?),
            kind: Kind::$kind,
            place: Place::$place,
            help: $help,
        }),*]
    };
}

mod cache;
mod docker;
mod kubernetes;
mod machines;
mod own;
mod register;

/// One flag.
#[derive(Debug)]
pub struct Flag {
    /// The name without dashes.
    pub name: &'static str,
    /// A second name for the same flag.
    pub alias: Option<&'static str>,
    /// The environment variable; the flag wins over it.
    pub variable: Option<&'static str>,
    /// How values are read.
    pub kind: Kind,
    /// What the value is for.
    pub place: Place,
    /// A line for `--help`; empty where the key says it all.
    pub help: &'static str,
}

/// How the values of a flag are read (gitlab-runner's own rules).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Any text, as it is.
    Text,
    /// A decimal number.
    Integer,
    /// A number with a fraction.
    Float,
    /// Needs no value; a value stands behind `=`.
    Bool,
    /// Needs a value, `true` or `false`, unless its variable is set.
    NullableBool,
    /// A Go duration, written back the way Go does.
    GoDuration,
    /// Each time adds an element; commas are part of it.
    List,
    /// Split at commas; each time replaces.
    CommaList,
    /// Each time adds a number.
    IntegerList,
    /// Each time is one `key:text`.
    TextMap,
    /// Each time is one `key:true` or `key:false`.
    BoolMap,
    /// Each time is one `key:text`, kept as a list of one.
    ListMap,
    /// Each time is one `key:number`.
    IntegerMap,
    /// A JSON list of `{"ip", "hostnames"}`.
    HostAliases,
    /// Our own: `90s`, `5m`, `1h30m` or seconds.
    Time,
    /// Our own: a file mode in octal.
    Mode,
}

/// What a flag is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A key of the runner entry: names joined with dots.
    Entry(&'static str),
    /// Name, URL or token, which go into the entry together with GitLab's answer.
    Identity,
    /// An attribute that GitLab keeps.
    ServerSide,
    /// A key of `config.toml` outside the entries.
    Global,
    /// How the program itself behaves.
    Command,
}

/// The flags under one heading of `--help`.
#[derive(Debug)]
pub struct Group {
    /// The heading.
    pub heading: &'static str,
    /// Its flags, in gitlab-runner's order.
    pub flags: &'static [Flag],
}

const fn group(heading: &'static str, flags: &'static [Flag]) -> Group {
    Group { heading, flags }
}

/// All flags, in the order in which `--help` shows them.
pub const GROUPS: &[Group] = &[
    group("Registration", register::REGISTER),
    group("Beyond gitlab-runner", own::OWN),
    group("Global keys of config.toml", own::GLOBAL),
    group("Runner entry", register::RUNNER),
    group("Cache", cache::CACHE),
    group("Cache: S3", cache::S3),
    group("Cache: Google Cloud Storage", cache::GCS),
    group("Cache: Azure", cache::AZURE),
    group("SSH", machines::SSH),
    group("Docker", docker::DOCKER),
    group("Docker Machine", docker::MACHINE),
    group("Parallels", machines::PARALLELS),
    group("VirtualBox", machines::VIRTUALBOX),
    group("Custom", machines::CUSTOM),
    group("Kubernetes", kubernetes::KUBERNETES),
    group("Kubernetes", kubernetes::CONTEXT),
    group("Kubernetes: pod security context", kubernetes::POD_SECURITY),
    group(
        "Kubernetes: init permissions container",
        kubernetes::INIT_PERMISSIONS_SECURITY,
    ),
    group("Kubernetes: build container", kubernetes::BUILD_SECURITY),
    group("Kubernetes: helper container", kubernetes::HELPER_SECURITY),
    group(
        "Kubernetes: service containers",
        kubernetes::SERVICE_SECURITY,
    ),
];

/// What `-h` shows: the flags that a manifest needs.
pub const FIRST: &[&str] = &[
    "url",
    "token-file",
    "token",
    "registration-token-file",
    "access-token-file",
    "description",
    "executor",
    "config",
    "template-config",
    "concurrent",
    "tag-list",
    "docker-image",
    "kubernetes-image",
    "timeout",
];

/// Flags whose values are secrets: never in a message, masked where an entry is shown.
pub const SECRET: &[&str] = &[
    "token",
    "registration-token",
    "cache-s3-access-key",
    "cache-s3-secret-key",
    "cache-s3-session-token",
    "cache-gcs-private-key",
    "cache-azure-account-key",
    "ssh-password",
    "kubernetes-bearer_token",
];

impl Flag {
    /// Whether a value of it must never be shown.
    #[must_use]
    pub fn is_secret(&self) -> bool {
        SECRET.contains(&self.name)
    }
}

/// Every flag.
pub fn all() -> impl Iterator<Item = &'static Flag> {
    GROUPS.iter().flat_map(|group| group.flags)
}

/// The flag with this name or alias.
#[must_use]
pub fn find(name: &str) -> Option<&'static Flag> {
    all().find(|flag| flag.name == name || flag.alias == Some(name))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use runner_lifecycle::former::{FORMER, Instead};

    use super::*;

    /// Names, variables, kinds and places as recorded from gitlab-runner 19.4.0.
    const RECORDED: &str = include_str!("../tests/register-flags.tsv");

    fn kind(word: &str) -> &'static [Kind] {
        match word {
            "string" | "string-nullable" => &[Kind::Text],
            "int" | "int-nullable" => &[Kind::Integer],
            "float" => &[Kind::Float],
            "bool" => &[Kind::Bool],
            "bool-nullable" => &[Kind::NullableBool],
            "duration-nullable" => &[Kind::GoDuration],
            "list" => &[Kind::List],
            "list-csv" => &[Kind::CommaList],
            "list-int" => &[Kind::IntegerList],
            "map(string:string)" => &[Kind::TextMap],
            "map(string:bool)" => &[Kind::BoolMap],
            "map(string:list)" => &[Kind::ListMap],
            "map(string:int)" => &[Kind::IntegerMap],
            "json" => &[Kind::HostAliases],
            _ => &[],
        }
    }

    #[test]
    fn table_holds_every_recorded_flag() {
        let mut gaps = Vec::new();
        let mut rows = 0;
        for line in RECORDED.lines().filter(|line| !line.starts_with('#')) {
            let cells: Vec<&str> = line.split('\t').collect();
            let [name, alias, variable, word, place] = cells[..] else {
                panic!("{line}")
            };
            rows += 1;
            let Some(flag) = all().find(|flag| flag.name == name) else {
                gaps.push(format!("--{name} is missing"));
                continue;
            };
            let same = flag.alias.unwrap_or_default() == alias
                && flag.variable.unwrap_or_default() == variable
                && kind(word).contains(&flag.kind)
                && match flag.place {
                    Place::Entry(path) => path == place,
                    Place::Identity => ["name", "url", "token"].contains(&place),
                    Place::ServerSide => place == "server-side",
                    Place::Command => place == "command",
                    Place::Global => false,
                };
            if !same {
                gaps.push(format!(
                    "--{name} differs: recorded {line:?}, table {flag:?}"
                ));
            }
        }
        assert_eq!(gaps, Vec::<String>::new());
        assert_eq!(rows, 360);
    }

    #[test]
    fn no_name_and_no_variable_is_used_twice() {
        let mut names = BTreeMap::new();
        let mut variables = BTreeMap::new();
        for flag in all() {
            for name in [Some(flag.name), flag.alias].into_iter().flatten() {
                assert_eq!(names.insert(name, flag.name), None, "{name}");
            }
            if let Some(variable) = flag.variable {
                assert_eq!(variables.insert(variable, flag.name), None, "{variable}");
            }
        }
    }

    #[test]
    fn what_is_gone_is_not_in_the_table_and_what_took_its_place_is() {
        for former in FORMER {
            let gone = former.flag.is_some_and(|name| find(name).is_some());
            let read = |variable| all().any(|flag| flag.variable == Some(variable));
            assert!(!gone && !former.variable.is_some_and(read), "{former:?}");
            let Instead::Flag(flag, variable) = former.instead else {
                continue;
            };
            let there = find(flag).and_then(|flag| flag.variable);
            // The runner manager reads its own variable, runner-init its flag's.
            assert!(
                there == Some(variable) || there == Some("RUNNER_INIT_LISTEN_ADDRESS"),
                "{former:?}"
            );
        }
    }

    #[test]
    fn lists_of_names_name_flags() {
        for name in FIRST.iter().chain(SECRET) {
            assert!(all().any(|flag| flag.name == *name), "{name}");
        }
    }

    #[test]
    fn own_flags_have_a_variable_of_ours_and_a_help_text() {
        for flag in own::OWN.iter().chain(own::GLOBAL) {
            assert!(!flag.help.is_empty(), "--{}", flag.name);
            let ours = flag.variable.is_some_and(|v| v.starts_with("RUNNER_INIT_"));
            assert!(
                ours || ["log-format", "log-level", "debug"].contains(&flag.name),
                "{flag:?}"
            );
        }
    }
}
