//! Sends a request to the program.

use std::future::Future;
use std::rc::Rc;

use futures_util::future::Either;
use hauberk_metrics::edge::EdgeMetrics;
use http::{Request, Response, Version};

use crate::http::body::Body;
use crate::http::client::{LEFT_OUT_MAX, SendError};
use crate::http::headers;
use crate::http::incoming::Incoming;
use crate::http::interim::Interims;
use crate::http::replay::{self, Replay};
use crate::inbound::app::App;
use crate::worker::Worker;

/// Bytes of a request body kept for a second try on a fresh connection to the program.
const REPLAY_MAX: usize = 64 * 1024;

/// Sends a request to the program. A kept connection that was lost proves nothing about the program: a request that
/// may be repeated gets a second try. What the program's goodbye left out goes on until some connection takes it. `edge`
/// counts what the request's body consists of.
pub(super) async fn send(
    app: &App,
    worker: &Worker,
    request: &mut Request<Incoming>,
    interims: &Interims,
    edge: &Rc<EdgeMetrics>,
) -> Result<Response<Incoming>, SendError> {
    let idempotent = headers::is_idempotent(request.method());
    let body = std::mem::replace(request.body_mut(), Incoming::Empty);
    let request = &*request;
    let replay = Replay::of(body, REPLAY_MAX, &worker.shared.budgets.buffers, Some(edge));
    let first = replay.body().unwrap_or_else(Body::empty);
    let mut result = send_once(app, request, first, interims, false).await;
    let (mut moves, mut left_out) = (1, LEFT_OUT_MAX);
    while let Err(error) = &result {
        let Some(body) = replay.body() else { break };
        if error.is_left_out() && left_out > 0 {
            left_out -= 1;
        } else if moves > 0 && is_worth_another(error, idempotent) {
            moves -= 1;
        } else {
            break;
        }
        result = Box::pin(send_once(app, request, body, interims, true)).await;
    }
    result
}

fn send_once(
    app: &App,
    request: &Request<Incoming>,
    body: Body,
    interims: &Interims,
    again: bool,
) -> impl Future<Output = Result<Response<Incoming>, SendError>> {
    if request.version() == Version::HTTP_2 {
        Either::Left(app.http2.send(&app.connector, replay::again(request, body), interims))
    } else {
        Either::Right(app.http1.send(&app.connector, request, body, interims, again))
    }
}

/// Nobody was asked, or somebody who closed the connection and may be asked again.
fn is_worth_another(error: &SendError, idempotent: bool) -> bool {
    let refused = matches!(error, SendError::Connect(_));
    !refused && (error.is_untouched() || (idempotent && error.is_lost()))
}
