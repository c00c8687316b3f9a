//! What one client may have of what there is, so that others get something as well.

use std::net::Ipv4Addr;

use hauberk_core::inbound::Authentication;
use tokio::net::TcpSocket;

use crate::support::table::{detect, server_policy};
use crate::support::talk::{End, Talk};
use crate::support::ways::{Way, Ways};
use crate::support::{eventually, run};

const GET: &str = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";
/// On a connection that is not used again.
const OK: &str = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok";

#[test]
fn one_client_s_requests_leave_places_to_the_next_one() {
    run(async {
        let ways = Ways::with(|config| config.inbound.http.in_flight_max = 4).await;
        let taken = || ways.inbound.budgets.inbound.requests.taken();
        // The proxies' own connection is made, and stays, whoever connects afterwards.
        let mut member = ways.client(Way::Both).await;
        member.say(GET).await;
        answer(&ways).await;
        member.until("ok").await;
        eventually(|| taken() == 0).await;
        ways.inbound.original.set(ways.program.addr);
        let (mut strangers, mut served) = (Vec::new(), Vec::new());
        for _ in 0..2 {
            let mut stranger = Talk::to(ways.inbound.addr).await;
            stranger.say(GET).await;
            served.push(ways.served().await);
            strangers.push(stranger);
        }
        let mut third = Talk::to(ways.inbound.addr).await;
        third.say(GET).await;
        let head = third.head().await;
        assert!(head.starts_with("HTTP/1.1 503 ") && head.contains("\r\nretry-after: 1\r\n"), "{head}");
        assert_eq!(taken(), 2);
        member.say(GET).await;
        answer(&ways).await;
        assert!(member.until("ok").await.starts_with("HTTP/1.1 200 "));
        served[1].say(OK).await;
        strangers[1].until("ok").await;
        eventually(|| taken() == 1).await;
        third.say(GET).await;
        answer(&ways).await;
        assert!(third.until("ok").await.starts_with("HTTP/1.1 200 "));
    });
}

/// The program's answer to the next request.
async fn answer(ways: &Ways) {
    let mut served = ways.served().await;
    served.head().await;
    served.say(OK).await;
}

#[test]
fn one_client_s_connections_leave_places_to_the_next_one() {
    run(async {
        let ways = Ways::with(|config| config.limits.connections = 4).await;
        ways.table.inbound.send_replace(server_policy(detect(), Authentication::Unauthenticated));
        let mut open = Vec::new();
        for _ in 0..2 {
            let mut client = Talk::to(ways.plain.addr).await;
            client.say(GET).await;
            let mut served = ways.served().await;
            served.head().await;
            open.push((client, served));
        }
        assert_eq!(Talk::to(ways.plain.addr).await.rest().await, (String::new(), End::Reset));
        assert_eq!(ways.plain.count("inbound_tcp_errors_total", &["error=\"loadshed\""]), 1.0);
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind((Ipv4Addr::new(127, 0, 0, 2), 0).into()).unwrap();
        let mut other = Talk::over(socket.connect(ways.plain.addr).await.unwrap());
        other.say(GET).await;
        let mut served = ways.served().await;
        served.head().await;
        assert_eq!(ways.plain.budgets.inbound.connections.taken(), 3);
    });
}
