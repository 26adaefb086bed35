//! Owns the reading of `/etc/hosts`.

use std::net::IpAddr;

/// All addresses of `name` in the text of a hosts file, in its order; upper case and a final dot do not count.
pub(super) fn find(text: &str, name: &str) -> Vec<IpAddr> {
    let name = name.trim_end_matches('.');
    let mut found = Vec::new();
    for line in text.lines() {
        let line = line.split('#').next().unwrap_or_default();
        let mut words = line.split_whitespace();
        let Some(Ok(address)) = words.next().map(str::parse) else {
            continue;
        };
        let named = words.any(|word| word.trim_end_matches('.').eq_ignore_ascii_case(name));
        if named && !found.contains(&address) {
            found.push(address);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_all_addresses_of_a_name_and_passes_over_the_rest() {
        const TEXT: &str = "# a comment\n127.0.0.1 localhost\n::1\tlocalhost ip6-localhost\n\
            10.0.0.7 gitlab.example gitlab # behind\n10.0.0.8 GitLab.Example\n10.0.0.7 gitlab\n\
            broken gitlab\n#10.0.0.9 gitlab\nfe80::1%eth0 gitlab\n\n10.0.0.10";
        fn check(name: &str, want: &[&str]) {
            let want: Vec<IpAddr> = want.iter().map(|text| text.parse().unwrap()).collect();
            assert_eq!(find(TEXT, name), want, "{name}");
        }
        check("localhost", &["127.0.0.1", "::1"]);
        check("gitlab", &["10.0.0.7"]);
        check("GITLAB.example.", &["10.0.0.7", "10.0.0.8"]);
        check("behind", &[]);
        check("git", &[]);
    }
}
