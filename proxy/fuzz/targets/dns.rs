//! Queries for names: each has one answer, which fits its transport and can be read.
#![no_main]

use std::sync::LazyLock;

use hauberk_supervise::dns::{Outcome, Transport, View, Zone, answer};
use hickory_proto::op::Message;
use libfuzzer_sys::fuzz_target;

/// The most that passes every path in one piece (DNS flag day 2020).
const UDP_MAX: usize = 1232;

static ZONE: LazyLock<Zone> =
    LazyLock::new(|| Zone::new("cluster.local").unwrap_or_else(|_| unreachable!("it is one")));
static VIEW: LazyLock<View> = LazyLock::new(|| {
    let mut view = View::default();
    view.insert("default", "web", vec![[10, 78, 0, 1].into(), [0xfd, 0, 0, 0, 0, 0, 0, 1].into()]);
    view.insert("default", "headless", Vec::new());
    view.insert("many", "web", (0..=255).map(|last| [10, 78, 1, last].into()).collect());
    view
});

fuzz_target!(|query: &[u8]| {
    for (transport, max) in [(Transport::Udp, UDP_MAX), (Transport::Tcp, usize::from(u16::MAX))] {
        for view in [None, Some(&*VIEW)] {
            let Outcome::Reply(reply) = answer(&ZONE, view, query, transport) else { continue };
            assert!(reply.len() <= max, "{} bytes by {transport:?}", reply.len());
            assert_eq!(reply[..2], query[..2], "the number of another query");
            assert!(reply[2] & 0x80 != 0, "an answer that looks like a query goes round for ever");
            assert!(Message::from_vec(&reply).is_ok(), "{reply:?} cannot be read");
        }
    }
});
