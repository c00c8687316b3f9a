//! Requests for a service whose endpoints are not known yet: they wait, but not all of them, and not for ever.

use std::time::Duration;

use crate::support::table::{endpoint, patient};
use crate::support::talk::Talk;
use crate::support::ways::{Way, Ways};
use crate::support::{eventually, run};

const POST: &str = "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\n\r\nonce";
const QUEUED: &str = "outbound_http_balancer_queue_length";

async fn unknown(failfast: Duration, queue_max: usize) -> Ways {
    let ways = Ways::with(|config| config.outbound.queue_max = queue_max).await;
    ways.table.target.send_replace(Some(patient(failfast)));
    ways.table.endpoints.send_replace(None);
    ways
}

#[test]
fn a_request_waits_for_the_first_endpoints_and_one_too_many_is_told_to_come_again() {
    run(async {
        let ways = unknown(Duration::from_secs(3600), 2).await;
        let mut waiting = [Talk::to(ways.outbound.addr).await, Talk::to(ways.outbound.addr).await];
        for client in &mut waiting {
            client.say(POST).await;
        }
        eventually(|| ways.outbound.count(QUEUED, &[]) == 2.0).await;
        let mut third = Talk::to(ways.outbound.addr).await;
        third.say(POST).await;
        let head = third.head().await;
        assert!(head.starts_with("HTTP/1.1 503 ") && head.contains("\r\nretry-after: 1\r\n"), "{head}");
        assert!(head.contains("\r\nl5d-proxy-error: too many requests wait for the endpoints of "), "{head}");
        ways.table.set_endpoints([endpoint(ways.program.addr)]);
        for _ in &waiting {
            let mut program = ways.served().await;
            program.until("once").await;
            program.say("HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok").await;
        }
        for client in &mut waiting {
            assert!(client.answer().await.starts_with("HTTP/1.1 200 "));
        }
        assert_eq!(ways.outbound.count(QUEUED, &[]), 0.0);
    });
}

#[test]
fn a_request_that_has_waited_as_long_as_policy_lets_it_is_told_why() {
    run(async {
        let ways = unknown(Duration::from_millis(30), 100).await;
        let mut client = Talk::to(ways.through(Way::Outbound)).await;
        ways.table.endpoints.send_replace(None);
        client.say(POST).await;
        let head = client.head().await;
        assert!(head.starts_with("HTTP/1.1 504 "), "{head}");
        assert!(head.contains("l5d-proxy-error: the control plane named no endpoints of web.default"), "{head}");
        assert_eq!(ways.outbound.count("outbound_http_errors_total", &["error=\"failfast\""]), 1.0);
        assert_eq!(ways.outbound.count(QUEUED, &[]), 0.0);
        assert!(!ways.program.has_another().await);
    });
}
