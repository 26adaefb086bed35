//! Cases of what strikes before any endpoint.

use std::net::TcpListener;
use std::time::Duration;

use gitlab_simulator::{NewRunner, Role, Settings, Simulator, Throttle, own_address};
use serde_json::json;

use crate::client::{Reply, call, receive, send};
use crate::gitlab::{start, with};

#[test]
fn case_23_migrations_ask_for_patience_on_all_runner_endpoints() {
    let sim = with(|settings| settings.migration_backoff = true);
    for (method, endpoint) in [
        ("POST", "/runners"),
        ("POST", "/runners/verify"),
        ("DELETE", "/runners"),
        ("DELETE", "/runners/managers"),
        ("POST", "/jobs/request"),
        ("PUT", "/jobs/1"),
    ] {
        let reply = call(&sim, method, endpoint, &json!({}));
        let text = "Executing database migrations. Please retry later.";
        assert_eq!(
            (reply.status, reply.message().as_str()),
            (429, text),
            "{method} {endpoint}"
        );
        assert_eq!(reply.header("Retry-After"), Some("60"));
    }
}

#[test]
fn read_only_instance_refuses_writes_with_its_own_words() {
    let sim = start();
    let token = sim.add_runner(NewRunner::default()).token;
    sim.update(|state| state.settings.read_only = true);
    let reply = call(&sim, "DELETE", "/runners", &json!({"token": token}));
    let text = "You cannot perform write operations on a read-only instance";
    assert_eq!((reply.status, reply.message().as_str()), (403, text));
    assert_eq!(sim.runners().len(), 1);
    assert_eq!(call(&sim, "GET", "/runners", &json!({})).status, 401);
}

#[test]
fn maintenance_answers_503_and_when_to_return() {
    let sim = with(|settings| settings.maintenance = Some(Duration::from_secs(30)));
    let reply = call(&sim, "POST", "/runners/verify", &json!({"token": "x"}));
    assert_eq!(
        (reply.status, reply.header("Retry-After")),
        (503, Some("30"))
    );
}

#[test]
fn unauthenticated_calls_are_throttled_and_known_runners_are_not() {
    let period = Duration::from_secs(3600);
    let sim = with(|settings| {
        settings.rate_limits.unauthenticated = Some(Throttle {
            requests: 2,
            period,
        });
    });
    let token = sim.add_runner(NewRunner::default()).token;
    let statuses: Vec<u16> = (0..4)
        .map(|_| call(&sim, "POST", "/runners", &json!({"token": "gitlabtoken"})).status)
        .collect();
    assert_eq!(statuses, [201, 201, 429, 429]);
    let reply = call(&sim, "POST", "/runners", &json!({"token": "gitlabtoken"}));
    assert_eq!(reply.body, "Retry later\n");
    assert_eq!(reply.header("Content-Type"), Some("text/plain"));
    let seconds = |name| reply.header(name).unwrap().parse::<u64>().unwrap();
    assert!((1..=3600).contains(&seconds("Retry-After")));
    assert_eq!(seconds("RateLimit-Reset") % 3600, 0, "a window's end");
    // Two an hour are one a minute, rounded up.
    assert_eq!(seconds("RateLimit-Limit"), 1);
    assert_eq!(reply.header("RateLimit-Observed"), Some("5"));
    assert!(
        reply
            .header("RateLimit-ResetTime")
            .unwrap()
            .ends_with("GMT")
    );
    assert_eq!(
        call(&sim, "POST", "/runners/verify", &json!({"token": token})).status,
        200
    );
}

#[test]
fn users_are_throttled_by_themselves_and_not_by_their_address() {
    let throttle = |requests| {
        let period = Duration::from_secs(3600);
        Some(Throttle { requests, period })
    };
    let sim = with(|settings| {
        settings.rate_limits.authenticated = throttle(2);
        settings.rate_limits.unauthenticated = throttle(1);
    });
    let [one, other] = [(); 2].map(|()| sim.add_access_token(&["create_runner"], Role::admin()));
    let create = |token: &str| {
        let body = json!({"runner_type": "instance_type", "private_token": token});
        call(&sim, "POST", "/user/runners", &body)
    };
    let replies = [&one, &one, &one, &other].map(|token| create(token));
    assert_eq!(
        replies.each_ref().map(|reply| reply.status),
        [201, 201, 429, 201]
    );
    // Each answer tells how much is left, and a refusal how long to wait.
    let left = |reply: &Reply| reply.header("RateLimit-Remaining").map(str::to_owned);
    let left: Vec<String> = replies.iter().filter_map(left).collect();
    assert_eq!(left, ["1", "0", "0", "1"]);
    let waits = replies
        .each_ref()
        .map(|reply| reply.header("Retry-After").is_some());
    assert_eq!(waits, [false, false, true, false]);
    let reply = create(&one);
    let name = reply.header("RateLimit-Name");
    assert_eq!(name, Some("throttle_authenticated_api"));
    // Nobody has used up what is left for those without a token.
    let unknown = || call(&sim, "POST", "/user/runners", &json!({})).status;
    assert_eq!([unknown(), unknown()], [401, 429]);
}

#[test]
fn relative_root_and_unknown_places() {
    let sim = with(|settings| settings.relative_root = "/gitlab".into());
    assert!(sim.url().ends_with("/gitlab"));
    check(
        &sim,
        "/gitlab/api/v4/runners/verify",
        400,
        "application/json",
    );
    check(&sim, "/gitlab/api/v4/nothing", 404, "application/json");
    check(
        &sim,
        "/api/v4/runners/verify",
        404,
        "text/html; charset=utf-8",
    );
}

fn check(sim: &Simulator, path: &str, status: u16, kind: &str) {
    let reply = receive(&mut send(sim, "POST", path, &[], "")).unwrap();
    assert_eq!(
        (reply.status, reply.header("Content-Type")),
        (status, Some(kind)),
        "{path}"
    );
}

#[test]
fn listens_on_other_loopback_addresses() {
    for (listen, url) in [
        ("127.0.0.7:0", "http://127.0.0.7:"),
        ("[::1]:0", "http://[::1]:"),
    ] {
        // A machine without IPv6 has no such address.
        if url.contains("::") && TcpListener::bind(listen).is_err() {
            continue;
        }
        let sim = Simulator::start(Settings {
            listen: listen.parse().unwrap(),
            ..Settings::default()
        })
        .unwrap();
        assert!(sim.url().starts_with(url), "{}", sim.url());
        assert_eq!(
            call(&sim, "POST", "/runners/verify", &json!({})).status,
            400
        );
    }
}

#[test]
fn dropping_it_frees_the_port_and_the_thread() {
    let address = own_address();
    let listening = || Settings {
        listen: address,
        ..Settings::default()
    };
    let sim = Simulator::start(listening()).unwrap();
    let mut held = send(&sim, "POST", "/api/v4/runners/verify", &[], "");
    drop(sim);
    assert!(std::net::TcpStream::connect(address).is_err());
    // The open connection ended too, with an answer or without.
    let _ = receive(&mut held);
    let again = Simulator::start(listening()).unwrap();
    assert_eq!(again.address(), address);
}

#[test]
fn starts_fails_and_ends_inside_another_runtime() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        let sim = start();
        let nowhere = "192.0.2.1:1".parse().unwrap();
        assert!(
            Simulator::start(Settings {
                listen: nowhere,
                ..Settings::default()
            })
            .is_err()
        );
        assert_eq!(
            call(&sim, "POST", "/runners/verify", &json!({})).status,
            400
        );
    });
}

#[test]
fn hundreds_of_connections_at_once_are_answered() {
    let sim = start();
    let body = json!({"token": "gitlabtoken"}).to_string();
    let json = [("Content-Type", "application/json")];
    let open: Vec<_> = (0..400)
        .map(|_| send(&sim, "POST", "/api/v4/runners", &json, &body))
        .collect();
    for mut stream in open {
        assert_eq!(receive(&mut stream).unwrap().status, 201);
    }
    assert_eq!(sim.runners().len(), 400);
    assert!(sim.wait_until(crate::client::LIMIT, |state| state.open_connections == 0));
}

#[test]
fn journal_tells_what_came_in() {
    let sim = start();
    let reply = call(
        &sim,
        "POST",
        "/runners/verify?a=1",
        &json!({"token": "x", "n": 1}),
    );
    let call = sim.journal()[0].clone();
    assert!(call.is("POST /runners/verify"));
    assert_eq!(
        (call.number, call.connection, call.status),
        (1, 1, Some(403))
    );
    assert_eq!(
        (call.path.as_str(), call.query.as_str()),
        ("/api/v4/runners/verify", "a=1")
    );
    assert_eq!(call.headers["content-type"], "application/json");
    assert_eq!(call.body, json!({"token": "x", "n": 1}));
    assert_eq!(reply.header("X-Request-Id"), Some(call.request_id.as_str()));
    assert!(!call.fault && !call.abandoned);
    assert!(call.ended_at.unwrap() >= call.at);
}
