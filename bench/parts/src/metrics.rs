//! What is counted.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use hauberk_metrics::counter::Counter;
use hauberk_metrics::edge::EdgeMetrics;
use hauberk_metrics::labels::LabelSet;
use hauberk_metrics::registry::Registry;
use hauberk_metrics::response::ResponseMetrics;

use crate::{Part, Work};

pub(crate) const PARTS: &[Part] = &[("count-request", request), ("count-look-up", look_up)];

const SERIES: usize = 100;

/// All that is counted of a request at an inbound proxy.
fn request() -> Work {
    let edge = EdgeMetrics::new(Arc::default(), vec![Arc::new(Counter::default())]);
    Box::new(move || {
        black_box(&edge).request();
        edge.response(black_box(200), None, true, "", black_box(Duration::from_micros(700)));
    })
}

/// Labels of a new connection or endpoint, and its series among others.
fn look_up() -> Work {
    let registry: Registry<ResponseMetrics> = Registry::new(2 * SERIES);
    let labels = |n: usize| {
        LabelSet::new()
            .with("direction", "inbound")
            .with("target_addr", format_args!("10.77.0.12:{}", 8000 + n))
            .with("client_id", "cart.shop.serviceaccount.identity.hauberk.cluster.local")
    };
    let held: Vec<Arc<ResponseMetrics>> = (0..SERIES).map(|n| registry.get(&labels(n))).collect();
    Box::new(move || {
        let series = registry.get(&labels(black_box(SERIES / 2)));
        assert!(Arc::ptr_eq(&series, &held[SERIES / 2]));
    })
}
