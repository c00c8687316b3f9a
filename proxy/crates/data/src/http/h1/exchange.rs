//! One request over a connection to a server, up to the head of its answer.

use std::future::{Future, poll_fn};
use std::io;
use std::rc::Weak;
use std::task::{Context, Poll};

use hauberk_core::http1::refusal::Refusal;
use hauberk_core::http1::response::{self, Head};
use hauberk_net::rewind::Rewind;
use http::{Method, Request, Response, StatusCode};

use crate::http::body::Body;
use crate::http::h1::conn::Conn;
use crate::http::h1::download::{self, Upload};
use crate::http::h1::send::{Sending, SendingError};
use crate::http::h1::{RESPONSE_HEAD_MAX, write};
use crate::http::incoming::Incoming;
use crate::http::interim::Interims;
use crate::http::pool::Pool;
use crate::stream::Stream;

/// What a server said.
pub(crate) enum Answer {
    /// A response, whose body may still be under way.
    Response(Response<Incoming>),
    /// It agreed to another protocol, which the connection speaks from here on.
    Tunnel(Response<()>, Box<Rewind<Stream>>),
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ExchangeError {
    /// The connection took not a single byte of the request.
    #[error("the connection closed before the request was sent: {0}")]
    Unsent(io::Error),
    /// The connection was lost after the request was sent, before an answer began.
    #[error(transparent)]
    Lost(io::Error),
    /// The answer broke off, or made no sense.
    #[error("its answer makes no sense: {0}")]
    Nonsense(#[from] Refusal),
    /// What the client sends failed.
    #[error(transparent)]
    Request(#[from] SendingError),
}

/// Writes the head of `request` out to `conn`; what is returned sends it with `body` and waits for the head of its answer. The
/// connection goes back to `pool` once the answer is over.
pub(crate) fn exchange<'a, B>(
    mut conn: Box<Conn>,
    request: &Request<B>,
    body: Body,
    interims: &'a Interims,
    pool: Weak<Pool>,
) -> impl Future<Output = Result<Answer, ExchangeError>> + use<'a, B> {
    let coding = write::request(request, &body, conn.out.text());
    let (method, mut upload) = (request.method().clone(), Upload::new(Sending::new(body, coding)));
    async move {
        let mut judged = 0;
        let head = poll_fn(|cx| poll_head(&mut conn, &mut upload, &mut judged, &method, interims, cx)).await?;
        let Head { response, framing, persistent } = head;
        let status = response.status();
        let tunnels = status == StatusCode::SWITCHING_PROTOCOLS || (method == Method::CONNECT && status.is_success());
        if tunnels {
            // What is left of the request would be lost, and the bytes behind it taken for others.
            if !upload.is_complete(&conn) {
                return Err(ExchangeError::Nonsense(Refusal::Response));
            }
            return Ok(Answer::Tunnel(response, Box::new(conn.into_stream())));
        }
        conn.expect_body(framing);
        let body = download::begin(conn, upload, persistent, pool);
        Ok(Answer::Response(response.map(|()| body)))
    }
}

fn poll_head(
    conn: &mut Conn,
    upload: &mut Upload,
    judged: &mut usize,
    method: &Method,
    interims: &Interims,
    cx: &mut Context<'_>,
) -> Poll<Result<Head, ExchangeError>> {
    // A server may answer without reading everything, and close: its answer counts more than the write that failed.
    let sent = upload.poll(conn, cx)?;
    if let Poll::Ready(Err(error)) = &sent
        && !conn.has_written()
    {
        return Poll::Ready(Err(ExchangeError::Unsent(copy(error))));
    }
    loop {
        // Without the end of a line there is nothing new but at the start, where what is no HTTP shows.
        let fresh = conn.buffer.get(*judged..).unwrap_or_default();
        if *judged == 0 && !fresh.is_empty() || fresh.contains(&b'\n') || conn.buffer.len() >= RESPONSE_HEAD_MAX {
            *judged = conn.buffer.len();
            if let Some(head) = response::take(&mut conn.buffer, RESPONSE_HEAD_MAX, method)? {
                *judged = 0;
                if !head.is_interim() {
                    return Poll::Ready(Ok(head));
                }
                interims.push(head.response);
                continue;
            }
        }
        if conn.has_ended() {
            return Poll::Ready(Err(ExchangeError::Lost(io::ErrorKind::UnexpectedEof.into())));
        }
        match conn.poll_more(cx) {
            Poll::Ready(Ok(_)) => {}
            Poll::Ready(Err(error)) => return Poll::Ready(Err(ExchangeError::Lost(error))),
            Poll::Pending => return Poll::Pending,
        }
    }
}

/// The same error once more: the one that was kept is reported again later.
fn copy(error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), error.to_string())
}
