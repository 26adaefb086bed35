//! Owns finding the process that listens on a port, as the kernel reports it. Connects to nothing.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::path::Path;

/// The state LISTEN in the kernel's tables.
const LISTEN: &str = "0A";

/// Whether the process whose `/proc` directory is `here` listens at this port. Nothing, where the kernel does not say: its
/// descriptors may not be looked at, or its tables show no such port.
pub(super) fn listens(here: &Path, port: u16) -> Option<bool> {
    let mut sockets = HashSet::new();
    for table in ["net/tcp", "net/tcp6"] {
        if let Ok(table) = File::open(here.join(table)) {
            let lines = BufReader::new(table).lines().map_while(Result::ok);
            // Below the heading the kernel shows who listens before all others, of which there may be thousands.
            let listeners = lines.skip(1).map_while(|line| listener(&line));
            sockets.extend(listeners.filter_map(|(at, inode)| (at == port).then_some(inode)));
        }
    }
    if sockets.is_empty() {
        return None;
    }
    let descriptors = fs::read_dir(here.join("fd")).ok()?;
    let is_ours = |descriptor: &Path| {
        fs::read_link(descriptor).is_ok_and(|target| {
            target
                .to_str()
                .and_then(|target| target.strip_prefix("socket:[")?.strip_suffix(']'))
                .is_some_and(|inode| sockets.contains(inode))
        })
    };
    Some(
        descriptors
            .flatten()
            .any(|descriptor| is_ours(&descriptor.path())),
    )
}

/// Port and inode of a socket that listens, from one line of a table; nothing for any other socket.
fn listener(line: &str) -> Option<(u16, String)> {
    let mut words = line.split_ascii_whitespace();
    let (_, port) = words.nth(1)?.rsplit_once(':')?;
    if words.nth(1)? != LISTEN {
        return None;
    }
    Some((
        u16::from_str_radix(port, 16).ok()?,
        words.nth(5)?.to_owned(),
    ))
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn port_belongs_to_the_process_that_listens() {
        let ours = Path::new("/proc/self");
        // Let go, it is given to no other thread of this process; others may listen there, at addresses of their own.
        let address = gitlab_simulator::own_address();
        let port = address.port();
        let listener = TcpListener::bind(address).unwrap();
        assert_eq!(listens(ours, port), Some(true));
        // A machine without IPv6 has no such address.
        if let Ok(six) = TcpListener::bind("[::1]:0") {
            assert_eq!(listens(ours, six.local_addr().unwrap().port()), Some(true));
        }
        drop(listener);
        assert_ne!(listens(ours, port), Some(true));
        assert_eq!(listens(ours, 1), None);
        assert_eq!(listens(Path::new("/nowhere"), port), None);
    }

    #[test]
    fn connections_come_after_all_who_listen() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let _open: Vec<_> = (0..20)
            .map(|_| std::net::TcpStream::connect(address).unwrap())
            .collect();
        let last = TcpListener::bind("127.0.0.1:0").unwrap();
        let ours = Path::new("/proc/self");
        for listener in [listener, last] {
            let port = listener.local_addr().unwrap().port();
            assert_eq!(listens(ours, port), Some(true));
        }
    }

    #[test]
    fn port_of_another_process_is_not_ours() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let mut child = std::process::Command::new("cat")
            .stdin(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let here = format!("/proc/{}", child.id());
        assert_eq!(listens(Path::new(&here), port), Some(false));
        drop(child.stdin.take());
        child.wait().unwrap();
    }

    #[test]
    fn lines_of_the_table_are_read_by_their_columns() {
        fn check(line: &str, want: Option<(u16, &str)>) {
            let got = listener(line);
            let got = got.as_ref().map(|(port, inode)| (*port, inode.as_str()));
            assert_eq!(got, want, "{line}");
        }
        let rest = "00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0 100 0 0 10 0";
        check(&format!("   0: 0100007F:2424 {rest}"), Some((9252, "4711")));
        check(&format!("   1: 0100007F:2425 {rest}"), Some((9253, "4711")));
        let open = rest.replace(" 0A ", " 01 ");
        check(&format!("   2: 0100007F:2424 {open}"), None);
        check(
            "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode",
            None,
        );
        check("", None);
    }
}
