//! Variables of the contract that this proxy does not act on. Whoever sets one is told so once, at start: a setting never
//! means less than it says without a word.

use super::env::Env;
use super::value::text;

/// Names without the prefix; why is in docs/compatibility.md.
pub(super) const UNUSED: [&str; 24] = [
    "CONTROL_LISTEN_ADDR",
    "DESTINATION_PROFILE_INITIAL_TIMEOUT",
    "DNS_MAX_TTL",
    "DNS_MIN_TTL",
    "INBOUND_CONNECT_EXP_BACKOFF_JITTER",
    "INBOUND_CONNECT_EXP_BACKOFF_MAX",
    "INBOUND_CONNECT_EXP_BACKOFF_MIN",
    "INBOUND_HTTP_FAILFAST_TIMEOUT",
    "INBOUND_HTTP_QUEUE_CAPACITY",
    "INBOUND_METRICS_AUTHORITY_LABELS",
    "INBOUND_PORTS_REQUIRE_IDENTITY",
    "INBOUND_PORTS_REQUIRE_TLS",
    "OUTBOUND_HTTP_FAILFAST_TIMEOUT",
    "OUTBOUND_METRICS_HOSTNAME_LABELS",
    "OUTBOUND_TCP_FAILFAST_TIMEOUT",
    "OUTBOUND_TCP_QUEUE_CAPACITY",
    "TAP_SVC_NAME",
    "TRACE_ANNOTATIONS_PATH",
    "TRACE_ATTRIBUTES_PATH",
    "TRACE_COLLECTOR_SVC_ADDR",
    "TRACE_COLLECTOR_SVC_NAME",
    "TRACE_EXTRA_ATTRIBUTES",
    "TRACE_PROTOCOL",
    "TRACE_SERVICE_NAME",
];

/// Those among them without which nothing is missing: control planes set them for every proxy.
const HARMLESS: [&str; 3] = ["CONTROL_LISTEN_ADDR", "INBOUND_PORTS_REQUIRE_IDENTITY", "INBOUND_PORTS_REQUIRE_TLS"];

/// Those that are set to something and not acted on.
pub(super) fn set(env: &Env<'_>) -> Vec<&'static str> {
    let asks = |name| env.get(name, text).is_some_and(|value| value != "false");
    UNUSED.into_iter().filter(|name| !HARMLESS.contains(name) && asks(name)).collect()
}
