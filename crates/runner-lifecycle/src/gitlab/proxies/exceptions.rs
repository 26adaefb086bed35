//! Owns `NO_PROXY`: which hosts are reached without a proxy, by Go's rules.

use std::net::IpAddr;

/// The parsed value of `NO_PROXY`.
#[derive(Clone, Debug, Default)]
pub(super) struct Exceptions(Vec<Exception>);

#[derive(Clone, Debug)]
enum Exception {
    Everything,
    Network {
        address: IpAddr,
        bits: u8,
    },
    Address {
        address: IpAddr,
        port: Option<u16>,
    },
    /// `suffix` starts with a dot; `itself` says whether the domain without it counts too.
    Domain {
        suffix: String,
        itself: bool,
        port: Option<u16>,
    },
}

impl Exceptions {
    /// Entries that cannot be read are passed over, as Go does.
    pub(super) fn parse(text: &str) -> Self {
        Self(
            text.split(',')
                .filter_map(|entry| Exception::parse(entry.trim()))
                .collect(),
        )
    }

    pub(super) fn cover(&self, host: &str, address: Option<IpAddr>, port: u16) -> bool {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        self.0
            .iter()
            .any(|exception| exception.covers(&host, address, port))
    }
}

impl Exception {
    fn parse(entry: &str) -> Option<Self> {
        let entry = entry.to_ascii_lowercase();
        if entry == "*" {
            return Some(Self::Everything);
        }
        if let Some((address, bits)) = entry.split_once('/') {
            let (address, bits) = (address.parse::<IpAddr>().ok()?, bits.parse().ok()?);
            let most = if address.is_ipv4() { 32 } else { 128 };
            return (bits <= most).then_some(Self::Network { address, bits });
        }
        let (host, port) = split_port(&entry)?;
        if let Ok(address) = host.parse() {
            return Some(Self::Address { address, port });
        }
        let host = host
            .strip_prefix('*')
            .filter(|rest| rest.starts_with('.'))
            .unwrap_or(host);
        match host.strip_prefix('.') {
            _ if host.is_empty() || host == "." => None,
            Some(_) => Some(Self::Domain {
                suffix: host.to_owned(),
                itself: false,
                port,
            }),
            None => Some(Self::Domain {
                suffix: format!(".{host}"),
                itself: true,
                port,
            }),
        }
    }

    fn covers(&self, host: &str, address: Option<IpAddr>, port: u16) -> bool {
        let right_port = |wanted: &Option<u16>| wanted.is_none_or(|wanted| wanted == port);
        match self {
            Self::Everything => true,
            Self::Network {
                address: network,
                bits,
            } => address.is_some_and(|address| inside(address, *network, *bits)),
            Self::Address {
                address: wanted,
                port,
            } => address.is_some_and(|address| address == *wanted) && right_port(port),
            Self::Domain {
                suffix,
                itself,
                port,
            } => {
                let covered = host.ends_with(suffix.as_str()) || (*itself && host == &suffix[1..]);
                covered && right_port(port)
            }
        }
    }
}

/// `host`, `host:port`, `[v6]`, `[v6]:port` or a bare IPv6 address.
fn split_port(entry: &str) -> Option<(&str, Option<u16>)> {
    if let Some(rest) = entry.strip_prefix('[') {
        let (host, port) = rest.split_once(']')?;
        return match port.strip_prefix(':') {
            Some(port) => Some((host, Some(port.parse().ok()?))),
            None => Some((host, None)),
        };
    }
    match entry.split_once(':') {
        Some((_, rest)) if rest.contains(':') => Some((entry, None)),
        Some((host, port)) => Some((host, Some(port.parse().ok()?))),
        None => Some((entry, None)),
    }
}

fn inside(address: IpAddr, network: IpAddr, bits: u8) -> bool {
    let same = |one: u128, two: u128, width: u8| {
        let drop = u32::from(width.saturating_sub(bits));
        one.checked_shr(drop).unwrap_or(0) == two.checked_shr(drop).unwrap_or(0)
    };
    match (address.to_canonical(), network) {
        (IpAddr::V4(one), IpAddr::V4(two)) => {
            same(u32::from(one).into(), u32::from(two).into(), 32)
        }
        (IpAddr::V6(one), IpAddr::V6(two)) => same(one.into(), two.into(), 128),
        _ => false,
    }
}
