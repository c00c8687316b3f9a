//! Serves the requests of one accepted connection, many at once.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Poll, ready};
use std::time::Instant;

use bytes::Bytes;
use futures_util::stream::{FuturesUnordered, Stream as _};
use h2::server::{Connection, SendResponse};
use h2::{Reason, RecvStream};
use hauberk_core::budget::Budget;
use hauberk_core::http2::window::Windows;
use http::header::{CONTENT_LENGTH, EXPECT};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body::Body as _;
use tokio::task::yield_now;

use crate::config::Http2Server;
use crate::drain::Drain;
use crate::http::body::Body;
use crate::http::h2::flow::Flow;
use crate::http::h2::others;
use crate::http::h2::pipe::{Pipe, PipeError};
use crate::http::h2::receive::Receive;
use crate::http::h2::tend::{Pinging, Tending, Windowed};
use crate::http::h2::wakes::Wakes;
use crate::http::h2::watched::Watched;
use crate::http::incoming::Incoming;
use crate::http::interim::Interims;
use crate::http::serve::{Reply, Reset};
use crate::http::stall::Patience;
use crate::stream::Stream;

/// What the library may hold beyond the bytes of small frames that nobody reads yet. Spent, it ends the connection with all its
/// streams, so that it is as much as some stalled streams of gRPC messages need; it bounds such frames to some 60,000.
pub(super) const SMALL_FRAMES_MAX: usize = 16 * 1024 * 1024;
/// Streams that this side has just reset. Data that is still on its way to one that is forgotten counts below.
const RESET_REMEMBERED_MAX: usize = 1024;
/// Resets in a connection's whole life that the client caused by an error; connections between proxies live long.
const RESETS_IN_ALL_MAX: usize = 1024;

/// Header lines of one request, as with HTTP/1: each costs much more than its bytes on the wire.
const HEADERS_MAX: usize = 256;
/// Interim answers of one request: they wait in the library, however slowly the client reads.
const INTERIMS_MAX: usize = 64;

/// Why a connection ended early.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Ended {
    /// It failed.
    #[error(transparent)]
    Connection(#[from] h2::Error),
    /// Its client sent what only costs.
    #[error("the client floods the connection with frames of no use")]
    Flooded,
    /// Its client does not answer.
    #[error("the client did not answer a ping in time")]
    Gone,
}

/// Serves until the connection ends. Windows are taken from `buffers`.
pub(crate) async fn serve<F, R>(
    stream: Stream,
    settings: Http2Server,
    buffers: &Budget,
    patience: Option<Patience>,
    mut drain: Drain,
    service: F,
) -> Result<(), Ended>
where
    F: Fn(Request<Incoming>, Interims) -> R,
    R: Future<Output = Result<Reply, Reset>>,
{
    let (stream, flow) = Watched::accepted(stream, buffers.whole(), patience);
    let windows = Windows::new(buffers, settings.stream_window, settings.connection_window);
    let mut connection = h2::server::Builder::new()
        .max_concurrent_streams(settings.streams_max)
        .max_frame_size(settings.frame_max)
        .initial_window_size(windows.stream())
        .initial_connection_window_size(windows.connection())
        .max_header_list_size(settings.header_list_max)
        .max_pending_accept_reset_streams(settings.resets_max.unwrap_or(settings.streams_max as usize))
        .max_concurrent_reset_streams(RESET_REMEMBERED_MAX)
        .max_local_error_reset_streams(Some(RESETS_IN_ALL_MAX))
        .max_send_buffer_size(settings.send_buffer_max)
        .data_frame_budget(SMALL_FRAMES_MAX)
        .enable_connect_protocol()
        .handshake::<_, Bytes>(stream)
        .await?;
    let pings = connection.ping_pong();
    let pinging =
        Pinging { interval: settings.keep_alive_interval, timeout: settings.keep_alive_timeout, while_idle: true };
    let mut tending = Tending::new(flow.clone(), windows, pings, pinging);
    let mut answers = FuturesUnordered::new();
    let mut draining = pin!(drain.begun());
    let mut is_draining = false;
    let mut flooded = false;
    let wakes = Wakes::default();
    let mut waited = pin!(None);
    poll_fn(|cx| {
        let turn = wakes.run(cx);
        if !is_draining && draining.as_mut().poll(cx).is_ready() {
            is_draining = true;
            connection.graceful_shutdown();
        }
        let (mut some_ended, mut has_waited) = (false, false);
        loop {
            while let Poll::Ready(Some(())) = Pin::new(&mut answers).poll_next(cx) {
                some_ended = true;
            }
            turn.looks(); // at what the answers had for the connection
            if !has_waited {
                has_waited = true;
                // An answer is on its way, and so may be those to others.
                ready!(others::first(waited.as_mut(), yield_now, some_ended && !answers.is_empty(), cx));
            }
            match connection.poll_accept(&mut wakes.context()) {
                Poll::Ready(Some(Ok((request, respond)))) => {
                    answers.push(answer(&service, request, respond, flow.clone()));
                }
                Poll::Ready(_) if flooded => return Poll::Ready(Err(Ended::Flooded)),
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Err(error.into())),
                Poll::Ready(None) => return Poll::Ready(Ok(())),
                Poll::Pending if flow.is_flooded() && !flooded => {
                    flooded = true;
                    connection.abrupt_shutdown(Reason::ENHANCE_YOUR_CALM);
                }
                // Not before: data may have come for requests that were not taken up yet.
                Poll::Pending if some_ended && answers.is_empty() => {
                    some_ended = false;
                    if !tending.rest(&mut connection) {
                        break;
                    }
                }
                Poll::Pending => break,
            }
        }
        tending.poll(&mut connection, cx).map(|()| Err(Ended::Gone))
    })
    .await
}

impl Windowed for Connection<Watched, Bytes> {
    fn set_connection_window(&mut self, size: u32) {
        self.set_target_window_size(size);
    }

    fn set_stream_window(&mut self, size: u32) -> Result<(), h2::Error> {
        self.set_initial_window_size(size)
    }
}

/// Answers one request. Its failure is that of its stream alone.
fn answer<F, R>(
    service: &F,
    request: Request<RecvStream>,
    mut respond: SendResponse<Bytes>,
    flow: Rc<Flow>,
) -> impl Future<Output = ()> + use<F, R>
where
    F: Fn(Request<Incoming>, Interims) -> R,
    R: Future<Output = Result<Reply, Reset>>,
{
    let is_head = request.method() == Method::HEAD;
    let (began, interims) = (flow.heard_at(), Interims::default());
    let answering = if request.headers().len() > HEADERS_MAX {
        refuse(&mut respond);
        None
    } else {
        Some(Box::pin(service(incoming(request, &flow), interims.clone())))
    };
    async move {
        let Some(mut answering) = answering else { return };
        let mut left = INTERIMS_MAX;
        let reply = poll_fn(|cx| {
            let reply = answering.as_mut().poll(cx);
            while let Some(interim) = interims.pop() {
                // A client that is gone is noticed by what follows.
                if left > 0 {
                    let _ = respond.send_informational(interim);
                }
                left = left.saturating_sub(1);
            }
            match reply {
                Poll::Ready(reply) => Poll::Ready(Some(reply)),
                Poll::Pending => respond.poll_reset(cx).map(|_| None),
            }
        });
        let reply = reply.await;
        drop(answering);
        let sending = match reply {
            None => return flow.reset_by_client(began), // it does not want it any more
            Some(Ok(Reply::Answer(response))) if is_head => begin(response.map(Body::unexplained), &mut respond, &flow),
            Some(Ok(Reply::Answer(response))) => begin(*response, &mut respond, &flow),
            Some(Ok(Reply::Tunnel(..))) => return respond.send_reset(Reason::INTERNAL_ERROR), // HTTP/1 alone has those
            Some(Err(reset)) => return respond.send_reset(reset.reason()),
        };
        if let Some(pipe) = sending {
            send(pipe, flow, began).await;
        }
    }
}

/// A request with its body as it comes.
fn incoming(request: Request<RecvStream>, flow: &Rc<Flow>) -> Request<Incoming> {
    let length = length(request.headers());
    // A client that waits for the word to go on owes nothing before.
    let promised = length.is_some() && !request.headers().contains_key(EXPECT);
    request.map(|stream| match stream.is_end_stream() {
        true => Incoming::Empty,
        false => {
            let body = Receive::new(stream, length, flow.clone());
            Incoming::Stream(Box::new(if promised { body.promised() } else { body }))
        }
    })
}

/// Answers a request that has more headers than HTTP/1 takes.
fn refuse(respond: &mut SendResponse<Bytes>) {
    let mut response = Response::new(());
    *response.status_mut() = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
    // A client that is gone needs no answer.
    let _ = respond.send_response(response, true);
}

/// Sends the head of an answer. Returns what sends the rest, if there is more.
fn begin(response: Response<Body>, respond: &mut SendResponse<Bytes>, flow: &Rc<Flow>) -> Option<Pipe> {
    let (parts, body) = response.into_parts();
    let over = body.is_end_stream();
    match respond.send_response(Response::from_parts(parts, ()), over) {
        Ok(stream) => (!over).then(|| Pipe::new(stream, body, flow.clone())),
        Err(error) => {
            tracing::debug!(%error, "a response was not sent");
            respond.send_reset(Reason::INTERNAL_ERROR);
            None
        }
    }
}

/// Sends the body of the answer to a request that came at `began`.
async fn send(mut pipe: Pipe, flow: Rc<Flow>, began: Instant) {
    match poll_fn(|cx| pipe.poll(cx)).await {
        Ok(()) => {}
        Err(error @ PipeError::Body(_)) => tracing::debug!(%error, "a response ended early"),
        Err(error) => {
            tracing::debug!(%error, "the client of a response is gone");
            flow.reset_by_client(began);
            pipe.reset(Reason::CANCEL);
        }
    }
}

/// What a head says of the length of its body.
pub(super) fn length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}
