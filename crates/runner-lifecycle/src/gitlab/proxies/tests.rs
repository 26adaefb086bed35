//! Whose requests go through a proxy.

use super::*;

fn proxies(pairs: &[(&str, &str)]) -> Proxies {
    Proxies::from_variables(|name| {
        pairs
            .iter()
            .find(|(key, _)| *key == name)
            .map(|(_, value)| (*value).to_owned())
    })
}

fn chosen(pairs: &[(&str, &str)], url: &str) -> Option<String> {
    proxies(pairs)
        .for_url(&Url::parse(url).unwrap())
        .unwrap()
        .map(|way| way.url.to_string())
}

#[test]
fn scheme_of_the_url_picks_the_variable() {
    let both = [
        ("HTTP_PROXY", "http://plain:1"),
        ("HTTPS_PROXY", "http://secure:2"),
    ];
    assert_eq!(chosen(&both, "http://h"), Some("http://plain:1/".into()));
    assert_eq!(chosen(&both, "https://h"), Some("http://secure:2/".into()));
    assert_eq!(chosen(&both[..1], "https://h"), None);
    assert_eq!(chosen(&[], "https://h"), None);
    assert_eq!(chosen(&[("ALL_PROXY", "http://p")], "https://h"), None);
}

#[test]
fn upper_case_wins_and_empty_is_unset() {
    fn check(pairs: &[(&str, &str)], want: Option<&str>) {
        assert_eq!(chosen(pairs, "https://h").as_deref(), want, "{pairs:?}");
    }
    check(&[("https_proxy", "http://low")], Some("http://low/"));
    check(
        &[("HTTPS_PROXY", "http://up"), ("https_proxy", "http://low")],
        Some("http://up/"),
    );
    check(
        &[("HTTPS_PROXY", ""), ("https_proxy", "http://low")],
        Some("http://low/"),
    );
    check(&[("HTTPS_PROXY", "")], None);
}

#[test]
fn under_cgi_http_proxy_is_nobodys_word() {
    let pairs = [("HTTP_PROXY", "http://evil"), ("REQUEST_METHOD", "GET")];
    assert_eq!(chosen(&pairs, "http://h"), None);
    let pairs = [("HTTPS_PROXY", "http://fine"), ("REQUEST_METHOD", "GET")];
    assert_eq!(chosen(&pairs, "https://h"), Some("http://fine/".into()));
}

#[test]
fn value_without_scheme_is_http() {
    fn check(value: &str, want: &str) {
        assert_eq!(
            chosen(&[("HTTPS_PROXY", value)], "https://h").as_deref(),
            Some(want)
        );
    }
    check("proxy", "http://proxy/");
    check("proxy:3128", "http://proxy:3128/");
    check("10.0.0.1:3128", "http://10.0.0.1:3128/");
    check("me:pass@proxy:3128", "http://me:pass@proxy:3128/");
    check("https://proxy:3129", "https://proxy:3129/");
}

#[test]
fn unusable_proxy_is_refused_without_showing_its_password() {
    for value in [
        "socks5://me:secret@proxy:1080",
        "http://",
        "http://me:secret@ /",
    ] {
        let proxies = proxies(&[("HTTPS_PROXY", value)]);
        let error = proxies
            .for_url(&Url::parse("https://h").unwrap())
            .unwrap_err()
            .to_string();
        assert!(error.contains("HTTPS_PROXY"), "{error}");
        assert!(!error.contains("secret"), "{error}");
        assert!(!format!("{proxies:?}").contains("secret"));
    }
}

#[test]
fn localhost_and_loopback_are_never_proxied() {
    let pairs = [("HTTP_PROXY", "http://p")];
    for host in [
        "localhost",
        "localhost:8080",
        "127.0.0.1",
        "127.9.9.9:1",
        "[::1]:80",
    ] {
        assert_eq!(chosen(&pairs, &format!("http://{host}/")), None, "{host}");
    }
    assert!(chosen(&pairs, "http://localhost.example/").is_some());
    assert!(chosen(&pairs, "http://10.0.0.1/").is_some());
}

#[test]
fn no_proxy_takes_hosts_domains_ports_addresses_and_networks() {
    /// `straight` lists what is reached without the proxy, `proxied` what is not.
    fn check(no_proxy: &str, straight: &[&str], proxied: &[&str]) {
        let pairs = [("HTTP_PROXY", "http://p"), ("NO_PROXY", no_proxy)];
        for host in straight {
            assert_eq!(
                chosen(&pairs, &format!("http://{host}/")),
                None,
                "{no_proxy}: {host}"
            );
        }
        for host in proxied {
            assert!(
                chosen(&pairs, &format!("http://{host}/")).is_some(),
                "{no_proxy}: {host}"
            );
        }
    }
    check(
        "example.com",
        &["example.com", "EXAMPLE.com", "a.example.com"],
        &["aexample.com"],
    );
    check(
        ".example.com",
        &["a.example.com", "a.b.example.com"],
        &["example.com"],
    );
    check("*.example.com", &["a.example.com"], &["example.com"]);
    check(
        "example.com:8080",
        &["example.com:8080"],
        &["example.com", "example.com:80"],
    );
    check("example.com:80", &["example.com"], &["example.com:8080"]);
    check(
        "10.1.2.3",
        &["10.1.2.3", "10.1.2.3:99"],
        &["10.1.2.4", "10.1.2.3.example"],
    );
    check("10.1.2.3:80", &["10.1.2.3"], &["10.1.2.3:81"]);
    check("10.0.0.0/8", &["10.1.2.3"], &["11.1.2.3", "ten.example"]);
    check("10.1.2.128/25", &["10.1.2.129"], &["10.1.2.127"]);
    check("0.0.0.0/0", &["8.8.8.8"], &["name.example"]);
    check("fd00::/8", &["[fd00::1]"], &["[fe80::1]", "10.0.0.1"]);
    check("fd00::1", &["[fd00::1]"], &["[fd00::2]"]);
    check("[fd00::1]:81", &["[fd00::1]:81"], &["[fd00::1]"]);
    check("*", &["anything.example", "10.0.0.1"], &[]);
    check(
        " one.example , two.example ",
        &["one.example", "two.example"],
        &["three.example"],
    );
    check("", &[], &["example.com"]);
    check(
        ",:80,10.0.0.0/99,example.com:x,.",
        &[],
        &["example.com", "10.0.0.1"],
    );
}
