//! Owns the address of a GitLab instance, read as gitlab-runner reads it. It never carries credentials.

use std::borrow::Cow;
use std::fmt;

use runner_config::shown::{shown, without_tokens};
use url::Url;

use super::Error;

mod go;

/// Address of a GitLab instance: scheme, host, port and relative root, without a trailing slash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint(Url);

impl Endpoint {
    /// Reads a URL (flag, variable or `config.toml`): trailing slashes and one `/ci` go, a relative root stays.
    ///
    /// The URL standard of browsers, which the HTTP client follows, repairs what it can: `http:/h` or a tab inside are fine
    /// there, and 127.1 is 127.0.0.1. gitlab-runner would read another address or none, so nothing that needs a repair is taken.
    ///
    /// # Errors
    /// [`Error::Unusable`] when it is no `http` or `https` address, holds a user name, a password or what a browser adds, or
    /// when gitlab-runner would read it otherwise.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let refuse = |why: &str| Err(Error::unusable(format!("the URL of GitLab {why}")));
        if text.trim().is_empty() {
            return refuse("is empty: write https://gitlab.example");
        }
        if text.trim() != text {
            return refuse("begins or ends with a space or a line break: remove it");
        }
        if let Some(why) = slip(text) {
            return refuse(why);
        }
        let scheme = scheme_of(text);
        let scheme = match scheme {
            Some(scheme) if matches!(&*scheme.to_ascii_lowercase(), "http" | "https") => scheme,
            Some(scheme) if text[scheme.len()..].starts_with("://") => {
                return refuse(&format!(
                    "begins with {}://, but only http and https are supported",
                    without_tokens(scheme)
                ));
            }
            _ => return refuse(&missing_scheme(text)),
        };
        let rest = &text[scheme.len()..];
        let authority = rest.trim_start_matches([':', '/', '\\']);
        let authority = authority.split(['/', '?', '#']).next().unwrap_or_default();
        // gitlab-runner would send these along as Basic authentication, where GitLab has no use for them.
        if authority.contains('@') {
            return refuse("contains a user name or password: remove them");
        }
        // gitlab-runner puts the path of each call behind them, where it is no path any more.
        if text.contains(['?', '#']) {
            return refuse("has more than a path: remove the ? or # and what follows it");
        }
        let theirs = match go::read(text) {
            Ok(reading) => reading,
            Err(why) => return refuse(why),
        };
        let Ok(mut url) = Url::parse(text) else {
            return refuse("has an invalid host: write https://gitlab.example");
        };
        let path = url.path().trim_end_matches('/');
        let path = path.strip_suffix("/ci").unwrap_or(path).to_owned();
        url.set_path(&path);
        let endpoint = Self(url);
        match endpoint.read_otherwise(&theirs) {
            Some(why) => refuse(&why),
            None => Ok(endpoint),
        }
    }

    /// What gitlab-runner would do with the same text, if that is anything else.
    fn read_otherwise(&self, theirs: &go::GoReading) -> Option<String> {
        let ours = self.call("runners");
        let same_host = match ours.host()? {
            url::Host::Domain(name) => name.eq_ignore_ascii_case(&theirs.host),
            url::Host::Ipv4(address) => address.to_string() == theirs.host,
            url::Host::Ipv6(address) => theirs.host.parse() == Ok(address),
        };
        if !same_host {
            let host = ours.host_str().unwrap_or_default();
            return Some(format!(
                "has the host {}, which gitlab-runner looks up as a name: write {host} if you mean that address",
                shown(&theirs.host)
            ));
        }
        if ours.scheme() != theirs.scheme || ours.port_or_known_default() != Some(theirs.port) {
            return Some(format!(
                "is read by gitlab-runner as {}, port {}: write it that way",
                theirs.scheme, theirs.port
            ));
        }
        (ours.path() != theirs.path).then(|| {
            let root = theirs.path.strip_suffix("/api/v4/runners");
            format!(
                "has a path that gitlab-runner reads as {}: write that path",
                shown(root.unwrap_or(&theirs.path))
            )
        })
    }

    /// Whether both lead to the same GitLab; upper case, default ports, trailing slashes and `/ci` do not count.
    #[must_use]
    pub fn same_as(&self, other: &Self) -> bool {
        self.0 == other.0
    }

    /// The address of one call of the API, such as `runners/verify`.
    pub(super) fn call(&self, path: &str) -> Url {
        let mut url = self.0.clone();
        url.set_path(&format!(
            "{}/api/v4/{path}",
            self.0.path().trim_end_matches('/')
        ));
        url
    }

    /// The address itself, for the rules of proxies and certificates.
    pub(super) fn url(&self) -> &Url {
        &self.0
    }
}

/// What stands before the first colon, if it has the letters of a scheme.
fn scheme_of(text: &str) -> Option<&str> {
    let (scheme, _) = text.split_once(':')?;
    let begins = scheme.starts_with(|c: char| c.is_ascii_alphabetic());
    let letters = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    (begins && scheme.chars().all(letters)).then_some(scheme)
}

/// What a template, a shell or a document leaves behind where the address should be.
fn slip(text: &str) -> Option<&'static str> {
    let quotes = [
        '"', '\'', '`', '\u{201c}', '\u{201d}', '\u{2018}', '\u{2019}',
    ];
    if text.starts_with(quotes) {
        return Some("is in quotes: remove them");
    }
    // In a path each of these may be meant.
    let scheme = text.find("://").map_or(0, |at| at + 3);
    let host = text[scheme..].split('/').next().unwrap_or_default();
    if host.starts_with('$') || ["${", "$(", "{{"].iter().any(|start| host.contains(start)) {
        return Some(
            "contains a variable that was not replaced by its value: check where the value should come from",
        );
    }
    host.contains(['<', '>', '\u{2039}', '\u{203a}'])
        .then_some("contains a placeholder: replace it with GitLab's host name")
}

/// A name without a dot that is no longer than this is no token of any GitLab.
const SURELY_A_HOST: usize = 12;

fn missing_scheme(text: &str) -> String {
    const GENERAL: &str = "has no scheme: write https://gitlab.example";
    let shown = text.strip_prefix("//").unwrap_or(text);
    if let Cow::Owned(_) = without_tokens(shown) {
        return "is a token: write https://gitlab.example, and give the token with its own flag"
            .to_owned();
    }
    let lower = shown.to_ascii_lowercase();
    let half = |scheme: &str| {
        let rest = lower.strip_prefix(scheme);
        rest.is_some_and(|rest| rest.starts_with(['/', ';', ',', ' ']))
    };
    if half("https") || half("http") {
        return "has no :// after its scheme: write https://gitlab.example".to_owned();
    }
    let host = lower.split([':', '/']).next().unwrap_or_default();
    // An older token has no prefix, and may stand here by mistake.
    let is_host = host.contains('.') || host.len() <= SURELY_A_HOST || host.starts_with('[');
    // Credentials may stand before an at sign; such a text is refused with a scheme too.
    let whole = format!("https://{shown}");
    if is_host && Endpoint::parse(&whole).is_ok() {
        format!("has no scheme: write {whole}")
    } else {
        GENERAL.to_owned()
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

/// Whether two URLs mean one GitLab: case, default ports, slashes and `/ci` do not count.
#[must_use]
pub fn same_url(one: &str, two: &str) -> bool {
    match (Endpoint::parse(one), Endpoint::parse(two)) {
        (Ok(one), Ok(two)) => one.same_as(&two),
        // What is no URL is at least the same text.
        _ => one.trim() == two.trim(),
    }
}

#[cfg(test)]
mod tests;
