//! Owns what is said of a PEM file that cannot be used. It looks at the bytes itself, because a parser's message quotes
//! them, and its words are fixed, so that nothing of a key can be in them.

/// What a file was to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PemContent {
    /// One certificate or more.
    Certificate,
    /// A private key.
    Key,
}

/// For a section that is whole and is no certificate.
pub(crate) const NO_CERTIFICATE: &str =
    "contains a damaged certificate: the text between BEGIN and END is not a certificate";
/// For a section that is whole and is no key that we can sign with.
pub(crate) const NO_KEY: &str = "contains a key that is damaged or of an unsupported type: use RSA with at least 2048 bits, ECDSA P-256 or P-384, or Ed25519";

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";
/// How base64 of base64 begins: a Secret's value that was encoded twice.
const ENCODED_TWICE: &str = "LS0tLS1CRUdJTi";

const ONE_LINE: &str = "contains PEM on one line: keep its line breaks";
const NOT_AT_START: &str =
    "contains PEM whose BEGIN is not at the start of a line: remove what precedes it";
const BAD_BEGIN: &str = "contains PEM with a damaged BEGIN line: write five hyphens on both sides";

/// Why nothing that was wanted is found in `bytes`: goes behind the name of the file, and names what to do.
pub(crate) fn fault(bytes: &[u8], wanted: PemContent) -> &'static str {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return "is empty";
    }
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return "is UTF-16 text: save it as plain ASCII";
    }
    let Some(text) = std::str::from_utf8(bytes)
        .ok()
        .filter(|text| !text.contains('\0'))
    else {
        return match wanted {
            PemContent::Certificate => {
                "is binary (DER or PKCS#12), not PEM: convert it with \"openssl x509 -inform der\" or \"openssl pkcs12\""
            }
            PemContent::Key => {
                "is binary (DER or PKCS#12), not PEM: convert it with \"openssl pkey -inform der\" or \"openssl pkcs12\""
            }
        };
    };
    let mut begins = text.match_indices(BEGIN).peekable();
    if begins.peek().is_none() {
        return without_begin(text, wanted);
    }
    begins
        .find_map(|(start, _)| layout(text, start))
        .unwrap_or_else(|| section(text, wanted))
}

fn without_begin(text: &str, wanted: PemContent) -> &'static str {
    if text.trim_start().starts_with(ENCODED_TWICE) {
        return "contains PEM that is base64-encoded once more: decode it (in a Secret, data is base64 and stringData is not)";
    }
    if text.contains("BEGIN ") {
        return BAD_BEGIN;
    }
    match wanted {
        PemContent::Certificate if text.contains(END) => {
            "contains PEM without its line -----BEGIN CERTIFICATE-----"
        }
        PemContent::Key if text.contains(END) => {
            "contains PEM without its line -----BEGIN PRIVATE KEY-----"
        }
        _ if text.chars().all(|c| is_base64(c) || c.is_whitespace()) => {
            "contains base64 without the lines -----BEGIN …----- and -----END …----- around it"
        }
        PemContent::Certificate => {
            "contains no certificate: give a PEM file, from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----"
        }
        PemContent::Key => {
            "contains no private key: give a PEM file, from -----BEGIN PRIVATE KEY----- to -----END PRIVATE KEY-----"
        }
    }
}

/// What is wrong with the lines as such; `start` is where a BEGIN stands.
fn layout(text: &str, start: usize) -> Option<&'static str> {
    if text[start..].contains("-----\\n") || text[start..].contains("-----\\r") {
        return Some(
            "contains PEM whose line breaks are written as \\n: write real ones, as printf '%b' does",
        );
    }
    let before = text[..start].rsplit('\n').next().unwrap_or_default();
    if before.starts_with('\u{feff}') {
        return Some("begins with a byte order mark: save it without one");
    }
    if !text[start..].contains('\n') && text[start..].contains('\r') {
        return Some("has lines that end in CR alone: end them with LF");
    }
    if !before.is_empty() {
        return Some(if before.chars().all(char::is_whitespace) {
            "contains PEM that is indented: remove the spaces at the start of each line"
        } else {
            NOT_AT_START
        });
    }
    let line = text[start + BEGIN.len()..]
        .lines()
        .next()
        .unwrap_or_default();
    let line = line.trim_end();
    match line.find(DASHES) {
        Some(end) if line[end..] == *DASHES => None,
        Some(end) if !line[end..].trim_matches('-').is_empty() => Some(ONE_LINE),
        _ => Some(BAD_BEGIN),
    }
}

/// What is wrong with the sections, each well begun.
fn section(text: &str, wanted: PemContent) -> &'static str {
    if wanted == PemContent::Key && text.contains("ENCRYPTED") {
        return "contains a key with a passphrase, which is not supported: remove the passphrase with \"openssl pkey\"";
    }
    let labels: Vec<&str> = text.lines().filter_map(label).collect();
    let Some(found) = labels.iter().find(|label| is(label, wanted)) else {
        return other(&labels, wanted);
    };
    let begin = format!("{BEGIN}{found}{DASHES}");
    let end = format!("{END}{found}{DASHES}");
    let body = text.split_once(&begin).map_or("", |(_, rest)| rest);
    let Some((body, _)) = body.split_once(&end) else {
        return "contains PEM without its END line: the file is incomplete";
    };
    let body = body.trim();
    if body.contains(DASHES) {
        return "contains PEM without its END line: the file is incomplete";
    }
    if !body.chars().all(|c| is_base64(c) || c.is_whitespace()) {
        return "contains text between BEGIN and END that is not base64: copy it again";
    }
    let letters = body.chars().filter(|c| !c.is_whitespace()).count();
    if letters == 0 {
        return "contains nothing between BEGIN and END: copy it again";
    }
    if letters % 4 != 0 {
        return "contains incomplete base64 between BEGIN and END: copy it again";
    }
    match wanted {
        PemContent::Certificate => NO_CERTIFICATE,
        PemContent::Key => NO_KEY,
    }
}

/// Something else than what was wanted.
fn other(labels: &[&str], wanted: PemContent) -> &'static str {
    let any = |part: &str| labels.iter().any(|label| label.contains(part));
    match wanted {
        PemContent::Key if any("OPENSSH") => {
            "contains a key in OpenSSH format: convert it with \"ssh-keygen -p -m pkcs8\""
        }
        PemContent::Key if any("CERTIFICATE") => "contains a certificate but no private key",
        PemContent::Key => "contains no private key: give a file with a section BEGIN PRIVATE KEY",
        PemContent::Certificate if any("REQUEST") => {
            "contains a certificate request: give the certificate itself"
        }
        PemContent::Certificate if any("TRUSTED CERTIFICATE") => {
            "contains a certificate in OpenSSL's own format (TRUSTED CERTIFICATE): convert it with \"openssl x509\""
        }
        PemContent::Certificate if any("PKCS7") || any("CMS") => {
            "contains PKCS#7: convert it with \"openssl pkcs7 -print_certs\""
        }
        PemContent::Certificate if any("PRIVATE KEY") => {
            "contains a private key but no certificate"
        }
        PemContent::Certificate => {
            "contains no certificate: give a file with a section BEGIN CERTIFICATE"
        }
    }
}

fn label(line: &str) -> Option<&str> {
    line.strip_prefix(BEGIN)?.trim_end().strip_suffix(DASHES)
}

fn is(label: &str, wanted: PemContent) -> bool {
    match wanted {
        PemContent::Certificate => label == "CERTIFICATE",
        PemContent::Key => matches!(label, "PRIVATE KEY" | "RSA PRIVATE KEY" | "EC PRIVATE KEY"),
    }
}

fn is_base64(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=')
}

#[cfg(test)]
mod tests;
