//! Peers at the proxy's own port that do not say who they are, or what they want.

use std::net::Ipv4Addr;
use std::time::Duration;

use crate::support::eventually;
use crate::support::proxy::{Authority, Proxy};
use crate::support::run;
use crate::support::table::Table;
use crate::support::talk::Talk;
use crate::support::ways::WEB;

#[test]
fn a_peer_that_does_not_finish_its_handshake_in_time_is_let_go() {
    run(async {
        let change = |config: &mut hauberk_data::config::Config| {
            config.inbound.detect_timeout = Duration::from_millis(50);
        };
        let ip = Ipv4Addr::LOCALHOST.into();
        let inbound = Proxy::inbound_at(&Authority::new(), WEB, &Table::new(), ip, change).await;
        for beginning in [&b""[..], b"\x16", b"\x16\x03\x01\x02\0\x01\0"] {
            let mut peer = Talk::to(inbound.addr).await;
            peer.say(beginning).await;
            peer.rest().await;
            eventually(|| inbound.worker.open() == 0).await;
        }
    });
}
