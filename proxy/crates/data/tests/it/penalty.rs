//! Failures that weigh in the choice among endpoints, as policy says.

use std::sync::Arc;
use std::time::Duration;

use hauberk_core::outbound::{BackendKind, Distribution, Target};
use hauberk_core::penalty::Penalty;

use crate::support::program::Program;
use crate::support::proxy::{Authority, Proxy};
use crate::support::script::Script;
use crate::support::table::{Table, balanced, endpoint};
use crate::support::talk::Talk;
use crate::support::ways::CLIENT;
use crate::support::{eventually, run};

const GET: &str = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";
const BUSY: &[u8] = b"HTTP/1.1 429 Too Many Requests\r\ncontent-length: 0\r\n\r\n";
const REQUESTS: usize = 40;

/// The service, whose failures count as five seconds or not at all.
fn weighed(penalizes: bool) -> Target {
    let five = Duration::from_secs(5);
    let penalty = Penalty { latency: five, hint_max: 60 * five, decay: 2 * five };
    balanced(|action| {
        let Distribution::First(first) = &action.backends else { unreachable!("one backend") };
        let mut first = (**first).clone();
        if let BackendKind::Balance { weighing, .. } = &mut first.backend.kind {
            weighing.penalty = penalizes.then_some(penalty);
        }
        action.backends = Distribution::First(Arc::new(first));
    })
}

/// How many of the requests at once an endpoint gets that refuses everything at once, beside one that takes its time.
async fn sent_to_the_busy_one(penalizes: bool) -> usize {
    let (table, program, busy) = (Table::new(), Program::start().await, Script::start(BUSY, false).await);
    let outbound = Proxy::outbound(&Authority::new(), CLIENT, &table).await;
    // Whether failures weigh is known only once the endpoint is.
    table.target.send_replace(Some(weighed(false)));
    table.set_endpoints([endpoint(busy.addr)]);
    let mut client = Talk::to(outbound.addr).await;
    client.say(GET).await;
    assert!(client.answer().await.starts_with("HTTP/1.1 429 "));
    table.target.send_replace(Some(weighed(penalizes)));
    client.say(GET).await;
    assert!(client.answer().await.starts_with("HTTP/1.1 429 "));
    table.set_endpoints([endpoint(busy.addr), endpoint(program.addr)]);
    program.hangs.set(true);
    let mut clients = Vec::new();
    for _ in 0..REQUESTS {
        let mut client = Talk::to(outbound.addr).await;
        client.say(GET).await;
        clients.push(client);
    }
    let heard = || -> usize {
        busy.heard.borrow().iter().map(|bytes| String::from_utf8_lossy(bytes).matches("GET ").count()).sum()
    };
    eventually(|| program.requests() + heard() == REQUESTS + 2).await;
    heard() - 2
}

#[test]
fn an_endpoint_that_refuses_quickly_gets_no_more_for_it() {
    run(async {
        assert_eq!(sent_to_the_busy_one(true).await, 0);
        assert!(sent_to_the_busy_one(false).await > REQUESTS / 2, "else this proves nothing");
    });
}
