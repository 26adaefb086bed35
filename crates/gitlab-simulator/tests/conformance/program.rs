//! The program from outside: its flags, its first line, `/simulator/…`, its end.

use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::client::{LIMIT, Reply, receive, written};

struct Program {
    child: Child,
    address: String,
}

impl Program {
    fn start(flags: &[&str]) -> Program {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gitlab-simulator"));
        let mut child = command.args(flags).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let address = line
            .trim()
            .strip_prefix("listening on http://")
            .unwrap()
            .to_owned();
        Program { child, address }
    }

    fn call(&self, method: &str, path: &str, body: &Value) -> Reply {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        let json = [("Content-Type", "application/json")];
        std::io::Write::write_all(&mut stream, written(method, path, &json, &body).as_bytes())
            .unwrap();
        receive(&mut stream).unwrap()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn flags_set_up_the_instance() {
    let program = Program::start(&[
        "--registration-token",
        "mine",
        "--access-token",
        "glpat-mine",
        "--runner-token",
        "glrt-mine",
        "--token-expiry",
        "60",
    ]);
    let verified = program.call(
        "POST",
        "/api/v4/runners/verify",
        &json!({"token": "glrt-mine"}),
    );
    assert_eq!(verified.status, 200);
    let registered = program.call("POST", "/api/v4/runners", &json!({"token": "mine"}));
    assert!(registered.status == 201 && registered.json()["token_expires_at"].is_string());
    let body = json!({"private_token": "glpat-mine", "runner_type": "instance_type"});
    assert_eq!(
        program.call("POST", "/api/v4/user/runners", &body).status,
        201
    );
}

#[test]
fn flags_switch_things_off() {
    let off = Program::start(&["--registration-tokens-off"]);
    assert_eq!(
        off.call("POST", "/api/v4/runners", &json!({"token": "gitlabtoken"}))
            .status,
        410
    );
    let read_only = Program::start(&["--read-only", "--relative-root", "/gitlab"]);
    let root = format!("/{}", read_only.address.split_once('/').unwrap().1);
    assert_eq!(root, "/gitlab");
}

#[test]
fn everything_can_be_steered_in_json() {
    let program = Program::start(&[]);
    let made = program.call(
        "POST",
        "/simulator/runners",
        &json!({"description": "d", "tags": ["a"]}),
    );
    assert_eq!((made.status, &made.json()["tags"]), (201, &json!(["a"])));
    let token = made.json()["token"].clone();
    let job = program.call(
        "POST",
        "/simulator/jobs",
        &json!({"script": ["true"], "variables": [["A", "1"]]}),
    );
    assert_eq!(job.json(), json!({"id": 1}));
    let ordered = program.call(
        "POST",
        "/simulator/faults",
        &json!({"on": "POST /jobs/request", "status": 503}),
    );
    assert_eq!(ordered.status, 204);
    let request = json!({"token": token, "system_id": "s_0123456789ab"});
    assert_eq!(
        program
            .call("POST", "/api/v4/jobs/request", &request)
            .status,
        503
    );
    assert_eq!(
        program
            .call("POST", "/api/v4/jobs/request", &request)
            .status,
        201
    );
    let jobs = program.call("GET", "/simulator/jobs", &Value::Null).json();
    assert_eq!(
        (&jobs[0]["status"], &jobs[0]["system_id"]),
        (&json!("running"), &json!("s_0123456789ab"))
    );
    let runners = program
        .call("GET", "/simulator/runners", &Value::Null)
        .json();
    assert_eq!(runners[0]["managers"][0]["system_id"], "s_0123456789ab");
    let journal = program
        .call("GET", "/simulator/journal", &Value::Null)
        .json();
    let told: Vec<_> = journal
        .as_array()
        .unwrap()
        .iter()
        .map(|call| (&call["status"], &call["fault"]))
        .collect();
    assert_eq!(
        told,
        [(&json!(503), &json!(true)), (&json!(201), &json!(false))]
    );
}

#[test]
fn faults_and_settings_can_be_taken_back_in_json() {
    let program = Program::start(&[]);
    program.call(
        "POST",
        "/simulator/faults",
        &json!({"on": "*", "times": null, "effect": "html"}),
    );
    assert!(
        program
            .call("GET", "/api/v4/runners", &Value::Null)
            .body
            .contains("<html>")
    );
    assert_eq!(
        program
            .call("DELETE", "/simulator/faults", &Value::Null)
            .status,
        204
    );
    assert_eq!(
        program.call("GET", "/api/v4/runners", &Value::Null).status,
        401
    );
    let changed = program.call(
        "PATCH",
        "/simulator/settings",
        &json!({"read_only": true, "long_poll": 1.5}),
    );
    assert_eq!(
        (&changed.json()["read_only"], &changed.json()["long_poll"]),
        (&json!(true), &json!(1.5))
    );
    assert_eq!(
        program
            .call("POST", "/api/v4/runners", &json!({"token": "gitlabtoken"}))
            .status,
        403
    );
    let wrong = program.call(
        "POST",
        "/simulator/faults",
        &json!({"on": "*", "effect": "earthquake"}),
    );
    assert!(wrong.status == 400 && wrong.error().contains("earthquake"));
    assert_eq!(
        program
            .call("GET", "/simulator/nothing", &Value::Null)
            .status,
        404
    );
}

#[test]
fn clock_cron_and_access_tokens_can_be_set_in_json() {
    let program = Program::start(&[]);
    let body = json!({"scopes": ["create_runner"], "role": {"groups": {"1": "owner"}}});
    let token = program
        .call("POST", "/simulator/access_tokens", &body)
        .json()["token"]
        .clone();
    let body = json!({"private_token": token, "runner_type": "group_type", "group_id": 1});
    let made = program.call("POST", "/api/v4/user/runners", &body).json();
    let verify = json!({"token": made["token"], "system_id": "s_0123456789ab"});
    assert_eq!(
        program
            .call("POST", "/api/v4/runners/verify", &verify)
            .status,
        200
    );
    assert_eq!(
        program
            .call("POST", "/simulator/clock", &json!({"ahead": 8 * 24 * 3600}))
            .status,
        204
    );
    assert_eq!(
        program
            .call("POST", "/simulator/background_jobs", &Value::Null)
            .status,
        204
    );
    let runners = program
        .call("GET", "/simulator/runners", &Value::Null)
        .json();
    assert_eq!(
        (&runners[0]["groups"], &runners[0]["managers"]),
        (&json!([1]), &json!([]))
    );
}

#[test]
fn signal_ends_it_and_bad_usage_never_starts_it() {
    for signal in ["-TERM", "-INT"] {
        let mut program = Program::start(&[]);
        let id = program.child.id().to_string();
        assert!(
            Command::new("sh")
                .args(["-c", &format!("kill {signal} {id}")])
                .status()
                .unwrap()
                .success()
        );
        assert_eq!(program.child.wait().unwrap().code(), Some(0));
    }
    let wrong = Command::new(env!("CARGO_BIN_EXE_gitlab-simulator"))
        .arg("--wrong")
        .output()
        .unwrap();
    assert_eq!(wrong.status.code(), Some(2));
    let missing = [
        "--tls-cert",
        "/nonexistent.crt",
        "--tls-key",
        "/nonexistent.key",
    ];
    let failed = Command::new(env!("CARGO_BIN_EXE_gitlab-simulator"))
        .args(missing)
        .output()
        .unwrap();
    assert_eq!(failed.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&failed.stderr).contains("/nonexistent.crt"));
}
