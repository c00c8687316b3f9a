//! What all workers of a proxy have in common: what is allowed is allowed once, whichever of them does it.

use std::sync::Arc;
use std::time::Duration;

use hauberk_core::outbound::{Backoff, Breaker};

use crate::support::program::Taken;
use crate::support::script::Script;
use crate::support::table::{Table, breaking, endpoint};
use crate::support::talk::Talk;
use crate::support::ways::{CLIENT, WEB};
use crate::support::workers::{WORKERS, Workers};
use crate::support::{eventually, run};

const GET: &str = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";
const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
const FAILS: &[u8] = b"HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\n\r\n";
const LONG: Duration = Duration::from_secs(600);

/// Two connections to each worker, as the least loaded one gets the next. They say nothing yet, and where `table` does not
/// declare what they will speak a program would be asked for its greeting.
async fn clients(table: &Table, workers: &Workers) -> Vec<Talk> {
    table.declare_http1();
    let mut clients = Vec::new();
    for _ in 0..2 * WORKERS {
        clients.push(Talk::to(workers.addr).await);
    }
    eventually(|| workers.acceptor.open() == [2; WORKERS]).await;
    clients
}

#[test]
fn as_many_requests_wait_for_endpoints_as_there_may_be() {
    run(async {
        let (table, program) = (Table::new(), Taken::start().await);
        table.endpoints.send_replace(None);
        let workers =
            Workers::outbound(CLIENT, &table, |shared| Arc::make_mut(&mut shared.config).outbound.queue_max = 3);
        let mut clients = clients(&table, &workers).await;
        let (mut waiting, mut turned_away) = (Vec::new(), 0);
        for mut client in clients.drain(..) {
            let asked = workers.count("outbound_http_balancer_queue_requests_total", &[]) + f64::from(turned_away);
            client.say(GET).await;
            let errors = || workers.count("outbound_http_errors_total", &["error=\"loadshed\""]);
            let queued = || workers.count("outbound_http_balancer_queue_requests_total", &[]);
            eventually(|| queued() + errors() > asked).await;
            if errors() > f64::from(turned_away) {
                assert!(client.head().await.starts_with("HTTP/1.1 503 "));
                turned_away += 1;
            } else {
                waiting.push(client);
            }
        }
        assert_eq!((waiting.len(), turned_away), (3, 5));
        table.set_endpoints([endpoint(program.addr)]);
        for _ in 0..3 {
            let mut served = Talk::over(program.next().await);
            served.head().await;
            served.say(OK).await;
        }
        for client in &mut waiting {
            assert!(client.answer().await.starts_with("HTTP/1.1 200 "));
        }
    });
}

#[test]
fn failures_in_a_row_are_counted_whichever_worker_meets_them() {
    run(async {
        let (table, broken) = (Table::new(), Script::start(FAILS, false).await);
        let backoff = Backoff { min: LONG, max: LONG, jitter: 0.0 };
        table.target.send_replace(Some(breaking(&Breaker {
            max_consecutive_failures: 3,
            success_rate: None,
            backoff,
            respect_retry_after: false,
            min_ready: 0,
        })));
        table.set_endpoints([endpoint(broken.addr)]);
        let workers = Workers::outbound(CLIENT, &table, |_| {});
        for (number, client) in clients(&table, &workers).await.iter_mut().enumerate() {
            client.say(GET).await;
            let head = client.head().await;
            assert!(head.starts_with(if number < 3 { "HTTP/1.1 500 " } else { "HTTP/1.1 504 " }), "{number}: {head}");
        }
    });
}

#[test]
fn no_more_connections_are_kept_than_there_may_be() {
    for is_outbound in [true, false] {
        run(async {
            let (table, program) = (Table::new(), Taken::start().await);
            table.set_endpoints([endpoint(program.addr)]);
            let few = |shared: &mut hauberk_data::worker::Shared| {
                let config = Arc::make_mut(&mut shared.config);
                (config.inbound.idle_max, config.inbound.idle_timeout) = (3, LONG);
                (config.outbound.idle_max, config.outbound.idle_timeout) = (3, LONG);
            };
            let workers = if is_outbound {
                Workers::outbound(CLIENT, &table, few)
            } else {
                Workers::inbound(WEB, &table, program.addr, few)
            };
            let (mut clients, mut served) = (clients(&table, &workers).await, Vec::new());
            for client in &mut clients {
                client.say(GET).await;
                let mut program = Talk::over(program.next().await);
                program.head().await;
                served.push(program);
            }
            for (program, client) in served.iter_mut().zip(&mut clients) {
                program.say(OK).await;
                assert!(client.answer().await.starts_with("HTTP/1.1 200 "));
            }
            let direction = if is_outbound { "direction=\"outbound\"" } else { "direction=\"inbound\"" };
            let open = || workers.count("tcp_open_connections", &[direction, "peer=\"dst\""]);
            eventually(|| open() <= 3.0).await;
            assert_eq!(open(), 3.0);
        });
    }
}
