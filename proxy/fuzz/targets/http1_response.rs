//! HTTP/1 of a server: its client gets one answer, which is the server's or says that there is none, and the next request gets
//! its own.
#![no_main]

use hauberk_core::endpoint::Endpoint;
use hauberk_fuzz::ask1::Ask;
use hauberk_fuzz::authority::Authority;
use hauberk_fuzz::client::cut;
use hauberk_fuzz::judge1::{self, Asked};
use hauberk_fuzz::mesh::Proxy;
use hauberk_fuzz::plan::{self, Way};
use hauberk_fuzz::policy::{everything, meshed};
use hauberk_fuzz::said1::{Last, Said};
use hauberk_fuzz::server1::{Script, Server};
use hauberk_fuzz::stack::Stack;
use hauberk_fuzz::talk1::ask_twice;
use libfuzzer_sys::fuzz_target;

const WAYS: [Way; 3] = [Way::Inbound, Way::Outbound, Way::Both];

struct Parts {
    server: Server,
    inbound: Proxy,
    outbound: Proxy,
    /// Before the server, for the one that comes next; their connection stays from one input to the next.
    far: Proxy,
    near: Proxy,
}

thread_local!(static STACK: Stack<Parts> = Stack::start(Parts::start()));

impl Parts {
    async fn start() -> Self {
        let (authority, (server, addr)) = (Authority::new(), Server::start().await);
        let far = Proxy::inbound(&authority, addr, everything()).await;
        Self {
            server,
            inbound: Proxy::inbound(&authority, addr, everything()).await,
            outbound: Proxy::outbound(&authority, Endpoint::outside(addr)).await,
            near: Proxy::outbound(&authority, meshed(far.addr)).await,
            far,
        }
    }

    async fn attempt(&self, plan: u8, input: &[u8]) -> Result<(), String> {
        let (way, ask, end) = plan::of(plan, &WAYS, &Ask::ALL);
        let proxy = match way {
            Way::Inbound => &self.inbound,
            Way::Outbound => &self.outbound,
            Way::Both | Way::Carried => &self.near,
        };
        let (bytes, pieces) = cut(input);
        let said = Said::by(bytes, ask, end);
        let pieces = pieces.into_iter().map(<[u8]>::to_vec).collect();
        let tunnels = matches!(said.last, Last::Tunnel(..));
        self.server.play(Script { pieces, end, early: ask.is_answered_early(), tunnels });
        let heard = ask_twice(proxy.addr, &self.server, ask).await;
        self.server.cut().await;
        proxy.rest().await;
        self.far.rest_of_requests().await;
        let ((first, second), got, asked) = (heard?, self.server.take(), Asked { way, ask, end });
        let judged = judge1::server(&got, &said, asked)
            .and_then(|()| judge1::first(&said, &first, asked))
            .and_then(|()| judge1::second(&second));
        judged.map_err(|why| format!("{asked:?}: {why}"))
    }
}

fuzz_target!(|input: &[u8]| {
    let Some((&plan, rest)) = input.split_first() else { return };
    STACK.with(|stack| stack.attempt(async |parts: &Parts| parts.attempt(plan, rest).await));
});
