//! The HTTP pages: metrics, jobs, state, readiness. Read-only; no authentication, as in the real one.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::CONTENT_TYPE;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use crate::exposition::Name;
use crate::log_line;
use crate::process::Process;

const DEFAULT_PORT: u16 = 9252;

/// Opens the address; None when none is wanted or it makes no sense.
///
/// # Errors
/// When the port is taken: fatal for gitlab-runner.
pub(crate) async fn listen(address: &str) -> Result<Option<TcpListener>, String> {
    if address.is_empty() {
        log_line::info("listen_address not defined, metrics & debug endpoints disabled");
        return Ok(None);
    }
    let Some(address) = with_port(address) else {
        log_line::error(&format!("invalid listen address: {address}"));
        return Ok(None);
    };
    // Go reads a missing host as every address of the machine.
    let all = address.strip_prefix(':').map(|port| format!("[::]:{port}"));
    let listener = TcpListener::bind(all.as_ref().unwrap_or(&address)).await;
    let listener = listener
        .map_err(|error| format!("Failed to create listener for metrics server  error={error}"))?;
    let bound = listener
        .local_addr()
        .map_or(address, |bound| bound.to_string());
    log_line::info(&format!("Metrics server listening  address={bound}"));
    Ok(Some(listener))
}

/// `host` gets the default port; `host:port`, `:port` and `[v6]:port` stay. None: too many colons.
fn with_port(address: &str) -> Option<String> {
    let after_bracket = address.rsplit_once(']').map_or(address, |(_, rest)| rest);
    match after_bracket.matches(':').count() {
        0 => Some(format!("{address}:{DEFAULT_PORT}")),
        1 => Some(address.to_owned()),
        _ => None,
    }
}

/// Answers until the process exits.
pub(crate) async fn serve(process: Arc<Process>, listener: TcpListener) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            continue;
        };
        let process = process.clone();
        let service = service_fn(move |request| {
            let process = process.clone();
            async move { Ok::<_, Infallible>(answer(&process, &request).await) }
        });
        // A client that goes away in the middle is its own affair.
        tokio::spawn(async move {
            drop(
                http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service)
                    .await,
            );
        });
    }
}

async fn answer(process: &Process, request: &Request<Incoming>) -> Response<Full<Bytes>> {
    match request.uri().path() {
        "/metrics" if !matches!(*request.method(), Method::GET | Method::HEAD) => page(
            StatusCode::METHOD_NOT_ALLOWED,
            "text/plain",
            "Method Not Allowed\n".to_owned(),
        ),
        "/metrics" => page(
            StatusCode::OK,
            "text/plain; version=0.0.4; charset=utf-8",
            metrics(process).await,
        ),
        "/debug/jobs/list" => {
            let mut response = page(StatusCode::OK, "text/plain", process.builds.list());
            response.headers_mut().insert(
                "X-List-Version",
                hyper::header::HeaderValue::from_static("2"),
            );
            response
        }
        "/debug/process/state" if process.version.says_its_state() => page(
            StatusCode::OK,
            "text/plain; charset=utf-8",
            format!("{}\n", process.stop.phase().name()),
        ),
        "/health/ready" if process.version.says_its_readiness() => page(
            StatusCode::OK,
            "text/plain; charset=utf-8",
            "ready\n".to_owned(),
        ),
        _ => page(
            StatusCode::NOT_FOUND,
            "text/plain; charset=utf-8",
            "404 page not found\n".to_owned(),
        ),
    }
}

fn page(status: StatusCode, kind: &'static str, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static(kind));
    response
}

async fn metrics(process: &Process) -> String {
    let config = process.file.config().await;
    let mut page = process.counters.page();
    for name in [
        Name::ConfigurationLoaded,
        Name::ConfigurationLoadingError,
        Name::ConfigurationSaved,
        Name::ConfigurationSavingError,
    ] {
        page.row(name, &[], 0);
    }
    page.row(Name::Concurrent, &[], config.concurrent);
    for entry in &config.entries {
        page.row(
            Name::Limit,
            &process.labels(entry),
            i64::try_from(entry.limit).unwrap_or(i64::MAX),
        );
        page.row(Name::WorkerFeeds, &process.labels(entry), 0);
        page.row(Name::WorkerFeedFailures, &process.labels(entry), 0);
        page.row(Name::WorkerHealthCheckFailures, &process.labels(entry), 0);
        for failure_type in ["other", "no_free_executor", "job_failure"] {
            let [runner, name, system_id] = process.labels(entry);
            page.row(
                Name::WorkerProcessingFailures,
                &[runner, name, system_id, ("failure_type", failure_type)],
                0,
            );
        }
    }
    for operation in ["started", "stopped"] {
        page.row(Name::WorkerSlotOperations, &[("operation", operation)], 0);
    }
    let slots = process.workers.load(Ordering::Relaxed);
    page.row(
        Name::WorkerSlotsNumber,
        &[],
        i64::try_from(slots).unwrap_or(i64::MAX),
    );
    page.row(
        Name::ProcessStateInfo,
        &[("state", process.stop.phase().name())],
        1,
    );
    page.row(
        Name::VersionInfo,
        &[
            ("name", "gitlab-runner"),
            ("version", &process.version.to_string()),
            ("branch", "stand-in"),
        ],
        1,
    );
    process.builds.onto(&mut page, &process.system_id);
    page.text()
}

#[cfg(test)]
mod tests {
    use super::with_port;

    #[test]
    fn missing_port_becomes_9252() {
        assert_eq!(with_port("localhost").as_deref(), Some("localhost:9252"));
        assert_eq!(with_port("[::1]").as_deref(), Some("[::1]:9252"));
        assert_eq!(with_port(":1234").as_deref(), Some(":1234"));
        assert_eq!(with_port("localhost::1234"), None);
    }
}
