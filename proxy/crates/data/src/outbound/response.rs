//! An endpoint's answer on its way to the program.

use hauberk_core::budget::Share;
use http::{Response, Version};

use crate::candidate::Candidate;
use crate::http::body::Body;
use crate::http::headers::{self, UNANSWERED};
use crate::http::observe::{Head, ResponseObserver};
use crate::http::translate;
use crate::outbound::failure::Answered;
use crate::outbound::filter;
use crate::outbound::http::{Connection, Exchange};
use crate::outbound::rule::{Leaf, Rule};

/// The answer as the program sees it, measured to its end.
pub(super) fn finish(
    connection: &Connection,
    exchange: &Exchange,
    rule: &Rule,
    leaf: &Leaf,
    answered: Answered,
    place: Share,
) -> Response<Body> {
    let Answered { candidate, response, load, trial, limits } = answered;
    let head = Head::of(&response, exchange.grpc);
    let observer = ResponseObserver {
        edge: candidate.edge().clone(),
        way: rule.way(leaf),
        started: exchange.started,
        head,
        load: Some(load),
        trial,
        place: Some(place),
        error: "",
    };
    let mut response = response.map(|body| limits.bound(Body::incoming(body)).observed(Box::new(observer)));
    if exchange.version != Version::HTTP_2 {
        translate::restore_response(&mut response);
    }
    strip(&mut response, connection, &candidate);
    filter::response(&rule.filters, response.headers_mut());
    filter::response(&leaf.filters, response.headers_mut());
    response
}

/// Removes what is for proxies only. What informs the program stays if it may see it and a proxy of the mesh wrote it.
pub(super) fn strip<B>(response: &mut Response<B>, connection: &Connection, candidate: &Candidate) {
    if connection.worker.shared.config.outbound.informational_headers && candidate.peer_id().is_some() {
        response.headers_mut().remove(UNANSWERED);
    } else {
        headers::strip_l5d(response.headers_mut());
    }
}
