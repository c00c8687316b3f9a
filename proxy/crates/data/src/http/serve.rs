//! What is served: the shape of an answer, whatever carries it.

use std::future::Future;
use std::pin::Pin;

use hauberk_core::budget::{Budget, Share};
use hauberk_net::rewind::Rewind;
use http::{Request, Response};

use crate::config::Http2Server;
use crate::drain::Drain;
use crate::http::body::Body;
use crate::http::incoming::Incoming;
use crate::http::interim::Interims;
use crate::http::stall::Patience;
use crate::http::{h1, h2};
use crate::stream::Stream;

/// The answer to a request.
pub(crate) enum Reply {
    /// A response.
    Answer(Box<Response<Body>>),
    /// The server agreed to another protocol: the client's connection becomes a tunnel to it. Only of HTTP/1.
    Tunnel(Response<()>, Box<Tunnel>),
}

/// What a connection becomes when its protocol changes.
pub(crate) struct Tunnel {
    /// The connection to the server.
    pub(crate) server: Box<Rewind<Stream>>,
    /// Done once the client may no longer use it.
    pub(crate) revoked: Pin<Box<dyn Future<Output = ()>>>,
    /// Its place among the requests in flight.
    pub(crate) place: Share,
}

impl From<Response<Body>> for Reply {
    fn from(response: Response<Body>) -> Self {
        Reply::Answer(Box::new(response))
    }
}

/// Ends the request without an answer: on HTTP/2 by resetting its stream with the reason.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("stream reset: {0}")]
pub(crate) struct Reset(::h2::Reason);

impl Reset {
    /// The request was not processed; the client may send it elsewhere (RFC 9113, 8.7).
    pub(crate) fn refused() -> Self {
        Self(::h2::Reason::REFUSED_STREAM)
    }

    /// What the server said.
    pub(crate) fn with(reason: ::h2::Reason) -> Self {
        Self(reason)
    }

    /// The reason on the wire.
    pub(crate) fn reason(self) -> ::h2::Reason {
        self.0
    }
}

/// How connections are served.
pub(crate) struct Serving<'a> {
    /// HTTP/2 with these settings; none: HTTP/1.
    pub(crate) http2: Option<Http2Server>,
    /// What windows are taken from.
    pub(crate) buffers: &'a Budget,
    /// How long the client may stall.
    pub(crate) patience: Option<Patience>,
    /// When to say goodbye.
    pub(crate) drain: Drain,
    /// The client may know why an answer failed.
    pub(crate) explain: bool,
}

/// Serves the requests of one connection until it ends.
pub(crate) async fn serve<F, R>(stream: Stream, how: Serving<'_>, service: F) -> Result<(), Error>
where
    F: Fn(Request<Incoming>, Interims) -> R,
    R: Future<Output = Result<Reply, Reset>>,
{
    let Serving { http2, buffers, patience, drain, explain } = how;
    match http2 {
        // Boxed, so that the many connections of HTTP/1 do not pay for the few of HTTP/2.
        Some(settings) => Ok(Box::pin(h2::server::serve(stream, settings, buffers, patience, drain, service)).await?),
        None => Ok(h1::server::serve(stream, buffers.whole(), patience, explain, drain, service).await?),
    }
}

/// Why a connection ended early.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// HTTP/1.
    #[error(transparent)]
    Http1(#[from] h1::ended::Ended),
    /// HTTP/2.
    #[error(transparent)]
    Http2(#[from] h2::server::Ended),
}
