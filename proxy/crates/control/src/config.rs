//! What the clients of the control plane are told at start.

use std::path::PathBuf;
use std::time::Duration;

use hauberk_core::inbound::Cidr;
use hauberk_core::outbound::Backoff;

pub use crate::default_policy::DefaultPolicy;
use crate::service::Service;

/// All settings of the clients.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where endpoints and profiles are asked for.
    pub destination: Service,
    /// Where policies are asked for.
    pub policy: Service,
    /// How the workload names itself to the policy service, as JSON.
    pub workload: String,
    /// The same for the destination service.
    pub context: String,
    /// Addresses whose profile is worth asking for, where no policy is known.
    pub profile_networks: Vec<Cidr>,
    /// Limits of streams.
    pub streams: Streams,
    /// Between attempts to reach the control plane.
    pub backoff: Backoff,
    /// Limit for a connection to the control plane, TLS included.
    pub connect_timeout: Duration,
    /// How long an answer about a destination is kept current after its last listener is gone.
    pub outbound_idle: Duration,
    /// The same for a port's policy.
    pub inbound_idle: Duration,
    /// What holds for a port until the control plane answers.
    pub inbound: InboundDefaults,
    /// Ask for confirmations, and so know the age of the view.
    pub confirm_view: bool,
}

/// Limits of streams; `None` is no limit.
#[derive(Clone, Copy, Debug, Default)]
pub struct Streams {
    /// For the first message.
    pub initial: Option<Duration>,
    /// Between messages.
    pub idle: Option<Duration>,
    /// After it the stream is opened anew.
    pub lifetime: Option<Duration>,
}

/// What holds for a port until the control plane answers.
#[derive(Clone, Debug)]
pub struct InboundDefaults {
    /// Who may connect.
    pub policy: DefaultPolicy,
    /// The mesh's own networks, for the policies that name them.
    pub cluster_networks: Vec<Cidr>,
    /// Ports whose bytes are not looked at.
    pub opaque_ports: Vec<u16>,
    /// How long to wait for the first bytes of the others.
    pub detect_timeout: Duration,
    /// Ports to ask about at start, before anybody connects.
    pub ports: Vec<u16>,
}

/// How the workload gets its certificate.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The authority.
    pub service: Service,
    /// May hold `key.p8` and `csr.der` (both DER); without them a key is made in memory.
    pub dir: PathBuf,
    /// The evidence; read before each call.
    pub token_file: PathBuf,
    /// A certificate is renewed after 70 % of its time, but never sooner than this …
    pub min_refresh: Duration,
    /// … nor later than this.
    pub max_refresh: Duration,
    /// Limit for a connection to the authority, TLS included.
    pub connect_timeout: Duration,
}
