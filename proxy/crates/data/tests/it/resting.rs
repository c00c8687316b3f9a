//! Where no endpoint takes connections, requests wait for the next try or hear why there is none.

use std::net::SocketAddr;
use std::time::Duration;

use hauberk_core::outbound::Backoff;

use crate::support::nobody::Nobody;
use crate::support::table::{endpoint, opaque, patient};
use crate::support::talk::Talk;
use crate::support::ways::Ways;
use crate::support::{eventually, run};

const POST: &str = "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\n\r\nonce";
const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
const QUEUED: &str = "outbound_http_balancer_queue_length";
const HOUR: Duration = Duration::from_secs(3600);

/// Proxies that leave an endpoint alone for an hour while there are others.
async fn ways(failfast: Duration) -> Ways {
    let ways = Ways::with(|config| {
        config.outbound.connect_backoff = Backoff { min: HOUR, max: HOUR, jitter: 0.0 };
    })
    .await;
    ways.table.target.send_replace(Some(patient(failfast)));
    ways
}

fn tries(ways: &Ways, addr: SocketAddr) -> f64 {
    ways.outbound.count("request_total", &[&format!("target_addr=\"{addr}\"")])
}

async fn ask(ways: &Ways) -> Talk {
    let mut client = Talk::to(ways.outbound.addr).await;
    client.say(POST).await;
    client
}

#[test]
fn requests_wait_for_the_only_endpoint_and_go_when_it_is_tried_again() {
    run(async {
        let (ways, nobody) = (ways(HOUR).await, Nobody::new());
        let addr = nobody.addr;
        ways.table.set_endpoints([endpoint(addr)]);
        let head = ask(&ways).await.head().await;
        assert!(head.starts_with("HTTP/1.1 502 ") && head.contains(&format!("connect to {addr}: ")), "{head}");
        assert_eq!(tries(&ways, addr), 1.0, "it is not asked twice where nobody else could be");
        let mut waiting = [ask(&ways).await, ask(&ways).await];
        eventually(|| ways.outbound.count(QUEUED, &[]) == 2.0).await;
        assert_eq!(tries(&ways, addr), 1.0, "nothing is tried while it rests");
        let listener = nobody.listen();
        for client in &mut waiting {
            let mut program = Talk::over(listener.accept().await.unwrap().0);
            program.until("once").await;
            program.say(OK).await;
            assert!(client.answer().await.starts_with("HTTP/1.1 200 "));
        }
        assert_eq!((tries(&ways, addr), ways.outbound.count(QUEUED, &[])), (3.0, 0.0));
    });
}

#[test]
fn an_endpoint_that_comes_while_requests_wait_gets_them_at_once() {
    run(async {
        let (ways, nobody) = (ways(HOUR).await, Nobody::new());
        let addr = nobody.addr;
        ways.table.set_endpoints([endpoint(addr)]);
        assert!(ask(&ways).await.head().await.starts_with("HTTP/1.1 502 "));
        let mut client = ask(&ways).await;
        eventually(|| ways.outbound.count(QUEUED, &[]) == 1.0).await;
        ways.table.set_endpoints([endpoint(addr), endpoint(ways.program.addr)]);
        let mut program = ways.served().await;
        program.until("once").await;
        program.say(OK).await;
        assert!(client.answer().await.starts_with("HTTP/1.1 200 "));
        assert_eq!(tries(&ways, addr), 1.0);
    });
}

#[test]
fn where_nobody_took_a_connection_for_long_the_next_one_hears_so() {
    run(async {
        let (ways, nobody) = (ways(Duration::from_millis(20)).await, Nobody::new());
        let addr = nobody.addr;
        ways.table.set_endpoints([endpoint(addr)]);
        assert!(ask(&ways).await.head().await.starts_with("HTTP/1.1 502 "));
        for count in [1.0, 2.0] {
            let head = ask(&ways).await.head().await;
            assert!(head.starts_with("HTTP/1.1 504 "), "{head}");
            assert!(head.contains("\r\nl5d-proxy-error: no endpoint of web.default"), "{head}");
            assert!(head.contains(&format!("(connect to {addr}: ")) && head.contains("; tried again in "), "{head}");
            assert_eq!(ways.outbound.count("outbound_http_errors_total", &["error=\"failfast\""]), count);
        }
        assert_eq!(tries(&ways, addr), 1.0);
    });
}

#[test]
fn bytes_wait_as_requests_do() {
    run(async {
        let (ways, nobody) = (ways(HOUR).await, Nobody::new());
        let addr = nobody.addr;
        ways.table.target.send_replace(Some(opaque()));
        ways.table.set_endpoints([endpoint(addr)]);
        let opened = async || {
            let mut client = Talk::to(ways.outbound.addr).await;
            client.say("bytes").await;
            client
        };
        assert_eq!(opened().await.rest().await.0, "");
        let mut client = opened().await;
        eventually(|| ways.outbound.count("outbound_tcp_balancer_queue_length", &[]) == 1.0).await;
        let listener = nobody.listen();
        let mut program = Talk::over(listener.accept().await.unwrap().0);
        program.until("bytes").await;
        program.say("answer").await;
        client.until("answer").await;
    });
}
