//! Owns addresses of this machine that one test alone knows: all of 127.0.0.0/8 is loopback, so none has to be guessed free.

use std::net::SocketAddr;
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

/// The first port handed out: below those that the kernel gives to whoever asks for any.
const FIRST_PORT: u32 = 9252;

/// An address and port for one server, or for nobody: each call gives another, and each process has a network of its own.
///
/// Unlike a port that was bound and let go, it is not given to the next program that asks for any.
#[must_use]
pub fn own_address() -> SocketAddr {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let [_, _, high, low] = process::id().to_be_bytes();
    // Few enough for one byte and a port.
    let host = u8::try_from(1 + number % 250).unwrap_or(u8::MAX);
    let port = u16::try_from(FIRST_PORT + number / 250).unwrap_or(u16::MAX);
    SocketAddr::from(([127, 64 + high % 64, low, host], port))
}
