//! Owns the words for a failed handshake: the reason, and which file, flag or variable fixes it.

use rustls::{AlertDescription, Error};
use url::Url;

use crate::foreign::tls::{Distrust, incompatible};
use crate::gitlab::proxies::Way;
use crate::gitlab::words::piece;

/// Who was to prove who it is.
#[derive(Clone, Copy, Debug)]
pub(in crate::gitlab) enum Peer<'a> {
    /// GitLab, or what stands before it, at this address.
    Gitlab(&'a Url),
    /// The proxy on the way.
    Proxy(&'a Way),
}

/// Why and what next, or `None` for a trouble that may pass.
pub(in crate::gitlab) fn explain(error: &Error, peer: Peer<'_>) -> Option<(String, String)> {
    let (why, next) = match error {
        Error::InvalidCertificate(error) => certificate(&Distrust::of(error), peer),
        Error::AlertReceived(alert) => alert_words(*alert, peer)?,
        Error::InvalidMessage(_) => match peer {
            Peer::Gitlab(_) => (
                "the server does not speak TLS".to_owned(),
                "check the port, or write http:// in --url".to_owned(),
            ),
            Peer::Proxy(way) => (
                format!("the proxy {way} does not speak TLS"),
                format!("write http:// in {}", way.variable),
            ),
        },
        Error::PeerIncompatible(error) => (
            format!("{} with {}", incompatible(error), peer.subject()),
            peer.needs_tls(),
        ),
        _ => return None,
    };
    Some((why, next))
}

impl Peer<'_> {
    fn host(self) -> String {
        let url = match self {
            Self::Gitlab(url) => url,
            Self::Proxy(way) => &way.url,
        };
        let host = url.host_str().unwrap_or_default();
        host.trim_matches(['[', ']']).to_owned()
    }

    fn subject(self) -> String {
        match self {
            Self::Gitlab(_) => "GitLab".to_owned(),
            Self::Proxy(way) => format!("the proxy {way}"),
        }
    }

    fn needs_tls(self) -> String {
        match self {
            Self::Gitlab(_) => "GitLab must speak TLS 1.2 or 1.3".to_owned(),
            Self::Proxy(_) => "the proxy must speak TLS 1.2 or 1.3".to_owned(),
        }
    }

    /// Where the address is written.
    fn written(self) -> &'static str {
        match self {
            Self::Gitlab(_) => "--url",
            Self::Proxy(way) => way.variable,
        }
    }
}

fn certificate(distrust: &Distrust, peer: Peer<'_>) -> (String, String) {
    let host = peer.host();
    let subject = match peer {
        Peer::Gitlab(_) => "the certificate".to_owned(),
        Peer::Proxy(way) => format!("the certificate of the proxy {way}"),
    };
    // gitlab-runner trusts the authorities of that file for a proxy too.
    let give = match peer {
        Peer::Gitlab(_) => format!(
            "give the CA's certificate with --tls-ca-file or as {host}.crt in the certs directory"
        ),
        Peer::Proxy(_) => {
            "add the certificate of the proxy's CA to the file of --tls-ca-file".to_owned()
        }
    };
    let itself = match peer {
        Peer::Gitlab(_) => {
            format!("give it with --tls-ca-file, or put it at certs/{host}.crt beside config.toml")
        }
        Peer::Proxy(_) => "add it to the file of --tls-ca-file".to_owned(),
    };
    let clock = format!("have the certificate of {host} renewed, or check the clock of this node");
    let reissue = |how: &str| format!("have the certificate of {host} reissued{how}");
    let (why, next) = match distrust {
        Distrust::UnknownAuthority => ("is signed by an unknown authority", give),
        Distrust::SameName => (
            "is signed by an unknown authority that has the name of a known one",
            give,
        ),
        Distrust::SelfSigned => ("is self-signed", itself),
        Distrust::Authority => (
            "is a CA certificate (CA:TRUE), not a server certificate",
            format!("{}, or {itself}", reissue(" as a server certificate")),
        ),
        Distrust::Expired => ("has expired", clock),
        Distrust::NotYetValid => ("is not yet valid", clock),
        Distrust::OtherName(names) => {
            let names = names.join(", ");
            let only = match names.as_str() {
                "" => String::new(),
                names => format!(": it is valid for {} only", piece(names, &[])),
            };
            let written = peer.written();
            return (
                format!("{subject} is not valid for {host}{only}"),
                format!(
                    "use a name from the certificate in {written} if it resolves to the same server, or have the certificate reissued for {host}"
                ),
            );
        }
        Distrust::NoName => {
            return (
                format!("{subject} is not valid for {host}: it contains no host name (SAN)"),
                format!("have it reissued with {host} as subjectAltName"),
            );
        }
        Distrust::Purpose => (
            "is not issued for servers (extendedKeyUsage)",
            reissue(" with serverAuth"),
        ),
        Distrust::Revoked => ("has been revoked", reissue("")),
        Distrust::Signature => (
            "is signed with an algorithm that is not trusted, such as SHA-1",
            reissue(" with SHA-256"),
        ),
        Distrust::Extension => (
            "contains an unknown critical extension",
            reissue(" without it"),
        ),
        Distrust::Constraint => (
            "is for a host that its authority is not allowed to sign for",
            reissue(" by one that is allowed to"),
        ),
        Distrust::Chain => (
            "was sent with an incomplete or wrong chain",
            format!(
                "have {host} send its certificate followed by the right intermediate certificates"
            ),
        ),
        Distrust::Key => (
            "has a key of an unsupported type, or one that the server does not have",
            reissue(" for RSA with at least 2048 bits, ECDSA P-256 or P-384, or Ed25519"),
        ),
        Distrust::Damaged => ("is damaged", reissue("")),
        Distrust::Unknown => ("is not trusted", reissue("")),
    };
    (format!("{subject} {why}"), next)
}

/// What the other side thinks of our certificate. Other alerts may come from a server that is just starting.
fn alert_words(alert: AlertDescription, peer: Peer<'_>) -> Option<(String, String)> {
    use AlertDescription as Alert;
    let trusting = peer.subject();
    let pair = format!(
        "give a client certificate that {trusting} trusts with --tls-cert-file and --tls-key-file"
    );
    let why = match alert {
        Alert::CertificateRequired | Alert::NoCertificate => "a client certificate is required",
        Alert::BadCertificate => "the client certificate was refused as damaged",
        Alert::UnsupportedCertificate => {
            "the client certificate was refused as of an unsupported type"
        }
        Alert::CertificateRevoked => "the client certificate was refused as revoked",
        Alert::CertificateExpired => "the client certificate was refused as expired",
        Alert::UnknownCA => {
            "the client certificate was refused: its authority is not trusted there"
        }
        Alert::CertificateUnknown | Alert::DecryptError | Alert::AccessDenied => {
            "the client certificate was refused"
        }
        Alert::HandshakeFailure | Alert::ProtocolVersion | Alert::InsufficientSecurity => {
            let why = format!("no common TLS version or cipher with {trusting}");
            return Some((why, peer.needs_tls()));
        }
        _ => return None,
    };
    Some((why.to_owned(), pair))
}

#[cfg(test)]
mod tests;
