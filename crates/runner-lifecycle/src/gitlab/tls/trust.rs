//! Owns which server certificates are trusted: the roots in the binary and the named ones first, the system's when those do not
//! know the issuer, and a server's own certificate that the operator named.

use std::sync::{Arc, OnceLock};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

use super::certificate::CertificateFacts;
use crate::foreign::tls::Distrust;

/// webpki's verdict, asked of more roots where it does not know the issuer.
#[derive(Debug)]
pub(super) struct Trust {
    provider: Arc<CryptoProvider>,
    first: Arc<WebPkiServerVerifier>,
    named: Vec<CertificateDer<'static>>,
    /// Reads the system's roots. Most runs never need them, and reading a distribution's bundle takes longer than all
    /// the rest of a start.
    read_system: fn() -> Vec<CertificateDer<'static>>,
    system: OnceLock<Option<Arc<WebPkiServerVerifier>>>,
}

impl Trust {
    /// Trusts the roots in the binary and `named`, then what `read_system` brings.
    pub(super) fn new(
        provider: Arc<CryptoProvider>,
        mut roots: RootCertStore,
        named: Vec<CertificateDer<'static>>,
        read_system: fn() -> Vec<CertificateDer<'static>>,
    ) -> Result<Self, rustls::client::VerifierBuilderError> {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        let first = verifier(roots, &provider)?;
        let system = OnceLock::new();
        Ok(Self {
            provider,
            first,
            named,
            read_system,
            system,
        })
    }

    fn system(&self) -> Option<&Arc<WebPkiServerVerifier>> {
        let build = || {
            log::debug!(
                "no bundled authority signed the certificate: reading the system's CA certificates"
            );
            let mut roots = RootCertStore::empty();
            roots.add_parsable_certificates((self.read_system)());
            // Without any root there is nothing to ask.
            verifier(roots, &self.provider).ok()
        };
        self.system.get_or_init(build).as_ref()
    }

    /// Whether a certificate that the operator named is right for this server by itself.
    ///
    /// `openssl req -x509` makes a certificate that is its own CA; many a self-hosted GitLab has one, and it is in
    /// `certs/<host>.crt` for gitlab-runner, which takes it as Go does: time, purpose and name must be right, who signed it
    /// does not matter. webpki refuses a CA as a server, and a server without its issuer. It looks at the time before
    /// either, so these errors mean that the time is right.
    fn named_is_right(
        &self,
        end_entity: &CertificateDer<'_>,
        server_name: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<(), Error> {
        let Err(error) = self
            .first
            .verify_server_cert(end_entity, &[], server_name, &[], now)
        else {
            return Ok(());
        };
        match self.distrust(&error, end_entity, server_name, now) {
            Some(
                Distrust::SelfSigned
                | Distrust::Authority
                | Distrust::UnknownAuthority
                | Distrust::SameName
                | Distrust::Signature,
            ) => Ok(()),
            Some(why) => Err(why.into()),
            None => Err(error),
        }
    }

    /// What is wrong with a certificate that webpki refuses. A wrong name counts before who signed it, as for Go: giving such
    /// a certificate to be trusted would not help.
    fn distrust(
        &self,
        error: &Error,
        end_entity: &CertificateDer<'_>,
        server_name: &ServerName<'_>,
        now: UnixTime,
    ) -> Option<Distrust> {
        let Error::InvalidCertificate(error) = error else {
            return None;
        };
        let why = Distrust::of(error);
        let Some(facts) = CertificateFacts::of(end_entity) else {
            return Some(why);
        };
        let only_issuer = matches!(
            why,
            Distrust::UnknownAuthority
                | Distrust::SameName
                | Distrust::Authority
                | Distrust::Signature
        );
        if !only_issuer && !matches!(why, Distrust::OtherName(_)) {
            return Some(why);
        }
        if !facts.is_version_3 || facts.names.is_empty() {
            return Some(Distrust::NoName);
        }
        let parsed = ParsedCertificate::try_from(end_entity);
        let is_for_host = parsed.and_then(|parsed| verify_server_name(&parsed, server_name));
        Some(if is_for_host.is_err() {
            Distrust::OtherName(facts.names)
        } else if !facts.is_for_servers {
            Distrust::Purpose
        } else if facts.is_self_issued && self.signed_itself(end_entity, server_name, now) {
            Distrust::SelfSigned
        } else {
            why
        })
    }

    /// Whether a certificate that names itself as its issuer has such a key too; an authority of the same name may have
    /// another. What cannot be told apart counts as signed by itself: giving it helps in any case.
    fn signed_itself(
        &self,
        end_entity: &CertificateDer<'_>,
        server_name: &ServerName<'_>,
        now: UnixTime,
    ) -> bool {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates([end_entity.clone().into_owned()]);
        let Ok(verifier) = verifier(roots, &self.provider) else {
            return true;
        };
        let verdict = verifier.verify_server_cert(end_entity, &[], server_name, &[], now);
        !matches!(
            verdict,
            Err(Error::InvalidCertificate(CertificateError::BadSignature))
        )
    }
}

fn verifier(
    roots: RootCertStore,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<WebPkiServerVerifier>, rustls::client::VerifierBuilderError> {
    WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider)).build()
}

impl ServerCertVerifier for Trust {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let ask = |verifier: &WebPkiServerVerifier| {
            verifier.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
        };
        let error = match ask(&self.first) {
            Ok(verified) => return Ok(verified),
            Err(error) => error,
        };
        if self.named.contains(end_entity) {
            self.named_is_right(end_entity, server_name, now)?;
            return Ok(ServerCertVerified::assertion());
        }
        let issuer = matches!(
            error,
            Error::InvalidCertificate(
                CertificateError::UnknownIssuer | CertificateError::BadSignature
            )
        );
        let system = if issuer { self.system() } else { None };
        match system.map(|system| ask(system)) {
            Some(Ok(verified)) => Ok(verified),
            _ => Err(self
                .distrust(&error, end_entity, server_name, now)
                .map_or(error, Error::from)),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.first
            .verify_tls12_signature(message, cert, dss)
            .map_err(|_| Distrust::Key.into())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.first
            .verify_tls13_signature(message, cert, dss)
            .map_err(|_| Distrust::Key.into())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.first.supported_verify_schemes()
    }
}

#[cfg(test)]
mod tests;
