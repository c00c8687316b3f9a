//! One request over HTTP/2, with what the program sees of it.

use std::future::poll_fn;

use bytes::Bytes;
use h2::client::ResponseFuture;
use http::{Request, Response};

use crate::support::calls::{Call, Caller, Calls};
use crate::support::ways::{Way, Ways};

/// A request on its way.
pub(crate) struct Exchange {
    pub(crate) caller: Caller,
    pub(crate) response: ResponseFuture,
    pub(crate) upload: h2::SendStream<Bytes>,
    /// The connection to the program, as long as it lives.
    pub(crate) calls: Calls,
    pub(crate) call: Call,
}

impl Exchange {
    /// Its body is not over, unless it is said to be.
    pub(crate) async fn begin(ways: &Ways, way: Way, request: Request<()>, over: bool) -> Self {
        let caller = Caller::to(ways.through(way)).await;
        let (response, upload) = caller.call(request, over).await;
        let mut calls = Calls::over(ways.program.next().await).await;
        let call = calls.next().await;
        Self { caller, response, upload, calls, call }
    }
}

pub(crate) fn post(path: &str) -> Request<()> {
    Request::post(format!("http://web.default.svc.cluster.local{path}")).body(()).unwrap()
}

/// The next interim answer.
pub(crate) async fn interim(response: &mut ResponseFuture) -> Response<()> {
    poll_fn(|cx| response.poll_informational(cx)).await.unwrap().unwrap()
}
