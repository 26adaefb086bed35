//! Owns what is said of a PEM file that cannot be used. It looks at the bytes itself, because a parser's message quotes
//! them, and its words are fixed, so that nothing of a key can be in them.

/// What a file was to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// One certificate or more.
    Certificate,
    /// A private key.
    Key,
}

/// For a section that is whole and is no certificate.
pub(crate) const NO_CERTIFICATE: &str =
    "holds a damaged certificate: what stands between BEGIN and END is none";
/// For a section that is whole and is no key that we can sign with.
pub(crate) const NO_KEY: &str = "holds a key that is damaged or of an unknown kind: RSA from 2048 bits, ECDSA P-256 or P-384, or Ed25519 is wanted";

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";
/// How base64 of base64 begins: a Secret's value that was encoded twice.
const ENCODED_TWICE: &str = "LS0tLS1CRUdJTi";

const ONE_LINE: &str = "holds PEM on one line: keep its line breaks";
const NOT_AT_START: &str =
    "holds PEM whose BEGIN is not at the start of a line: nothing may stand before it";
const BAD_BEGIN: &str = "holds PEM with a damaged BEGIN line: five hyphens stand on both sides";

/// Why nothing that was wanted is found in `bytes`: goes behind the name of the file, and names what to do.
pub(crate) fn fault(bytes: &[u8], wanted: Wanted) -> &'static str {
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
            Wanted::Certificate => {
                "is binary (DER or PKCS#12), not PEM: convert it with \"openssl x509 -inform der\" or \"openssl pkcs12\""
            }
            Wanted::Key => {
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

fn without_begin(text: &str, wanted: Wanted) -> &'static str {
    if text.trim_start().starts_with(ENCODED_TWICE) {
        return "holds PEM that is encoded in base64 once more: decode it (in a Secret, data is base64 and stringData is not)";
    }
    if text.contains("BEGIN ") {
        return BAD_BEGIN;
    }
    match wanted {
        Wanted::Certificate if text.contains(END) => {
            "holds PEM without its line -----BEGIN CERTIFICATE-----"
        }
        Wanted::Key if text.contains(END) => {
            "holds PEM without its line -----BEGIN PRIVATE KEY-----"
        }
        _ if text.chars().all(|c| is_base64(c) || c.is_whitespace()) => {
            "holds base64 without the lines -----BEGIN …----- and -----END …----- around it"
        }
        Wanted::Certificate => {
            "holds no certificate: PEM is wanted, from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----"
        }
        Wanted::Key => {
            "holds no private key: PEM is wanted, from -----BEGIN PRIVATE KEY----- to -----END PRIVATE KEY-----"
        }
    }
}

/// What is wrong with the lines as such; `start` is where a BEGIN stands.
fn layout(text: &str, start: usize) -> Option<&'static str> {
    if text[start..].contains("-----\\n") || text[start..].contains("-----\\r") {
        return Some(
            "holds PEM whose line breaks are written as \\n: write real ones, as printf '%b' does",
        );
    }
    let before = text[..start].rsplit('\n').next().unwrap_or_default();
    if before.starts_with('\u{feff}') {
        return Some("begins with a byte order mark: save it without one");
    }
    if !text[start..].contains('\n') && text[start..].contains('\r') {
        return Some("has lines that end in CR alone: end them in LF");
    }
    if !before.is_empty() {
        return Some(if before.chars().all(char::is_whitespace) {
            "holds PEM that is indented: each line begins at its first character"
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
fn section(text: &str, wanted: Wanted) -> &'static str {
    if wanted == Wanted::Key && text.contains("ENCRYPTED") {
        return "holds a key with a passphrase, which nobody can type here: take it off with \"openssl pkey\"";
    }
    let labels: Vec<&str> = text.lines().filter_map(label).collect();
    let Some(found) = labels.iter().find(|label| is(label, wanted)) else {
        return other(&labels, wanted);
    };
    let begin = format!("{BEGIN}{found}{DASHES}");
    let end = format!("{END}{found}{DASHES}");
    let body = text.split_once(&begin).map_or("", |(_, rest)| rest);
    let Some((body, _)) = body.split_once(&end) else {
        return "holds PEM without its END line: a part is missing";
    };
    let body = body.trim();
    if body.contains(DASHES) {
        return "holds PEM without its END line: a part is missing";
    }
    if !body.chars().all(|c| is_base64(c) || c.is_whitespace()) {
        return "holds something between BEGIN and END that is no base64: copy it anew";
    }
    let letters = body.chars().filter(|c| !c.is_whitespace()).count();
    if letters == 0 {
        return "holds nothing between BEGIN and END: copy it anew";
    }
    if letters % 4 != 0 {
        return "holds base64 that is cut short between BEGIN and END: copy it anew";
    }
    match wanted {
        Wanted::Certificate => NO_CERTIFICATE,
        Wanted::Key => NO_KEY,
    }
}

/// Something else than what was wanted.
fn other(labels: &[&str], wanted: Wanted) -> &'static str {
    let any = |part: &str| labels.iter().any(|label| label.contains(part));
    match wanted {
        Wanted::Key if any("OPENSSH") => {
            "holds a key in OpenSSH's form: convert it with \"ssh-keygen -p -m pkcs8\""
        }
        Wanted::Key if any("CERTIFICATE") => "holds a certificate and no private key",
        Wanted::Key => "holds no private key: a section BEGIN PRIVATE KEY is wanted",
        Wanted::Certificate if any("REQUEST") => {
            "holds the request for a certificate: the certificate itself is wanted"
        }
        Wanted::Certificate if any("TRUSTED CERTIFICATE") => {
            "holds a certificate in OpenSSL's own form (TRUSTED CERTIFICATE): convert it with \"openssl x509\""
        }
        Wanted::Certificate if any("PKCS7") || any("CMS") => {
            "holds PKCS#7: convert it with \"openssl pkcs7 -print_certs\""
        }
        Wanted::Certificate if any("PRIVATE KEY") => "holds a private key and no certificate",
        Wanted::Certificate => "holds no certificate: a section BEGIN CERTIFICATE is wanted",
    }
}

fn label(line: &str) -> Option<&str> {
    line.strip_prefix(BEGIN)?.trim_end().strip_suffix(DASHES)
}

fn is(label: &str, wanted: Wanted) -> bool {
    match wanted {
        Wanted::Certificate => label == "CERTIFICATE",
        Wanted::Key => matches!(label, "PRIVATE KEY" | "RSA PRIVATE KEY" | "EC PRIVATE KEY"),
    }
}

fn is_base64(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=')
}

#[cfg(test)]
mod tests;
