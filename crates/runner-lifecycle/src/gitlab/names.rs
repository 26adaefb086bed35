//! Owns turning a host name into addresses, without the C library: its plug-ins differ between alpine, ubuntu, ubi and
//! scratch, while the binary is the same. It keeps nothing between two calls, as pods move and records change.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use thiserror::Error;

mod hosts;
mod lookup;
mod resolv_conf;

use lookup::Lack;
use resolv_conf::ResolvConf;

use crate::foreign::io::words;

/// Where the system says how names are resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameFiles {
    /// Names that are known without asking.
    pub hosts: PathBuf,
    /// Name servers, search domains and `ndots`.
    pub resolv_conf: PathBuf,
    /// The port that name servers listen on.
    pub port: u16,
}

impl Default for NameFiles {
    fn default() -> Self {
        Self {
            hosts: "/etc/hosts".into(),
            resolv_conf: "/etc/resolv.conf".into(),
            port: 53,
        }
    }
}

/// Why a name has no address.
#[derive(Debug, Error, PartialEq, Eq)]
pub(super) enum NameError {
    /// The name servers are sure.
    #[error("the host {name} was not found (neither in the hosts file nor in DNS)")]
    NotFound {
        /// As it stands in the URL.
        name: String,
    },
    /// They are silent or in trouble.
    #[error("the name server did not resolve {name}: {why}")]
    NoAnswer {
        /// As it stands in the URL.
        name: String,
        /// What the last one said.
        why: String,
    },
}

/// The resolver that the HTTP client asks.
pub(super) struct Names(Arc<NameFiles>);

impl Names {
    pub(super) fn new(files: NameFiles) -> Self {
        Self(Arc::new(files))
    }
}

impl Resolve for Names {
    fn resolve(&self, name: Name) -> Resolving {
        let files = Arc::clone(&self.0);
        Box::pin(async move {
            let addresses = addresses(&files, name.as_str()).await?;
            // Port 0: the client puts in the URL's.
            let sockets = addresses
                .into_iter()
                .map(|address| SocketAddr::new(address, 0));
            Ok(Box::new(sockets) as Addrs)
        })
    }
}

/// All addresses of `name`: literal, hosts file, `localhost`, DNS.
async fn addresses(files: &NameFiles, name: &str) -> Result<Vec<IpAddr>, NameError> {
    if let Ok(address) = name.trim_matches(['[', ']']).parse() {
        return Ok(vec![address]);
    }
    let unreadable = |error: &io::Error, path: &PathBuf| NameError::NoAnswer {
        name: name.to_owned(),
        why: format!("{}: {}", path.display(), words(error)),
    };
    let known = match std::fs::read_to_string(&files.hosts) {
        Ok(text) => hosts::find(&text, name),
        Err(_) => Vec::new(),
    };
    if !known.is_empty() {
        return Ok(known);
    }
    let lower = name.trim_end_matches('.').to_ascii_lowercase();
    if lower == "localhost" || lower.ends_with(".localhost") {
        return Ok(vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]);
    }
    let conf = match std::fs::read_to_string(&files.resolv_conf) {
        Ok(text) => ResolvConf::parse(&text),
        // As the C library does: no file, no search, the name server of this host.
        Err(error) if error.kind() == io::ErrorKind::NotFound => ResolvConf::parse(""),
        Err(error) => return Err(unreadable(&error, &files.resolv_conf)),
    };
    let mut trouble = None;
    for candidate in conf.candidates(name) {
        match lookup::addresses(&conf, files.port, &candidate).await {
            Ok(addresses) => return Ok(addresses),
            Err(Lack::Nothing) => {}
            // Another name may belong to a zone that is well.
            Err(Lack::Refused(why)) => trouble = Some(why),
            // Each further name would cost the same time again.
            Err(Lack::Silence(why)) => {
                trouble = Some(why);
                break;
            }
        }
    }
    let name = name.to_owned();
    Err(match trouble {
        Some(why) => NameError::NoAnswer { name, why },
        None => NameError::NotFound { name },
    })
}
