//! Owns the sockets: accepts connections, lets them speak HTTP, and ends with its thread. Never decides an answer.

mod connection;
mod exchange;
mod gzip;
mod reply;
mod tls;
mod wire;

use std::io;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use crate::settings::Tls;
use crate::shared::Shared;

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
