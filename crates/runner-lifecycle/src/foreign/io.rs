//! Owns the words for an error of the operating system or of `std`. A library can put any text of its own into one, so
//! only the system's number and the kind are looked at.

use std::io::{Error, ErrorKind};

/// What happened, for the middle of a line.
pub(crate) fn words(error: &Error) -> String {
    let known = match error.kind() {
        ErrorKind::ConnectionRefused => "connection refused",
        ErrorKind::ConnectionReset => "connection reset",
        ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe | ErrorKind::NotConnected => "closed",
        ErrorKind::TimedOut => "time-out",
        ErrorKind::HostUnreachable => "no route to the host",
        ErrorKind::NetworkUnreachable => "no route to the network",
        ErrorKind::NetworkDown => "the network is down",
        ErrorKind::UnexpectedEof => "closed before the response was complete",
        // The system's text for its number is fixed.
        _ if error.raw_os_error().is_some() => return error.to_string(),
        ErrorKind::NotFound => "it does not exist",
        ErrorKind::PermissionDenied => "permission denied",
        ErrorKind::InvalidData => "it contains invalid data",
        _ => "it was cut off",
    };
    known.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_systems_own_text_is_shown() {
        let said = words(&Error::from_raw_os_error(13));
        assert!(said.contains("ermission denied"), "{said}");
        for kind in [
            ErrorKind::Other,
            ErrorKind::InvalidData,
            ErrorKind::TimedOut,
        ] {
            let said = words(&Error::new(kind, "canary"));
            assert!(!said.contains("canary"), "{said}");
        }
    }
}
