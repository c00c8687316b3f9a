//! One HTTP/1.1 request over one connection: enough for the resource API and for questions of readiness.

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

/// Sends `request`; the connection ends with the response's body.
pub(crate) async fn send<S>(stream: S, request: Request<Full<Bytes>>) -> hyper::Result<Response<Incoming>>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    // Its error is also the sender's or the body's.
    tokio::spawn(async move { drop(connection.await) });
    sender.send_request(request).await
}
