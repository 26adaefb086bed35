//! Owns the signals of the process: at this door they become values. What they mean is decided elsewhere.

use std::io;
use std::os::unix::net::UnixStream as StdUnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use signal_hook::consts::{SIGINT, SIGQUIT, SIGTERM};
use tokio::io::AsyncReadExt as _;
use tokio::net::UnixStream;

/// A wish to end, from the kubelet or a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// SIGTERM, the kubelet's.
    Terminate,
    /// SIGINT, Ctrl-C.
    Interrupt,
    /// SIGQUIT, the stop signal of gitlab-runner's image.
    Quit,
}

impl Stop {
    /// The signal's name, for log lines.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Terminate => "SIGTERM",
            Self::Interrupt => "SIGINT",
            Self::Quit => "SIGQUIT",
        }
    }
}

/// The signals received so far, in no particular order among different ones.
pub struct Signals {
    streams: [(Stop, UnixStream); 3],
    last: Arc<AtomicUsize>,
}

impl Signals {
    /// Takes SIGTERM, SIGINT and SIGQUIT over from their default action, from now to the end of the process.
    ///
    /// # Errors
    /// When the kernel refuses a handler or a socket pair.
    pub fn install() -> io::Result<Self> {
        let last = Arc::new(AtomicUsize::new(0));
        let stream_of = |signal: i32| -> io::Result<UnixStream> {
            let number = usize::try_from(signal).unwrap_or_default();
            signal_hook::flag::register_usize(signal, Arc::clone(&last), number)?;
            stream_of(signal)
        };
        let streams = [
            (Stop::Terminate, stream_of(SIGTERM)?),
            (Stop::Interrupt, stream_of(SIGINT)?),
            (Stop::Quit, stream_of(SIGQUIT)?),
        ];
        Ok(Self { streams, last })
    }

    /// The last signal that came, also while nobody waited; for a look between two steps that do not wait.
    #[must_use]
    pub fn noticed(&self) -> Option<Stop> {
        match i32::try_from(self.last.load(Ordering::SeqCst)).ok()? {
            SIGTERM => Some(Stop::Terminate),
            SIGINT => Some(Stop::Interrupt),
            SIGQUIT => Some(Stop::Quit),
            _ => None,
        }
    }

    /// Waits for the next signal, without waking in between.
    pub async fn next(&mut self) -> Stop {
        let [(one, first), (two, second), (three, third)] = &mut self.streams;
        tokio::select! {
            () = received(first) => *one,
            () = received(second) => *two,
            () = received(third) => *three,
        }
    }
}

fn stream_of(signal: i32) -> io::Result<UnixStream> {
    let (read, write) = StdUnixStream::pair()?;
    signal_hook::low_level::pipe::register(signal, write)?;
    read.set_nonblocking(true)?;
    UnixStream::from_std(read)
}

async fn received(stream: &mut UnixStream) {
    let mut byte = [0_u8; 1];
    // The writing end lives as long as the process; should reading ever fail, no signal is made up.
    if !matches!(stream.read(&mut byte).await, Ok(1)) {
        std::future::pending::<()>().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn raised_signal_arrives_as_a_value() {
        let mut signals = Signals::install().unwrap();
        assert_eq!(signals.noticed(), None);
        signal_hook::low_level::raise(SIGQUIT).unwrap();
        assert_eq!(signals.next().await, Stop::Quit);
        assert_eq!(signals.noticed(), Some(Stop::Quit));
        signal_hook::low_level::raise(SIGTERM).unwrap();
        assert_eq!(signals.noticed(), Some(Stop::Terminate));
        assert_eq!(signals.next().await, Stop::Terminate);
    }
}
