//! Owns the address of a GitLab instance, read as gitlab-runner reads it. It never carries credentials.

use std::borrow::Cow;
use std::fmt;

use url::Url;

use super::Error;
use crate::shown::without_tokens;

/// Address of a GitLab instance: scheme, host, port and relative root, without a trailing slash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint(Url);

impl Endpoint {
    /// Reads `url` (flag, variable or `config.toml`): trailing slashes and one `/ci` go, a relative root stays.
    ///
    /// # Errors
    /// [`Error::Unusable`] when it is no `http` or `https` address, or holds a user name, a password or what a browser adds.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let text = text.trim();
        let refuse = |why: &str| Err(Error::unusable(format!("the URL of GitLab {why}")));
        if text.is_empty() {
            return refuse("is empty: write https://gitlab.example");
        }
        let has_scheme = text.contains("://");
        let Ok(mut url) = Url::parse(text) else {
            if !has_scheme && Url::parse(&format!("https://{text}")).is_ok() {
                return refuse(&missing_scheme(text));
            }
            return refuse("cannot be read: write https://gitlab.example");
        };
        if !matches!(url.scheme(), "http" | "https") {
            return refuse(&if has_scheme {
                format!(
                    "begins with {}://, but only http and https are spoken",
                    without_tokens(url.scheme())
                )
            } else {
                missing_scheme(text)
            });
        }
        // gitlab-runner would send these along as Basic authentication, where GitLab has no use for them.
        if !url.username().is_empty() || url.password().is_some() {
            return refuse("holds a user name or password: leave them out");
        }
        // gitlab-runner puts the path of each call behind them, where it is no path any more.
        if url.query().is_some() || url.fragment().is_some() {
            return refuse("goes on behind its path: leave out the ? or # and what follows it");
        }
        if url.host_str().is_none() {
            return refuse("names no host: write https://gitlab.example");
        }
        let path = url.path().trim_end_matches('/');
        let path = path.strip_suffix("/ci").unwrap_or(path).to_owned();
        url.set_path(&path);
        Ok(Self(url))
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

fn missing_scheme(text: &str) -> String {
    // Credentials may stand before an at sign; they are nobody's business in a log.
    let shown = text
        .rsplit('@')
        .next()
        .unwrap_or(text)
        .trim_start_matches('/');
    match without_tokens(shown) {
        Cow::Borrowed(_) => format!("has no scheme: write https://{shown}"),
        Cow::Owned(_) => {
            "is a token: write https://gitlab.example, a token goes elsewhere".to_owned()
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base_address_is_built_as_gitlab_runner_does() {
        fn check(text: &str, want: &str) {
            let endpoint = Endpoint::parse(text).unwrap();
            assert_eq!(endpoint.call("runners").as_str(), want, "{text}");
        }
        for root in ["", "/gitlab"] {
            for end in ["", "/", "///", "/ci", "/ci/", "/ci///"] {
                let want = format!("https://gitlab.example{root}/api/v4/runners");
                check(&format!("https://gitlab.example{root}{end}"), &want);
            }
        }
        check(
            "http://test.example.com/ci///",
            "http://test.example.com/api/v4/runners",
        );
        check("https://h/ci/ci", "https://h/ci/api/v4/runners");
        check("https://h/gitlabci", "https://h/gitlabci/api/v4/runners");
        check(
            " HTTPS://GitLab.Example:443/ \n",
            "https://gitlab.example/api/v4/runners",
        );
        check(
            "http://127.0.0.1:8080",
            "http://127.0.0.1:8080/api/v4/runners",
        );
        check("http://[::1]:8080/x", "http://[::1]:8080/x/api/v4/runners");
    }

    #[test]
    fn unusable_addresses_are_refused_with_the_cure() {
        fn check(text: &str, want: &str) {
            let error = Endpoint::parse(text).unwrap_err().to_string();
            assert!(error.contains(want), "{text}: {error}");
            assert!(!error.contains("secret"), "{error}");
        }
        check("", "is empty");
        check("\n", "is empty");
        check("gitlab.example", "write https://gitlab.example");
        check(
            "gitlab.example:8080/x",
            "write https://gitlab.example:8080/x",
        );
        check("localhost:3000", "write https://localhost:3000");
        check("//gitlab.example", "write https://gitlab.example");
        check("ftp://gitlab.example", "ftp://");
        check("ssh://git@gitlab.example", "ssh://");
        check("https://me:secret@gitlab.example", "user name or password");
        check("me:secret@gitlab.example", "no scheme");
        check("https://h/?token=secret", "leave out the ?");
        check("https://h?", "leave out the ?");
        check("https://h/gitlab#secret", "# and what follows");
        check("https://", "cannot be read");
        check("broken", "write https://broken");
        check("glrt-secret", "is a token");
        check("glrt-secret:8080", "is a token");
        check("glrt-secret://x", "begins with ***://");
    }

    #[test]
    fn entries_of_the_same_gitlab_are_recognised() {
        fn check(one: &str, two: &str, want: bool) {
            let (a, b) = (Endpoint::parse(one).unwrap(), Endpoint::parse(two).unwrap());
            assert_eq!(a.same_as(&b), want, "{one} {two}");
        }
        check("https://h", "https://H:443/ci/", true);
        check("https://h/", "http://h/", false);
        check("https://h/gitlab/", "https://h/gitlab", true);
        check("https://h/gitlab", "https://h", false);
        check("https://h:8443", "https://h", false);
    }

    #[test]
    fn shows_without_a_trailing_slash() {
        assert_eq!(
            Endpoint::parse("https://h/").unwrap().to_string(),
            "https://h"
        );
        assert_eq!(
            Endpoint::parse("https://h/git/ci/").unwrap().to_string(),
            "https://h/git"
        );
    }
}
