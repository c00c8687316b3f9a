//! Bytes to and from endpoints, by whether these are in the proxy's own zone: what a cloud charges for.

use crate::text::{Kind, Text};
use crate::transport::TransportTotal;

/// What a control plane that names zones says of an endpoint; the last one stands for all that it says nothing of.
const LOCALITIES: [&str; 3] = ["local", "remote", "unknown"];
/// In the order of each locality's bytes.
const OPS: [&str; 2] = ["send", "recv"];
/// What the labels of connections to endpoints begin with.
const TO_ENDPOINTS: &str = "direction=\"outbound\",peer=\"dst\"";
const LOCALITY: &str = "dst_zone_locality=\"";

/// The bytes of several series together.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Transfer([[u64; OPS.len()]; LOCALITIES.len()]);

impl Transfer {
    /// Adds a series, if it is one of connections to an endpoint.
    pub(crate) fn add(&mut self, labels: &str, total: &TransportTotal) {
        if labels.starts_with(TO_ENDPOINTS) {
            let [sent, received] = &mut self.0[locality(labels)];
            *sent += total.written();
            *received += total.read();
        }
    }

    pub(crate) fn write(&self, out: &mut Text) {
        let name = "outbound_tcp_transfer_cost_bytes_total";
        out.family(name, Kind::Counter, "Bytes to and from endpoints, by the zone that they are in");
        for (locality, bytes) in LOCALITIES.iter().zip(self.0) {
            for (op, bytes) in OPS.iter().zip(bytes) {
                out.sample(name, "", &[&format!("op=\"{op}\",zone_locality=\"{locality}\"")], bytes);
            }
        }
    }
}

/// A quote within a value is escaped, so what looks like the label is the label.
fn locality(labels: &str) -> usize {
    let value = labels.split_once(LOCALITY).and_then(|(_, rest)| rest.split_once('"')).map(|(value, _)| value);
    LOCALITIES.iter().position(|locality| Some(*locality) == value).unwrap_or(LOCALITIES.len() - 1)
}
