//! Frames of a server of HTTP/2: whatever they are, they cost no client's connection, and each answer is that of its own stream.
#![no_main]

use hauberk_core::endpoint::Endpoint;
use hauberk_fuzz::ask2::Ask;
use hauberk_fuzz::authority::Authority;
use hauberk_fuzz::client::cut;
use hauberk_fuzz::judge2::{self, Asked};
use hauberk_fuzz::mesh::Proxy;
use hauberk_fuzz::plan::{self, Way};
use hauberk_fuzz::policy::{everything, meshed};
use hauberk_fuzz::server2::{Script, Server};
use hauberk_fuzz::stack::Stack;
use hauberk_fuzz::talk2::{over_http1, over_http2};
use libfuzzer_sys::fuzz_target;

const WAYS: [Way; 4] = [Way::Inbound, Way::Outbound, Way::Both, Way::Carried];

struct Parts {
    server: Server,
    inbound: Proxy,
    outbound: Proxy,
    /// Before the server, for the one that comes next; their connection stays from one input to the next.
    far: Proxy,
    near: Proxy,
    carrying: Proxy,
}

thread_local!(static STACK: Stack<Parts> = Stack::start(Parts::start()));

impl Parts {
    async fn start() -> Self {
        let authority = Authority::new();
        let (server, addr, addr_in_mesh) = Server::start(&authority.store()).await;
        let far = Proxy::inbound(&authority, addr, everything()).await;
        Self {
            server,
            inbound: Proxy::inbound(&authority, addr, everything()).await,
            outbound: Proxy::outbound(&authority, Endpoint::outside(addr)).await,
            near: Proxy::outbound(&authority, meshed(far.addr)).await,
            carrying: Proxy::outbound(&authority, meshed(addr_in_mesh)).await,
            far,
        }
    }

    async fn attempt(&self, plan: u8, input: &[u8]) -> Result<(), String> {
        let (way, ask, end) = plan::of(plan, &WAYS, &Ask::ALL);
        let (bytes, pieces) = cut(input);
        self.server.play(Script { pieces: pieces.into_iter().map(<[u8]>::to_vec).collect(), end });
        let heard = match way {
            Way::Inbound => over_http2(self.inbound.addr, &self.server, ask).await,
            Way::Outbound => over_http2(self.outbound.addr, &self.server, ask).await,
            Way::Both => over_http2(self.near.addr, &self.server, ask).await,
            Way::Carried => over_http1(self.carrying.addr, &self.server, ask).await,
        };
        self.server.cut().await;
        match way {
            Way::Inbound => self.inbound.rest_without_servers().await,
            Way::Outbound => self.outbound.rest_without_servers().await,
            Way::Both => self.near.rest().await,
            Way::Carried => self.carrying.rest_without_servers().await,
        }
        self.far.rest_of_requests().await;
        let asked = Asked { way, ask };
        let judged = heard.and_then(|heard| judge2::answers(bytes, &self.server.take(), &heard, asked));
        judged.map_err(|why| format!("{asked:?}, then {end:?}: {why}"))
    }
}

fuzz_target!(|input: &[u8]| {
    let Some((&plan, rest)) = input.split_first() else { return };
    STACK.with(|stack| stack.attempt(async |parts: &Parts| parts.attempt(plan, rest).await));
});
