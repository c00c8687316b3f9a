//! One connection to a server, and one request over it.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use h2::client::{ResponseFuture, SendRequest};
use hauberk_core::budget::Budget;
use hauberk_core::http2::window::Windows;
use http::{Request, Response};
use http_body::Body as _;
use tokio::task::yield_now;

use crate::config::Http2Client;
use crate::http::body::Body;
use crate::http::body_error::BodyError;
use crate::http::h2::flow::Flow;
use crate::http::h2::others;
use crate::http::h2::pipe::{Pipe, PipeError};
use crate::http::h2::receive::Receive;
use crate::http::h2::server::{SMALL_FRAMES_MAX, length};
use crate::http::h2::shared::SharedLease;
use crate::http::h2::tend::{Pinging, Tending, Windowed};
use crate::http::h2::wakes::Wakes;
use crate::http::h2::watched::Watched;
use crate::http::incoming::Incoming;
use crate::http::interim::Interims;
use crate::stream::Stream;

/// Streams that may be opened before the server says how many it allows.
const STREAMS_FIRST: usize = 100;

/// The runtime asks the kernel at each turn; what it hears reaches the connection's task within the next.
const TURNS_MAX: usize = 3;

/// A connection that is driven by a task of its own.
pub(super) struct Connection {
    pub(super) sender: SendRequest<Bytes>,
    /// Set when nothing more can be sent.
    pub(super) closed: Rc<Cell<bool>>,
    /// Told when the last request is over.
    pub(super) resting: Rc<Cell<bool>>,
    pub(super) flow: Rc<Flow>,
}

/// Begins HTTP/2 on a connection. Windows are taken from `buffers`.
pub(super) async fn connect(stream: Stream, settings: &Http2Client, buffers: &Budget) -> Result<Connection, h2::Error> {
    let (stream, flow) = Watched::made(stream, buffers.whole());
    let windows = Windows::new(buffers, settings.stream_window, settings.connection_window);
    let (sender, mut connection) = h2::client::Builder::new()
        .enable_push(false)
        .initial_max_send_streams(STREAMS_FIRST)
        .max_frame_size(settings.frame_max)
        .max_header_list_size(settings.header_list_max)
        .initial_window_size(windows.stream())
        .initial_connection_window_size(windows.connection())
        .max_concurrent_reset_streams(settings.resets_max)
        // Data on its way to streams that were cancelled and forgotten is nobody's fault, however long the connection lives.
        .max_local_error_reset_streams(None)
        .max_send_buffer_size(settings.send_buffer_max)
        .data_frame_budget(SMALL_FRAMES_MAX)
        .handshake::<_, Bytes>(stream)
        .await?;
    let pings = connection.ping_pong();
    let pinging = Pinging {
        interval: settings.keep_alive_interval,
        timeout: settings.keep_alive_timeout,
        while_idle: settings.keep_alive_while_idle,
    };
    let mut tending = Tending::new(flow.clone(), windows, pings, pinging);
    let (closed, resting) = (Rc::new(Cell::new(false)), Rc::new(Cell::new(false)));
    let watched = (flow.clone(), resting.clone());
    let ended = Ended { closed: closed.clone(), flow: flow.clone() };
    tokio::task::spawn_local(async move {
        let _ended = ended;
        let (flow, resting) = watched;
        let mut settled = false;
        let wakes = Wakes::default();
        let mut waited = pin!(None);
        let driven = poll_fn(|cx| {
            // A request is on its way, and so may be those of others.
            let shared = flow.take_begun() && flow.open() > 1;
            ready!(others::first(waited.as_mut(), yield_now, shared, cx));
            let turn = wakes.run(cx);
            if resting.take() {
                tending.rest(&mut connection);
            }
            flow.let_go();
            turn.looks();
            tending.admit(&mut connection);
            let driven = Pin::new(&mut connection).poll(&mut wakes.context());
            if !settled && flow.has_settings() {
                settled = true;
                flow.settled().notify_waiters();
            }
            // Its requests fail with the connection.
            if driven.is_ready() || flow.is_flooded() || tending.poll(&mut connection, cx).is_ready() {
                return Poll::Ready(());
            }
            Poll::Pending
        });
        driven.await;
        tracing::debug!("a shared connection ended");
    });
    Ok(Connection { sender, closed, resting, flow })
}

impl Windowed for h2::client::Connection<Watched, Bytes> {
    fn set_connection_window(&mut self, size: u32) {
        self.set_target_window_size(size);
    }

    fn set_stream_window(&mut self, size: u32) -> Result<(), h2::Error> {
        self.set_initial_window_size(size)
    }
}

/// Says that a connection is over, also when its task panics.
struct Ended {
    closed: Rc<Cell<bool>>,
    flow: Rc<Flow>,
}

impl Drop for Ended {
    fn drop(&mut self) {
        self.closed.set(true);
        self.flow.settled().notify_waiters();
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // Before the sender, whose end is that of the connection unless somebody has a stream.
        self.flow.let_go();
    }
}

impl Connection {
    /// Whether the server takes requests that ask for another protocol (RFC 8441, 3): known once its settings have come.
    pub(super) async fn takes_protocols(&self) -> bool {
        while !self.flow.has_settings() && !self.closed.get() {
            self.flow.settled().notified().await;
        }
        self.sender.is_extended_connect_protocol_enabled()
    }

    /// Lets the connection hear what the kernel has and the runtime does not know of yet: most of all, that its peer has ended
    /// it.
    pub(super) async fn catch_up(&self) {
        for _ in 0..TURNS_MAX {
            if self.closed.get() || self.flow.is_silent() {
                return;
            }
            yield_now().await;
        }
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StreamError {
    /// The connection takes no more requests; this one was not sent.
    #[error("the connection takes no more requests: {0}")]
    Unsent(h2::Error),
    /// The connection had ended before anything of this request went out.
    #[error("the connection had ended: {0}")]
    Stale(h2::Error),
    /// The request asks for a protocol within HTTP/2, and the server takes none (RFC 8441).
    #[error("it takes no other protocols over HTTP/2 (extended CONNECT)")]
    Unsupported,
    /// The stream failed, or its connection.
    #[error(transparent)]
    Stream(#[from] h2::Error),
    /// What the client sends failed.
    #[error(transparent)]
    Request(#[from] BodyError),
}

/// Sends `request` on a stream that is ready to open; what is returned waits for the head of its answer.
pub(super) fn exchange(
    mut sender: SendRequest<Bytes>,
    request: Request<Body>,
    lease: SharedLease,
    interims: &Interims,
) -> impl Future<Output = Result<Response<Incoming>, StreamError>> + use<'_> {
    // At once, so that nothing that waits carries the request about.
    let (parts, body) = request.into_parts();
    let over = body.is_end_stream();
    let writes = lease.flow().writes();
    let begun = sender.send_request(Request::from_parts(parts, ()), over).map_err(StreamError::Unsent);
    drop(sender);
    let begun = begun.map(|(response, stream)| (response, (!over).then(|| Pipe::new(stream, body, lease.flow()))));
    async move {
        let (response, mut upload) = begun?;
        let response = match (Head { response, upload: &mut upload, interims }).await {
            // What was not written nobody saw.
            Err(StreamError::Stream(error)) if error.is_io() && lease.flow().writes() == writes => {
                return Err(StreamError::Stale(error));
            }
            response => response?,
        };
        let (parts, mut stream) = response.into_parts();
        let body = if stream.is_end_stream() && upload.is_none() {
            lease.leave(&mut stream);
            Incoming::Empty
        } else {
            let length = length(&parts.headers);
            Incoming::Stream(Box::new(Receive::new(stream, length, lease.flow()).answering(upload, lease)))
        };
        Ok(Response::from_parts(parts, body))
    }
}

/// The head of an answer; the request's body goes on meanwhile.
struct Head<'a> {
    response: ResponseFuture,
    upload: &'a mut Option<Pipe>,
    interims: &'a Interims,
}

impl Future for Head<'_> {
    type Output = Result<Response<h2::RecvStream>, StreamError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        if let Some(upload) = this.upload
            && let Poll::Ready(sent) = upload.poll(cx)
        {
            *this.upload = None;
            if let Err(PipeError::Body(error)) = sent {
                return Poll::Ready(Err(error.into()));
            } // else the answer says what is wrong
        }
        while let Poll::Ready(Some(Ok(interim))) = this.response.poll_informational(cx) {
            this.interims.push(interim);
        }
        Pin::new(&mut this.response).poll(cx).map_err(StreamError::Stream)
    }
}
