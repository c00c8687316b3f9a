//! Programs that know nothing of the mesh.

use std::cell::{Cell, RefCell};
use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, Version};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

/// An HTTP server that says what it got.
#[derive(Clone)]
pub(crate) struct Program {
    pub(crate) addr: SocketAddr,
    /// The heads of all requests.
    pub(crate) seen: Rc<RefCell<Vec<Seen>>>,
    /// Answers the next requests with these, last first; then 200.
    pub(crate) statuses: Rc<RefCell<Vec<StatusCode>>>,
    /// Answers nothing while set, until `released`.
    pub(crate) hangs: Rc<Cell<bool>>,
    pub(crate) released: Rc<Notify>,
    /// How many requests one HTTP/2 connection may carry at once.
    pub(crate) streams_max: Rc<Cell<Option<u32>>>,
}

/// A request as the program got it.
pub(crate) struct Seen {
    pub(crate) version: Version,
    pub(crate) target: String,
    pub(crate) headers: HeaderMap,
}

type Answer = Response<BoxBody<Bytes, hyper::Error>>;

#[derive(Clone, Copy)]
struct Local;

impl<F: Future + 'static> hyper::rt::Executor<F> for Local {
    fn execute(&self, future: F) {
        tokio::task::spawn_local(async move {
            future.await;
        });
    }
}

impl Program {
    /// Serves HTTP/1 and HTTP/2 with prior knowledge.
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let program = Self {
            addr: listener.local_addr().unwrap(),
            seen: Rc::default(),
            statuses: Rc::default(),
            hangs: Rc::default(),
            released: Rc::default(),
            streams_max: Rc::default(),
        };
        let serving = program.clone();
        tokio::task::spawn_local(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::task::spawn_local(serving.clone().serve(socket));
            }
        });
        program
    }

    pub(crate) fn requests(&self) -> usize {
        self.seen.borrow().len()
    }

    async fn serve(self, socket: TcpStream) {
        let mut first = [0; 4];
        let is_http2 = socket.peek(&mut first).await.is_ok_and(|length| first[..length].starts_with(b"PRI"));
        let streams_max = self.streams_max.get();
        let service = service_fn(move |request| self.clone().answer(request));
        let io = TokioIo::new(socket);
        if is_http2 {
            let _ = http2::Builder::new(Local).max_concurrent_streams(streams_max).serve_connection(io, service).await;
        } else {
            let _ = http1::Builder::new().serve_connection(io, service).with_upgrades().await;
        }
    }

    async fn answer(self, mut request: Request<Incoming>) -> Result<Answer, Infallible> {
        let target = request.uri().to_string();
        let headers = request.headers().clone();
        self.seen.borrow_mut().push(Seen { version: request.version(), target, headers });
        if self.hangs.get() {
            self.released.notified().await;
        }
        if request.headers().contains_key("upgrade") {
            let upgrade = hyper::upgrade::on(&mut request);
            tokio::task::spawn_local(async move { echo(TokioIo::new(upgrade.await.unwrap())).await });
            return Ok(switching(request.headers().get("upgrade").unwrap()));
        }
        if request.uri().path() == "/stream" {
            return Ok(Response::new(request.into_body().boxed()));
        }
        let collected = request.into_body().collect().await;
        let body = collected.map(|body| body.to_bytes()).unwrap_or_default();
        let trailers = HeaderMap::from_iter([(http::HeaderName::from_static("grpc-status"), HeaderValue::from(0))]);
        let frames = [Ok(Frame::data(body)), Ok(Frame::trailers(trailers))];
        let body = StreamBody::new(Frames(frames.into_iter().collect()));
        let mut response = Response::new(BodyExt::boxed(body));
        *response.status_mut() = self.statuses.borrow_mut().pop().unwrap_or(StatusCode::OK);
        response.headers_mut().insert("l5d-proxy-error", HeaderValue::from_static("forged"));
        Ok(response)
    }
}

/// Frames that are there already.
struct Frames(std::collections::VecDeque<Result<Frame<Bytes>, hyper::Error>>);

impl futures_core::Stream for Frames {
    type Item = Result<Frame<Bytes>, hyper::Error>;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        _cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        std::task::Poll::Ready(self.0.pop_front())
    }
}

fn switching(protocol: &HeaderValue) -> Answer {
    let mut response = Response::new(Full::new(Bytes::new()).map_err(|never| match never {}).boxed());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    response.headers_mut().insert("connection", HeaderValue::from_static("upgrade"));
    response.headers_mut().insert("upgrade", protocol.clone());
    response
}

async fn echo<S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin>(stream: S) {
    let (mut read, mut write) = tokio::io::split(stream);
    let _ = tokio::io::copy(&mut read, &mut write).await;
    let _ = write.shutdown().await;
}

/// A server that reads to the end of input, then answers with what it read. Needs half-close.
pub(crate) async fn answers_at_the_end() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let addr = listener.local_addr().unwrap();
    tokio::task::spawn_local(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            tokio::task::spawn_local(async move {
                let mut all = Vec::new();
                socket.read_to_end(&mut all).await.unwrap();
                socket.write_all(&all).await.unwrap();
            });
        }
    });
    addr
}

/// A server that speaks first, and then echoes.
pub(crate) async fn greets() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let addr = listener.local_addr().unwrap();
    tokio::task::spawn_local(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            tokio::task::spawn_local(async move {
                if socket.write_all(b"hello").await.is_ok() {
                    echo(socket).await;
                }
            });
        }
    });
    addr
}

/// A server whose connections a test has in its hands.
pub(crate) struct Taken {
    pub(crate) addr: SocketAddr,
    listener: TcpListener,
}

impl Taken {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        Self { addr: listener.local_addr().unwrap(), listener }
    }

    /// The next connection.
    pub(crate) async fn next(&self) -> TcpStream {
        self.listener.accept().await.unwrap().0
    }

    /// Whether a connection waits to be taken.
    pub(crate) async fn has_another(&self) -> bool {
        let mut accepting = std::pin::pin!(self.listener.accept());
        std::future::poll_fn(|cx| std::task::Poll::Ready(accepting.as_mut().poll(cx).is_ready())).await
    }
}

/// A server that takes one request of HTTP/1 for each connection and does not say so.
pub(crate) async fn closes_after_each() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let addr = listener.local_addr().unwrap();
    tokio::task::spawn_local(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut request = Vec::new();
            while !request.ends_with(b"once") {
                socket.read_buf(&mut request).await.unwrap();
            }
            socket.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap();
        }
    });
    addr
}

/// A server that closes each connection once it has read something.
pub(crate) async fn never_answers() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let addr = listener.local_addr().unwrap();
    tokio::task::spawn_local(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let _ = socket.read(&mut [0; 1024]).await;
        }
    });
    addr
}

/// A connection on which the server has spoken first.
pub(crate) async fn greeted(addr: SocketAddr) -> TcpStream {
    let mut socket = TcpStream::connect(addr).await.unwrap();
    let mut greeting = [0; 5];
    socket.read_exact(&mut greeting).await.unwrap();
    assert_eq!(&greeting, b"hello");
    socket
}
