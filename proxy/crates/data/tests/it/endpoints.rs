//! Which endpoint gets a request, over which connection.

use std::time::Duration;

use hauberk_core::endpoint::ProtocolHint;
use hauberk_core::route::Timeouts;
use http::StatusCode;

use crate::support::client::{Http1, Http2, body, get, post2};
use crate::support::program::Program;
use crate::support::proxy::{Authority, Proxy};
use crate::support::script::Script;
use crate::support::table::{Table, balanced, endpoint, meshed};
use crate::support::{eventually, run};

const WEB: &str = "web.default.serviceaccount.identity.hauberk.cluster.local";
const CLIENT: &str = "client.default.serviceaccount.identity.hauberk.cluster.local";

#[test]
fn an_endpoint_that_never_answers_does_not_look_idle() {
    run(async {
        let (table, program, silent) = (Table::new(), Program::start().await, Script::start(b"", false).await);
        let outbound = Proxy::outbound(&Authority::new(), CLIENT, &table).await;
        table.set_endpoints([endpoint(silent.addr), endpoint(program.addr)]);
        let limit = Timeouts { request: Some(Duration::from_millis(20)), ..Timeouts::default() };
        table.target.send_replace(Some(balanced(|action| action.timeouts = limit)));
        let mut late = 0.0;
        for _ in 0..20 {
            let answer = Http1::connect(outbound.addr).await.send(get("/").body(body("")).unwrap()).await;
            late += f64::from(u8::from(answer.status == StatusCode::GATEWAY_TIMEOUT));
        }
        assert!((1.0..5.0).contains(&late), "{late}");
        let counted = ["status_code=\"504\"", "error=\"response timeout\"", "classification=\"failure\""];
        assert_eq!(outbound.count("response_total", &counted), late, "what got no answer counts as well");
    });
}

#[test]
fn a_request_whose_client_went_away_is_counted() {
    run(async {
        let (table, silent) = (Table::new(), Script::start(b"", false).await);
        let outbound = Proxy::outbound(&Authority::new(), CLIENT, &table).await;
        table.set_endpoints([endpoint(silent.addr)]);
        let mut client = Http2::connect(outbound.addr).await;
        let request = tokio::task::spawn_local(async move {
            client.send(post2("/").body(body("")).unwrap()).await;
        });
        eventually(|| !silent.heard.borrow().is_empty()).await;
        request.abort();
        eventually(|| outbound.count("response_total", &["status_code=\"499\"", "error=\"canceled\""]) == 1.0).await;
    });
}

#[test]
fn a_program_that_takes_few_streams_gets_more_connections() {
    run(async {
        let (authority, table, program) = (Authority::new(), Table::new(), Program::start().await);
        program.streams_max.set(Some(2));
        let inbound = Proxy::inbound(&authority, WEB, &table).await;
        let outbound = Proxy::outbound(&authority, CLIENT, &table).await;
        table.set_endpoints([meshed(program.addr, inbound.addr.port(), WEB, ProtocolHint::Http2)]);
        let mut client = Http2::connect(outbound.addr).await;
        assert_eq!(client.send(post2("/").body(body("")).unwrap()).await.status, StatusCode::OK);
        program.hangs.set(true);
        for sent in 2..8 {
            let mut client = client.clone();
            tokio::task::spawn_local(async move { client.send(post2("/").body(body("")).unwrap()).await });
            eventually(|| program.requests() == sent).await;
        }
    });
}
