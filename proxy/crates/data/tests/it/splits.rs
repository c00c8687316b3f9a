//! The first bytes of a client come in two pieces. Wherever they are cut, they are the request that they are.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use hauberk_core::endpoint::{Endpoint, ProtocolHint};

use crate::support::program::Program;
use crate::support::proxy::{Authority, Proxy};
use crate::support::table::{Table, endpoint, meshed, opaque};
use crate::support::talk::Talk;
use crate::support::ways::{CLIENT, WEB};
use crate::support::{eventually, frames, run};

const HTTP1: &[u8] = b"GET / HTTP/1.1\r\nhost: web\r\nconnection: close\r\n\r\n";

/// How the pieces come to the proxy that has to tell what they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Met {
    /// At the client's own, which asks the program.
    Outbound,
    /// At the client's own, which asks the program's proxy.
    Both,
    /// At the program's, from outside of the mesh.
    Inbound,
    /// At the program's, under TLS: the client's passes bytes as they are.
    Secured,
}

const ALL: [Met; 4] = [Met::Outbound, Met::Both, Met::Inbound, Met::Secured];

struct Site {
    program: Program,
    table: Arc<Table>,
    inbound: Proxy,
    outbound: Proxy,
    plain: Proxy,
}

impl Site {
    async fn new() -> Self {
        let (authority, table, program) = (Authority::new(), Table::new(), Program::start().await);
        let ip = Ipv4Addr::LOCALHOST.into();
        let inbound = Proxy::inbound_at(&authority, WEB, &table, ip, |_| {}).await;
        let plain = Proxy::inbound_at(&authority, WEB, &table, ip, |_| {}).await;
        let outbound = Proxy::outbound(&authority, CLIENT, &table).await;
        plain.original.set(program.addr);
        Self { program, table, inbound, outbound, plain }
    }

    fn met(&self, met: Met) -> SocketAddr {
        let port = self.inbound.addr.port();
        self.table.set_endpoints([match met {
            Met::Outbound | Met::Inbound => endpoint(self.program.addr),
            Met::Both => meshed(self.program.addr, port, WEB, ProtocolHint::Http2),
            // Without a header that says what comes, it is looked for.
            Met::Secured => {
                Endpoint { transport_port: None, ..meshed(self.inbound.addr, port, WEB, ProtocolHint::Unknown) }
            }
        }]);
        if met == Met::Secured {
            self.table.target.send_replace(Some(opaque()));
            self.inbound.original.set(self.program.addr);
        }
        if met == Met::Inbound { self.plain.addr } else { self.outbound.addr }
    }

    /// Requests that the proxies which had to tell have counted.
    fn counted(&self) -> f64 {
        let outbound = self.outbound.count("request_total", &["direction=\"outbound\""]);
        outbound
            + [&self.plain, &self.inbound]
                .map(|p| p.count("request_total", &["direction=\"inbound\""]))
                .iter()
                .sum::<f64>()
    }
}

/// A client that says `bytes` in two pieces; the second once the first was read.
async fn cut(addr: SocketAddr, bytes: &[u8], at: usize) -> Talk {
    let mut client = Talk::to(addr).await;
    client.say(&bytes[..at]).await;
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
    client.say(&bytes[at..]).await;
    client
}

fn http2() -> Vec<u8> {
    let settings = frames::frame(frames::SETTINGS, 0, 0, &[]);
    let post = frames::frame(frames::HEADERS, frames::END_HEADERS | frames::END_STREAM, 1, frames::POST);
    [frames::PREFACE, &settings, &post].concat()
}

#[test]
fn a_request_of_http1_that_is_cut_anywhere_is_that_request() {
    run(async {
        for met in ALL {
            let site = Site::new().await;
            let addr = site.met(met);
            for at in 1..HTTP1.len() {
                let (answer, _) = cut(addr, HTTP1, at).await.rest().await;
                assert!(answer.starts_with("HTTP/1.1 200 "), "{met:?} {at}: {answer:?}");
            }
            let asked = HTTP1.len() - 1;
            assert_eq!(site.program.requests(), asked, "{met:?}");
            let proxies = if met == Met::Both { 2 } else { 1 };
            eventually(|| site.counted() as usize == proxies * asked).await;
        }
    });
}

#[test]
fn a_request_of_http2_that_is_cut_anywhere_is_that_request() {
    run(async {
        let bytes = http2();
        for met in ALL {
            let site = Site::new().await;
            let addr = site.met(met);
            for at in 1..bytes.len() {
                let mut client = cut(addr, &bytes, at).await;
                let head = frames::until(&mut client, frames::HEADERS).await;
                assert_eq!(head.first(), Some(&0x88), "{met:?} {at}: `:status 200` in the static table of HPACK");
            }
            let asked = bytes.len() - 1;
            assert_eq!(site.program.requests(), asked, "{met:?}");
            let proxies = if met == Met::Both { 2 } else { 1 };
            eventually(|| site.counted() as usize == proxies * asked).await;
        }
    });
}
