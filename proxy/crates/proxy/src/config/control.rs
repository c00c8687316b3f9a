//! Settings of the clients of the control plane, and who the workload is.

use std::path::PathBuf;
use std::time::Duration;

use hauberk_control::capabilities::CAPABILITIES;
use hauberk_control::config::{Config, DefaultPolicy, Identity, InboundDefaults, Streams};
use hauberk_control::service::{Address, Service};
use hauberk_core::identity::Id;
use hauberk_core::outbound::Backoff;
use hauberk_tls::roots::Roots;

use super::env::Env;
use super::http;
use super::value::{Read, duration, flag, networks, ports, text};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// Shorter pauses than those between connections to endpoints: all that a proxy knows comes from here.
const BACKOFF: Backoff = Backoff { min: Duration::from_millis(100), max: Duration::from_secs(10), jitter: 0.1 };
const OUTBOUND_IDLE: Duration = Duration::from_secs(5);
const INBOUND_IDLE: Duration = Duration::from_secs(90);
const DETECT_TIMEOUT: Duration = Duration::from_secs(10);
const MIN_REFRESH: Duration = Duration::from_secs(10);
const MAX_REFRESH: Duration = Duration::from_secs(24 * 3600);

/// The workload's identity, how it is proven, and who answers its questions.
#[derive(Debug)]
pub(crate) struct Control {
    pub(crate) id: Id,
    /// Those to begin with.
    pub(crate) roots: Roots,
    /// Where they are read from, then and whenever they change.
    pub(crate) roots_file: Option<PathBuf>,
    pub(crate) identity: Identity,
    /// None for a front proxy, which asks nothing.
    pub(crate) clients: Option<Config>,
}

/// The workload's identity, which is also the server name of TLS for it; a DNS name. The contract has two ways to say it.
pub(super) fn local_name(env: &Env<'_>) -> Option<String> {
    if env.is_set("IDENTITY_DISABLED") {
        env.refuse("LINKERD2_PROXY_IDENTITY_DISABLED: identity cannot be disabled; unset it".to_owned());
    }
    if env.is_set("IDENTITY_SPIRE_WORKLOAD_API_ADDRESS") {
        let why = "this version gets no certificates from a SPIFFE Workload API; unset it";
        env.refuse(format!("LINKERD2_PROXY_IDENTITY_SPIRE_WORKLOAD_API_ADDRESS: {why}"));
    }
    if env.is_set("IDENTITY_LOCAL_NAME") || !env.is_set("IDENTITY_SERVER_ID") {
        return env.required("IDENTITY_LOCAL_NAME", dns_name);
    }
    let id = env.required("IDENTITY_SERVER_ID", dns_name);
    let name = env.required("IDENTITY_SERVER_NAME", dns_name);
    if name.is_some() && id.is_some() && name != id {
        env.refuse("LINKERD2_PROXY_IDENTITY_SERVER_ID and …_SERVER_NAME must be the same DNS name".to_owned());
    }
    id
}

fn dns_name(name: &str) -> Read<String> {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    if name.is_empty() || name.contains(['/', ':']) { Err("a DNS name") } else { Ok(name) }
}

/// Everything else.
pub(super) fn read(env: &Env<'_>, local_name: Option<String>, front: bool) -> Option<Control> {
    let connect_timeout = env.get("CONTROL_CONNECT_TIMEOUT", duration).unwrap_or(CONNECT_TIMEOUT);
    let roots_file = env.get_whole("HAUBERK_PROXY_IDENTITY_TRUST_ANCHORS_FILE", path);
    let pem = |pem: &str| Roots::from_pem(pem).map_err(|_| "certificates as PEM");
    let roots = match roots_file {
        Some(_) => env.get("IDENTITY_TRUST_ANCHORS", pem).or_else(|| Some(Roots::none())),
        None => env.required("IDENTITY_TRUST_ANCHORS", pem),
    };
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
        roots_file,
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
    let workload = env.required("POLICY_WORKLOAD", text).map(|workload| declared(&workload));
    let backoff = http::backoff(env, BACKOFF);
    Some(Config {
        destination: destination?,
        policy: policy?,
        workload: workload?,
        context: declared(&env.get("DESTINATION_CONTEXT", text).unwrap_or_default()),
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

/// How the workload names itself, with what this proxy understands beyond the common contract; nobody else's control plane
/// looks at the key. What is not a JSON object, such as the older `NS:POD`, has no room for it.
fn declared(workload: &str) -> String {
    let Ok(serde_json::Value::Object(mut fields)) = serde_json::from_str(workload) else {
        return workload.to_owned();
    };
    fields.insert("hauberk".to_owned(), serde_json::json!({ "capabilities": CAPABILITIES }));
    serde_json::Value::Object(fields).to_string()
}

fn streams(env: &Env<'_>) -> Streams {
    let limit = |name| env.get(name, duration).filter(|limit| !limit.is_zero());
    let streams = Streams {
        initial: limit("CONTROL_STREAM_INITIAL_TIMEOUT"),
        idle: limit("CONTROL_STREAM_IDLE_TIMEOUT"),
        lifetime: limit("CONTROL_STREAM_LIFETIME"),
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
