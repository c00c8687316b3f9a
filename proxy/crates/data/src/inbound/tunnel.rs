//! Requests to the program whose connection may stop being HTTP.

use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;

use hauberk_core::authorize::{self, Verdict};
use hauberk_core::budget::Share;
use hauberk_core::inbound::ServerPolicy;
use hauberk_metrics::edge::EdgeMetrics;
use http::Request;

use crate::forward::until_revoked;
use crate::http::Answer;
use crate::http::body::Body;
use crate::http::headers;
use crate::http::incoming::Incoming;
use crate::http::interim::Interims;
use crate::http::observe::{Head, Way};
use crate::http::replay;
use crate::http::serve::{Reply, Reset, Tunnel};
use crate::http::translate;
use crate::inbound::exchange::Exchange;
use crate::inbound::http::Connection;
use crate::inbound::route;

/// Done once policy would refuse the request that a tunnel began with.
type Revoked = Pin<Box<dyn Future<Output = ()>>>;

/// Sends the request; if the program agrees, the connection becomes a tunnel, until `revoked` is done.
pub(super) async fn open(
    connection: &Connection,
    mut request: Request<Incoming>,
    revoked: Revoked,
    edge: Rc<EdgeMetrics>,
    exchange: Exchange,
    interims: &Interims,
    place: Share,
) -> Result<Reply, Reset> {
    translate::to_tunnel(&mut request);
    connection.name_client(request.headers_mut());
    let app = &connection.app;
    let body = Body::incoming(std::mem::replace(request.body_mut(), Incoming::Empty));
    match app.http1.ask(&app.connector, &request, body, interims).await {
        Ok(Answer::Response(mut response)) => {
            headers::strip_l5d(response.headers_mut());
            headers::strip_hop_by_hop(response.headers_mut());
            Ok(exchange.observe(response.map(Body::incoming), edge, Some(place), "").into())
        }
        Ok(Answer::Tunnel(mut response, server)) => {
            headers::strip_l5d(response.headers_mut());
            Head::of(&response, false).record(&edge, &Way::default(), exchange.started, None, None);
            Ok(Reply::Tunnel(response, Box::new(Tunnel { server, revoked, place })))
        }
        Err(failure) => Ok(connection.failed(&failure, edge, exchange).into()),
    }
}

/// Returns once policy would refuse this very request.
pub(super) fn revoked(connection: &Connection, request: &Request<Incoming>) -> Revoked {
    let (policy, client) = (connection.policy.borrow().clone(), connection.client.clone());
    let asked = replay::again(request, ());
    Box::pin(until_revoked(policy, move |policy: &Arc<ServerPolicy>| {
        route::find(policy, &asked).is_some_and(|access| {
            let verdict = authorize::request(policy, access.authorizations, client.addr.ip(), &client.tls);
            matches!(verdict, Verdict::Allow(_))
        })
    }))
}
