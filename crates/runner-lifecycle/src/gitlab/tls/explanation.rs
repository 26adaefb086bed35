//! Owns the words for a failed handshake: the reason, and which file or flag cures it.

use rustls::{AlertDescription, CertificateError, Error};
use url::Url;

/// Why and what next, or `None` for a trouble that may pass.
pub(in crate::gitlab) fn explain(error: &Error, url: &Url) -> Option<(String, String)> {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let (why, next) = match error {
        Error::InvalidCertificate(error) => certificate(error, host),
        Error::AlertReceived(alert) => alert_words(*alert)?,
        Error::InvalidMessage(_) => (
            "whoever answers does not speak TLS".to_owned(),
            "check the port, or write http:// in --url".to_owned(),
        ),
        Error::PeerIncompatible(why) => (
            format!("no common version of TLS ({why:?})"),
            "GitLab must speak TLS 1.2 or 1.3".to_owned(),
        ),
        _ => return None,
    };
    Some((why, next))
}

fn certificate(error: &CertificateError, host: &str) -> (String, String) {
    use CertificateError as Bad;
    let renew = format!("have the certificate of {host} renewed, or check the clock of this node");
    let give = format!(
        "give the CA's certificate with --tls-ca-file or as {host}.crt in the certs directory"
    );
    match error {
        Bad::UnknownIssuer => (
            "the certificate is signed by an unknown authority".to_owned(),
            give,
        ),
        // An authority that was made anew under its old name.
        Bad::BadSignature => (
            "the certificate is signed by an unknown authority of a known name".to_owned(),
            give,
        ),
        Bad::Expired | Bad::ExpiredContext { .. } => {
            ("the certificate has expired".to_owned(), renew)
        }
        Bad::NotValidYet | Bad::NotValidYetContext { .. } => {
            ("the certificate is not yet valid".to_owned(), renew)
        }
        Bad::NotValidForName => (
            format!("the certificate is not valid for {host}"),
            "write the name that the certificate holds in --url".to_owned(),
        ),
        Bad::NotValidForNameContext { presented, .. } => {
            let names = if presented.is_empty() {
                "holds no name (subjectAltName) at all".to_owned()
            } else {
                format!(
                    "is valid for {} only",
                    super::super::words::piece(&presented.join(", "), &[])
                )
            };
            (
                format!("the certificate is not valid for {host}: it {names}"),
                "write the name that the certificate holds in --url".to_owned(),
            )
        }
        other => (
            format!("the certificate cannot be believed: {other}"),
            format!("have the certificate of {host} replaced"),
        ),
    }
}

/// What the other side thinks of our certificate. Other alerts may come from a server that is just starting.
fn alert_words(alert: AlertDescription) -> Option<(String, String)> {
    use AlertDescription as Alert;
    let pair =
        "give a client certificate that GitLab believes with --tls-cert-file and --tls-key-file";
    let why = match alert {
        Alert::CertificateRequired | Alert::NoCertificate => "a client certificate is required",
        Alert::BadCertificate
        | Alert::UnsupportedCertificate
        | Alert::CertificateRevoked
        | Alert::CertificateExpired
        | Alert::CertificateUnknown
        | Alert::UnknownCA
        | Alert::DecryptError
        | Alert::AccessDenied => "the client certificate was refused",
        Alert::HandshakeFailure | Alert::ProtocolVersion => {
            let why = format!("no common version or cipher of TLS ({alert:?})");
            return Some((why, "GitLab must speak TLS 1.2 or 1.3".to_owned()));
        }
        _ => return None,
    };
    Some((format!("{why} ({alert:?})"), pair.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(error: &Error) -> Option<String> {
        let url = Url::parse("https://gitlab.example:8443/x").unwrap();
        explain(error, &url).map(|(why, next)| format!("{why}; {next}"))
    }

    #[test]
    fn each_certificate_error_names_reason_and_cure() {
        fn check(error: CertificateError, reason: &str, cure: &str) {
            let words = words(&Error::InvalidCertificate(error)).unwrap();
            assert!(words.contains(reason) && words.contains(cure), "{words}");
        }
        check(
            CertificateError::UnknownIssuer,
            "unknown authority",
            "gitlab.example.crt",
        );
        check(
            CertificateError::UnknownIssuer,
            "unknown authority",
            "--tls-ca-file",
        );
        check(CertificateError::Expired, "has expired", "renewed");
        check(CertificateError::NotValidYet, "not yet valid", "clock");
        check(
            CertificateError::NotValidForName,
            "not valid for gitlab.example",
            "--url",
        );
        check(
            CertificateError::BadSignature,
            "known name",
            "--tls-ca-file",
        );
        check(CertificateError::Revoked, "cannot be believed", "replaced");
    }

    #[test]
    fn alerts_about_our_certificate_name_the_flags_and_others_may_pass() {
        let required = Error::AlertReceived(AlertDescription::CertificateRequired);
        assert!(words(&required).unwrap().contains("--tls-cert-file"));
        assert!(words(&Error::AlertReceived(AlertDescription::InternalError)).is_none());
        assert!(words(&Error::AlertReceived(AlertDescription::UnrecognisedName)).is_none());
        assert!(words(&Error::HandshakeNotComplete).is_none());
    }
}
