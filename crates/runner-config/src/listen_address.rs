//! Owns which addresses gitlab-runner can listen at: `host:port`, where 9252 stands in for a missing port. Pure.

/// Whether gitlab-runner would serve its metrics there; what is wrong and what to write, if not.
///
/// # Errors
/// With the words that follow the address: "is a bare number: …".
pub fn check(address: &str) -> Result<(), String> {
    if address.parse::<u64>().is_ok() {
        return Err(format!("is a bare number: write \":{address}\" for a port"));
    }
    let (host, port) = match address.strip_prefix('[') {
        Some(rest) => {
            let (host, behind) = rest.split_once(']').ok_or_else(wrong)?;
            let port = match behind.strip_prefix(':') {
                Some(port) => Some(port),
                None if behind.is_empty() => None,
                None => return Err(wrong()),
            };
            (host, port)
        }
        None => match address.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (address, None),
        },
    };
    if host.contains(|c: char| c.is_whitespace() || "/[]@".contains(c)) {
        return Err(wrong());
    }
    match port {
        Some(port) if port.contains(':') => Err(
            "has more than one port: write an IPv6 address in brackets, such as [::1]:9252"
                .to_owned(),
        ),
        Some(port) if !port.parse::<u16>().is_ok_and(|port| port > 0) => Err(
            "has no port from 1 to 65535 after its colon: write host:port, such as 127.0.0.1:9252"
                .to_owned(),
        ),
        Some(_) => Ok(()),
        // A word alone may be a host, but hardly anybody means one.
        None if host == "localhost" || host.contains(['.', ':']) => Ok(()),
        None => Err(format!("has no port: write {host}:9252 if that is a host")),
    }
}

fn wrong() -> String {
    "is not an address to listen on: write host:port, such as 127.0.0.1:9252".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_gitlab_runner_can_listen_at_is_taken() {
        for address in [
            "localhost",
            ":1234",
            "127.0.0.1",
            "localhost:1234",
            "[::1]:9252",
            "[::1]",
            "0.0.0.0:1",
            "pod:65535",
        ] {
            assert_eq!(check(address), Ok(()), "{address}");
        }
    }

    #[test]
    fn everything_else_is_refused_with_what_to_write() {
        fn refused(address: &str, want: &str) {
            let why = check(address).unwrap_err();
            assert!(why.contains(want), "{address}: {why}");
        }
        refused("9252", "write \":9252\"");
        refused("junk", "write junk:9252");
        refused("host:99999", "1 to 65535");
        refused("host:0", "1 to 65535");
        refused("host:http", "1 to 65535");
        refused("host:", "1 to 65535");
        refused("localhost::1234", "more than one port");
        refused("::1", "in brackets");
        refused("http://h:1", "more than one port");
        refused("[::1", "not an address");
        refused("[::1]9252", "not an address");
        refused("a b:1", "not an address");
    }
}
