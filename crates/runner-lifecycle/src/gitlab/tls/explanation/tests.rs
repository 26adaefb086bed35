//! What is said of a handshake that failed.

use rustls::CertificateError;

use super::*;

fn words(error: &Error) -> Option<String> {
    let url = Url::parse("https://gitlab.example:8443/x").unwrap();
    explain(error, Peer::Gitlab(&url)).map(|(why, next)| format!("{why}; {next}"))
}

fn way() -> Way {
    Way {
        url: Url::parse("https://me:canary@proxy.example:3129").unwrap(),
        variable: "HTTPS_PROXY",
    }
}

const ALL: [Distrust; 16] = [
    Distrust::UnknownAuthority,
    Distrust::SameName,
    Distrust::SelfSigned,
    Distrust::Authority,
    Distrust::Expired,
    Distrust::NotYetValid,
    Distrust::NoName,
    Distrust::Purpose,
    Distrust::Revoked,
    Distrust::Signature,
    Distrust::Extension,
    Distrust::Constraint,
    Distrust::Chain,
    Distrust::Key,
    Distrust::Damaged,
    Distrust::Unknown,
];

#[test]
fn each_distrust_names_reason_and_fix() {
    let other = Distrust::OtherName(vec!["a.example".into(), "b\u{1b}[31m".into()]);
    let names = "not valid for gitlab.example: it is valid for a.example, b";
    for (distrust, reason, fix) in [
        (
            Distrust::UnknownAuthority,
            "unknown authority",
            "--tls-ca-file",
        ),
        (
            Distrust::UnknownAuthority,
            "unknown authority",
            "gitlab.example.crt",
        ),
        (
            Distrust::SelfSigned,
            "is self-signed",
            "certs/gitlab.example.crt",
        ),
        (Distrust::SelfSigned, "is self-signed", "--tls-ca-file"),
        (Distrust::Expired, "has expired", "renewed"),
        (Distrust::NotYetValid, "not yet valid", "clock"),
        (
            Distrust::SameName,
            "the name of a known one",
            "--tls-ca-file",
        ),
        (
            Distrust::NoName,
            "contains no host name (SAN)",
            "have it reissued",
        ),
        (Distrust::Authority, "CA:TRUE", "reissued"),
        (Distrust::Revoked, "revoked", "reissued"),
        (other, names, "--url"),
    ] {
        let words = words(&distrust.into()).unwrap();
        assert!(words.contains(reason) && words.contains(fix), "{words}");
        assert!(!words.contains('\u{1b}'), "{words}");
    }
}

#[test]
fn no_name_of_a_type_is_shown() {
    let url = Url::parse("https://gitlab.example").unwrap();
    let way = way();
    for distrust in ALL {
        let name = format!("{distrust:?}");
        for peer in [Peer::Gitlab(&url), Peer::Proxy(&way)] {
            let (why, next) = explain(&distrust.clone().into(), peer).unwrap();
            let said = format!("{why}; {next}");
            for part in [name.as_str(), "Other", "{", "(\"", "canary"] {
                assert!(!said.contains(part), "{part}: {said}");
            }
        }
    }
}

#[test]
fn a_proxy_is_named_instead_of_gitlab_and_its_password_is_not() {
    let way = way();
    let unknown = Error::InvalidCertificate(CertificateError::UnknownIssuer);
    let (why, next) = explain(&unknown, Peer::Proxy(&way)).unwrap();
    assert_eq!(
        format!("{why}; {next}"),
        "the certificate of the proxy https://proxy.example:3129 (HTTPS_PROXY) is signed by an unknown authority; \
         add the certificate of the proxy's CA to the file of --tls-ca-file"
    );
}

#[test]
fn alerts_about_our_certificate_name_the_flags_and_others_may_pass() {
    let required = Error::AlertReceived(AlertDescription::CertificateRequired);
    assert!(words(&required).unwrap().contains("--tls-cert-file"));
    assert!(words(&Error::AlertReceived(AlertDescription::InternalError)).is_none());
    assert!(words(&Error::AlertReceived(AlertDescription::UnrecognisedName)).is_none());
    assert!(words(&Error::HandshakeNotComplete).is_none());
}
