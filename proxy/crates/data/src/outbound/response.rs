//! An endpoint's answer on its way to the program.

use std::rc::Rc;

use http::{Response, Version};

use crate::http::body::Body;
use crate::http::headers::{self, UNANSWERED};
use crate::http::observe::{Head, ResponseObserver};
use crate::http::translate;
use crate::outbound::filter;
use crate::outbound::http::{Connection, Exchange};
use crate::outbound::rule::{Leaf, Rule};
use crate::outbound::send::Answered;

/// The answer as the program sees it, measured to its end.
pub(super) fn finish(
    connection: &Connection,
    exchange: &Exchange,
    rule: &Rule,
    leaf: &Leaf,
    answered: Answered,
) -> Response<Body> {
    let Answered { candidate, response, lease, load, limits } = answered;
    let head = Head::of(&response, exchange.grpc);
    let observer = ResponseObserver {
        edge: candidate.edge().clone(),
        started: exchange.started,
        head,
        lease,
        held: Some(Rc::new(load)),
        error: "",
    };
    let end = limits.end();
    let mut response = response.map(|body| {
        let body = Body::incoming(body);
        let body = end.map_or_else(|| None, Some).map(|_| ()).map_or(body, |()| body);
        body.observed(Box::new(observer))
    });
    let keep = connection.worker.shared.config.outbound.informational_headers && candidate.peer_id().is_some();
    restore(&mut response, exchange.version, keep);
    filter::response(&rule.filters, response.headers_mut());
    filter::response(&leaf.filters, response.headers_mut());
    response
}

/// Removes what was for the proxies only; `keep` leaves the headers that inform the program.
pub(super) fn restore<B>(response: &mut Response<B>, version: Version, keep: bool) {
    response.headers_mut().remove(UNANSWERED);
    if version == Version::HTTP_2 {
        return strip(response, keep);
    }
    translate::restore_response(response, version);
    headers::strip_hop_by_hop(response.headers_mut());
    strip(response, keep);
}

fn strip<B>(response: &mut Response<B>, keep: bool) {
    if !keep {
        headers::strip_l5d(response.headers_mut());
    }
}
