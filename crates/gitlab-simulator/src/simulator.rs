//! Owns the handle that tests hold: starts the server on its own thread, looks into it, steers it, and ends it when dropped.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::net::TcpSocket;
use tokio::sync::watch;

use crate::access::Role;
use crate::fault::Fault;
use crate::job::{Job, JobView};
use crate::journal::Call;
use crate::runner::{NewRunner, Runner};
use crate::server::{acceptor, serve};
use crate::settings::Settings;
use crate::shared::Shared;
use crate::state::State;

/// Connections that may wait to be accepted. The standard library's 128 overflow when hundreds come at once, and each
/// refused one would come back a second later.
const BACKLOG: u32 = 4096;

/// A running simulator. All methods block only as long as they say; dropping it closes its sockets and ends its thread.
#[derive(Debug)]
pub struct Simulator {
    shared: Arc<Shared>,
    address: SocketAddr,
    base: String,
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

impl Simulator {
    /// Starts one; it accepts connections when this returns.
    ///
    /// # Errors
    /// When it cannot listen there, or the TLS texts cannot be used.
    pub fn start(settings: Settings) -> io::Result<Simulator> {
        let tls = acceptor(settings.tls.as_ref())?;
        // Before the runtime is made: dropping that one on an error is not allowed inside another.
        let socket = bind(settings.listen)?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build()?;
        let listener = {
            let _within = runtime.enter();
            socket.listen(BACKLOG)?
        };
        let address = listener.local_addr()?;
        let scheme = if tls.is_some() { "https" } else { "http" };
        let root = settings.relative_root.trim_end_matches('/').to_owned();
        let base = format!("{scheme}://{{host}}:{}{root}", address.port());
        let shared = Arc::new(Shared::new(State::new(settings)));
        let (stop, stopped) = watch::channel(false);
        let for_server = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("gitlab-simulator".into())
            .spawn(move || {
                runtime.block_on(serve(for_server, listener, tls, stopped));
            })?;
        Ok(Simulator {
            shared,
            address,
            base,
            stop,
            thread: Some(thread),
        })
    }

    /// The URL as an operator would give it: `http://127.0.0.1:PORT`, with the relative root.
    pub fn url(&self) -> String {
        match self.address {
            SocketAddr::V4(address) => self.url_of(&address.ip().to_string()),
            SocketAddr::V6(address) => self.url_of(&format!("[{}]", address.ip())),
        }
    }

    /// The URL under another name of this machine, such as `localhost`.
    pub fn url_of(&self, host: &str) -> String {
        self.base.replace("{host}", host)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// All calls so far.
    pub fn journal(&self) -> Vec<Call> {
        self.look(|state| state.journal.clone())
    }

    /// Calls of `"METHOD /endpoint"` so far (`*` for any characters).
    pub fn calls(&self, pattern: &str) -> Vec<Call> {
        self.look(|state| {
            state
                .journal
                .iter()
                .filter(|call| call.is(pattern))
                .cloned()
                .collect()
        })
    }

    /// All runners.
    pub fn runners(&self) -> Vec<Runner> {
        self.look(|state| state.runners.clone())
    }

    /// All jobs.
    pub fn jobs(&self) -> Vec<JobView> {
        self.look(|state| state.jobs.clone())
    }

    /// Makes a runner as a person does in the UI.
    pub fn add_runner(&self, new: NewRunner) -> Runner {
        self.update(|state| state.add_runner(new).clone())
    }

    /// Gives a runner a new token, as a reset by a person does; none when there is no such runner.
    pub fn rotate_token(&self, runner: i64) -> Option<String> {
        self.update(|state| state.rotate_token(runner))
    }

    /// Makes an access token (`glpat-…`) with these scopes for a user with this role.
    pub fn add_access_token(&self, scopes: &[&str], role: Role) -> String {
        self.update(|state| state.add_access_token(scopes, role))
    }

    /// Queues a job; its number.
    pub fn queue_job(&self, job: Job) -> i64 {
        self.update(|state| state.queue_job(job))
    }

    /// Orders a fault.
    pub fn fault(&self, fault: Fault) {
        self.update(|state| state.faults.add(fault, state.settings.seed));
    }

    /// Takes back all faults; calls already struck stay so.
    pub fn clear_faults(&self) {
        self.update(|state| state.faults.clear());
    }

    /// Looks at the state.
    pub fn look<T>(&self, with: impl FnOnce(&State) -> T) -> T {
        self.shared.look(with)
    }

    /// Changes the state; waiters and held polls hear of it. The state is locked meanwhile: use the one that is handed in.
    pub fn update<T>(&self, with: impl FnOnce(&mut State) -> T) -> T {
        self.shared.change(with)
    }

    /// Waits until all that was sent so far has been met and its connections are closed; false when the limit passes first.
    ///
    /// What a client sent before it was ended may still lie in a socket, and would be met by whatever a test does next.
    pub fn settle(&self, limit: Duration) -> bool {
        // Connections are accepted in their order: once this one is answered, none is before it.
        let answered = TcpStream::connect(self.address()).and_then(|mut last| {
            last.write_all(b"GET /api/v4/version HTTP/1.0\r\n\r\n")?;
            last.read_to_end(&mut Vec::new())
        });
        answered.is_ok() && self.wait_until(limit, |state| state.open_connections == 0)
    }

    /// Waits until the state is so, looking at it after each change; false when the limit passes first.
    pub fn wait_until(&self, limit: Duration, condition: impl Fn(&State) -> bool) -> bool {
        self.shared.wait_until(limit, condition)
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        if let Some(thread) = self.thread.take() {
            // A panic of the server's thread has been shown already; there is nobody to hand it to.
            let _ = thread.join();
        }
    }
}

fn bind(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    // A test that starts GitLab again on the same port must not wait for old connections to be forgotten.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}
