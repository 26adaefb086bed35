//! Owns the runner entry: what it should hold, how it is laid out, and how an existing one is brought up to date.
//! Pure: no clock, no disk, no socket.

mod asked;
mod drain_ready;
mod merge;

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use runner_config::place;
use runner_config::template::Template;
use runner_config::{RUNNER, executor, layout};
use runner_lifecycle::exit::Failure;
use runner_lifecycle::gitlab::Endpoint;
use runner_lifecycle::token::Token;
use toml_edit::{Datetime, Item, Table, value};

pub(crate) use drain_ready::{
    LOOPBACK, drop_stray_comment_of_limit, drop_stray_comment_of_listen_address, is_marked_limit,
    is_marked_listen_address, limit_is_the_operators, listen_address_is_the_operators,
    put_listen_address,
};

use crate::args::{Name, Options, Origin, Setting};

/// The runner entry that is wanted, before GitLab has said who it is.
pub(crate) struct EntryWish {
    /// The runner's name.
    pub name: String,
    /// GitLab's URL as it goes into the entry: as given, else the template's.
    pub url: String,
    /// The executor, one of gitlab-runner's.
    pub executor: String,
    /// The shell that `info` names: the one given, else bash, also where the executor's rules write another into the entry.
    pub shell: String,
    /// The GPUs that `info` names; empty where the executor has none.
    pub gpus: String,
    /// `tls-ca-file`, from a flag or the template.
    pub tls_ca_file: Option<PathBuf>,
    /// `tls-cert-file`, from a flag or the template.
    pub tls_cert_file: Option<PathBuf>,
    /// `tls-key-file`, from a flag or the template.
    pub tls_key_file: Option<PathBuf>,
    /// What the operator should hear about, one line each.
    pub warnings: Vec<String>,
    /// Who said the URL: a flag or variable, else the template.
    url_origin: Result<Origin, String>,
    /// Whether the name was given, and is not just the host's.
    pub(crate) name_given: bool,
    /// The entry without name, URL, id, token and times.
    table: Table,
    /// What was given for it, without the sections that the executor does not keep.
    settings: Vec<Setting>,
}

impl fmt::Debug for EntryWish {
    /// Without the entry itself: it may hold passwords.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name,
            url,
            executor,
            settings,
            ..
        } = self;
        write!(
            f,
            "runner {name} at {url} with executor {executor} and {settings:?}"
        )
    }
}

impl EntryWish {
    /// GitLab's address.
    ///
    /// A URL that cannot be used ends with exit 2 where a flag or variable gave it, with 78 where the template did.
    pub(crate) fn endpoint(&self) -> Result<Endpoint, Failure> {
        Endpoint::parse(&self.url).map_err(|error| match &self.url_origin {
            Ok(origin) => Failure::usage(format!("{origin}: {error}")),
            Err(template) => Failure::unusable(format!("{template}: {error}")),
        })
    }
}

/// What GitLab and the clock add to a wish.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Identity<'a> {
    /// The runner's name.
    pub name: &'a str,
    /// GitLab's URL as it goes into the entry.
    pub url: &'a str,
    /// The runner's id.
    pub id: i64,
    /// The authentication token.
    pub token: &'a Token,
    /// When the token was received; written in whole seconds.
    pub obtained_at: SystemTime,
    /// When it expires, as GitLab sent it (RFC 3339); `None`: never.
    pub expires_at: Option<&'a str>,
}

/// Works out the entry from what was given, the template and the executor's rules.
///
/// A missing URL, an unknown executor and a missing mandatory field of the executor end with exit 2, a template that cannot be
/// merged with 78.
pub(crate) fn wish(options: &Options, template: Option<&Template>) -> Result<EntryWish, Failure> {
    let name = name(options, template)?;
    let mut table = template
        .map(|template| template.entry().clone())
        .unwrap_or_default();
    let mut warnings = Vec::new();
    for setting in &options.entry {
        warnings.extend(merge::setting(&mut table, setting)?);
    }
    let (url, url_origin) = match (&options.url, &options.template) {
        (Some(given), _) => (given.value.as_str(), Ok(given.origin)),
        (None, path) => {
            let path = path.as_deref().unwrap_or_else(|| Path::new(""));
            let origin = format!("url of the template {}", path.display());
            (template.map_or("", Template::url), Err(origin))
        }
    };
    if url.is_empty() {
        return Err(Failure::usage(
            "--url is missing (CI_SERVER_URL): give GitLab's address",
        ));
    }
    // As gitlab-runner tells it: before the executor's rules have their say about the entry's shell.
    let shell = executor::shell(&table);
    let executor = executor::settle(&mut table).map_err(Failure::usage)?;
    let dropped: Vec<&str> = executor::drops(executor).collect();
    let file = |key: &str| {
        let path = place::text(&table, key).filter(|path| !path.is_empty());
        path.map(PathBuf::from)
    };
    Ok(EntryWish {
        name,
        url: url.to_owned(),
        executor: executor.to_owned(),
        shell,
        gpus: executor::gpus(&table),
        tls_ca_file: file("tls-ca-file"),
        tls_cert_file: file("tls-cert-file"),
        tls_key_file: file("tls-key-file"),
        warnings,
        url_origin,
        name_given: matches!(options.name, Name::Given(_)),
        settings: options
            .entry
            .iter()
            .filter(|s| !merge::is_dropped(s, &dropped))
            .cloned()
            .collect(),
        table,
    })
}

/// The name as given; the template's only where an empty one makes room for it.
fn name(options: &Options, template: Option<&Template>) -> Result<String, Failure> {
    let (by, host) = match &options.name {
        Name::Given(name) | Name::Host(name) => return Ok(name.clone()),
        Name::Emptied { by, host } => (by, host.as_deref()),
    };
    let own = template.map_or("", Template::name);
    let name = Some(own).filter(|own| !own.is_empty()).or(host);
    let missing = || Failure::usage(format!("{by}: the runner's name is empty"));
    Ok(name.ok_or_else(missing)?.to_owned())
}

/// The `[[runners]]` table to append to `config.toml`, of what is [`EntryWish::asked`] for.
pub(crate) fn render(mut table: Table, identity: &Identity<'_>) -> Table {
    let obtained = humantime::format_rfc3339_seconds(identity.obtained_at).to_string();
    let mut put = |key: &str, item: Item| {
        place::put(&mut table, key, item);
    };
    put("name", value(identity.name));
    put("url", value(identity.url));
    put("id", value(identity.id));
    put("token", value(identity.token.expose()));
    if let Ok(moment) = obtained.parse::<Datetime>() {
        put("token_obtained_at", value(moment));
    }
    match identity.expires_at.and_then(moment) {
        Some(moment) => put("token_expires_at", value(moment)),
        // Absent is what gitlab-runner has for "never"; its encoder spells it as the year 1.
        None => drop(place::remove(&mut table, "token_expires_at")),
    }
    layout::lay_out(&mut table, RUNNER, 1);
    layout::header(&mut table, 0, true);
    table
}

/// A moment as gitlab-runner writes it: the zone as sent, no fraction that is zero.
fn moment(text: &str) -> Option<Datetime> {
    let mut moment: Datetime = text.trim().parse().ok()?;
    if let Some(time) = &mut moment.time
        && time.nanosecond == Some(0)
    {
        time.nanosecond = None;
    }
    Some(moment)
}

#[cfg(test)]
pub(crate) mod tests;
