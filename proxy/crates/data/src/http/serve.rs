//! Serves the requests of one accepted connection.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};

use crate::drain::Drain;
use crate::exec::LocalExec;
use crate::http::FRAME_MAX;
use crate::http::body::Body;
use crate::http::guard::{Gate, Guard, HEAD_MAX};
use crate::stream::Stream;

/// Streams that one peer may have open on one connection.
const STREAMS_MAX: u32 = 256;
const STREAM_WINDOW: u32 = 256 * 1024;
/// As much as all streams may have on their way: a stalled one never holds the credit of the others.
const CONNECTION_WINDOW: u32 = STREAM_WINDOW * STREAMS_MAX;
const HEADER_LIST_MAX: u32 = 64 * 1024;
/// Resets that a peer may cause before its connection is closed (CVE-2023-44487 and its kin).
const RESETS_MAX: usize = 64;

/// Ends the request without an answer: on HTTP/2 by resetting its stream with the reason.
#[derive(Debug, thiserror::Error)]
#[error("stream reset: {0}")]
pub(crate) struct Reset(#[from] h2::Error);

impl Reset {
    /// The request was not processed; the client may send it elsewhere (RFC 9113, 8.7).
    pub(crate) fn refused() -> Self {
        Self(h2::Reason::REFUSED_STREAM.into())
    }
}

/// Serves HTTP/1 until the connection ends. `gate` is told by the service when a change of protocol was agreed on.
pub(crate) async fn http1<F, R>(stream: Stream, gate: Gate, mut drain: Drain, service: F) -> hyper::Result<()>
where
    F: Fn(Request<Incoming>) -> R,
    R: Future<Output = Result<Response<Body>, Reset>>,
{
    let guarded = Guard::new(stream, gate);
    let connection = http1::Builder::new()
        .half_close(true)
        .max_header_size(HEAD_MAX)
        .max_buf_size(HEAD_MAX)
        .auto_date_header(false)
        .header_read_timeout(None::<Duration>) // the guard limits the time of a head, but not of a pause between two
        .serve_connection(TokioIo::new(guarded), service_fn(service))
        .with_upgrades();
    let mut connection = pin!(connection);
    tokio::select! {
        biased; // a request that is there already is answered, even if draining has begun
        result = connection.as_mut() => result,
        () = drain.begun() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    }
}

/// Serves HTTP/2 until the connection ends.
pub(crate) async fn http2<F, R>(stream: Stream, mut drain: Drain, service: F) -> hyper::Result<()>
where
    F: Fn(Request<Incoming>) -> R,
    R: Future<Output = Result<Response<Body>, Reset>> + 'static,
{
    let connection = http2::Builder::new(LocalExec)
        .timer(TokioTimer::new())
        .auto_date_header(false)
        .max_concurrent_streams(STREAMS_MAX)
        .max_frame_size(FRAME_MAX)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_header_list_size(HEADER_LIST_MAX)
        .max_pending_accept_reset_streams(RESETS_MAX)
        .max_local_error_reset_streams(RESETS_MAX)
        .keep_alive_interval(Duration::from_secs(10))
        .keep_alive_timeout(Duration::from_secs(3))
        .serve_connection(TokioIo::new(stream), service_fn(service));
    let mut connection = pin!(connection);
    tokio::select! {
        biased; // a request that is there already is answered, even if draining has begun
        result = connection.as_mut() => result,
        () = drain.begun() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    }
}
