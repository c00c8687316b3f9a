//! Endpoints, and programs, that take no connection within the time that they have.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use h2::Reason;
use hauberk_core::endpoint::{Endpoint, ProtocolHint};
use http::{Request, StatusCode};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::timeout;

use crate::support::calls::Caller;
use crate::support::client::{Answer, Http1, Http2, body, get, post2, raw};
use crate::support::exchange::post;
use crate::support::program::{Program, Taken};
use crate::support::proxy::{Authority, Proxy};
use crate::support::run;
use crate::support::table::{Table, endpoint, meshed, opaque};
use crate::support::ways::{CLIENT, WEB, Ways};

const LIMIT: Duration = Duration::from_millis(50);
const LATE: &str = "error=\"connect timeout\"";

/// A listener whose queue is full: the kernel answers nobody who connects.
struct Full {
    addr: SocketAddr,
    _listener: TcpListener,
    _queue: Vec<TcpStream>,
}

impl Full {
    async fn start() -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        let listener = socket.listen(0).unwrap();
        let addr = listener.local_addr().unwrap();
        let mut queue = Vec::new();
        while let Ok(connected) = timeout(LIMIT, TcpStream::connect(addr)).await {
            queue.push(connected.unwrap());
        }
        Self { addr, _listener: listener, _queue: queue }
    }
}

/// One endpoint that lets a connection wait for each reason: of TCP, before the mesh's TLS and without it, and of TLS.
fn deaf(full: &Full, mute: &Taken) -> [Endpoint; 3] {
    let member = |addr: SocketAddr| meshed(addr, addr.port(), WEB, ProtocolHint::Http2);
    [endpoint(full.addr), member(full.addr), member(mute.addr)]
}

async fn impatient(table: &Arc<Table>) -> Proxy {
    let change = |config: &mut hauberk_data::config::Config| config.outbound.connect_timeout = LIMIT;
    Proxy::outbound_at(&Authority::new(), CLIENT, table, Ipv4Addr::LOCALHOST.into(), change).await
}

/// The answer to a request that had better not be made twice.
async fn once(client: &mut Http1) -> Answer {
    client.send(Request::post("/").header("host", "web").body(body("once")).unwrap()).await
}

#[test]
fn a_request_goes_elsewhere_with_its_body_when_an_endpoint_takes_no_connection_in_time() {
    run(async {
        let (table, program) = (Table::new(), Program::start().await);
        let (full, mute) = (Full::start().await, Taken::start().await);
        for deaf in deaf(&full, &mute) {
            let outbound = impatient(&table).await;
            let to_it = format!("target_addr=\"{}\"", deaf.addr);
            table.set_endpoints([deaf, endpoint(program.addr)]);
            let mut client = Http1::connect(outbound.addr).await;
            let mut sent = program.requests();
            while outbound.count("response_total", &[&to_it, LATE, "status_code=\"504\""]) < 1.0 {
                let answer = once(&mut client).await;
                sent += 1;
                assert_eq!((answer.status, &*answer.body), (StatusCode::OK, &b"once"[..]), "{to_it}");
            }
            assert_eq!(program.requests(), sent, "{to_it}");
            assert_eq!(outbound.count("outbound_http_errors_total", &[]), 0.0, "{to_it}");
        }
    });
}

#[test]
fn a_request_whose_only_endpoint_takes_no_connection_in_time_is_told_why() {
    run(async {
        let (table, full, mute) = (Table::new(), Full::start().await, Taken::start().await);
        for deaf in deaf(&full, &mute) {
            let outbound = impatient(&table).await;
            let addr = deaf.addr;
            table.set_endpoints([deaf]);
            let by_http1 = once(&mut Http1::connect(outbound.addr).await).await;
            let by_http2 = Http2::connect(outbound.addr).await.send(post2("/").body(body("once")).unwrap()).await;
            for answer in [by_http1, by_http2] {
                assert_eq!(answer.status, StatusCode::GATEWAY_TIMEOUT, "{addr}");
                let why = answer.headers["l5d-proxy-error"].to_str().unwrap();
                assert!(why.starts_with(&format!("connect to {addr}: ")) && why.ends_with(" within 50ms"), "{why}");
            }
            assert_eq!(outbound.count("outbound_http_errors_total", &[LATE]), 2.0, "{addr}");
        }
    });
}

#[test]
fn bytes_whose_only_endpoint_takes_no_connection_in_time_are_not_held() {
    run(async {
        let (table, full, mute) = (Table::new(), Full::start().await, Taken::start().await);
        table.target.send_replace(Some(opaque()));
        for deaf in deaf(&full, &mute) {
            let outbound = impatient(&table).await;
            table.set_endpoints([deaf]);
            assert_eq!(raw(outbound.addr, b"\x04bytes").await, "");
            assert_eq!(outbound.count("outbound_tcp_errors_total", &[LATE]), 1.0);
        }
    });
}

#[test]
fn the_client_of_a_program_that_takes_no_connection_in_time_hears_of_it() {
    run(async {
        let full = Full::start().await;
        let ways = Ways::with(|config| config.inbound.connect_timeout = LIMIT).await;
        ways.plain.original.set(full.addr);
        let late = || ways.plain.count("inbound_http_errors_total", &[LATE]);
        let answer = Http1::connect(ways.plain.addr).await.send(get("/").body(body("")).unwrap()).await;
        assert_eq!((answer.status, late()), (StatusCode::GATEWAY_TIMEOUT, 1.0));
        assert!(answer.headers.get("l5d-proxy-error").is_none(), "who is not in the mesh learns nothing of it");
        // Over HTTP/2 there is a word for it that nobody took the request up.
        let (response, _) = Caller::to(ways.plain.addr).await.call(post("/"), true).await;
        assert_eq!(response.await.unwrap_err().reason(), Some(Reason::REFUSED_STREAM));
        assert_eq!(late(), 2.0);
    });
}

#[test]
fn in_the_mesh_a_request_goes_elsewhere_when_a_program_takes_no_connection_in_time() {
    run(async {
        let (full, program) = (Full::start().await, Program::start().await);
        let ways = Ways::with(|config| config.inbound.connect_timeout = LIMIT).await;
        ways.table.set_endpoints([ways.behind_its_proxy(full.addr), endpoint(program.addr)]);
        let mut client = Http1::connect(ways.outbound.addr).await;
        let mut sent = 0;
        while ways.inbound.count("inbound_http_errors_total", &[LATE]) < 1.0 {
            let answer = once(&mut client).await;
            sent += 1;
            assert_eq!((answer.status, &*answer.body), (StatusCode::OK, &b"once"[..]));
        }
        assert_eq!(program.requests(), sent);
    });
}
