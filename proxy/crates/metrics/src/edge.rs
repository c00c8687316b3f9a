//! The counters that one worker holds for one client or endpoint.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

use crate::counter::Counter;
use crate::response::{OUTCOMES_MAX, Outcome, ResponseMetrics, Slot};
use crate::route::BackendMetrics;
pub use crate::transport::TransportMetrics;

/// Requests and responses of one set of labels, as one thread counts them: it remembers where each kind of response is
/// counted, so that nothing is locked or formatted for a request.
#[derive(Debug)]
pub struct EdgeMetrics {
    series: Arc<ResponseMetrics>,
    each_request: Vec<Arc<Counter>>,
    route: Option<BackendMetrics>,
    known: RefCell<Vec<Slot>>,
}

impl EdgeMetrics {
    /// Counts in `series`, and each request also in `each_request` (such as the authorization that let it in).
    pub fn new(series: Arc<ResponseMetrics>, each_request: Vec<Arc<Counter>>) -> Self {
        Self { series, each_request, route: None, known: RefCell::default() }
    }

    /// Counts everything also by the route.
    #[must_use]
    pub fn on_route(self, route: BackendMetrics) -> Self {
        Self { route: Some(route), ..self }
    }

    /// A request arrived.
    pub fn request(&self) {
        self.series.request();
        for counter in &self.each_request {
            counter.increment();
        }
        self.route.iter().for_each(BackendMetrics::request);
    }

    /// A piece of a request's body passed.
    pub fn request_frame(&self, bytes: usize) {
        self.route.iter().for_each(|route| route.request_frame(bytes));
    }

    /// A piece of a response's body passed.
    pub fn response_frame(&self, bytes: usize) {
        self.route.iter().for_each(|route| route.response_frame(bytes));
    }

    /// A response ended `took` after its request arrived; `error` is empty unless the proxy saw or answered a failure.
    pub fn response(&self, status: u16, grpc_status: Option<u16>, success: bool, error: &'static str, took: Duration) {
        if let Some(route) = &self.route {
            route.ended(status, grpc_status, error, took);
        }
        let outcome = Outcome { status: Some(status), grpc_status, success, error };
        let mut known = self.known.borrow_mut();
        if let Some(slot) = known.iter().find(|slot| slot.outcome == outcome) {
            slot.record(took);
            return;
        }
        let slot = self.series.slot(outcome);
        slot.record(took);
        if slot.outcome == outcome && known.len() < OUTCOMES_MAX {
            known.push(slot);
        }
    }
}
