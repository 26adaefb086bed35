//! Owns where the metrics port is reached, for an address as gitlab-runner takes it. Names are not asked of DNS.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// gitlab-runner's port where an address names none.
const DEFAULT_PORT: u16 = 9252;

/// Addresses to try in turn.
pub type SocketAddresses = Vec<SocketAddr>;

/// The addresses to connect to, for a `listen_address` such as `:9252`, `localhost`, `127.0.0.1:9252` or `[::]:9252`.
/// `hosts` is the text of `/etc/hosts`, where a pod's own name is found. Empty for what cannot be understood.
#[must_use]
pub fn addresses_of(text: &str, hosts: &str) -> SocketAddresses {
    let text = text.trim();
    let (host, port) = match text.rsplit_once(':') {
        // Colons inside brackets, or a bare IPv6 address, belong to the host.
        Some((host, port))
            if !port.contains(']') && (!host.contains(':') || host.ends_with(']')) =>
        {
            let Ok(port) = port.parse() else {
                return Vec::new();
            };
            (host, port)
        }
        _ => (text, DEFAULT_PORT),
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let loopback = [
        IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(Ipv6Addr::LOCALHOST),
    ];
    let hosts: Vec<IpAddr> = match host.parse::<IpAddr>() {
        // Listening everywhere includes loopback.
        Ok(address) if address.is_unspecified() => loopback.to_vec(),
        Ok(address) => vec![address],
        Err(_) if host.is_empty() || host == "localhost" => loopback.to_vec(),
        Err(_) => named(host, hosts),
    };
    hosts
        .into_iter()
        .map(|host| SocketAddr::new(host, port))
        .collect()
}

fn named(name: &str, hosts: &str) -> Vec<IpAddr> {
    hosts
        .lines()
        .filter_map(|line| {
            let mut words = line.split('#').next()?.split_ascii_whitespace();
            let address = words.next()?.parse().ok()?;
            words
                .any(|word| word.eq_ignore_ascii_case(name))
                .then_some(address)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listen_addresses_are_reached_where_they_listen() {
        fn check(text: &str, want: &[&str]) {
            let hosts = "127.0.0.1 localhost\n# 10.0.0.9 pod-0\n10.0.0.7\tpod-0.ci pod-0 # ours\n";
            let want: Vec<SocketAddr> = want.iter().map(|text| text.parse().unwrap()).collect();
            assert_eq!(addresses_of(text, hosts), want, "{text}");
        }
        check("127.0.0.1:9252", &["127.0.0.1:9252"]);
        check("127.0.0.1", &["127.0.0.1:9252"]);
        check(":1234", &["127.0.0.1:1234", "[::1]:1234"]);
        check("localhost", &["127.0.0.1:9252", "[::1]:9252"]);
        check("localhost:80", &["127.0.0.1:80", "[::1]:80"]);
        check("0.0.0.0:80", &["127.0.0.1:80", "[::1]:80"]);
        check("[::]:80", &["127.0.0.1:80", "[::1]:80"]);
        check("[::1]", &["[::1]:9252"]);
        check("10.1.2.3:80", &["10.1.2.3:80"]);
        check("pod-0:80", &["10.0.0.7:80"]);
        check("elsewhere:80", &[]);
        check("localhost:x", &[]);
        check("localhost::1", &[]);
    }
}
