//! Serves the requests of one accepted connection, one after the other.

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hauberk_core::budget::Budget;
use hauberk_core::http1::Framing;
use hauberk_core::http1::refusal::Refusal;
use hauberk_core::http1::request::{self, Head};
use hauberk_net::copy::{self, End};
use http::header::{EXPECT, HeaderValue, RETRY_AFTER};
use http::{Method, Request, Response, StatusCode, Version};
use tokio::time::{Sleep, sleep};

use crate::drain::Drain;
use crate::http::body::Body;
use crate::http::h1::coding::Coding;
use crate::http::h1::conn::{Conn, Raw};
use crate::http::h1::send::{Sending, SendingError};
use crate::http::h1::write::Asked;
use crate::http::h1::{REQUEST_HEAD_MAX, write};
use crate::http::incoming::Incoming;
use crate::http::interim::Interims;
use crate::http::serve::{Reply, Reset, Tunnel};
use crate::http::stall::{Patience, Watch};
use crate::stream::Stream;

/// From the first byte of a head to its last.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// What a client may send ahead while its request is answered.
const AHEAD_MAX: usize = 64 * 1024;
/// How long, and how many bytes, a client that still sends is listened to after the last answer: a connection that is closed
/// at once may take the answer with it (RFC 9112, 9.6).
const LINGER: Duration = Duration::from_secs(1);
const LINGER_MAX: usize = 512 * 1024;
/// How long a client may take for the rest of a request that was answered already.
const REST_TIMEOUT: Duration = Duration::from_secs(10);

/// What a client expects that sends its body only when it is told to (RFC 9110, 10.1.1).
const CONTINUE: &[u8] = b"100-continue";

/// Why a connection ended early.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Ended {
    /// It failed.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// A request was not what it should be.
    #[error("request refused: {0}")]
    Refused(#[from] Refusal),
    /// The head of a request took too long.
    #[error("the request's head took too long")]
    Late,
    /// There is no room for more of the head of a request.
    #[error("there is no room for the request's head")]
    Crowded,
    /// Its client stalled.
    #[error("the client stalled")]
    Stalled,
    /// The body of a request broke off, or made no sense, while it was answered.
    #[error("the request's body broke off while it was answered")]
    Broken,
    /// An answer was not sent to its end.
    #[error(transparent)]
    Answer(#[from] SendingError),
    /// The request has no answer.
    #[error(transparent)]
    Reset(#[from] Reset),
}

/// Serves until the connection ends. What waits on it is held in `room`.
pub(crate) async fn serve<F, R>(
    stream: Stream,
    room: Budget,
    patience: Option<Patience>,
    mut drain: Drain,
    service: F,
) -> Result<(), Ended>
where
    F: Fn(Request<Incoming>, Interims) -> R,
    R: Future<Output = Result<Reply, Reset>>,
{
    let conn = Rc::new(RefCell::new(Conn::new(stream, room.clone())));
    let mut client = Client { room, patience, watch: Watch::default() };
    let interims = Interims::default();
    let mut draining = pin!(drain.begun());
    let mut is_draining = false;
    loop {
        let mut waiting = Waiting::default();
        let head = poll_fn(|cx| {
            if !is_draining && draining.as_mut().poll(cx).is_ready() {
                is_draining = true;
            }
            waiting.poll(&mut conn.borrow_mut(), is_draining, cx)
        });
        let Head { request, framing, persistent } = match head.await {
            Ok(Some(head)) => head,
            Ok(None) => return Ok(()),
            Err(ended) => return refuse(&conn, &mut client, ended).await,
        };
        let mut asked = Asked {
            method: request.method().clone(),
            http10: request.version() == Version::HTTP_10,
            persistent: persistent && !is_draining,
            waits: request.headers().get(EXPECT).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(CONTINUE)),
        };
        let body = incoming(&conn, framing);
        // Boxed, so that a connection at rest is small.
        let answering = Box::pin(service(request.map(|()| body), interims.clone()));
        let reply = match answer(&conn, answering, &interims, &mut asked, &mut client).await {
            Err(ended) => return refuse(&conn, &mut client, ended).await,
            Ok(reply) => reply?,
        };
        match reply {
            Reply::Answer(response) => {
                // The client is told with this answer: it would send the next request into a connection that closes.
                is_draining = is_draining || poll_fn(|cx| Poll::Ready(draining.as_mut().poll(cx).is_ready())).await;
                asked.persistent &= !is_draining;
                if !send(&conn, *response, &asked, &mut client).await? {
                    return linger(&conn).await;
                }
            }
            Reply::Tunnel(response, tunnel) => return join(&conn, &response, *tunnel).await,
        }
    }
}

/// The body of the request that was just read.
fn incoming(conn: &Rc<RefCell<Conn>>, framing: Framing) -> Incoming {
    let mut inner = conn.borrow_mut();
    inner.expect_body(framing);
    match inner.take_whole_body() {
        Some(whole) => Incoming::Whole(whole),
        None if inner.is_body_over() => Incoming::Empty,
        None => Incoming::Request(conn.clone()),
    }
}

/// Whoever is answered.
struct Client {
    /// For what waits to be taken.
    room: Budget,
    patience: Option<Patience>,
    watch: Watch,
}

impl Client {
    /// Ready once it has stalled for too long. To be called while it is waited for.
    fn poll_stalled(&mut self, conn: &Conn, cx: &mut Context<'_>) -> Poll<Ended> {
        let Some(patience) = &self.patience else { return Poll::Pending };
        ready!(self.watch.poll(patience, conn.moved(), cx));
        patience.count();
        Poll::Ready(Ended::Stalled)
    }
}

/// Waiting for a head.
#[derive(Default)]
struct Waiting {
    /// Runs from the first byte on.
    late: Option<Pin<Box<Sleep>>>,
    /// Bytes of the buffer that were judged.
    judged: usize,
}

impl Waiting {
    /// The next head; `None` where the connection ends instead.
    fn poll(&mut self, conn: &mut Conn, is_draining: bool, cx: &mut Context<'_>) -> Poll<Result<Option<Head>, Ended>> {
        loop {
            if self.is_worth_judging(conn) {
                if let Some(head) = request::take(&mut conn.buffer, REQUEST_HEAD_MAX)? {
                    return Poll::Ready(Ok(Some(head)));
                }
                self.judged = conn.buffer.len(); // an empty line before the head is gone by now
            }
            if conn.has_ended() {
                let whole = conn.buffer.is_empty();
                return Poll::Ready(if whole {
                    Ok(None)
                } else {
                    Err(io::Error::from(io::ErrorKind::UnexpectedEof).into())
                });
            }
            if let Poll::Ready(more) = conn.poll_more(cx) {
                more?;
                continue;
            }
            if conn.buffer.is_empty() {
                conn.rest();
                return if is_draining { Poll::Ready(Ok(None)) } else { Poll::Pending };
            }
            if conn.is_too_much() {
                return Poll::Ready(Err(Ended::Crowded));
            }
            ready!(self.late.get_or_insert_with(|| Box::pin(sleep(HEAD_TIMEOUT))).as_mut().poll(cx));
            return Poll::Ready(Err(Ended::Late));
        }
    }

    /// Lines are judged when they are whole: without the end of one there is nothing new.
    fn is_worth_judging(&self, conn: &Conn) -> bool {
        conn.buffer.len() >= REQUEST_HEAD_MAX || conn.buffer[self.judged.min(conn.buffer.len())..].contains(&b'\n')
    }
}

/// The service's reply. Interim answers pass meanwhile, and a client that is gone is noticed.
async fn answer<R>(
    conn: &RefCell<Conn>,
    mut answering: Pin<Box<R>>,
    interims: &Interims,
    asked: &mut Asked,
    client: &mut Client,
) -> Result<Result<Reply, Reset>, Ended>
where
    R: Future<Output = Result<Reply, Reset>>,
{
    poll_fn(|cx| {
        let reply = answering.as_mut().poll(cx);
        let mut conn = conn.borrow_mut();
        // A client that reads nothing does not make its server's hints pile up here.
        while conn.out.len() < AHEAD_MAX
            && let Some(interim) = interims.pop()
        {
            asked.waits &= interim.status() != StatusCode::CONTINUE;
            if !asked.http10 {
                write::bare(&interim, conn.out.text());
            }
        }
        if let Poll::Ready(reply) = reply {
            return Poll::Ready(Ok(reply));
        }
        if let Poll::Ready(flushed) = conn.poll_flush(cx) {
            flushed?;
        }
        watch(&mut conn, cx)?;
        // A client that waits for the word to go on owes nothing before.
        if !conn.is_flushed() || (conn.is_starved() && !asked.waits) {
            return client.poll_stalled(&conn, cx).map(Err);
        }
        Poll::Pending
    })
    .await
}

/// Looks whether the client is still there. What it sends ahead is kept, up to a bound; an end of its stream alone is none of
/// the connection.
fn watch(conn: &mut Conn, cx: &mut Context<'_>) -> io::Result<()> {
    while conn.is_body_over() && !conn.has_ended() && conn.has_room_ahead(AHEAD_MAX) {
        match conn.poll_more(cx) {
            Poll::Ready(more) => more?,
            Poll::Pending => return Ok(()),
        };
    }
    conn.wait();
    Ok(())
}

/// Sends a response. Returns whether the connection may serve the next request.
async fn send(
    conn: &RefCell<Conn>,
    response: Response<Body>,
    asked: &Asked,
    client: &mut Client,
) -> Result<bool, Ended> {
    let persistent = asked.persistent && is_worth_its_rest(&conn.borrow(), &response, asked);
    let asked = &Asked { persistent, ..asked.clone() };
    let (coding, persistent) = write::response(&response, asked, conn.borrow_mut().out.text());
    let mut sending = Sending::new(response.into_body(), coding);
    let sent = poll_fn(|cx| poll_send(conn, &mut sending, asked, client, cx)).await;
    if matches!(sent, Err(Ended::Stalled)) || sent.is_err() && coding == Coding::UntilClose {
        conn.borrow().abort();
    }
    sent?;
    drop(sending); // what is still to come of the request has no reader any more
    if !persistent || conn.borrow().is_body_over() {
        return Ok(persistent);
    }
    // The client was not told that the connection ends, so what it still sends is waited for, within bounds.
    let rest = poll_fn(|cx| poll_rest(&mut conn.borrow_mut(), cx));
    Ok(tokio::time::timeout(REST_TIMEOUT, rest).await.unwrap_or(false))
}

fn poll_send(
    here: &RefCell<Conn>,
    sending: &mut Sending,
    asked: &Asked,
    client: &mut Client,
    cx: &mut Context<'_>,
) -> Poll<Result<(), Ended>> {
    loop {
        // The body may read the request, which is on this very connection: it is not borrowed meanwhile.
        let mut out = std::mem::take(&mut here.borrow_mut().out);
        let filled = sending.poll_fill(cx, &mut out, &client.room);
        let mut conn = here.borrow_mut();
        conn.out = out;
        let filled = filled?;
        match conn.poll_flush(cx) {
            Poll::Ready(Ok(())) if sending.is_done() => return Poll::Ready(Ok(())),
            // The server would wait for the rest of the request, and the client for the rest of the answer.
            Poll::Ready(Ok(())) if filled.is_pending() && conn.is_broken() => return Poll::Ready(Err(Ended::Broken)),
            Poll::Ready(Ok(())) if filled.is_pending() => {
                watch(&mut conn, cx)?;
                if conn.is_starved() && !asked.waits {
                    return client.poll_stalled(&conn, cx).map(Err);
                }
                return Poll::Pending;
            }
            Poll::Ready(Ok(())) => {}
            Poll::Ready(Err(error)) => return Poll::Ready(Err(error.into())),
            Poll::Pending => {
                drop(conn);
                sending.poll_upload(cx)?;
                return client.poll_stalled(&here.borrow(), cx).map(Err);
            }
        }
    }
}

/// Reads and drops what is left of a request that was answered already. Returns whether its end was reached.
fn poll_rest(conn: &mut Conn, cx: &mut Context<'_>) -> Poll<bool> {
    let mut dropped = 0;
    while !conn.is_body_over() && dropped < AHEAD_MAX {
        match ready!(conn.poll_body(cx)) {
            Some(Ok(frame)) => dropped += frame.data_ref().map_or(0, bytes::Bytes::len),
            Some(Err(_)) => return Poll::Ready(false),
            None => {}
        }
    }
    Poll::Ready(conn.is_body_over())
}

/// Whether the connection is worth the rest of the request: if its answer has no use for that, only where it is little.
fn is_worth_its_rest(conn: &Conn, response: &Response<Body>, asked: &Asked) -> bool {
    let little = || conn.body_size().exact().is_some_and(|left| left <= AHEAD_MAX as u64);
    // A client that waited for the word to go on and never got it may send its body or not.
    conn.is_body_over() || (!asked.waits && (response.body().has_upload() || little()))
}

/// Ends a connection that failed before an answer; who can still be told is told why.
async fn refuse(conn: &RefCell<Conn>, client: &mut Client, ended: Ended) -> Result<(), Ended> {
    let status = match &ended {
        Ended::Refused(Refusal::TooLong | Refusal::TooMany) => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        Ended::Refused(_) => StatusCode::BAD_REQUEST,
        Ended::Crowded => StatusCode::SERVICE_UNAVAILABLE,
        Ended::Stalled if conn.borrow().is_flushed() => StatusCode::REQUEST_TIMEOUT,
        Ended::Stalled => {
            conn.borrow().abort();
            return Err(ended);
        }
        _ => return Err(ended),
    };
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
    let asked = Asked { method: Method::GET, http10: false, persistent: false, waits: false };
    send(conn, response, &asked, client).await?;
    linger(conn).await?;
    Err(ended)
}

/// The end of a connection whose client may still be sending.
async fn linger(conn: &RefCell<Conn>) -> Result<(), Ended> {
    let mut dropped = 0;
    let lingering = poll_fn(|cx| {
        let mut conn = conn.borrow_mut();
        ready!(conn.poll_shutdown(cx))?;
        while !conn.has_ended() && dropped < LINGER_MAX {
            dropped += ready!(conn.poll_more(cx))?.len();
            conn.buffer.clear();
        }
        Poll::Ready(io::Result::Ok(()))
    });
    // Whether the client has heard everything cannot be known; a failure here changes nothing.
    let _ = tokio::time::timeout(LINGER, lingering).await;
    Ok(())
}

/// The connection speaks another protocol from here on, with the server, until both ended or policy forbids it.
async fn join(conn: &Rc<RefCell<Conn>>, response: &Response<()>, tunnel: Tunnel) -> Result<(), Ended> {
    write::bare(response, conn.borrow_mut().out.text());
    poll_fn(|cx| conn.borrow_mut().poll_flush(cx)).await?;
    let mut client = Raw(conn.clone());
    let Tunnel { mut server, revoked, place: _place } = tunnel;
    tokio::select! {
        end = copy::both(&mut client, &mut *server) => match end {
            End::Clean => {}
            // What ends in good order may be taken for whole.
            End::Client(_) => server.get_ref().abort(),
            End::Server(_) => conn.borrow().abort(),
        },
        () = revoked => tracing::info!("tunnel closed: no longer authorized"),
    }
    Ok(())
}
