//! Owns how gitlab-runner, which is written in Go, reads the address of a GitLab: the rules of Go's `net/url` and of its
//! HTTP client, followed step by step. Pure; it decides nothing and repairs nothing.

use std::net::Ipv6Addr;

/// What gitlab-runner makes of an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct GoReading {
    /// In lower case, as Go turns it.
    pub(super) scheme: String,
    /// The host without brackets and port; upper case stays.
    pub(super) host: String,
    /// The port that is connected to.
    pub(super) port: u16,
    /// The path of the call `runners`, as it is sent.
    pub(super) path: String,
}

/// Reads `text` as gitlab-runner does before it asks for `runners`.
///
/// # Errors
/// With the rest of a sentence that begins with "the URL of GitLab".
pub(super) fn read(text: &str) -> Result<GoReading, &'static str> {
    if text.bytes().any(|byte| byte < 0x20 || byte == 0x7f) {
        return Err("contains a tab, a line break or another control character: remove it");
    }
    // Its trailing slashes and one "/ci" go before anything is read.
    let text = text.trim_end_matches('/');
    let text = format!("{}/api/v4/", text.strip_suffix("/ci").unwrap_or(text));
    let (scheme, rest) = text.split_once(':').ok_or("has no scheme")?;
    let scheme = scheme.to_ascii_lowercase();
    let rest = rest
        .strip_prefix("//")
        .ok_or("has no // after its scheme: write https://gitlab.example")?;
    // There is a slash: that of "/api".
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let (host, port) = host_and_port(authority)?;
    let port = match port {
        "" if scheme == "https" => 443,
        "" => 80,
        text => match text.parse() {
            Ok(port) if port != 0 => port,
            _ => return Err("has a port that is not a number from 1 to 65535"),
        },
    };
    Ok(GoReading {
        path: without_dots(&escaped(path)?),
        host: host.to_owned(),
        scheme,
        port,
    })
}

fn host_and_port(authority: &str) -> Result<(&str, &str), &'static str> {
    const PORT: &str = "has a port that is not a number from 1 to 65535";
    let digits = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
    if let Some(rest) = authority.strip_prefix('[') {
        let (host, port) = rest
            .rsplit_once(']')
            .ok_or("has a [ without a ] after it")?;
        if host.contains('%') {
            return Err(
                "contains an IPv6 zone, which is valid on one machine only: write the address without it",
            );
        }
        let _: Ipv6Addr = host
            .parse()
            .map_err(|_| "has no IPv6 address in its brackets")?;
        return match port.strip_prefix(':') {
            None if port.is_empty() => Ok((host, "")),
            Some(port) if digits(port) => Ok((host, port)),
            _ => Err(PORT),
        };
    }
    let (host, port) = authority.split_once(':').unwrap_or((authority, ""));
    if port.contains(':') {
        return Err("has more than one colon after its host: write an IPv6 address in brackets");
    }
    if !digits(port) {
        return Err(PORT);
    }
    if host.is_empty() {
        return Err("has no host: write https://gitlab.example");
    }
    if !host.is_ascii() {
        return Err("has a host with letters outside ASCII: write it as it is in DNS (xn--...)");
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || "!\"$&'()*+,-.;<=>_~".contains(c);
    if let Some(wrong) = host.chars().find(|c| !allowed(*c)) {
        return Err(match wrong {
            '\\' => "contains a backslash: write / instead",
            '%' => "contains a percent sign in its host: write the host unencoded",
            ' ' => "contains a space in its host: remove it",
            _ => "has a host with a character that is not allowed in host names",
        });
    }
    // A name with an empty part is never looked up.
    let name = host.strip_suffix('.').unwrap_or(host);
    if name.split('.').any(str::is_empty) {
        return Err("has a host with nothing before or between its dots");
    }
    Ok((host, port))
}

/// The path as it is sent: as it was written if every character may stand there, else escaped anew.
fn escaped(path: &str) -> Result<String, &'static str> {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let [first, tail @ ..] = rest {
        (bytes, rest) = match (first, tail) {
            (b'%', [high, low, tail @ ..]) => {
                let byte = hexadecimal(*high).zip(hexadecimal(*low));
                let (high, low) = byte.ok_or(BAD_ESCAPE)?;
                bytes.push(high * 16 + low);
                (bytes, tail)
            }
            (b'%', _) => return Err(BAD_ESCAPE),
            _ => {
                bytes.push(*first);
                (bytes, tail)
            }
        };
    }
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~$&+,/:;=@".contains(&byte);
    if path
        .bytes()
        .all(|byte| plain(byte) || b"!'()*[]%".contains(&byte))
    {
        return Ok(path.to_owned());
    }
    let escape = |byte: u8| match plain(byte) {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    };
    Ok(bytes.into_iter().map(escape).collect())
}

const BAD_ESCAPE: &str = "has a % in its path without two hexadecimal digits after it";

fn hexadecimal(digit: u8) -> Option<u8> {
    let value = char::from(digit).to_digit(16)?;
    u8::try_from(value).ok()
}

/// `.` and `..` go when the call is put behind the path; an escaped dot is none.
fn without_dots(base: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let path = base.trim_end_matches(|c| c != '/');
    // An empty part in front counts as one, as each other between two slashes does.
    for part in path.split('/').skip(1).filter(|part| *part != ".") {
        if part == ".." {
            kept.pop();
        } else {
            kept.push(part);
        }
    }
    // The last part is the empty one behind the last slash.
    kept.pop();
    kept.push("runners");
    format!("/{}", kept.join("/"))
}
