//! Owns what a flag is: its names, how its values are read, what it is for.

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
    pub value_type: ValueType,
    /// What the value is for.
    pub purpose: Purpose,
    /// A line for `--help`; empty where the key says it all.
    pub help: &'static str,
    /// Whether a value of it must never be shown.
    pub is_secret: bool,
    /// Whether gitlab-runner trims its value, because it could have asked a person for it.
    pub is_trimmed: bool,
    /// Whether a manifest usually needs it, so that the short help shows it.
    pub is_first: bool,
}

/// How the values of a flag are read (gitlab-runner's own rules).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueType {
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
pub enum Purpose {
    /// A key of the runner entry: names joined with dots.
    Key(&'static str),
    /// Name, URL or token, which go into the entry together with GitLab's answer.
    Identity,
    /// An attribute that GitLab keeps.
    ServerSide,
    /// A key of `config.toml` outside the entries.
    Global,
    /// How the program itself behaves.
    Command,
}
