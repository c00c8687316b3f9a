//! Exploration.
use std::time::Duration;
use hauberk_core::endpoint::ProtocolHint;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use std::net::SocketAddr;

use crate::support::client::*;
use crate::support::proxy::{Authority, Proxy};
use crate::support::script::Script;
use crate::support::run;
use crate::support::table::{Table, meshed, endpoint};

const WEB: &str = "web.default.serviceaccount.identity.hauberk.cluster.local";
const CLIENT: &str = "client.default.serviceaccount.identity.hauberk.cluster.local";

async fn read_for(addr: SocketAddr, bytes: &[u8], ms: u64) -> (String, bool) {
    let mut socket = TcpStream::connect(addr).await.unwrap();
    socket.write_all(bytes).await.unwrap();
    let mut all = Vec::new();
    let mut closed = false;
    let end = tokio::time::Instant::now() + Duration::from_millis(ms);
    loop {
        match tokio::time::timeout_at(end, socket.read_buf(&mut all)).await {
            Err(_) => break,
            Ok(Ok(0)) | Ok(Err(_)) => { closed = true; break }
            Ok(Ok(_)) => {}
        }
    }
    (String::from_utf8_lossy(&all).into_owned(), closed)
}

async fn each(answer: &'static [u8], closes: bool, request: &[u8]) {
    for mode in ["meshed", "plain", "unmeshed-inbound"] {
        let (authority, table) = (Authority::new(), Table::new());
        let script = Script::start(answer, closes).await;
        let inbound = Proxy::inbound(&authority, WEB, &table).await;
        let outbound = Proxy::outbound(&authority, CLIENT, &table).await;
        let addr = match mode {
            "meshed" => { table.set_endpoints([meshed(script.addr, inbound.addr.port(), WEB, ProtocolHint::Http2)]); outbound.addr }
            "plain" => { table.set_endpoints([endpoint(script.addr)]); outbound.addr }
            _ => { inbound.original.set(script.addr); inbound.addr }
        };
        let (got, closed) = read_for(addr, request, 300).await;
        println!("--- {mode} closed={closed}\n>>> program heard {:?} {:?}\n<<< {got:?}", script.heard.borrow().len(), (0..script.heard.borrow().len()).map(|i| script.heard(i)).collect::<Vec<_>>());
    }
}

#[test]
fn explore() {
    run(async {
        println!("===== HEAD with length");
        each(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n", false, b"HEAD / HTTP/1.1\r\nhost: a\r\n\r\nGET /2 HTTP/1.1\r\nhost: a\r\n\r\n").await;
        println!("===== HEAD chunked");
        each(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", false, b"HEAD / HTTP/1.1\r\nhost: a\r\n\r\n").await;
        println!("===== 304 with length");
        each(b"HTTP/1.1 304 Not Modified\r\ncontent-length: 1000\r\netag: x\r\n\r\n", false, b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
        println!("===== 204 with length 0");
        each(b"HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n\r\n", false, b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
        println!("===== 204 with length 5");
        each(b"HTTP/1.1 204 No Content\r\ncontent-length: 5\r\n\r\n", false, b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
        println!("===== 103 then 200");
        each(b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", false, b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
        println!("===== chunked with trailers");
        each(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: x-t\r\n\r\n2\r\nok\r\n0\r\nx-t: 1\r\n\r\n", false, b"GET / HTTP/1.1\r\nhost: a\r\nte: trailers\r\n\r\n").await;
        println!("===== absolute + other host");
        each(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", false, b"GET http://admin/x HTTP/1.1\r\nhost: public\r\n\r\n").await;
        println!("===== truncated response");
        each(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nok", true, b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
        println!("===== truncated chunked");
        each(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n", true, b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
        println!("===== until close");
        each(b"HTTP/1.1 200 OK\r\n\r\nok", true, b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
        println!("===== HTTP/1.0");
        each(b"HTTP/1.0 200 OK\r\n\r\nok", true, b"GET / HTTP/1.0\r\n\r\n").await;
        println!("===== HTTP/1.0 with connection keep-alive");
        each(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", false, b"GET / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n").await;
        println!("===== CONNECT");
        each(b"HTTP/1.1 200 OK\r\n\r\nhello", false, b"CONNECT db:1 HTTP/1.1\r\nhost: db:1\r\n\r\n").await;
        println!("===== CONNECT refused");
        each(b"HTTP/1.1 405 No\r\nl5d-proxy-error: forged\r\ncontent-length: 2\r\n\r\nno", false, b"CONNECT db:1 HTTP/1.1\r\nhost: db:1\r\n\r\n").await;
        println!("===== unsolicited 101");
        each(b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\nhello", false, b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
        println!("===== truncated request");
        each(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", false, b"GET / HTTP/1.1\r\nhost: a\r\nconnection: l5d-client-id, x\r\nx: 1\r\n\r\n").await;
        println!("===== OPTIONS *");
        each(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", false, b"OPTIONS * HTTP/1.1\r\nhost: a\r\n\r\n").await;
        println!("===== early answer with body left, then another");
        each(b"HTTP/1.1 413 Too Large\r\ncontent-length: 2\r\nconnection: close\r\n\r\nno", true, b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1000000\r\n\r\nabcd").await;
        println!("===== absolute userinfo");
        each(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", false, b"GET http://u@admin/x HTTP/1.1\r\nhost: public\r\n\r\n").await;
        println!("===== upgrade");
        each(b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\nl5d-proxy-error: forged\r\n\r\nhello", false, b"GET / HTTP/1.1\r\nhost: a\r\nupgrade: x\r\nconnection: upgrade, l5d-client-id\r\n\r\n").await;
    });
}
