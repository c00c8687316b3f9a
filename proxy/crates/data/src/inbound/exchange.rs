//! One request to the program, as far as its answer depends on it.

use std::rc::Rc;

use hauberk_core::budget::Share;
use hauberk_metrics::edge::EdgeMetrics;
use http::{HeaderValue, Response, Version};
use tokio::time::Instant;

use crate::http::body::Body;
use crate::http::error::{ErrorKind, ProxyError};
use crate::http::headers::UNANSWERED;
use crate::http::observe::{Head, ResponseObserver, Way};
use crate::http::translate;

/// What is known of a request.
#[derive(Clone, Copy)]
pub(super) struct Exchange {
    pub(super) started: Instant,
    pub(super) grpc: bool,
    /// The version that the program is spoken to with.
    pub(super) version: Version,
    /// It was HTTP/1, and came over HTTP/2.
    pub(super) carried: bool,
    /// The client is a member of the mesh, and may know the reason of a failure.
    pub(super) meshed: bool,
}

impl Exchange {
    /// The proxy's own answer.
    pub(super) fn refusal(self, error: &ProxyError) -> Response<Body> {
        let mut response = error.to_response(self.grpc, self.meshed);
        if self.meshed && error.kind == ErrorKind::Unanswered {
            response.headers_mut().insert(UNANSWERED, HeaderValue::from_static("true"));
        }
        self.translate(&mut response);
        response
    }

    /// The response as the client's proxy, or the client, takes it.
    pub(super) fn translate(self, response: &mut Response<Body>) {
        if self.carried {
            translate::mark_response(response, response.version());
        } else if self.version != Version::HTTP_2 {
            translate::restore_response(response);
        }
    }

    /// Measures a response to its end; `error` is the class of a failure that the proxy itself answers.
    pub(super) fn observe(
        self,
        response: Response<Body>,
        edge: Rc<EdgeMetrics>,
        place: Option<Share>,
        error: &'static str,
    ) -> Response<Body> {
        let head = Head::of(&response, self.grpc);
        let observer = ResponseObserver {
            edge,
            way: Way::default(),
            started: self.started,
            head,
            load: None,
            trial: None,
            place,
            error,
        };
        response.map(|body| body.observed(Box::new(observer)))
    }
}
