//! Owns what TLS failures mean: a certificate's fault as a value of ours, every other one in fixed words. What the
//! library itself would say holds parts of certificates and names of its own types.

use std::fmt;
use std::sync::Arc;

use rustls::{AlertDescription, CertificateError, Error, OtherError, PeerIncompatible};

/// Why a server's certificate is not trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Distrust {
    /// Nobody who is trusted signed it.
    UnknownAuthority,
    /// Somebody signed it who has the name of one that is trusted, but another key.
    SameName,
    /// It signed itself.
    SelfSigned,
    /// It is an authority's own and not a server's.
    Authority,
    /// Its time is over.
    Expired,
    /// Its time has not begun.
    NotYetValid,
    /// It is for these hosts.
    OtherName(Vec<String>),
    /// It is for no host at all.
    NoName,
    /// Its extendedKeyUsage leaves servers out.
    Purpose,
    /// It was called back.
    Revoked,
    /// It is signed in a way that is no longer trusted, or not yet.
    Signature,
    /// It holds a critical extension that is not understood.
    Extension,
    /// Its authority may not sign for this host.
    Constraint,
    /// The certificates between it and its authority do not fit together.
    Chain,
    /// The server did not prove that it has the key, perhaps of a kind that is not known here.
    Key,
    /// It cannot be read.
    Damaged,
    /// Something that the library does not tell yet.
    Unknown,
}

impl Distrust {
    /// What the library's verdict means.
    pub(crate) fn of(error: &CertificateError) -> Self {
        use CertificateError as Bad;
        #[allow(deprecated, reason = "older verdicts that are still given")]
        match error {
            Bad::UnknownIssuer => Self::UnknownAuthority,
            // An authority that was made anew under its old name.
            Bad::BadSignature => Self::SameName,
            Bad::Expired | Bad::ExpiredContext { .. } => Self::Expired,
            Bad::NotValidYet | Bad::NotValidYetContext { .. } => Self::NotYetValid,
            Bad::NotValidForName | Bad::NotValidForNameContext { .. } => {
                Self::OtherName(Vec::new())
            }
            Bad::InvalidPurpose | Bad::InvalidPurposeContext { .. } => Self::Purpose,
            Bad::Revoked => Self::Revoked,
            Bad::UnhandledCriticalExtension => Self::Extension,
            Bad::UnsupportedSignatureAlgorithm
            | Bad::UnsupportedSignatureAlgorithmContext { .. }
            | Bad::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => Self::Signature,
            Bad::BadEncoding => Self::Damaged,
            Bad::Other(OtherError(inside)) => Self::of_other(inside.as_ref()),
            // Nobody here asks for revocation lists or OCSP.
            _ => Self::Unknown,
        }
    }

    fn of_other(error: &(dyn std::error::Error + 'static)) -> Self {
        use webpki::Error as Bad;
        if let Some(ours) = error.downcast_ref::<Self>() {
            return ours.clone();
        }
        match error.downcast_ref::<Bad>() {
            Some(Bad::CaUsedAsEndEntity) => Self::Authority,
            Some(Bad::UnsupportedCertVersion) => Self::NoName,
            Some(Bad::EmptyEkuExtension) => Self::Purpose,
            Some(Bad::UnsupportedCriticalExtension) => Self::Extension,
            Some(Bad::SignatureAlgorithmMismatch) => Self::Signature,
            Some(Bad::NameConstraintViolation | Bad::InvalidNetworkMaskConstraint) => {
                Self::Constraint
            }
            Some(
                Bad::EndEntityUsedAsCa
                | Bad::PathLenConstraintViolated
                | Bad::MaximumPathBuildCallsExceeded
                | Bad::MaximumPathDepthExceeded
                | Bad::MaximumSignatureChecksExceeded
                | Bad::MaximumNameConstraintComparisonsExceeded,
            ) => Self::Chain,
            Some(_) => Self::Damaged,
            None => Self::Unknown,
        }
    }
}

impl fmt::Display for Distrust {
    /// Never shown: the words, with host and fix, are those of the handshake's explanation.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the certificate is not trusted")
    }
}

impl std::error::Error for Distrust {}

impl From<Distrust> for Error {
    fn from(why: Distrust) -> Self {
        Self::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(why))))
    }
}

/// What the other side does not speak.
pub(crate) fn incompatible(error: &PeerIncompatible) -> &'static str {
    use PeerIncompatible as No;
    match error {
        No::ServerDoesNotSupportTls12Or13
        | No::ServerTlsVersionIsDisabledByOurConfig
        | No::SupportedVersionsExtensionRequired => "no common TLS version",
        No::NoCipherSuitesInCommon | No::NoKxGroupsInCommon => "no common TLS cipher",
        No::NoSignatureSchemesInCommon | No::NoCertificateRequestSignatureSchemesInCommon => {
            "no common TLS signature algorithm"
        }
        _ => "no common TLS parameters",
    }
}

/// What an alert of the other side says, as RFC 8446 means it.
pub(crate) fn alert(alert: AlertDescription) -> &'static str {
    use AlertDescription as Alert;
    match alert {
        Alert::CloseNotify | Alert::UserCanceled => "the other side closed the connection",
        Alert::UnrecognisedName => "the other side does not know this host",
        Alert::InternalError => "the other side reported an internal error",
        Alert::UnexpectedMessage | Alert::DecodeError | Alert::IllegalParameter => {
            "the other side could not read the handshake"
        }
        Alert::BadRecordMac | Alert::RecordOverflow | Alert::DecryptionFailed => {
            "the other side could not read a record"
        }
        Alert::InsufficientSecurity => "the other side requires a stronger cipher",
        Alert::NoApplicationProtocol => "the other side does not speak HTTP/1.1",
        _ => "the other side ended the handshake",
    }
}

/// Every other failure, which may pass.
pub(crate) fn failure(error: &Error) -> &'static str {
    match error {
        Error::AlertReceived(description) => alert(*description),
        Error::PeerIncompatible(error) => incompatible(error),
        Error::InvalidMessage(_)
        | Error::InappropriateMessage { .. }
        | Error::InappropriateHandshakeMessage { .. }
        | Error::PeerMisbehaved(_)
        | Error::PeerSentOversizedRecord => "the other side violated the TLS protocol",
        Error::DecryptError => "a record was damaged in transit",
        Error::NoApplicationProtocol => "the other side does not speak HTTP/1.1",
        Error::FailedToGetCurrentTime => "this machine has no clock",
        Error::FailedToGetRandomBytes => "this machine has no random bytes",
        Error::InvalidCertificate(_) | Error::NoCertificatesPresented => {
            "the other side's certificate is not trusted"
        }
        _ => "the handshake failed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_verdict_of_the_library_has_a_meaning() {
        use CertificateError as Bad;
        fn check(error: &Bad, want: &Distrust) {
            assert_eq!(Distrust::of(error), *want, "{error:?}");
        }
        let other = |error: webpki::Error| Bad::Other(OtherError(Arc::new(error)));
        check(&Bad::UnknownIssuer, &Distrust::UnknownAuthority);
        check(&Bad::BadSignature, &Distrust::SameName);
        check(&Bad::Expired, &Distrust::Expired);
        check(&Bad::NotValidYet, &Distrust::NotYetValid);
        check(&Bad::NotValidForName, &Distrust::OtherName(Vec::new()));
        check(&Bad::InvalidPurpose, &Distrust::Purpose);
        check(&Bad::Revoked, &Distrust::Revoked);
        check(&Bad::UnhandledCriticalExtension, &Distrust::Extension);
        check(&Bad::BadEncoding, &Distrust::Damaged);
        check(&Bad::UnknownRevocationStatus, &Distrust::Unknown);
        check(&Bad::ExpiredRevocationList, &Distrust::Unknown);
        check(&Bad::InvalidOcspResponse, &Distrust::Unknown);
        check(&Bad::ApplicationVerificationFailure, &Distrust::Unknown);
        check(
            &other(webpki::Error::CaUsedAsEndEntity),
            &Distrust::Authority,
        );
        check(
            &other(webpki::Error::UnsupportedCertVersion),
            &Distrust::NoName,
        );
        check(
            &other(webpki::Error::NameConstraintViolation),
            &Distrust::Constraint,
        );
        check(
            &other(webpki::Error::PathLenConstraintViolated),
            &Distrust::Chain,
        );
        check(
            &other(webpki::Error::UnsupportedCriticalExtension),
            &Distrust::Extension,
        );
        check(
            &other(webpki::Error::InvalidSerialNumber),
            &Distrust::Damaged,
        );
        let ours = Distrust::OtherName(vec!["a".to_owned()]);
        let there = Error::from(ours.clone());
        let Error::InvalidCertificate(there) = there else {
            panic!()
        };
        check(&there, &ours);
        let strange = std::io::Error::other("canary");
        check(
            &Bad::Other(OtherError(Arc::new(strange))),
            &Distrust::Unknown,
        );
    }
}
