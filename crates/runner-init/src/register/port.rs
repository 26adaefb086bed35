//! Owns the choice of the port on which the runner manager shows its metrics. It only looks whether a port is free.

use std::net::{Ipv4Addr, TcpListener};

/// The port that gitlab-runner takes where an address names none.
pub(super) const DEFAULT: u16 = 9252;

/// gitlab-runner's own port where it is free on loopback, else any that is: the pod's containers share their network.
pub(super) fn free() -> u16 {
    let bound = |port: u16| {
        TcpListener::bind((Ipv4Addr::LOCALHOST, port)).and_then(|listener| listener.local_addr())
    };
    bound(DEFAULT)
        .or_else(|_| bound(0))
        .map_or(DEFAULT, |address| address.port())
}
