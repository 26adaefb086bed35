//! Owns the search for a secret in what a program said or wrote: as text, and in every form in which bytes are shown.

const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL_SAFE: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// In which form `secret` stands in `said`; nothing where it does not. A file's bytes and a log are searched alike.
#[must_use]
pub fn form(said: impl AsRef<[u8]>, secret: impl AsRef<[u8]>) -> Option<&'static str> {
    let (said, secret) = (said.as_ref(), secret.as_ref());
    if secret.is_empty() {
        return None;
    }
    let reversed: Vec<u8> = secret.iter().rev().copied().collect();
    for (secret, forms) in [
        (secret, ["as text", "in decimal", "in hex", "in base64"]),
        (
            &reversed,
            [
                "reversed",
                "reversed in decimal",
                "reversed in hex",
                "reversed in base64",
            ],
        ),
    ] {
        let found = [
            holds(said, secret),
            holds(&decimals(said), secret),
            holds(&hex_digits(said), &hex(secret)),
            in_base64(said, secret),
        ];
        if let Some(form) = found.iter().position(|found| *found) {
            return Some(forms[form]);
        }
    }
    None
}

fn holds(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|there| there == part)
}

/// The numbers of a text that fit into a byte, whatever stands between them: `[45, 45]`, one a line, with `u8` behind.
fn decimals(text: &[u8]) -> Vec<u8> {
    let numbers = text.split(|byte| !byte.is_ascii_digit());
    let number = |digits: &[u8]| std::str::from_utf8(digits).ok()?.parse().ok();
    numbers
        .filter(|digits| !digits.is_empty())
        .filter_map(number)
        .collect()
}

/// The text without what stands between bytes in hex, in lower case: `2d:2d`, `0x2d, 0x2D`, `\\x2d\\x2d`.
fn hex_digits(text: &[u8]) -> Vec<u8> {
    let lower = String::from_utf8_lossy(text).to_ascii_lowercase();
    let bare = lower.replace("0x", "").replace("\\x", "");
    bare.bytes()
        .filter(|byte| !b" :,\n[]".contains(byte))
        .collect()
}

fn hex(bytes: &[u8]) -> Vec<u8> {
    let digits = bytes.iter().map(|byte| format!("{byte:02x}"));
    digits.collect::<String>().into_bytes()
}

/// At all three places that it can have in what was encoded, in both alphabets, over line breaks too.
fn in_base64(text: &[u8], secret: &[u8]) -> bool {
    let joined: Vec<u8> = text.iter().copied().filter(|byte| *byte != b'\n').collect();
    [STANDARD, URL_SAFE].into_iter().any(|alphabet| {
        (0..3).any(|before| {
            let encoded = base64(alphabet, before, secret);
            !encoded.is_empty() && holds(&joined, &encoded)
        })
    })
}

/// What `secret` alone decides of its base64 behind `before` other bytes.
fn base64(alphabet: &[u8; 64], before: usize, secret: &[u8]) -> Vec<u8> {
    let bit = |at: usize| secret[at / 8] >> (7 - at % 8) & 1;
    let bits = secret.len() * 8;
    let first = (6 - before * 8 % 6) % 6;
    (first..bits)
        .step_by(6)
        .take_while(|at| at + 6 <= bits)
        .map(|at| {
            let letter = (at..at + 6).fold(0, |letter, at| letter << 1 | bit(at));
            alphabet[usize::from(letter)]
        })
        .collect()
}
