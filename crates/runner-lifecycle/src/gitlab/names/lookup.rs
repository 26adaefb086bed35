//! Owns the questions to the name servers: both kinds of address at once, all servers at once.

use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::str::FromStr;
use std::time::Duration;

use domain::base::Name;
use domain::base::iana::{Rcode, Rtype};
use domain::rdata::{A, Aaaa};
use domain::resolv::stub::conf::{self, ServerConf, Transport};
use domain::resolv::stub::{Answer, StubResolver};
use tokio::task::JoinSet;

use super::resolv_conf::ResolvConf;
use crate::foreign::io::words;

/// How long the second kind of address is waited for once the first is there: some name servers swallow AAAA.
const SECOND: Duration = Duration::from_millis(100);

/// Why a name brought no address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Lack {
    /// There is no such name, or it has no address: for sure.
    Nothing,
    /// A server answered that it cannot say.
    Refused(String),
    /// No server answered.
    Silence(String),
}

/// The addresses of the full name `name`.
pub(super) async fn addresses(
    conf: &ResolvConf,
    port: u16,
    name: &str,
) -> Result<Vec<IpAddr>, Lack> {
    // A search domain can make a name too long; such a name does not exist.
    let name = Name::<Vec<u8>>::from_str(name).map_err(|_| Lack::Nothing)?;
    let mut v4 = pin!(ask(conf, port, &name, Rtype::A));
    let mut v6 = pin!(ask(conf, port, &name, Rtype::AAAA));
    let (first, second) = tokio::select! {
        first = &mut v4 => { let second = limited(&first, v6).await; (first, second) }
        first = &mut v6 => { let second = limited(&first, v4).await; (first, second) }
    };
    match (first, second) {
        (Ok(mut first), Ok(second)) => {
            first.extend(second);
            Ok(first)
        }
        (Ok(found), Err(_)) | (Err(_), Ok(found)) => Ok(found),
        (Err(Lack::Nothing), Err(lack)) | (Err(lack), Err(_)) => Err(lack),
    }
}

async fn limited(
    first: &Result<Vec<IpAddr>, Lack>,
    second: impl Future<Output = Result<Vec<IpAddr>, Lack>>,
) -> Result<Vec<IpAddr>, Lack> {
    match first {
        Ok(_) => tokio::time::timeout(SECOND, second)
            .await
            .unwrap_or(Err(Lack::Nothing)),
        Err(_) => second.await,
    }
}

/// Asks every server at once, as musl does: one that is dead costs no time then. The first that is sure counts.
async fn ask(
    conf: &ResolvConf,
    port: u16,
    name: &Name<Vec<u8>>,
    kind: Rtype,
) -> Result<Vec<IpAddr>, Lack> {
    let mut lack = Lack::Silence("time-out".to_owned());
    for _ in 0..conf.attempts {
        let mut questions = JoinSet::new();
        for server in &conf.servers {
            let resolver = resolver(conf, SocketAddr::new(*server, port));
            let name = name.clone();
            questions.spawn(async move { read(resolver.query((name, kind)).await) });
        }
        while let Some(answer) = questions.join_next().await {
            match answer {
                Ok(Err(Lack::Silence(why))) if lack == Lack::Silence("time-out".to_owned()) => {
                    lack = Lack::Silence(why);
                }
                Ok(Err(Lack::Silence(_))) | Err(_) => {}
                Ok(Err(Lack::Refused(why))) => lack = Lack::Refused(why),
                Ok(sure) => return sure,
            }
        }
        // An answer was heard: asking the same again at once would bring the same.
        if matches!(lack, Lack::Refused(_)) {
            break;
        }
    }
    Err(lack)
}

fn resolver(conf: &ResolvConf, server: SocketAddr) -> StubResolver {
    let mut stub = conf::ResolvConf::new();
    stub.servers = vec![ServerConf::new(server, Transport::UdpTcp)];
    stub.options.timeout = conf.timeout;
    stub.options.use_vc = conf.tcp;
    StubResolver::from_conf(stub)
}

fn read(answer: std::io::Result<Answer>) -> Result<Vec<IpAddr>, Lack> {
    let answer = answer.map_err(|error| Lack::Silence(words(&error)))?;
    match answer.header().rcode() {
        Rcode::NOERROR => {}
        Rcode::NXDOMAIN => return Err(Lack::Nothing),
        // The name that IANA gave the code, or its number: nothing else can be in it.
        other => return Err(Lack::Refused(format!("it answered {other}"))),
    }
    let garbled = |_| Lack::Refused("its answer was malformed".to_owned());
    // Aliases are followed by the name server; what counts is which addresses came along.
    let records = answer.answer().map_err(garbled)?;
    let v4 = records.limit_to_in::<A>().flatten();
    let v4 = v4.map(|record| IpAddr::from(record.data().addr()));
    let v6 = records.limit_to_in::<Aaaa>().flatten();
    let v6 = v6.map(|record| IpAddr::from(record.data().addr()));
    let found: Vec<IpAddr> = v4.chain(v6).collect();
    if found.is_empty() {
        Err(Lack::Nothing)
    } else {
        Ok(found)
    }
}
