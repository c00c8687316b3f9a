//! A gRPC server that costs little: every unary call is answered with its own message.
//!
//!     grpc LISTEN…
//!
//! By the protocol's description "gRPC over HTTP/2": a message has a prefix of five bytes (compressed or not, length), and
//! the status comes in trailers. Whatever service and method are asked for, the answer is the same. One thread: the load
//! generator that shares its core asks for more than that.

use std::net::SocketAddr;

use anyhow::{Context as _, Result, bail};
use bytes::{Bytes, BytesMut};
use h2::RecvStream;
use h2::server::SendResponse;
use http::{HeaderMap, HeaderValue, Method, Request, Response};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinSet, LocalSet, spawn_local};

/// Largest message, prefix included.
const MESSAGE_MAX: usize = 1 << 20;
/// Compressed or not, and the length.
const PREFIX: usize = 5;
/// Status codes of gRPC.
const OK: HeaderValue = HeaderValue::from_static("0");
const INVALID_ARGUMENT: HeaderValue = HeaderValue::from_static("3");

fn main() -> Result<()> {
    let listen = std::env::args().skip(1).map(|word| word.parse()).collect::<Result<Vec<SocketAddr>, _>>()?;
    if listen.is_empty() {
        bail!("usage: grpc LISTEN…");
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, async {
        let mut serving = JoinSet::new();
        for address in listen {
            let listener = TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))?;
            serving.spawn_local(serve(listener));
        }
        serving.join_next().await.context("nothing to serve")??
    })
}

async fn serve(listener: TcpListener) -> Result<()> {
    loop {
        let (socket, _) = listener.accept().await?;
        // How a connection ends is the client's to tell.
        spawn_local(attend(socket));
    }
}

async fn attend(socket: TcpStream) -> Result<()> {
    socket.set_nodelay(true)?;
    let mut connection = h2::server::handshake(socket).await?;
    while let Some(call) = connection.accept().await {
        let (request, respond) = call?;
        spawn_local(answer(request, respond));
    }
    Ok(())
}

async fn answer(request: Request<RecvStream>, mut respond: SendResponse<Bytes>) -> Result<()> {
    let (head, body) = request.into_parts();
    let message = match head.method {
        Method::POST => read(body).await?,
        _ => Bytes::new(),
    };
    let status = if is_message(&message) { OK } else { INVALID_ARGUMENT };
    let response = Response::builder().header("content-type", "application/grpc").body(())?;
    let mut send = respond.send_response(response, false)?;
    if status == OK {
        send.send_data(message, false)?;
    }
    send.send_trailers(HeaderMap::from_iter([(http::HeaderName::from_static("grpc-status"), status)]))?;
    Ok(())
}

async fn read(mut body: RecvStream) -> Result<Bytes> {
    let mut message = BytesMut::new();
    while let Some(piece) = body.data().await {
        let piece = piece?;
        body.flow_control().release_capacity(piece.len())?;
        if message.len() + piece.len() > MESSAGE_MAX {
            bail!("the message is too large");
        }
        message.extend_from_slice(&piece);
    }
    Ok(message.freeze())
}

/// One whole message, not compressed.
fn is_message(bytes: &[u8]) -> bool {
    match bytes.split_first_chunk::<PREFIX>() {
        Some(([0, length @ ..], message)) => u32::from_be_bytes(*length) as usize == message.len(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn call(message: &'static [u8]) -> (Bytes, HeaderMap) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        spawn_local(serve(listener));
        let (mut client, connection) = h2::client::handshake(TcpStream::connect(address).await.unwrap()).await.unwrap();
        spawn_local(connection);
        let request = Request::post("http://server/bench.Echo/Unary").body(()).unwrap();
        let (response, mut send) = client.send_request(request, false).unwrap();
        send.send_data(Bytes::from_static(message), true).unwrap();
        let mut body = response.await.unwrap().into_body();
        let mut echo = BytesMut::new();
        while let Some(piece) = body.data().await {
            echo.extend_from_slice(&piece.unwrap());
        }
        (echo.freeze(), body.trailers().await.unwrap().unwrap())
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_message_comes_back_with_its_status_behind_it() {
        LocalSet::new()
            .run_until(async {
                let (echo, trailers) = call(b"\0\0\0\0\x05hello").await;
                assert_eq!(&echo[..], b"\0\0\0\0\x05hello");
                assert_eq!(trailers["grpc-status"], "0");
                let (echo, trailers) = call(b"\0\0\0\0\x06hello").await;
                assert!(echo.is_empty());
                assert_eq!(trailers["grpc-status"], "3");
            })
            .await;
    }
}
