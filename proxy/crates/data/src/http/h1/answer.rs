//! One answer: the wait for it, and its way to the client.

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use http::{Response, StatusCode};

use crate::http::body::Body;
use crate::http::h1::client::Client;
use crate::http::h1::coding::Coding;
use crate::http::h1::conn::Conn;
use crate::http::h1::ended::Ended;
use crate::http::h1::send::Sending;
use crate::http::h1::write::{self, Asked};
use crate::http::interim::Interims;
use crate::http::serve::{Reply, Reset};

/// What a client may send ahead while its request is answered.
const AHEAD_MAX: usize = 64 * 1024;
/// How long a client may take for the rest of a request that was answered already.
const REST_TIMEOUT: Duration = Duration::from_secs(10);

/// The service's reply. Interim answers pass meanwhile, and a client that is gone is noticed.
pub(super) async fn answer<R>(
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
pub(super) async fn send(
    conn: &RefCell<Conn>,
    response: Response<Body>,
    asked: &Asked,
    client: &mut Client,
) -> Result<bool, Ended> {
    let persistent = asked.persistent && is_worth_its_rest(&conn.borrow(), &response, asked);
    let asked = &Asked { persistent, ..asked.clone() };
    let (coding, persistent) = write::response(&response, asked, conn.borrow_mut().out.text());
    let mut sending = Sending::new(response.into_body(), coding);
    conn.borrow_mut().begin_message();
    let mut sent = poll_fn(|cx| poll_send(conn, &mut sending, asked, client, cx)).await;
    if let Err(Ended::Answer(error)) = sent {
        sent = Err(if conn.borrow_mut().take_back() { Ended::Unsaid(error) } else { Ended::Answer(error) });
    }
    let cut = sent.is_err() && coding == Coding::UntilClose && !matches!(sent, Err(Ended::Unsaid(_)));
    if matches!(sent, Err(Ended::Stalled)) || cut {
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
