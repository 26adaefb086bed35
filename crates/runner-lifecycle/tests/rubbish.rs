//! Rubbish in every file and in every answer: never a panic, always one line that says what is wrong, and no secret in it.

#![allow(clippy::expect_used, reason = "a test that cannot go on has failed")]

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::Config;
use runner_config::config_toml::ConfigToml;
use runner_lifecycle::backoff::Backoff;
use runner_lifecycle::deadline::Deadline;
use runner_lifecycle::gitlab::{Client, Endpoint, NameFiles, Pace, Proxies, RunnerInfo, TlsFiles};
use runner_lifecycle::original;
use runner_lifecycle::report::one_line;
use runner_lifecycle::state::State;
use runner_lifecycle::token::Token;

const CANARY: &str = "glrt-canary0123456789";

const CONFIG: &str = r#"# ours
concurrent = 4
listen_address = "127.0.0.1:9252"
[session_server]
  session_timeout = 1800
[[runners]]
  name = "a"
  url = "http://gitlab.example"
  id = 3
  token = "glrt-canary0123456789"
  limit = 4
  docker.image = "x"
  inline = { b = 1 }
"#;

const STATE: &str = r#"version = 1
[pod]
name = "runner-0"
[pending]
step = "received"
url = "http://gitlab.example"
source = "registration-token"
id = 3
token = "glrt-canary0123456789"
obtained_at = "2026-01-31T10:10:10Z"
[[entry]]
url = "http://gitlab.example"
id = 3
source = "access-token"
"#;

/// A valid text with a piece cut out and another put in: what a broken disk or a hasty editor leaves.
fn damaged(text: &'static str) -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        any::<String>(),
        "[\\[\\]{}=\"'#.,\\n0-9a-z-]{0,12}",
        Just("\u{0}".to_owned()),
        Just("runners = 5\n".to_owned()),
        Just("[[runners]]\n".to_owned()),
        Just("id = 99999999999999999999\n".to_owned()),
    ];
    (0..=text.len(), 0..40_usize, piece).prop_map(move |(start, length, piece)| {
        let end = (start + length).min(text.len());
        format!("{}{piece}{}", &text[..start], &text[end..])
    })
}

fn is_one_clean_line(line: &str) {
    assert_eq!(one_line(line), line, "more than one line");
    assert!(!line.is_empty());
    assert!(!line.contains("canary"), "{line}");
}

/// What was said begins with the number of a line that is there; the end of the text counts as one.
fn names_a_line_of(text: &str, said: &str) {
    let end = said
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(said.len());
    let number: usize = said[..end].parse().expect("the number of a line");
    let lines = text.matches('\n').count() + 1;
    assert!(
        (1..=lines).contains(&number),
        "line {number} of {lines}: {said}"
    );
}

proptest! {
    #![proptest_config(Config::with_cases(2000))]

    #[test]
    fn damaged_config_is_edited_or_refused_in_one_line(text in damaged(CONFIG)) {
        match ConfigToml::parse(&text) {
            Ok(config) => {
                prop_assert_eq!(config.to_string(), text.clone());
                let paused = original::paused(&config);
                let read = ConfigToml::parse(&paused).expect("a paused file can be read");
                prop_assert_eq!(read.entry_count(), 0);
                let mut emptied = config.clone();
                emptied.remove_entries(&(0..config.entry_count()).collect::<Vec<_>>());
                prop_assert!(ConfigToml::parse(&emptied.to_string()).is_ok());
            }
            Err(error) => {
                let line = error.to_string();
                is_one_clean_line(&line);
                names_a_line_of(&text, line.strip_prefix("line ").unwrap_or_default());
                if let Err(parser) = text.parse::<toml_edit::DocumentMut>() {
                    let phrase = parser.message().split(", expected").next().unwrap_or_default();
                    prop_assert!(!line.contains(phrase), "{phrase} in {line}");
                }
            }
        }
    }

    #[test]
    fn damaged_state_is_read_whole_or_refused_in_one_line(text in damaged(STATE)) {
        match State::parse(&text) {
            Ok(state) => {
                let again = state.to_text();
                prop_assert_eq!(State::parse(&again).expect("and read").to_text(), again);
            }
            Err(error) => {
                let line = error.to_string();
                is_one_clean_line(&line);
                let said = line.strip_prefix(".runner-lifecycle.toml: ");
                let said = said.expect("the file is named");
                // What is wrong with the whole of it has no line.
                if !said.starts_with("version ") && !said.starts_with("it is incomplete") {
                    names_a_line_of(&text, said.strip_prefix("line ").unwrap_or_default());
                }
            }
        }
    }
}

/// An answer of whoever listens there: status, headers and body as they come.
fn answer() -> impl Strategy<Value = Vec<u8>> {
    let json = prop_oneof![
        Just(r#"{"id":1,"token":"glrt-canary0123456789","token_expires_at":null}"#.to_owned()),
        Just(r#"{"id":"one","token":5}"#.to_owned()),
        Just(r#"{"message":{"a":["b",{"c":[1]}]}}"#.to_owned()),
        Just(r#"{"error":["x"],"error_description":{}}"#.to_owned()),
        Just("[".repeat(5000)),
        Just("<html><title>\u{1b}[31m</title>".to_owned()),
        any::<String>(),
    ];
    let status = prop_oneof![
        Just(200_u16),
        Just(201),
        Just(204),
        Just(302),
        Just(403),
        100..=999_u16
    ];
    let kind = prop_oneof![
        Just("application/json"),
        Just("text/html; charset=\"\u{e4}"),
        Just("application/json;;=")
    ];
    let whole = (status, kind, json, 0..3_usize).prop_map(|(status, kind, body, cut)| {
        let length = body.len() + cut;
        format!(
            "HTTP/1.1 {status} x\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n{body}"
        )
        .into_bytes()
    });
    prop_oneof![4 => whole, 1 => proptest::collection::vec(any::<u8>(), 0..200)]
}

/// What verifying a token comes to when every connection gets these bytes.
fn verified_against(answer: &[u8]) -> Result<i64, String> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port on loopback");
    let address = listener.local_addr().expect("its address");
    let bytes = answer.to_vec();
    let server = std::thread::spawn(move || {
        // The test's own last connection, which sends nothing, ends the thread.
        for stream in listener.incoming().take(50) {
            let Ok(mut stream) = stream else { break };
            let mut request = [0_u8; 4096];
            if !stream.read(&mut request).is_ok_and(|length| length > 0) {
                break;
            }
            // The client may hang up first, on rubbish.
            drop(stream.write_all(&bytes));
        }
    });
    let endpoint = Endpoint::parse(&format!("http://{address}")).expect("a URL");
    let quick = Duration::from_millis(1);
    let pace = Pace {
        backoff: Backoff {
            base: quick,
            cap: quick,
        },
        attempt: Duration::from_millis(200),
        creation: Duration::from_millis(200),
        connect: Duration::from_millis(200),
        room: Duration::ZERO,
    };
    let proxies = Proxies::from_variables(|_| None);
    let names = NameFiles::default();
    let client =
        Client::paced(&endpoint, &TlsFiles::default(), &proxies, pace, names).expect("a client");
    let token = Token::new(CANARY).expect("a token");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let verdict = runtime.expect("a runtime").block_on(async {
        let deadline = Deadline::after(Duration::from_millis(30));
        client
            .verify(&token, None, &RunnerInfo::empty(), deadline)
            .await
    });
    drop(std::net::TcpStream::connect(address));
    server.join().expect("the server ends");
    verdict
        .map(|credentials| credentials.id)
        .map_err(|error| error.to_string())
}

proptest! {
    #![proptest_config(Config::with_cases(150))]

    #[test]
    fn any_answer_is_understood_or_refused_in_one_line(answer in answer()) {
        if let Err(line) = verified_against(&answer) {
            is_one_clean_line(&line);
        }
    }
}
