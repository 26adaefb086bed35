//! Owns the reading of `/etc/resolv.conf`, and the order in which a name is tried. Pure.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

/// What the file says, inside the limits of the C library.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ResolvConf {
    pub(super) servers: Vec<IpAddr>,
    pub(super) search: Vec<String>,
    /// A name with at least as many dots is tried as it is first.
    pub(super) ndots: usize,
    /// How long one question waits for its answer.
    pub(super) timeout: Duration,
    /// How often it is asked.
    pub(super) attempts: u32,
    /// `use-vc`: TCP only.
    pub(super) tcp: bool,
}

impl ResolvConf {
    /// Lines and options that are not understood are passed over, as the C library does.
    pub(super) fn parse(text: &str) -> Self {
        let mut conf = Self {
            servers: Vec::new(),
            search: Vec::new(),
            ndots: 1,
            timeout: Duration::from_secs(5),
            attempts: 2,
            tcp: false,
        };
        for line in text.lines() {
            let mut words = line.split_whitespace();
            match words.next() {
                Some("nameserver") => conf
                    .servers
                    .extend(words.next().and_then(|it| it.parse::<IpAddr>().ok())),
                Some("domain") => conf.search = words.take(1).map(str::to_owned).collect(),
                Some("search") => conf.search = words.map(str::to_owned).collect(),
                Some("options") => words.for_each(|option| conf.option(option)),
                _ => {}
            }
        }
        // More than three are not asked anywhere; none means that one runs here.
        conf.servers.truncate(3);
        if conf.servers.is_empty() {
            conf.servers.push(Ipv4Addr::LOCALHOST.into());
        }
        conf
    }

    fn option(&mut self, option: &str) {
        let (name, value) = option.split_once(':').unwrap_or((option, ""));
        match (name, value.parse::<u32>()) {
            ("ndots", Ok(dots)) => self.ndots = usize::try_from(dots.min(15)).unwrap_or(15),
            ("timeout", Ok(seconds)) => {
                self.timeout = Duration::from_secs(seconds.clamp(1, 30).into());
            }
            ("attempts", Ok(attempts)) => self.attempts = attempts.clamp(1, 5),
            ("use-vc", _) => self.tcp = true,
            _ => {}
        }
    }

    /// The full names to try for `name`, in order. A final dot means that it is full already.
    pub(super) fn candidates(&self, name: &str) -> Vec<String> {
        if let Some(full) = name.strip_suffix('.') {
            return vec![full.to_owned()];
        }
        let dots = name.matches('.').count();
        let searched = self
            .search
            .iter()
            .map(|domain| match domain.trim_matches('.') {
                "" => name.to_owned(),
                domain => format!("{name}.{domain}"),
            });
        let mut candidates: Vec<String> = Vec::new();
        if dots >= self.ndots {
            candidates.push(name.to_owned());
        }
        candidates.extend(searched);
        candidates.push(name.to_owned());
        let mut seen = Vec::new();
        candidates.retain(|candidate| {
            let new = !seen.contains(candidate);
            seen.push(candidate.clone());
            new
        });
        candidates
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_kubernetes_writes() {
        let conf = ResolvConf::parse(
            "search ci.svc.cluster.local svc.cluster.local cluster.local\n\
             nameserver 10.96.0.10\noptions ndots:5\n",
        );
        assert_eq!(conf.servers, ["10.96.0.10".parse::<IpAddr>().unwrap()]);
        assert_eq!(
            conf.search,
            ["ci.svc.cluster.local", "svc.cluster.local", "cluster.local"]
        );
        assert_eq!(
            (conf.ndots, conf.attempts, conf.timeout.as_secs(), conf.tcp),
            (5, 2, 5, false)
        );
    }

    #[test]
    fn odd_lines_are_passed_over_and_numbers_kept_in_bounds() {
        let conf = ResolvConf::parse(
            "; c\n# nameserver 9.9.9.9\nnameserver not-an-address\nnameserver ::1\nsortlist 1.2.3.4\n\
             domain old.example\nsearch new.example\noptions ndots:99 timeout:0 attempts:77 rotate \
             use-vc ndots:x\nnameserver 1.1.1.1\nnameserver 1.1.1.2\nnameserver 1.1.1.3\nlookup file",
        );
        assert_eq!(conf.servers.len(), 3);
        assert_eq!(conf.search, ["new.example"]);
        assert_eq!(
            (conf.ndots, conf.attempts, conf.timeout.as_secs(), conf.tcp),
            (15, 5, 1, true)
        );
        let nothing = ResolvConf::parse("");
        assert_eq!(nothing.servers, [IpAddr::from(Ipv4Addr::LOCALHOST)]);
        assert_eq!(
            ResolvConf::parse("search a.example\ndomain b.example c").search,
            ["b.example"]
        );
    }

    #[test]
    fn ndots_decides_what_is_tried_first() {
        fn check(conf: &str, name: &str, want: &[&str]) {
            assert_eq!(
                ResolvConf::parse(conf).candidates(name),
                want,
                "{conf} {name}"
            );
        }
        let cluster = "search ns.svc svc\noptions ndots:5";
        check(
            cluster,
            "gitlab",
            &["gitlab.ns.svc", "gitlab.svc", "gitlab"],
        );
        check(
            cluster,
            "gitlab.example.com",
            &[
                "gitlab.example.com.ns.svc",
                "gitlab.example.com.svc",
                "gitlab.example.com",
            ],
        );
        check(
            cluster,
            "a.b.c.d.e.f",
            &["a.b.c.d.e.f", "a.b.c.d.e.f.ns.svc", "a.b.c.d.e.f.svc"],
        );
        check(cluster, "gitlab.example.com.", &["gitlab.example.com"]);
        check(
            "search x",
            "gitlab.example",
            &["gitlab.example", "gitlab.example.x"],
        );
        check("search x", "gitlab", &["gitlab.x", "gitlab"]);
        check("search . x.", "gitlab", &["gitlab", "gitlab.x"]);
        check(
            "options ndots:0\nsearch x",
            "gitlab",
            &["gitlab", "gitlab.x"],
        );
        check("", "gitlab", &["gitlab"]);
    }
}
