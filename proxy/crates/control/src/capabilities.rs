//! What this proxy understands beyond the common contract.
//!
//! Whatever would be unsafe to ignore, the control plane sends only to a proxy that has declared it; to others it sends a
//! refusal in its place. What is safe to ignore (versions, times, hints) is sent to everybody and needs no word here.

/// Stable words, in the JSON by which the workload names itself (`{"hauberk": {"capabilities": [...]}}`) and with each
/// request for confirmations.
pub const CAPABILITIES: [&str; 1] = ["views"];
