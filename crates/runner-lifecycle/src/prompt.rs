//! Owns the question for a token at a terminal: it is not shown while it is typed, and the terminal is as before whatever ends it.

use std::fs::File;
use std::io::{self, IsTerminal as _, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use signal_hook::SigId;
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::low_level::{emulate_default_handler, pipe, unregister};
use zeroize::Zeroizing;

use crate::signals::Stop;
use crate::token::{Token, TokenError};

/// The terminal of the process, wherever its output goes.
const TERMINAL: &str = "/dev/tty";

/// What the kernel gives of a line at most.
const LONGEST: usize = 4096;

/// What came of the question.
#[derive(Debug)]
pub enum PromptAnswer {
    /// A token was typed.
    Token(Token),
    /// Something else was typed, or nothing.
    NoToken(TokenError),
    /// A signal came instead.
    Stopped(Stop),
}

/// Whether there is somebody to ask: nothing is asked where input or messages go elsewhere.
#[must_use]
pub fn is_possible() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks for a token. Ctrl-C and the other stop signals end the question.
///
/// # Errors
/// When there is no terminal after all, or it cannot be read.
pub fn token(question: &str) -> io::Result<PromptAnswer> {
    let terminal = File::options().read(true).write(true).open(TERMINAL)?;
    // Before anything is changed, so that no signal leaves it changed.
    let signals = PromptSignals::listen()?;
    let quiet = Silenced::begin(&terminal)?;
    (&terminal).write_all(question.as_bytes())?;
    let line = line(&terminal, &signals);
    drop(quiet);
    let stop = signals.noticed();
    drop(signals);
    match stop {
        // Of what was typed nothing counts, and the next prompt begins a line.
        Some(SIGHUP) => emulate_default_handler(SIGHUP)?,
        Some(signal) => {
            drop((&terminal).write_all(b"\n"));
            return Ok(PromptAnswer::Stopped(match signal {
                SIGINT => Stop::Interrupt,
                SIGQUIT => Stop::Quit,
                _ => Stop::Terminate,
            }));
        }
        None => {}
    }
    let line = line?;
    let text = String::from_utf8_lossy(&line);
    Ok(match Token::new(text.as_ref()) {
        Ok(token) => PromptAnswer::Token(token),
        Err(error) => PromptAnswer::NoToken(error),
    })
}

/// Reads up to the end of the line, or to a signal.
fn line(mut terminal: &File, signals: &PromptSignals) -> io::Result<Zeroizing<Vec<u8>>> {
    // Large enough at once: what grows leaves copies behind.
    let mut line = Zeroizing::new(Vec::with_capacity(2 * LONGEST));
    let mut part = Zeroizing::new([0_u8; LONGEST]);
    while signals.noticed().is_none() && line.len() < LONGEST {
        let mut ready = [
            PollFd::new(terminal, PollFlags::IN),
            PollFd::new(&signals.woken, PollFlags::IN),
        ];
        match poll(&mut ready, None) {
            Err(rustix::io::Errno::INTR) => continue,
            polled => polled?,
        };
        if ready[0].revents().is_empty() {
            continue;
        }
        let length = terminal.read(part.as_mut_slice())?;
        line.extend_from_slice(&part[..length]);
        if length == 0 || line.ends_with(b"\n") {
            break;
        }
    }
    Ok(line)
}

/// A terminal that shows nothing of what is typed, until this is dropped.
struct Silenced<'a> {
    terminal: &'a File,
    before: Termios,
}

impl<'a> Silenced<'a> {
    fn begin(terminal: &'a File) -> io::Result<Self> {
        let before = tcgetattr(terminal)?;
        let mut quiet = before.clone();
        quiet.local_modes.remove(LocalModes::ECHO);
        // The line's end alone is shown, and Ctrl-C is a signal.
        let modes = LocalModes::ECHONL | LocalModes::ICANON | LocalModes::ISIG;
        quiet.local_modes.insert(modes);
        tcsetattr(terminal, OptionalActions::Flush, &quiet)?;
        Ok(Self { terminal, before })
    }
}

impl Drop for Silenced<'_> {
    fn drop(&mut self) {
        // Where it fails the terminal is gone.
        let _gone = tcsetattr(self.terminal, OptionalActions::Flush, &self.before);
    }
}

/// The signals that end a question, until this is dropped.
struct PromptSignals {
    woken: UnixStream,
    last: Arc<AtomicUsize>,
    handlers: Vec<SigId>,
}

impl PromptSignals {
    fn listen() -> io::Result<Self> {
        let (woken, wakes) = UnixStream::pair()?;
        let mut signals = Self {
            woken,
            last: Arc::default(),
            handlers: Vec::new(),
        };
        for signal in [SIGINT, SIGQUIT, SIGTERM, SIGHUP] {
            let number = usize::try_from(signal).unwrap_or_default();
            let noticed =
                signal_hook::flag::register_usize(signal, Arc::clone(&signals.last), number)?;
            signals.handlers.push(noticed);
            let wakes = pipe::register(signal, wakes.try_clone()?)?;
            signals.handlers.push(wakes);
        }
        Ok(signals)
    }

    fn noticed(&self) -> Option<i32> {
        i32::try_from(self.last.load(Ordering::SeqCst))
            .ok()
            .filter(|signal| *signal != 0)
    }
}

impl Drop for PromptSignals {
    fn drop(&mut self) {
        for handler in self.handlers.drain(..) {
            unregister(handler);
        }
    }
}
