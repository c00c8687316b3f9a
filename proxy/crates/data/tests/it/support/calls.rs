//! HTTP/2 stream by stream, at either end.

use std::cell::RefCell;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::rc::Rc;
use std::task::Poll;

use bytes::Bytes;
use h2::client::SendRequest;
use h2::server::SendResponse;
use h2::{Reason, RecvStream, SendStream};
use http::Request;
use tokio::net::TcpStream;
use tokio::sync::{Notify, mpsc};

/// A request, with what answers it.
pub(crate) type Call = (Request<RecvStream>, SendResponse<Bytes>);

/// The server's end of a connection.
pub(crate) struct Calls {
    calls: mpsc::UnboundedReceiver<Call>,
    goodbye: Rc<Notify>,
}

impl Calls {
    /// Takes what comes over a connection that was just made.
    pub(crate) async fn over(socket: TcpStream) -> Self {
        let mut builder = h2::server::Builder::new();
        builder.enable_connect_protocol().max_header_list_size(1024 * 1024);
        // A program that does not read one request still has room for the others.
        builder.initial_connection_window_size(64 * 1024 * 1024);
        let mut connection = builder.handshake(socket).await.unwrap();
        let (sender, calls) = mpsc::unbounded_channel();
        let goodbye = Rc::new(Notify::new());
        let told = goodbye.clone();
        tokio::task::spawn_local(async move {
            let mut told = std::pin::pin!(told.notified());
            let mut leaving = false;
            poll_fn(|cx| {
                if !leaving && told.as_mut().poll(cx).is_ready() {
                    leaving = true;
                    connection.graceful_shutdown();
                }
                while let Poll::Ready(call) = connection.poll_accept(cx) {
                    let Some(Ok(call)) = call else { return Poll::Ready(()) };
                    let _ = sender.send(call);
                }
                Poll::Pending
            })
            .await;
        });
        Self { calls, goodbye }
    }

    /// The next request.
    pub(crate) async fn next(&mut self) -> Call {
        self.next_or_end().await.expect("the connection ended")
    }

    /// The next request, unless the connection ends before.
    pub(crate) async fn next_or_end(&mut self) -> Option<Call> {
        self.calls.recv().await
    }

    /// Takes no more requests than those that came.
    pub(crate) fn say_goodbye(&self) {
        self.goodbye.notify_one();
    }
}

/// The client's end of a connection.
#[derive(Clone)]
pub(crate) struct Caller {
    sender: SendRequest<Bytes>,
    ended: Rc<RefCell<Option<Option<Reason>>>>,
}

impl Caller {
    pub(crate) async fn to(addr: SocketAddr) -> Self {
        Self::with(addr, |_| {}).await
    }

    /// The same with a client as `change` wants it.
    pub(crate) async fn with(addr: SocketAddr, change: impl FnOnce(&mut h2::client::Builder)) -> Self {
        let socket = TcpStream::connect(addr).await.unwrap();
        let mut builder = h2::client::Builder::new();
        builder.initial_max_send_streams(1000).max_header_list_size(1024 * 1024);
        change(&mut builder);
        let (sender, connection) = builder.handshake(socket).await.unwrap();
        let ended = Rc::new(RefCell::new(None));
        let end = ended.clone();
        tokio::task::spawn_local(async move {
            let reason = connection.await.err().and_then(|error| error.reason());
            *end.borrow_mut() = Some(reason);
        });
        Self { sender, ended }
    }

    /// Begins a request, once the connection takes one more.
    pub(crate) async fn call(
        &self,
        request: Request<()>,
        over: bool,
    ) -> (h2::client::ResponseFuture, SendStream<Bytes>) {
        let mut sender = self.sender.clone();
        poll_fn(|cx| sender.poll_ready(cx)).await.unwrap();
        sender.send_request(request, over).unwrap()
    }

    /// Whether the server lets this side make requests of other protocols (RFC 8441).
    pub(crate) fn takes_protocols(&self) -> bool {
        self.sender.is_extended_connect_protocol_enabled()
    }

    /// Whether the connection takes no more requests.
    pub(crate) async fn is_closing(&self) -> bool {
        let mut sender = self.sender.clone();
        poll_fn(|cx| Poll::Ready(matches!(sender.poll_ready(cx), Poll::Ready(Err(_))))).await
    }

    /// The reason for which the connection ended, if it has, and if it was one.
    pub(crate) fn ended(&self) -> Option<Option<Reason>> {
        *self.ended.borrow()
    }
}

/// All of a body, whose sender may send on as it is read.
pub(crate) async fn read(body: &mut RecvStream) -> Result<Vec<u8>, h2::Error> {
    let mut all = Vec::new();
    while let Some(data) = body.data().await {
        let data = data?;
        body.flow_control().release_capacity(data.len())?;
        all.extend_from_slice(&data);
    }
    Ok(all)
}

/// Sends all of `data`, as the receiver permits.
pub(crate) async fn send(stream: &mut SendStream<Bytes>, mut data: Bytes, over: bool) -> Result<(), h2::Error> {
    while !data.is_empty() {
        stream.reserve_capacity(data.len());
        let room = match poll_fn(|cx| stream.poll_capacity(cx)).await {
            Some(room) => room?,
            None => return Ok(()),
        };
        let part = data.split_to(room.min(data.len()));
        stream.send_data(part, over && data.is_empty())?;
    }
    Ok(())
}
