//! Owns a name server on loopback that knows what a test tells it, over UDP and TCP.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex};

use domain::base::iana::{Rcode, Rtype};
use domain::base::{Message, MessageBuilder, Name, Ttl};
use domain::rdata::{A, Aaaa, Cname};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, UdpSocket};

/// What the server knows of a name. Any other name does not exist.
#[derive(Clone, Debug)]
pub(crate) enum Entry {
    At(Vec<IpAddr>),
    /// An alias and the addresses of what it stands for.
    Alias(Vec<IpAddr>),
    /// In trouble for so many questions, then at home.
    Trouble(u32),
    /// AAAA is swallowed.
    OnlyA,
    /// Over UDP only "ask by TCP".
    OnlyTcp,
    Silence,
}

pub(crate) struct Server {
    pub(crate) port: u16,
    asked: Arc<Mutex<Vec<(String, Rtype)>>>,
}

pub(crate) const HOME: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

impl Server {
    pub(crate) async fn start(address: &str, entries: &[(&str, Entry)]) -> Self {
        let (udp, tcp, port) = bind(address).await;
        let entries = entries
            .iter()
            .map(|(name, entry)| ((*name).to_owned(), entry.clone()));
        let entries = Arc::new(Mutex::new(entries.collect::<BTreeMap<_, _>>()));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let seen = (Arc::clone(&asked), Arc::clone(&entries));
        tokio::spawn(async move {
            let mut buffer = [0_u8; 2048];
            while let Ok((length, from)) = udp.recv_from(&mut buffer).await {
                if let Some(answer) = answer(&buffer[..length], false, &seen.0, &seen.1) {
                    udp.send_to(&answer, from).await.unwrap();
                }
            }
        });
        let seen = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = tcp.accept().await {
                let length = stream.read_u16().await.unwrap();
                let mut question = vec![0_u8; length.into()];
                stream.read_exact(&mut question).await.unwrap();
                if let Some(answer) = answer(&question, true, &seen, &entries) {
                    stream
                        .write_u16(answer.len().try_into().unwrap())
                        .await
                        .unwrap();
                    stream.write_all(&answer).await.unwrap();
                }
            }
        });
        Self { port, asked }
    }

    /// The names in the order of their first question.
    pub(crate) fn asked(&self) -> Vec<String> {
        let mut names = Vec::new();
        for (name, _) in self.asked.lock().unwrap().iter() {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
        names
    }
}

/// One port for both; another program may hold the same number for TCP, then the next is tried.
async fn bind(address: &str) -> (UdpSocket, TcpListener, u16) {
    for _ in 0..100 {
        let udp = UdpSocket::bind((address, 0)).await.unwrap();
        let port = udp.local_addr().unwrap().port();
        if let Ok(tcp) = TcpListener::bind((address, port)).await {
            return (udp, tcp, port);
        }
    }
    panic!("no port is free for UDP and TCP at {address}");
}

fn answer(
    question: &[u8],
    tcp: bool,
    asked: &Mutex<Vec<(String, Rtype)>>,
    entries: &Mutex<BTreeMap<String, Entry>>,
) -> Option<Vec<u8>> {
    let message = Message::from_octets(question).ok()?;
    let (name, kind) = message
        .first_question()
        .map(|q| (q.qname().to_string(), q.qtype()))?;
    asked.lock().unwrap().push((name.clone(), kind));
    let mut entries = entries.lock().unwrap();
    let (code, addresses, alias, short) = match entries.get_mut(name.trim_end_matches('.')) {
        None => (Rcode::NXDOMAIN, vec![], false, false),
        Some(Entry::Silence) => return None,
        Some(Entry::OnlyA) if kind == Rtype::AAAA => return None,
        Some(Entry::OnlyTcp) if !tcp => (Rcode::NOERROR, vec![], false, true),
        Some(Entry::OnlyA | Entry::OnlyTcp) => (Rcode::NOERROR, vec![HOME], false, false),
        Some(Entry::Trouble(times)) if *times > 0 => {
            *times -= 1;
            (Rcode::SERVFAIL, vec![], false, false)
        }
        Some(Entry::Trouble(_)) => (Rcode::NOERROR, vec![HOME], false, false),
        Some(Entry::At(addresses)) => (Rcode::NOERROR, addresses.clone(), false, false),
        Some(Entry::Alias(addresses)) => (Rcode::NOERROR, addresses.clone(), true, false),
    };
    let mut builder = MessageBuilder::new_vec()
        .start_answer(&message, code)
        .ok()?;
    builder.header_mut().set_tc(short);
    let mut owner: Name<Vec<u8>> = name.parse().ok()?;
    let ttl = Ttl::from_secs(1);
    if alias {
        let target: Name<Vec<u8>> = "real.test".parse().ok()?;
        builder
            .push((&owner, ttl, Cname::new(target.clone())))
            .ok()?;
        owner = target;
    }
    for address in addresses {
        match (address, kind) {
            (IpAddr::V4(address), Rtype::A) => builder.push((&owner, ttl, A::new(address))).ok()?,
            (IpAddr::V6(address), Rtype::AAAA) => {
                builder.push((&owner, ttl, Aaaa::new(address))).ok()?;
            }
            _ => {}
        }
    }
    Some(builder.finish())
}
