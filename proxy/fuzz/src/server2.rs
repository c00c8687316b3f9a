//! A server of HTTP/2 whose first connection has the fuzzer's frames, and which answers properly on all others.

use std::cell::RefCell;
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::sync::Arc;

use bytes::Bytes;
use hauberk_tls::store::Store;
use http::{Method, Request, Response};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use crate::ask2::path_of;
use crate::client::settle;
use crate::frames::{self, HEADERS};
use crate::plan::End;

const PREFACE: usize = 24;

/// What the fuzzer says.
#[derive(Debug)]
pub struct Script {
    /// The last one comes when both requests have, one before it when the first one has.
    pub pieces: Vec<Vec<u8>>,
    /// What follows.
    pub end: End,
}

/// A request, and the stream that the server got it on.
pub type Try = (&'static str, u32);

/// The server.
#[derive(Clone)]
pub struct Server {
    script: Rc<RefCell<Option<Script>>>,
    /// Requests on the fuzzer's connection, and on others.
    tries: Rc<RefCell<(Vec<Try>, Vec<String>)>>,
    /// Connections end when it changes.
    cut: watch::Sender<()>,
    tls: Option<TlsAcceptor>,
}

impl Server {
    /// Serves without TLS, and beside that as a member of the mesh, at addresses of its own.
    pub async fn start(store: &Store) -> (Self, SocketAddr, SocketAddr) {
        let server = Self { script: Rc::default(), tries: Rc::default(), cut: watch::Sender::new(()), tls: None };
        let config: Arc<_> = store.server_config(false).unwrap();
        let meshed = Self { tls: Some(TlsAcceptor::from(config)), ..server.clone() };
        let (plain, meshed) = (server.clone().listen().await, meshed.listen().await);
        (server, plain, meshed)
    }

    async fn listen(self) -> SocketAddr {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let addr = listener.local_addr().unwrap();
        tokio::task::spawn_local(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::task::spawn_local(self.clone().serve(socket, self.cut.subscribe()));
            }
        });
        addr
    }

    /// Says this on the next connection.
    pub fn play(&self, script: Script) {
        *self.script.borrow_mut() = Some(script);
        self.tries.take();
    }

    /// Ends all connections.
    pub async fn cut(&self) {
        self.cut.send_replace(());
        settle().await;
    }

    /// The requests on the fuzzer's connection, and the paths of those on others.
    pub fn take(&self) -> (Vec<Try>, Vec<String>) {
        self.tries.take()
    }

    async fn serve(self, socket: TcpStream, mut cut: watch::Receiver<()>) {
        if self.script.borrow().as_ref().is_some_and(|script| script.end == End::Abort) {
            let _ = socket.set_zero_linger();
        }
        let serving = async {
            match &self.tls {
                None => self.speak(socket).await,
                Some(acceptor) => {
                    if let Ok(stream) = acceptor.accept(socket).await {
                        self.speak(stream).await;
                    }
                }
            }
        };
        tokio::select! {
            () = serving => {}
            _ = cut.changed() => {}
        }
    }

    async fn speak<S: AsyncRead + AsyncWrite + Unpin>(&self, mut stream: S) {
        let mut bytes = Vec::new();
        while bytes.len() < PREFACE {
            if !matches!(stream.read_buf(&mut bytes).await, Ok(1..)) {
                return;
            }
        }
        let script = self.script.borrow_mut().take();
        match script {
            Some(script) => self.perform(script, stream, bytes.split_off(PREFACE)).await,
            None => {
                let (read, write) = tokio::io::split(stream);
                self.answer(tokio::io::join(AsyncReadExt::chain(&bytes[..], read), write)).await;
            }
        }
    }

    /// Says the fuzzer's frames.
    async fn perform<S: AsyncRead + AsyncWrite + Unpin>(&self, script: Script, mut stream: S, mut bytes: Vec<u8>) {
        let mut pieces = script.pieces.into_iter().rev().enumerate().collect::<Vec<_>>();
        loop {
            while let Some((frame, rest)) = frames::next(&bytes) {
                if frame.kind == HEADERS
                    && let Some(path) = path_of(frame.payload)
                {
                    self.tries.borrow_mut().0.push((path, frame.stream));
                }
                bytes = rest.to_vec();
            }
            let came = self.tries.borrow().0.len();
            while let Some((_, piece)) = pieces.pop_if(|(left, _)| came + *left >= 2) {
                // The proxy may close once it has seen enough.
                if stream.write_all(&piece).await.is_err() || stream.flush().await.is_err() {
                    return;
                }
                settle().await;
                if pieces.is_empty() && (script.end == End::Abort || said_no_more(script.end, &mut stream).await) {
                    return;
                }
            }
            if !matches!(stream.read_buf(&mut bytes).await, Ok(1..)) {
                return;
            }
        }
    }

    /// Answers each request with its own path.
    async fn answer(&self, stream: impl AsyncRead + AsyncWrite + Unpin) {
        let Ok(mut connection) = h2::server::handshake(stream).await else { return };
        while let Some(Ok((request, mut respond))) = connection.accept().await {
            let request: Request<h2::RecvStream> = request;
            let path = request.uri().path().to_owned();
            self.tries.borrow_mut().1.push(path.clone());
            let is_head = request.method() == Method::HEAD;
            // The client may have gone meanwhile.
            if let Ok(mut body) = respond.send_response(Response::new(()), is_head)
                && !is_head
            {
                let _ = body.send_data(Bytes::from(path), true);
            }
        }
    }
}

/// Says that there is no more, if that is the end. Returns whether it failed.
async fn said_no_more(end: End, stream: &mut (impl AsyncWrite + Unpin)) -> bool {
    end == End::Close && stream.shutdown().await.is_err()
}
