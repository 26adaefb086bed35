//! What each trouble on the way means, and whom it names.

use super::*;

fn explained(error: &io::Error, lost: bool) -> Trouble {
    let url = Url::parse("https://h").unwrap();
    Trouble::of_causes(&causes(error), lost, &url, None)
}

#[test]
fn plain_network_errors_pass() {
    fn check(error: &io::Error, lost: bool, want: &str) {
        let why = want.to_owned();
        assert_eq!(explained(error, lost), Trouble::Passing { why, lost });
    }
    check(
        &io::ErrorKind::ConnectionRefused.into(),
        false,
        "connection refused",
    );
    check(
        &io::ErrorKind::ConnectionReset.into(),
        true,
        "connection reset",
    );
    let canary = io::Error::other("canary\n");
    check(&canary, false, "no connection (it was cut off)");
    let want = "incomplete response (closed before the response was complete)";
    check(&io::Error::other("end of file"), true, want);
}

#[test]
fn a_name_that_does_not_exist_does_not_pass_but_a_silent_name_server_does() {
    let name = || "gitlab.example".to_owned();
    let error = io::Error::other(NameError::NotFound { name: name() });
    assert!(matches!(
        explained(&error, false),
        Trouble::NoSuchHost { .. }
    ));
    let error = io::Error::other(NameError::NoAnswer {
        name: name(),
        why: "silence".into(),
    });
    assert!(matches!(
        explained(&error, false),
        Trouble::Passing { lost: false, .. }
    ));
}

fn way(url: &str) -> Way {
    Way {
        url: Url::parse(url).unwrap(),
        variable: "HTTPS_PROXY",
    }
}

#[test]
fn what_goes_wrong_at_the_proxy_names_the_proxy() {
    fn check(trouble: &Trouble, want: &str, next: &str) {
        let (why, said) = match trouble {
            Trouble::Lasting { why, next, .. } | Trouble::NoSuchHost { why, next } => {
                (why, next.as_str())
            }
            Trouble::Passing { why, lost: false } => (why, ""),
            other => panic!("{other:?}"),
        };
        assert!(why.contains(want), "{why}");
        assert!(said.contains(next), "{said}");
    }
    let way = way("https://me:canary@proxy.example:3129");
    let to = |url: &str, error: &io::Error| {
        let url = Url::parse(url).unwrap();
        Trouble::of_causes(&causes(error), false, &url, Some(&way))
    };
    let unknown = || rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer);
    let of_proxy = "the certificate of the proxy https://proxy.example:3129 (HTTPS_PROXY)";
    let trouble = to("http://gitlab.example", &io::Error::other(unknown()));
    check(&trouble, of_proxy, "--tls-ca-file");
    // Inside of a tunnel it is GitLab that is not trusted.
    let trouble = to("https://gitlab.example", &io::Error::other(unknown()));
    check(&trouble, "the certificate is signed", "gitlab.example.crt");
    let refused = io::ErrorKind::ConnectionRefused.into();
    let trouble = to("http://gitlab.example", &refused);
    check(
        &trouble,
        "connection to the proxy https://proxy.example:3129",
        "",
    );
    // It closed instead of opening a tunnel, or what is behind it did.
    let closed = io::ErrorKind::UnexpectedEof.into();
    let trouble = to("https://gitlab.example", &closed);
    let through = "no connection through the proxy https://proxy.example:3129 (HTTPS_PROXY)";
    check(&trouble, through, "");
    let name = |name: &str| {
        io::Error::other(NameError::NotFound {
            name: name.to_owned(),
        })
    };
    let trouble = to("https://gitlab.example", &name("proxy.example"));
    check(
        &trouble,
        "the host proxy.example was not found",
        "HTTPS_PROXY",
    );
    let trouble = to("https://gitlab.example", &name("gitlab.example"));
    check(&trouble, "the host gitlab.example was not found", "--url");
}

#[test]
fn errors_inside_of_errors_are_found() {
    let inner = rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer);
    let error = io::Error::other(io::Error::other(inner));
    assert!(matches!(explained(&error, false), Trouble::Lasting { .. }));
}

#[test]
fn a_tls_server_behind_a_plain_url_and_a_proxy_without_password_are_named() {
    for (text, want) in [
        ("invalid HTTP version parsed", "scheme"),
        ("proxy authorization required", "HTTPS_PROXY"),
    ] {
        match explained(&io::Error::other(text), true) {
            Trouble::Lasting { next, .. } => assert!(next.contains(want), "{next}"),
            other => panic!("{other:?}"),
        }
    }
}
