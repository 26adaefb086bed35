//! Owns the rule for redirects: a request with a token is repeated only where it was sent to in the first place.

use url::Url;

use super::words::piece;

/// What to do about a redirect.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// Repeat the request, method and body, at this address.
    Follow(Url),
    /// Say where it leads and what to write instead.
    Refuse { target: String, next: String },
}

/// Decides about the answer `status` with `location` to a request for `from`.
///
/// Only 307 and 308 keep method and body. The others would turn a POST into a GET, which is how gitlab-runner comes to
/// read a login page; so they are never followed, not even from http to https on the same host.
pub(super) fn turn(status: u16, from: &Url, location: Option<&str>) -> Turn {
    let Some(target) = location.and_then(|location| from.join(location).ok()) else {
        let next = format!("the server at {} is not GitLab: check --url", origin(from));
        return Turn::Refuse {
            target: "nowhere".to_owned(),
            next,
        };
    };
    let home = target.origin() == from.origin();
    if home && matches!(status, 307 | 308) {
        return Turn::Follow(target);
    }
    let next = match base(from, &target) {
        Some(base) if target.scheme() == "http" && from.scheme() == "https" => {
            format!("a token is never sent from https to {base}: fix the redirect")
        }
        Some(base) if target.host_str() == from.host_str() => format!("write {base} in --url"),
        Some(base) => format!(
            "a token is never sent to another host: write {base} in --url if that is your GitLab"
        ),
        None => {
            "that is not GitLab's API: check --url, its relative root and any login in front of it"
                .to_owned()
        }
    };
    Turn::Refuse {
        target: shown(&target),
        next,
    }
}

/// What to write as the URL of GitLab if `target` is the same call of the API as `from`.
fn base(from: &Url, target: &Url) -> Option<String> {
    let call = from.path().find("/api/v4/").map(|at| &from.path()[at..])?;
    let root = target.path().strip_suffix(call)?;
    target
        .has_host()
        .then(|| piece(&format!("{}{root}", origin(target)), &[]))
}

fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

/// The target without credentials and query, which may hold anything.
fn shown(target: &Url) -> String {
    piece(&format!("{}{}", origin(target), target.path()), &[])
}

#[cfg(test)]
mod tests {
    use super::*;

    const FROM: &str = "https://h/git/api/v4/runners/verify";

    fn at(from: &str, status: u16, location: &str) -> Turn {
        turn(status, &Url::parse(from).unwrap(), Some(location))
    }

    #[test]
    fn only_307_and_308_on_the_same_origin_are_followed() {
        fn check(status: u16, location: &str, follow: bool) {
            let turn = at(FROM, status, location);
            assert_eq!(
                matches!(turn, Turn::Follow(_)),
                follow,
                "{status} {location}: {turn:?}"
            );
        }
        for status in [307, 308] {
            check(status, "https://h/x/api/v4/runners/verify", true);
            check(status, "/x", true);
            check(status, "https://H:443/x", true);
            check(status, "http://h/git/api/v4/runners/verify", false);
            check(status, "https://h:8443/x", false);
            check(status, "https://other/git/api/v4/runners/verify", false);
        }
        for status in [300, 301, 302, 303, 304, 305] {
            check(status, "https://h/x", false);
        }
    }

    #[test]
    fn refusal_names_what_to_write_instead() {
        const PLAIN: &str = "http://h/api/v4/runners";
        const MOVED: &str = "https://h/api/v4/runners";
        for (from, status, location, want) in [
            (PLAIN, 301, MOVED, "write https://h in --url"),
            (PLAIN, 302, MOVED, "write https://h in --url"),
            (PLAIN, 303, MOVED, "write https://h in --url"),
            (PLAIN, 307, MOVED, "write https://h in --url"),
            (PLAIN, 308, MOVED, "write https://h in --url"),
            (
                PLAIN,
                301,
                "https://h:8443/git/api/v4/runners",
                "write https://h:8443/git in --url",
            ),
            (
                PLAIN,
                301,
                "https://g/api/v4/runners",
                "another host: write https://g in --url if",
            ),
            (
                FROM,
                308,
                "http://h/git/api/v4/runners/verify",
                "never sent from https",
            ),
            (FROM, 302, "/users/sign_in?token=secret", "not GitLab's API"),
            (
                FROM,
                302,
                "https://me:secret@sso.example/login",
                "not GitLab's API",
            ),
            (FROM, 302, "http://[broken", "is not GitLab"),
        ] {
            let Turn::Refuse { next, target } = at(from, status, location) else {
                panic!("followed to {location}");
            };
            assert!(next.contains(want), "{location}: {next}");
            let said = format!("{next}{target}");
            assert!(!said.contains("secret"), "{said}");
        }
    }

    #[test]
    fn a_redirect_without_a_target_is_refused() {
        let from = Url::parse(FROM).unwrap();
        assert!(matches!(turn(302, &from, None), Turn::Refuse { .. }));
    }
}
