//! The end of a connection as HTTP: with an error, with a last answer, or as a tunnel.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::rc::Rc;
use std::task::{Poll, ready};
use std::time::Duration;

use hauberk_core::http1::refusal::Refusal;
use hauberk_net::copy::{self, End};
use http::header::{HeaderValue, RETRY_AFTER};
use http::{Response, StatusCode};

use crate::http::body::Body;
use crate::http::body_error::BodyError;
use crate::http::error::{ErrorKind, ProxyError};
use crate::http::h1::answer::send;
use crate::http::h1::client::Client;
use crate::http::h1::conn::Conn;
use crate::http::h1::ended::Ended;
use crate::http::h1::raw::Raw;
use crate::http::h1::send::SendingError;
use crate::http::h1::write::{self, Asked};
use crate::http::serve::Tunnel;

/// How long, and how many bytes, a client that still sends is listened to after the last answer: a connection that is closed
/// at once may take the answer with it (RFC 9112, 9.6).
const LINGER: Duration = Duration::from_secs(1);
const LINGER_MAX: usize = 512 * 1024;

/// Ends a connection that failed before an answer to what was `asked`; who can still be told is told why.
pub(super) async fn refuse(
    conn: &RefCell<Conn>,
    client: &mut Client,
    asked: &Asked,
    ended: Ended,
) -> Result<(), Ended> {
    let status = match &ended {
        Ended::Refused(Refusal::TooLong | Refusal::TooMany) => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        Ended::Refused(_) => StatusCode::BAD_REQUEST,
        Ended::Crowded => StatusCode::SERVICE_UNAVAILABLE,
        Ended::Unsaid(error) => {
            let response = unsaid(error).to_response(false, client.explain);
            return close(conn, client, asked, response, ended).await;
        }
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
    close(conn, client, asked, response, ended).await
}

/// What a client is told of an answer that failed before anything of it was sent.
fn unsaid(error: &SendingError) -> ProxyError {
    let kind = match error {
        SendingError::Body(BodyError::Late(_)) => ErrorKind::Timeout,
        SendingError::Body(BodyError::Idle) => ErrorKind::Idle,
        _ => ErrorKind::Failed,
    };
    ProxyError::new(kind, format!("the answer failed at its beginning: {error}"))
}

/// The last answer on a connection.
async fn close(
    conn: &RefCell<Conn>,
    client: &mut Client,
    asked: &Asked,
    response: Response<Body>,
    ended: Ended,
) -> Result<(), Ended> {
    let asked = Asked { persistent: false, ..asked.clone() };
    send(conn, response, &asked, client).await?;
    linger(conn).await?;
    Err(ended)
}

/// The end of a connection whose client may still be sending.
pub(super) async fn linger(conn: &RefCell<Conn>) -> Result<(), Ended> {
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
pub(super) async fn join(conn: &Rc<RefCell<Conn>>, response: &Response<()>, tunnel: Tunnel) -> Result<(), Ended> {
    write::bare(response, conn.borrow_mut().out.text());
    poll_fn(|cx| conn.borrow_mut().poll_flush(cx)).await?;
    let mut client = Raw(conn.clone());
    let room = conn.borrow().spare();
    let Tunnel { mut server, revoked, place: _place } = tunnel;
    tokio::select! {
        end = copy::both(&mut client, &mut *server, &room) => match end {
            End::Clean => {}
            // What ends in good order may be taken for whole.
            End::Client(_) => server.get_ref().abort(),
            End::Server(_) => conn.borrow().abort(),
        },
        () = revoked => tracing::info!("tunnel closed: no longer authorized"),
    }
    Ok(())
}
