//! Programs that call others.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::{Frame, Incoming};
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;

/// A whole response.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) trailers: Option<HeaderMap>,
}

/// A client with one HTTP/1 connection.
pub(crate) struct Http1(http1::SendRequest<Full<Bytes>>);

/// A client with one HTTP/2 connection.
#[derive(Clone)]
pub(crate) struct Http2(http2::SendRequest<Full<Bytes>>);

impl Http1 {
    pub(crate) async fn connect(proxy: SocketAddr) -> Self {
        let io = TokioIo::new(TcpStream::connect(proxy).await.unwrap());
        let (sender, driver) = http1::handshake(io).await.unwrap();
        tokio::task::spawn_local(driver.with_upgrades());
        Self(sender)
    }

    pub(crate) async fn send(&mut self, request: Request<Full<Bytes>>) -> Answer {
        answer(self.0.send_request(request).await.unwrap()).await
    }

    /// The head only, for a response that changes the protocol.
    pub(crate) async fn open(&mut self, request: Request<Full<Bytes>>) -> Response<Incoming> {
        self.0.send_request(request).await.unwrap()
    }
}

impl Http2 {
    pub(crate) async fn connect(proxy: SocketAddr) -> Self {
        let io = TokioIo::new(TcpStream::connect(proxy).await.unwrap());
        let (sender, driver) = http2::handshake(TokioExecutor::new(), io).await.unwrap();
        tokio::task::spawn_local(driver);
        Self(sender)
    }

    pub(crate) async fn send(&mut self, request: Request<Full<Bytes>>) -> Answer {
        answer(self.0.send_request(request).await.unwrap()).await
    }
}

async fn answer(response: Response<Incoming>) -> Answer {
    let (parts, body) = response.into_parts();
    let collected = body.collect().await.unwrap();
    let trailers = collected.trailers().cloned();
    Answer { status: parts.status, headers: parts.headers, body: collected.to_bytes(), trailers }
}

/// A request in the form of HTTP/1.
pub(crate) fn get(path: &str) -> http::request::Builder {
    Request::get(path).header("host", "web.default.svc.cluster.local")
}

/// A request in the form of HTTP/2.
pub(crate) fn post2(path: &str) -> http::request::Builder {
    Request::post(format!("http://web.default.svc.cluster.local{path}"))
}

pub(crate) fn body(bytes: &'static str) -> Full<Bytes> {
    Full::new(Bytes::from_static(bytes.as_bytes()))
}

/// A body that a test sends piece by piece.
pub(crate) struct Pieces(pub(crate) mpsc::UnboundedReceiver<Frame<Bytes>>);

impl hyper::body::Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.poll_recv(cx).map(|frame| frame.map(Ok))
    }
}

/// Opens an HTTP/2 stream whose body comes piece by piece.
pub(crate) async fn stream(proxy: SocketAddr, request: Request<Pieces>) -> Response<Incoming> {
    let io = TokioIo::new(TcpStream::connect(proxy).await.unwrap());
    let (mut sender, driver) = http2::handshake(TokioExecutor::new(), io).await.unwrap();
    tokio::task::spawn_local(driver);
    sender.send_request(request).await.unwrap()
}

/// Sends bytes and reads what comes until the peer closes.
pub(crate) async fn raw(proxy: SocketAddr, bytes: &[u8]) -> String {
    raw_pieces(proxy, [bytes]).await
}

/// The same with a pause after each piece, so that it arrives alone.
pub(crate) async fn raw_pieces<'a>(proxy: SocketAddr, pieces: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut socket = TcpStream::connect(proxy).await.unwrap();
    socket.set_nodelay(true).unwrap();
    for piece in pieces {
        socket.write_all(piece).await.unwrap();
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
    }
    let mut all = Vec::new();
    // A reset after the answer is a way to close as well.
    let _ = socket.read_to_end(&mut all).await;
    String::from_utf8_lossy(&all).into_owned()
}
