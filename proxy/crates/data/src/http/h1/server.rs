//! Serves the requests of one accepted connection, one after the other.

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;

use hauberk_core::budget::Budget;
use hauberk_core::http1::Framing;
use hauberk_core::http1::request::Head;
use http::header::EXPECT;
use http::{Request, Version};

use crate::drain::Drain;
use crate::http::h1::answer::{answer, send};
use crate::http::h1::client::Client;
use crate::http::h1::conn::Conn;
use crate::http::h1::ended::Ended;
use crate::http::h1::leave::{join, linger, refuse};
use crate::http::h1::waiting::Waiting;
use crate::http::h1::write::Asked;
use crate::http::incoming::Incoming;
use crate::http::interim::Interims;
use crate::http::serve::{Reply, Reset};
use crate::http::stall::{Patience, Watch};
use crate::stream::Stream;

/// What a client expects that sends its body only when it is told to (RFC 9110, 10.1.1).
const CONTINUE: &[u8] = b"100-continue";

/// Serves until the connection ends. What waits on it is held in `room`; `explain`: the client may know why an answer failed.
pub(crate) async fn serve<F, R>(
    stream: Stream,
    room: Budget,
    patience: Option<Patience>,
    explain: bool,
    mut drain: Drain,
    service: F,
) -> Result<(), Ended>
where
    F: Fn(Request<Incoming>, Interims) -> R,
    R: Future<Output = Result<Reply, Reset>>,
{
    let conn = Rc::new(RefCell::new(Conn::new(stream, room.clone())));
    let mut client = Client { room, patience, watch: Watch::default(), explain };
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
            Err(ended) => return refuse(&conn, &mut client, &Asked::nothing(), ended).await,
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
            Err(ended) => return refuse(&conn, &mut client, &asked, ended).await,
            Ok(reply) => reply?,
        };
        match reply {
            Reply::Answer(response) => {
                // The client is told with this answer: it would send the next request into a connection that closes.
                is_draining = is_draining || poll_fn(|cx| Poll::Ready(draining.as_mut().poll(cx).is_ready())).await;
                asked.persistent &= !is_draining;
                match send(&conn, *response, &asked, &mut client).await {
                    Ok(true) => {}
                    Ok(false) => return linger(&conn).await,
                    Err(unsaid @ Ended::Unsaid(_)) => return refuse(&conn, &mut client, &asked, unsaid).await,
                    Err(ended) => return Err(ended),
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
