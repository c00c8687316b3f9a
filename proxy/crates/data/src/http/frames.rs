//! Is told of the pieces that a request's body consists of.

use hauberk_metrics::edge::EdgeMetrics;
use hauberk_metrics::route::RouteMetrics;

/// What counts the pieces of requests' bodies, each once, however often it is sent.
pub(crate) trait Frames {
    /// So many bytes came in one piece.
    fn request_frame(&self, bytes: usize);
}

impl Frames for EdgeMetrics {
    fn request_frame(&self, bytes: usize) {
        EdgeMetrics::request_frame(self, bytes);
    }
}

impl Frames for RouteMetrics {
    fn request_frame(&self, bytes: usize) {
        RouteMetrics::request_frame(self, bytes);
    }
}
