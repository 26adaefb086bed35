//! Owns the sockets: accepts connections, lets them speak HTTP, and ends with its thread. Never decides an answer.

mod connection;
mod exchange;
mod gzip;
mod reply;
mod tls;
mod wire;

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use crate::settings::Tls;
use crate::state::State;

/// The state, and how to hear of its changes on both sides: tests block, held polls await.
#[derive(Debug)]
pub(crate) struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    version: watch::Sender<u64>,
}

impl Shared {
    pub(crate) fn new(state: State) -> Shared {
        Shared {
            state: Mutex::new(state),
            changed: Condvar::new(),
            version: watch::Sender::new(0),
        }
    }

    /// A test that panics inside a closure must not take the server down with it.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn look<T>(&self, with: impl FnOnce(&State) -> T) -> T {
        with(&self.lock())
    }

    pub(crate) fn change<T>(&self, with: impl FnOnce(&mut State) -> T) -> T {
        let result = with(&mut self.lock());
        self.changed.notify_all();
        self.version.send_modify(|version| *version += 1);
        result
    }

    pub(crate) fn wait_until(&self, limit: Duration, condition: impl Fn(&State) -> bool) -> bool {
        let end = Instant::now() + limit;
        let mut state = self.lock();
        loop {
            if condition(&state) {
                return true;
            }
            let Some(left) = end
                .checked_duration_since(Instant::now())
                .filter(|left| !left.is_zero())
            else {
                return false;
            };
            (state, _) = self
                .changed
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// Everything that can fail at the start, done before the thread exists.
pub(crate) fn acceptor(tls: Option<&Tls>) -> io::Result<Option<TlsAcceptor>> {
    tls.map(tls::acceptor).transpose()
}

/// Serves until `stop` changes or its sender is gone. Connections end with the runtime that this runs on.
pub(crate) async fn serve(
    shared: Arc<Shared>,
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    mut stop: watch::Receiver<bool>,
) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.changed() => return,
        };
        // A connection that died in the queue, or no file descriptors left: the next one may do better.
        let Ok((stream, peer)) = accepted else {
            tokio::task::yield_now().await;
            continue;
        };
        tokio::spawn(connection::serve(
            Arc::clone(&shared),
            stream,
            peer,
            tls.clone(),
        ));
    }
}
