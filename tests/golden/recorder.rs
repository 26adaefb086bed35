//! Owns the recorder: a raw HTTP server that answers what the case says and keeps what it was asked. No simulator.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use serde_json::{Map, Value, json};

/// One request and how it was answered.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) body: Value,
    pub(crate) answered: u16,
    /// The answer held a token: something was made.
    pub(crate) made: bool,
}

impl Request {
    /// From the recordings, which keep only what is compared.
    pub(crate) fn recorded(value: &Value) -> Self {
        let text = |key: &str| value[key].as_str().unwrap_or_default().to_owned();
        Self {
            method: text("method"),
            path: text("path"),
            body: value["body"].clone(),
            answered: 0,
            made: false,
        }
    }

    pub(crate) fn record(&self) -> Value {
        json!({ "method": self.method, "path": self.path, "body": self.body })
    }

    /// Without what differs from run to run.
    pub(crate) fn emptied(&self, empty: impl Fn(&str) -> String) -> Self {
        let body = serde_json::from_str(&empty(&self.body.to_string()));
        Self {
            path: empty(&self.path),
            body: body.unwrap_or_else(|_| self.body.clone()),
            ..self.clone()
        }
    }
}

/// A listening recorder; dropping it ends it.
pub(crate) struct Recorder {
    url: String,
    desk: Arc<Desk>,
    thread: Option<JoinHandle<()>>,
}

struct Desk {
    plan: Mutex<Map<String, Value>>,
    seen: Mutex<Vec<Request>>,
    over: AtomicBool,
}

impl Recorder {
    pub(crate) fn start(server: Map<String, Value>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let mut plan = defaults();
        plan.extend(server);
        let desk = Arc::new(Desk {
            plan: Mutex::new(plan),
            seen: Mutex::default(),
            over: AtomicBool::new(false),
        });
        let of_thread = Arc::clone(&desk);
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if of_thread.over.load(Ordering::Acquire) {
                    return;
                }
                let desk = Arc::clone(&of_thread);
                // A client that hangs up early is the program's affair.
                std::thread::spawn(move || desk.serve(&stream));
            }
        });
        Self {
            url,
            desk,
            thread: Some(thread),
        }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.desk
            .seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.desk.over.store(true, Ordering::Release);
        // Wakes the thread that waits for a connection.
        drop(TcpStream::connect(self.url.trim_start_matches("http://")));
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

/// The answers of a GitLab that has nothing against it.
fn defaults() -> Map<String, Value> {
    let answers = json!({
        "POST /api/v4/runners": [201, {"id": 12345, "token": "glrtr-registeredtoken0001", "token_expires_at": null}],
        "POST /api/v4/runners/verify": [200, {"id": 54321, "token": "TOKEN-AS-SENT", "token_expires_at": null}],
        "DELETE /api/v4/runners": [204, null],
        "DELETE /api/v4/runners/managers": [204, null],
        "POST /api/v4/runners/reset_authentication_token":
            [201, {"token": "glrt-resettoken0000000001", "token_expires_at": null}],
    });
    answers.as_object().cloned().unwrap_or_default()
}

impl Desk {
    /// Answers one connection until its client hangs up.
    fn serve(&self, stream: &TcpStream) {
        let mut reader = BufReader::new(stream);
        while let Some((method, path, body)) = read(&mut reader) {
            let answer = self.answer(&method, &path, body);
            let mut stream = stream;
            if stream.write_all(&answer).is_err() {
                return;
            }
        }
    }

    fn answer(&self, method: &str, path: &str, body: Value) -> Vec<u8> {
        let key = format!("{method} {}", path.split('?').next().unwrap_or_default());
        let mut plan = self.plan.lock().unwrap_or_else(PoisonError::into_inner);
        let planned = match plan.get_mut(&key) {
            // One answer after the other, the last one for ever.
            Some(Value::Array(several)) if several.first().is_some_and(Value::is_array) => {
                if several.len() > 1 {
                    several.remove(0)
                } else {
                    several[0].clone()
                }
            }
            Some(one) => one.clone(),
            None => json!([404, {"error": "404 Not Found"}]),
        };
        drop(plan);
        let status = planned[0]
            .as_u64()
            .and_then(|status| u16::try_from(status).ok())
            .unwrap_or(500);
        let mut answer = planned[1].clone();
        let made = matches!(status, 200 | 201)
            && answer["token"]
                .as_str()
                .is_some_and(|token| !token.is_empty());
        if answer["token"] == "TOKEN-AS-SENT" {
            answer["token"] = body["token"].clone();
        }
        let request = Request {
            method: method.to_owned(),
            path: path.to_owned(),
            body,
            answered: status,
            made,
        };
        self.seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(request);
        let text = match &answer {
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let mut head = format!("HTTP/1.1 {status} Recorded\r\n");
        if !answer.is_string() {
            head.push_str("Content-Type: application/json\r\n");
        }
        for (name, value) in planned[2].as_object().cloned().unwrap_or_default() {
            head.push_str(&format!(
                "{name}: {}\r\n",
                value.as_str().unwrap_or_default()
            ));
        }
        if status == 204 {
            return format!("{head}\r\n").into_bytes();
        }
        format!("{head}Content-Length: {}\r\n\r\n{text}", text.len()).into_bytes()
    }
}

/// One request: method, path and body.
fn read(reader: &mut BufReader<&TcpStream>) -> Option<(String, String, Value)> {
    let mut first = String::new();
    reader
        .read_line(&mut first)
        .ok()
        .filter(|length| *length > 0)?;
    let mut words = first.split_whitespace().map(str::to_owned);
    let (method, path) = (words.next()?, words.next()?);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader
            .read_line(&mut line)
            .ok()
            .filter(|length| *length > 0)?;
        let line = line.trim().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(text) = line.strip_prefix("content-length:") {
            length = text.trim().parse().ok()?;
        }
    }
    let mut bytes = vec![0; length];
    reader.read_exact(&mut bytes).ok()?;
    let raw = || json!({ "_raw": String::from_utf8_lossy(&bytes) });
    let body = if bytes.is_empty() {
        Value::Null
    } else {
        serde_json::from_slice(&bytes).unwrap_or_else(|_| raw())
    };
    Some((method, path, body))
}
