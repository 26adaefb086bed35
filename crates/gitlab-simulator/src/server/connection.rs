//! Owns one connection from accept to close: counts it, shakes hands, translates between hyper and the rules.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use hyper::body::{Body, Incoming};
use hyper::header::{HeaderName, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use super::exchange::{Outcome, exchange};
use super::reply::Reply;
use super::wire::{Control, Stream, Wire};
use crate::answer::Answer;
use crate::request::Request;
use crate::shared::Shared;

/// What all requests of a connection have in common.
struct Origin {
    connection: u64,
    peer: String,
    tls: bool,
    /// The relative root without slash at the end.
    root: String,
}

/// Counts a connection as open for as long as it lives.
struct Open(Arc<Shared>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.change(|state| state.open_connections -= 1);
    }
}

pub(super) async fn serve(
    shared: Arc<Shared>,
    mut stream: TcpStream,
    peer: SocketAddr,
    tls: Option<TlsAcceptor>,
) {
    let (number, hang, root) = shared.change(|state| {
        state.connections += 1;
        state.open_connections += 1;
        let settings = &state.settings;
        (
            state.connections,
            settings.hang_tls_handshake,
            settings.relative_root.clone(),
        )
    });
    let _open = Open(Arc::clone(&shared));
    // Answers are small; Nagle would only make tests slow.
    let _ = stream.set_nodelay(true);
    let stream = match tls {
        None => Stream::Plain(stream),
        Some(_) if hang => return swallow(&mut stream).await,
        Some(acceptor) => match acceptor.accept(stream).await {
            Ok(stream) => Stream::Tls(Box::new(stream)),
            // A client that does not like the certificate, or has none itself.
            Err(_) => return,
        },
    };
    if matches!(stream, Stream::Tls(_)) {
        shared.change(|state| state.tls_handshakes += 1);
    }
    let origin = Origin {
        connection: number,
        peer: peer.ip().to_string(),
        tls: matches!(stream, Stream::Tls(_)),
        root: root.trim_end_matches('/').to_owned(),
    };
    let control = Arc::new(Control::default());
    let wire = Wire {
        stream,
        control: Arc::clone(&control),
    };
    let service = service_fn(|request| respond(&shared, &control, request, &origin));
    let talk = http1::Builder::new().serve_connection(TokioIo::new(wire), service);
    tokio::pin!(talk);
    tokio::select! {
        biased;
        _ = &mut talk => {}
        () = control.is_cut() => {}
    }
}

/// Reads until the client gives up.
async fn swallow(stream: &mut TcpStream) {
    let mut buffer = [0; 1024];
    while stream.read(&mut buffer).await.is_ok_and(|count| count > 0) {}
}

async fn respond(
    shared: &Arc<Shared>,
    control: &Arc<Control>,
    request: hyper::Request<Incoming>,
    origin: &Origin,
) -> Result<Response<Reply>, Infallible> {
    let Some(request) = read(request, origin).await else {
        control.cut(false);
        return std::future::pending().await;
    };
    Ok(match exchange(shared, &request, origin.connection).await {
        Outcome::Answer(answer) => {
            let body = Reply::whole(answer.body.clone());
            response(&answer, body)
        }
        Outcome::Half(answer) => {
            let body = Reply::half(answer.body.clone(), Arc::clone(control));
            response(&answer, body)
        }
        Outcome::Cut { reset } => {
            control.cut(reset);
            std::future::pending().await
        }
    })
}

/// The request with its whole body; none when the client left in the middle of it.
async fn read(request: hyper::Request<Incoming>, origin: &Origin) -> Option<Request> {
    let (head, mut body) = request.into_parts();
    let mut bytes = Vec::new();
    while let Some(frame) = std::future::poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
        if let Ok(part) = frame.ok()?.into_data() {
            bytes.extend_from_slice(&part);
        }
    }
    let headers: BTreeMap<String, String> = head
        .headers
        .iter()
        .map(|(name, value)| {
            (
                name.to_string(),
                String::from_utf8_lossy(value.as_bytes()).into_owned(),
            )
        })
        .collect();
    let path = head.uri.path().to_owned();
    let endpoint = path
        .strip_prefix(&origin.root)
        .and_then(|rest| rest.strip_prefix("/api/v4"))
        .unwrap_or_default();
    Some(Request {
        method: head.method.to_string(),
        endpoint: endpoint.to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers,
        body: bytes,
        peer: origin.peer.clone(),
        tls: origin.tls,
        path,
    })
}

/// A status or header that HTTP cannot carry becomes a 500: a test's fault said something impossible.
fn response(answer: &Answer, body: Reply) -> Response<Reply> {
    let mut response = Response::new(body);
    *response.status_mut() =
        StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in &answer.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().append(name, value);
        }
    }
    response
}
