//! Owns the few facts of a certificate that decide what to tell about it: who signed it, for which hosts, for what. It
//! trusts nothing and nobody; that is webpki's part.

use std::net::IpAddr;

const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;
const EXTENSIONS: u8 = 0xa3;
const OCTETS: u8 = 0x04;
const DNS_NAME: u8 = 0x82;
const IP_ADDRESS: u8 = 0x87;
/// 2.5.29.17
const SUBJECT_ALT_NAME: &[u8] = &[0x55, 0x1d, 0x11];
/// 2.5.29.37
const EXTENDED_KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x25];
/// 1.3.6.1.5.5.7.3.1, and any purpose.
const SERVER: [&[u8]; 2] = [
    &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01],
    &[0x55, 0x1d, 0x25, 0x00],
];

/// What a certificate says of itself.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct CertificateFacts {
    /// Whether it is of X.509 version 3; the older ones have no room for names of hosts.
    pub(super) is_version_3: bool,
    /// Whether it names itself as its issuer.
    pub(super) is_self_issued: bool,
    /// The hosts and addresses of its subjectAltName.
    pub(super) names: Vec<String>,
    /// Whether it may stand for a server: its extendedKeyUsage says so, or it has none.
    pub(super) is_for_servers: bool,
}

impl CertificateFacts {
    /// Reads a certificate in DER; nothing if it is none.
    pub(super) fn of(der: &[u8]) -> Option<Self> {
        let (certificate, _) = element(der, SEQUENCE)?;
        let (mut fields, _) = element(certificate, SEQUENCE)?;
        let is_version_3 = match any(fields)? {
            (VERSION, version, rest) => {
                fields = rest;
                version.last() == Some(&2)
            }
            _ => false,
        };
        let (_, _, fields) = any(fields)?; // serial number
        let (_, fields) = element(fields, SEQUENCE)?; // algorithm
        let (issuer, fields) = element(fields, SEQUENCE)?;
        let (_, fields) = element(fields, SEQUENCE)?; // validity
        let (subject, fields) = element(fields, SEQUENCE)?;
        let (_, mut fields) = element(fields, SEQUENCE)?; // public key
        let mut facts = Self {
            is_version_3,
            is_self_issued: issuer == subject,
            names: Vec::new(),
            is_for_servers: true,
        };
        while let Some((tag, content, rest)) = any(fields) {
            fields = rest;
            if tag == EXTENSIONS {
                facts.extensions(content)?;
            }
        }
        Some(facts)
    }

    fn extensions(&mut self, content: &[u8]) -> Option<()> {
        let (mut list, _) = element(content, SEQUENCE)?;
        while !list.is_empty() {
            let (extension, rest) = element(list, SEQUENCE)?;
            list = rest;
            let (_, id, mut value) = any(extension)?;
            // Between the two may stand whether it is critical.
            if value.first() != Some(&OCTETS) {
                value = any(value)?.2;
            }
            let (value, _) = element(value, OCTETS)?;
            match id {
                SUBJECT_ALT_NAME => self.names = names(element(value, SEQUENCE)?.0),
                EXTENDED_KEY_USAGE => {
                    let (mut purposes, _) = element(value, SEQUENCE)?;
                    self.is_for_servers = false;
                    while let Some((_, purpose, rest)) = any(purposes) {
                        purposes = rest;
                        self.is_for_servers |= SERVER.contains(&purpose);
                    }
                }
                _ => {}
            }
        }
        Some(())
    }
}

fn names(mut list: &[u8]) -> Vec<String> {
    let mut names = Vec::new();
    while let Some((tag, name, rest)) = any(list) {
        list = rest;
        match (tag, name.len()) {
            (DNS_NAME, _) => names.push(String::from_utf8_lossy(name).into_owned()),
            (IP_ADDRESS, 4) => names.extend(address::<4>(name)),
            (IP_ADDRESS, 16) => names.extend(address::<16>(name)),
            _ => {}
        }
    }
    names
}

fn address<const N: usize>(bytes: &[u8]) -> Option<String>
where
    IpAddr: From<[u8; N]>,
{
    let bytes: [u8; N] = bytes.try_into().ok()?;
    Some(IpAddr::from(bytes).to_string())
}

/// The content of the element of this tag at the start, and what follows it.
fn element(der: &[u8], wanted: u8) -> Option<(&[u8], &[u8])> {
    let (tag, content, rest) = any(der)?;
    (tag == wanted).then_some((content, rest))
}

/// Tag and content of the element at the start, and what follows it.
fn any(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = der.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(*first), rest),
        0x81..=0x84 => {
            let (bytes, rest) = rest.split_at_checked(usize::from(first - 0x80))?;
            let length = bytes
                .iter()
                .fold(0, |sum, byte| sum << 8 | usize::from(*byte));
            (length, rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((*tag, content, rest))
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, ExtendedKeyUsagePurpose, KeyPair};

    use super::*;

    fn facts(names: &[&str], change: impl Fn(&mut CertificateParams)) -> CertificateFacts {
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        let mut params = CertificateParams::new(names).unwrap();
        change(&mut params);
        let certificate = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        CertificateFacts::of(certificate.der()).unwrap()
    }

    #[test]
    fn names_and_purposes_are_read() {
        let read = facts(&["gitlab.example", "127.0.0.1", "::1"], |_| {});
        assert_eq!(read.names, ["gitlab.example", "127.0.0.1", "::1"]);
        assert!(read.is_version_3 && read.is_self_issued && read.is_for_servers);
        assert!(facts(&[], |_| {}).names.is_empty());
        let purpose = |purpose: ExtendedKeyUsagePurpose| {
            let read = facts(&["h"], |params| {
                params.extended_key_usages = vec![purpose.clone()];
            });
            read.is_for_servers
        };
        assert!(purpose(ExtendedKeyUsagePurpose::ServerAuth));
        assert!(purpose(ExtendedKeyUsagePurpose::Any));
        assert!(!purpose(ExtendedKeyUsagePurpose::ClientAuth));
    }

    #[test]
    fn what_is_cut_or_something_else_is_no_certificate() {
        let whole = CertificateParams::new(vec!["h".to_owned()]).unwrap();
        let whole = whole.self_signed(&KeyPair::generate().unwrap()).unwrap();
        let whole = whole.der();
        for length in 0..whole.len() {
            assert_eq!(CertificateFacts::of(&whole[..length]), None, "{length}");
        }
        assert_eq!(
            CertificateFacts::of(&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff]),
            None
        );
        assert_eq!(
            CertificateFacts::of(KeyPair::generate().unwrap().serialized_der()),
            None
        );
    }
}
