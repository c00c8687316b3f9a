//! Settings of the clients of the control plane, and who the workload is.

use std::path::PathBuf;
use std::time::Duration;

use hauberk_control::config::{Config, DefaultPolicy, Identity, InboundDefaults, Streams};
use hauberk_control::service::{Address, Service};
use hauberk_core::identity::Id;
use hauberk_core::outbound::Backoff;
use hauberk_tls::roots::Roots;

use super::env::Env;
use super::value::{Read, duration, flag, networks, number, ports, text};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
const BACKOFF_MIN: Duration = Duration::from_millis(100);
const BACKOFF_MAX: Duration = Duration::from_secs(10);
const BACKOFF_JITTER: f32 = 0.1;
const OUTBOUND_IDLE: Duration = Duration::from_secs(5);
const INBOUND_IDLE: Duration = Duration::from_secs(90);
const DETECT_TIMEOUT: Duration = Duration::from_secs(10);
const MIN_REFRESH: Duration = Duration::from_secs(10);
const MAX_REFRESH: Duration = Duration::from_secs(24 * 3600);

/// The workload's identity, how it is proven, and who answers its questions.
#[derive(Debug)]
pub(crate) struct Control {
    pub(crate) id: Id,
    pub(crate) roots: Roots,
    pub(crate) identity: Identity,
    /// None for a front proxy, which asks nothing.
    pub(crate) clients: Option<Config>,
}

/// The workload's identity; a DNS name.
pub(super) fn local_name(env: &Env<'_>) -> Option<String> {
    env.required("IDENTITY_LOCAL_NAME", |name| {
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        if name.is_empty() || name.contains('/') { Err("a DNS name") } else { Ok(name) }
    })
}

/// Everything else; `inbound_port` is asked about at start only for what comes in at it.
pub(super) fn read(env: &Env<'_>, local_name: Option<String>, front: bool) -> Option<Control> {
    let connect_timeout = env.get("CONTROL_CONNECT_TIMEOUT", duration).unwrap_or(CONNECT_TIMEOUT);
    let roots = env.required("IDENTITY_TRUST_ANCHORS", |pem| Roots::from_pem(pem).map_err(|_| "certificates as PEM"));
    let service = service(env, "IDENTITY");
    let dir = env.required("IDENTITY_DIR", path);
    let token_file = env.required("IDENTITY_TOKEN_FILE", path);
    let min_refresh = env.get("IDENTITY_MIN_REFRESH", duration).unwrap_or(MIN_REFRESH);
    let max_refresh = env.get("IDENTITY_MAX_REFRESH", duration).unwrap_or(MAX_REFRESH);
    if min_refresh > max_refresh {
        env.refuse("LINKERD2_PROXY_IDENTITY_MIN_REFRESH is above …_MAX_REFRESH".to_owned());
    }
    let clients = if front { None } else { Some(clients(env, connect_timeout)) };
    Some(Control {
        id: Id::Dns(local_name?.into()),
        roots: roots?,
        identity: Identity {
            service: service?,
            dir: dir?,
            token_file: token_file?,
            min_refresh,
            max_refresh,
            connect_timeout,
        },
        clients: match clients {
            None => None,
            Some(clients) => Some(clients?),
        },
    })
}

fn clients(env: &Env<'_>, connect_timeout: Duration) -> Option<Config> {
    let destination = service(env, "DESTINATION");
    let policy = service(env, "POLICY");
    let workload = env.required("POLICY_WORKLOAD", text);
    let backoff = Backoff {
        min: env.get("OUTBOUND_CONNECT_EXP_BACKOFF_MIN", duration).unwrap_or(BACKOFF_MIN),
        max: env.get("OUTBOUND_CONNECT_EXP_BACKOFF_MAX", duration).unwrap_or(BACKOFF_MAX),
        jitter: env.get("OUTBOUND_CONNECT_EXP_BACKOFF_JITTER", number).unwrap_or(BACKOFF_JITTER),
    };
    if backoff.min.is_zero() || backoff.min > backoff.max {
        env.refuse("LINKERD2_PROXY_OUTBOUND_CONNECT_EXP_BACKOFF_MIN must be above 0 and not above …_MAX".to_owned());
    }
    Some(Config {
        destination: destination?,
        policy: policy?,
        workload: workload?,
        context: env.get("DESTINATION_CONTEXT", text).unwrap_or_default(),
        profile_networks: env.get("DESTINATION_PROFILE_NETWORKS", networks).unwrap_or_default(),
        streams: streams(env),
        backoff,
        connect_timeout,
        outbound_idle: env.get("OUTBOUND_DISCOVERY_IDLE_TIMEOUT", duration).unwrap_or(OUTBOUND_IDLE),
        inbound_idle: env.get("INBOUND_DISCOVERY_IDLE_TIMEOUT", duration).unwrap_or(INBOUND_IDLE),
        inbound: inbound(env),
        confirm_view: env.get_whole("HAUBERK_PROXY_VIEW_CONFIRM", flag).unwrap_or(true),
    })
}

fn streams(env: &Env<'_>) -> Streams {
    let streams = Streams {
        initial: env.get("CONTROL_STREAM_INITIAL_TIMEOUT", duration),
        idle: env.get("CONTROL_STREAM_IDLE_TIMEOUT", duration),
        lifetime: env.get("CONTROL_STREAM_LIFETIME", duration),
    };
    let or_max = |limit: Option<Duration>| limit.unwrap_or(Duration::MAX);
    if or_max(streams.initial) > or_max(streams.idle) || or_max(streams.idle) > or_max(streams.lifetime) {
        env.refuse("LINKERD2_PROXY_CONTROL_STREAM_*: INITIAL_TIMEOUT <= IDLE_TIMEOUT <= LIFETIME must hold".to_owned());
    }
    streams
}

fn inbound(env: &Env<'_>) -> InboundDefaults {
    let policy = env.get("INBOUND_DEFAULT_POLICY", default_policy).unwrap_or(DefaultPolicy::AllUnauthenticated);
    InboundDefaults {
        policy,
        cluster_networks: env.get("POLICY_CLUSTER_NETWORKS", networks).unwrap_or_default(),
        opaque_ports: env.get("INBOUND_PORTS_DISABLE_PROTOCOL_DETECTION", ports).unwrap_or_default(),
        detect_timeout: env.get("INBOUND_DETECT_TIMEOUT", duration).unwrap_or(DETECT_TIMEOUT),
        ports: env.get("INBOUND_PORTS", ports).unwrap_or_default(),
    }
}

fn default_policy(text: &str) -> Read<DefaultPolicy> {
    text.parse().map_err(
        |_| "deny, audit, all-authenticated, all-unauthenticated, cluster-authenticated or cluster-unauthenticated",
    )
}

/// The address and the name of a service.
fn service(env: &Env<'_>, which: &str) -> Option<Service> {
    let name = env.get(&format!("{which}_SVC_NAME"), text);
    let address = env.required(&format!("{which}_SVC_ADDR"), |address| {
        address.parse::<Address>().map_err(|_| "HOST:PORT or unix:PATH")
    })?;
    match Service::new(address, name.as_deref()) {
        Ok(service) => Some(service),
        Err(error) => {
            env.refuse(format!("LINKERD2_PROXY_{which}_SVC_NAME: {error}"));
            None
        }
    }
}

fn path(text: &str) -> Read<PathBuf> {
    Ok(PathBuf::from(text))
}
