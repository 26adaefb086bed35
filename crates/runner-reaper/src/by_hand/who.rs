//! Owns who requests a pause, and when: the user and the host, as a colleague would recognise them.

use std::fs;
use std::time::SystemTime;

use runner_config::shown::without_tokens;
use runner_lifecycle::environment::Environment;
use runner_lifecycle::report::misleads;

/// No name is longer; what is longer is no name.
const LONGEST: usize = 64;

/// The user, behind `sudo` the one who called it, and the host or pod.
pub(super) fn asks(environment: &Environment) -> String {
    let uid = rustix::process::getuid().as_raw();
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let user = environment.get("SUDO_USER").or(named(&users, uid));
    let host = environment.hostname.as_deref();
    let user = user.map_or_else(|| format!("uid {uid}"), plain);
    format!("{user} on {}", plain(host.unwrap_or("unknown host")))
}

/// Now, in RFC 3339 UTC.
pub(super) fn now() -> String {
    humantime::format_rfc3339_seconds(SystemTime::now()).to_string()
}

/// The name of this uid in the text of the user database.
fn named(users: &str, uid: u32) -> Option<&str> {
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next().filter(|name| !name.is_empty())?;
        let number = fields.nth(1)?.parse::<u32>().ok()?;
        (number == uid).then_some(name)
    })
}

/// A name that can stand in a line.
fn plain(name: &str) -> String {
    let name = without_tokens(name);
    let shown = name.chars().filter(|c| !misleads(*c)).take(LONGEST);
    shown.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_is_found_by_number_in_a_database_with_odd_lines() {
        let users = "\n# x\n:x:7:7\nroot:x:0:0:root:/root:/bin/sh\nrunner:x:999:999::/:\nbad:x:-1:\nshort\n";
        for (uid, want) in [
            (0, Some("root")),
            (999, Some("runner")),
            (7, None),
            (1, None),
        ] {
            assert_eq!(named(users, uid), want, "{uid}");
        }
    }

    #[test]
    fn whoever_called_sudo_is_named_in_one_plain_line() {
        let variables = [("SUDO_USER", "ann\n\u{1b}[1m\u{202e}glrt-canarycanarycanary")];
        let who = asks(&Environment::of(variables).on_host("node-1"));
        assert!(
            who.starts_with("ann[1m") && who.ends_with(" on node-1"),
            "{who}"
        );
        assert!(!who.contains("canary"), "{who}");
        assert!(!who.contains('\u{202e}'), "{who}");
        let nobody = asks(&Environment::default());
        assert!(nobody.ends_with(" on unknown host"), "{nobody}");
    }
}
