//! Owns a bare HTTP/1.1 client: one connection a call, nothing shared with any client of the project.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use gitlab_simulator::Simulator;
use serde_json::Value;

/// Longer than any test may take; a hung test fails instead of hanging.
pub(crate) const LIMIT: Duration = Duration::from_secs(20);

/// An answer as it came over the wire.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or(Value::Null)
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(own, _)| own.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    pub(crate) fn message(&self) -> String {
        self.json()["message"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    pub(crate) fn error(&self) -> String {
        self.json()["error"].as_str().unwrap_or_default().to_owned()
    }
}

/// Sends a request with these header lines; the open connection.
pub(crate) fn send(
    sim: &Simulator,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> TcpStream {
    let mut stream = TcpStream::connect(sim.address()).unwrap();
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    stream
        .write_all(written(method, path, headers, body).as_bytes())
        .unwrap();
    stream
}

/// The bytes of a request.
pub(crate) fn written(method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> String {
    let lines: String = headers
        .iter()
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .collect();
    let length = body.len();
    format!(
        "{method} {path} HTTP/1.1\r\nHost: gitlab\r\nConnection: close\r\n{lines}Content-Length: {length}\r\n\r\n{body}"
    )
}

/// Reads an answer to its end; an error when the connection ends before the head does or is reset.
pub(crate) fn receive(stream: &mut impl Read) -> io::Result<Reply> {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    parse(&bytes)
}

pub(crate) fn parse(bytes: &[u8]) -> io::Result<Reply> {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let (head, body) = text
        .split_once("\r\n\r\n")
        .ok_or(io::ErrorKind::UnexpectedEof)?;
    let mut lines = head.lines();
    let status = lines
        .next()
        .and_then(|line| line.split(' ').nth(1))
        .and_then(|status| status.parse().ok());
    let headers = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    Ok(Reply {
        status: status.ok_or(io::ErrorKind::InvalidData)?,
        headers,
        body: body.to_owned(),
    })
}

/// A call of GitLab's API with a JSON body.
pub(crate) fn call(sim: &Simulator, method: &str, endpoint: &str, body: &Value) -> Reply {
    call_as(sim, None, method, endpoint, body)
}

/// The same with an access token.
pub(crate) fn call_as(
    sim: &Simulator,
    token: Option<&str>,
    method: &str,
    endpoint: &str,
    body: &Value,
) -> Reply {
    let mut headers = vec![("Content-Type", "application/json")];
    headers.extend(token.map(|token| ("PRIVATE-TOKEN", token)));
    call_with(sim, &headers, method, endpoint, &body.to_string())
}

/// The same with all header lines and the body given.
pub(crate) fn call_with(
    sim: &Simulator,
    headers: &[(&str, &str)],
    method: &str,
    endpoint: &str,
    body: &str,
) -> Reply {
    let path = format!("/api/v4{endpoint}");
    receive(&mut send(sim, method, &path, headers, body)).unwrap()
}

/// A page that this token may see.
pub(crate) fn get(sim: &Simulator, token: &str, endpoint: &str) -> Reply {
    call_as(sim, Some(token), "GET", endpoint, &Value::Null)
}

/// The ids of a list's rows.
#[track_caller]
pub(crate) fn ids(reply: &Reply) -> Vec<i64> {
    assert_eq!(reply.status, 200, "{}", reply.body);
    reply
        .json()
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|row| row["id"].as_i64())
        .collect()
}
