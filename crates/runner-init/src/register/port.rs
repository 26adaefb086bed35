//! Owns the choice of the port on which the runner manager shows its metrics. It only looks whether a port is free.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::TcpSocket;

/// The port that gitlab-runner takes where an address names none.
pub(super) const DEFAULT: u16 = 9252;

/// gitlab-runner's own port where it is free on loopback, else any that is: the pod's containers share their network.
pub(super) fn free() -> u16 {
    bound(DEFAULT)
        .or_else(|_| bound(0))
        .map_or(DEFAULT, |socket| socket.1)
}

/// A socket on this port, and which it is. It does not listen: whoever looks for a runner manager there at this moment must find
/// none, and a second look at the same time must not take the first one for a listener.
fn bound(port: u16) -> io::Result<(TcpSocket, u16)> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))?;
    let port = socket.local_addr()?.port();
    Ok((socket, port))
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn only_a_listener_takes_a_port() {
        // The first keeps the port from everybody else to the end.
        let (first, port) = bound(0).unwrap();
        let (_, same) = bound(port).unwrap();
        assert_eq!(port, same);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap();
        assert!(bound(port).is_err());
        drop(listener);
        assert!(bound(port).is_ok());
        drop(first);
    }
}
