use std::cell::RefCell;
use std::collections::BTreeSet;

use super::*;

/// Every variable of the contract, without its prefix.
const CONTRACT: &str = "
    ACCESS_LOG ADMIN_LISTEN_ADDR CONTROL_LISTEN_ADDR CONTROL_STREAM_IDLE_TIMEOUT CONTROL_STREAM_INITIAL_TIMEOUT
    CONTROL_STREAM_LIFETIME CORES CORES_MAX CORES_MAX_RATIO CORES_MIN DESTINATION_CONTEXT
    DESTINATION_PROFILE_INITIAL_TIMEOUT DESTINATION_PROFILE_NETWORKS DESTINATION_PROFILE_SUFFIXES DESTINATION_SVC_ADDR
    DESTINATION_SVC_NAME DNS_MAX_TTL DNS_MIN_TTL HTTP2_INITIAL_CONNECTION_WINDOW_SIZE HTTP2_INITIAL_STREAM_WINDOW_SIZE
    IDENTITY_DIR IDENTITY_DISABLED IDENTITY_LOCAL_NAME IDENTITY_MAX_REFRESH IDENTITY_MIN_REFRESH IDENTITY_SERVER_ID
    IDENTITY_SERVER_NAME IDENTITY_SPIRE_WORKLOAD_API_ADDRESS IDENTITY_SVC_ADDR IDENTITY_SVC_NAME IDENTITY_TOKEN_FILE
    IDENTITY_TRUST_ANCHORS INBOUND_ACCEPT_KEEPALIVE INBOUND_ACCEPT_USER_TIMEOUT INBOUND_CONNECT_EXP_BACKOFF_JITTER
    INBOUND_CONNECT_EXP_BACKOFF_MAX INBOUND_CONNECT_EXP_BACKOFF_MIN INBOUND_CONNECT_KEEPALIVE INBOUND_CONNECT_TIMEOUT
    INBOUND_CONNECT_USER_TIMEOUT INBOUND_DEFAULT_POLICY INBOUND_DETECT_TIMEOUT INBOUND_DISCOVERY_IDLE_TIMEOUT
    INBOUND_GATEWAY_SUFFIXES INBOUND_HTTP1_CONNECTION_POOL_IDLE_TIMEOUT INBOUND_HTTP_FAILFAST_TIMEOUT
    INBOUND_HTTP_QUEUE_CAPACITY INBOUND_IPS INBOUND_LISTEN_ADDR INBOUND_MAX_IN_FLIGHT INBOUND_METRICS_AUTHORITY_LABELS
    INBOUND_PORTS INBOUND_PORTS_DISABLE_PROTOCOL_DETECTION INBOUND_PORTS_REQUIRE_IDENTITY INBOUND_PORTS_REQUIRE_TLS
    INBOUND_SERVER_HTTP2_ADAPTIVE_FLOW_CONTROL INBOUND_SERVER_HTTP2_INITIAL_CONNECTION_WINDOW_SIZE
    INBOUND_SERVER_HTTP2_INITIAL_STREAM_WINDOW_SIZE INBOUND_SERVER_HTTP2_KEEP_ALIVE_INTERVAL
    INBOUND_SERVER_HTTP2_KEEP_ALIVE_TIMEOUT INBOUND_SERVER_HTTP2_MAX_CONCURRENT_STREAMS
    INBOUND_SERVER_HTTP2_MAX_FRAME_SIZE INBOUND_SERVER_HTTP2_MAX_HEADER_LIST_SIZE
    INBOUND_SERVER_HTTP2_MAX_PENDING_ACCEPT_RESET_STREAMS INBOUND_SERVER_HTTP2_MAX_SEND_BUF_SIZE
    INBOUND_TCP_LISTEN_BACKLOG INGRESS_MODE LOG LOG_FORMAT MAX_IDLE_CONNS_PER_ENDPOINT METRICS_RETAIN_IDLE
    OUTBOUND_ACCEPT_KEEPALIVE OUTBOUND_ACCEPT_USER_TIMEOUT OUTBOUND_CONNECT_EXP_BACKOFF_JITTER
    OUTBOUND_CONNECT_EXP_BACKOFF_MAX OUTBOUND_CONNECT_EXP_BACKOFF_MIN OUTBOUND_CONNECT_KEEPALIVE
    OUTBOUND_CONNECT_TIMEOUT OUTBOUND_CONNECT_USER_TIMEOUT OUTBOUND_DETECT_TIMEOUT
    OUTBOUND_DISABLE_INFORMATIONAL_HEADERS OUTBOUND_DISCOVERY_IDLE_TIMEOUT
    OUTBOUND_HTTP1_CONNECTION_POOL_IDLE_TIMEOUT OUTBOUND_HTTP_FAILFAST_TIMEOUT OUTBOUND_HTTP_QUEUE_CAPACITY
    OUTBOUND_LISTEN_ADDR OUTBOUND_LISTEN_ADDRS OUTBOUND_MAX_IDLE_CONNS_PER_ENDPOINT OUTBOUND_MAX_IN_FLIGHT
    OUTBOUND_METRICS_HOSTNAME_LABELS OUTBOUND_SERVER_HTTP2_ADAPTIVE_FLOW_CONTROL
    OUTBOUND_SERVER_HTTP2_INITIAL_CONNECTION_WINDOW_SIZE OUTBOUND_SERVER_HTTP2_INITIAL_STREAM_WINDOW_SIZE
    OUTBOUND_SERVER_HTTP2_KEEP_ALIVE_INTERVAL OUTBOUND_SERVER_HTTP2_KEEP_ALIVE_TIMEOUT
    OUTBOUND_SERVER_HTTP2_MAX_CONCURRENT_STREAMS OUTBOUND_SERVER_HTTP2_MAX_FRAME_SIZE
    OUTBOUND_SERVER_HTTP2_MAX_HEADER_LIST_SIZE OUTBOUND_SERVER_HTTP2_MAX_PENDING_ACCEPT_RESET_STREAMS
    OUTBOUND_SERVER_HTTP2_MAX_SEND_BUF_SIZE OUTBOUND_TCP_FAILFAST_TIMEOUT OUTBOUND_TCP_LISTEN_BACKLOG
    OUTBOUND_TCP_QUEUE_CAPACITY POLICY_CLUSTER_NETWORKS POLICY_SVC_ADDR POLICY_SVC_NAME POLICY_WORKLOAD
    SHUTDOWN_ENDPOINT_ENABLED SHUTDOWN_GRACE_PERIOD TAP_SVC_NAME TRACE_ANNOTATIONS_PATH TRACE_ATTRIBUTES_PATH
    TRACE_COLLECTOR_SVC_ADDR TRACE_COLLECTOR_SVC_NAME TRACE_EXTRA_ATTRIBUTES TRACE_PROTOCOL TRACE_SERVICE_NAME";

const DOCUMENTATION: &str = include_str!("../../../../../docs/compatibility.md");

/// What the smallest working environment holds, beside `more`.
fn read_with(more: &[(&str, &str)]) -> (Result<Config, Vec<String>>, BTreeSet<String>) {
    let roots = rcgen::generate_simple_self_signed(["root.test".to_owned()]).unwrap().cert.pem();
    let asked = RefCell::new(BTreeSet::new());
    let lookup = |name: &str| {
        let name = name.strip_prefix("LINKERD2_PROXY_").unwrap_or(name);
        asked.borrow_mut().insert(name.to_owned());
        if let Some((_, value)) = more.iter().find(|(known, _)| *known == name) {
            return Some((*value).to_owned()).filter(|value| !value.is_empty());
        }
        match name {
            "IDENTITY_LOCAL_NAME" => Some("web.default.test".to_owned()),
            "IDENTITY_TRUST_ANCHORS" => Some(roots.clone()),
            "IDENTITY_DIR" | "IDENTITY_TOKEN_FILE" => Some("/nowhere".to_owned()),
            "IDENTITY_SVC_ADDR" | "DESTINATION_SVC_ADDR" | "POLICY_SVC_ADDR" => Some("127.0.0.1:8086".to_owned()),
            "POLICY_WORKLOAD" => Some("{}".to_owned()),
            _ => None,
        }
    };
    let config = Config::from_env(&lookup);
    (config, asked.into_inner())
}

#[test]
fn every_variable_of_the_contract_is_acted_on_or_listed_as_one_that_is_not() {
    // Read before the rest: everything is logged, also what is wrong with the rest.
    const BY_LOGGING: [&str; 2] = ["LOG", "LOG_FORMAT"];
    let (config, asked) = read_with(&[("IDENTITY_LOCAL_NAME", ""), ("IDENTITY_SERVER_ID", "web.test")]);
    assert!(config.unwrap_err()[0].contains("IDENTITY_SERVER_NAME is missing"));
    let asked: BTreeSet<_> = asked.union(&read_with(&[]).1).cloned().collect();
    for name in CONTRACT.split_whitespace() {
        let listed = BY_LOGGING.contains(&name) || unused::UNUSED.contains(&name);
        assert!(asked.contains(name) || listed, "{name} is neither read nor listed");
    }
    for name in unused::UNUSED {
        assert!(CONTRACT.split_whitespace().any(|known| known == name), "{name} is no variable of the contract");
        assert!(
            DOCUMENTATION.contains(&format!("`{name}`")),
            "docs/compatibility.md does not say why {name} is unused"
        );
    }
}

#[test]
fn whoever_sets_what_has_no_effect_is_told() {
    let (config, _) = read_with(&[("TAP_SVC_NAME", "tap.test"), ("CONTROL_LISTEN_ADDR", "0.0.0.0:4190")]);
    assert_eq!(config.unwrap().unused, ["TAP_SVC_NAME"]);
}

#[test]
fn only_the_outbound_side_waits_for_endpoints() {
    let (config, _) = read_with(&[
        ("OUTBOUND_HTTP_QUEUE_CAPACITY", "7"),
        ("OUTBOUND_CONNECT_EXP_BACKOFF_MAX", "2s"),
        ("INBOUND_CONNECT_EXP_BACKOFF_MAX", "1s"),
        ("INBOUND_HTTP_QUEUE_CAPACITY", "5"),
    ]);
    let config = config.unwrap();
    let outbound = &config.data.outbound;
    assert_eq!((outbound.queue_max, outbound.connect_backoff.max), (7, Duration::from_secs(2)));
    assert_eq!(config.unused, ["INBOUND_CONNECT_EXP_BACKOFF_MAX", "INBOUND_HTTP_QUEUE_CAPACITY"]);
    for (part, value) in [("MIN", "1h"), ("JITTER", "NaN"), ("MAX", "0ms")] {
        let name = format!("OUTBOUND_CONNECT_EXP_BACKOFF_{part}");
        assert!(read_with(&[(&name, value)]).0.is_err(), "{name}={value}");
    }
}

#[test]
fn the_access_log_has_two_formats_and_is_off() {
    let format = |value| read_with(&[("ACCESS_LOG", value)]).0.map(|config| config.access_log);
    assert_eq!(format(""), Ok(None));
    assert_eq!(format("apache"), Ok(Some(Format::Apache)));
    assert_eq!(format("json"), Ok(Some(Format::Json)));
    assert_eq!(
        format("/var/log/access").unwrap_err(),
        ["LINKERD2_PROXY_ACCESS_LOG=/var/log/access: must be apache or json"]
    );
}

#[test]
fn the_identity_has_two_names_in_the_contract() {
    let two = |id, name| {
        let more = [("IDENTITY_LOCAL_NAME", ""), ("IDENTITY_SERVER_ID", id), ("IDENTITY_SERVER_NAME", name)];
        read_with(&more).0.map(|config| config.control.id.to_string())
    };
    assert_eq!(two("Web.test.", "web.test"), Ok("web.test".to_owned()));
    for (id, name) in [("web.test", "api.test"), ("web.test", ""), ("spiffe://test/web", "web.test")] {
        assert!(two(id, name).is_err(), "{id} {name}");
    }
    let disabled = read_with(&[("IDENTITY_DISABLED", "1")]).0;
    assert!(disabled.unwrap_err()[0].contains("IDENTITY_DISABLED"));
}

#[test]
fn an_error_of_both_sides_is_told_once() {
    let wrong = read_with(&[("HTTP2_INITIAL_STREAM_WINDOW_SIZE", "0"), ("OUTBOUND_CONNECT_EXP_BACKOFF_MIN", "0")]).0;
    assert_eq!(wrong.unwrap_err().len(), 2);
}

#[test]
fn the_proxy_says_what_it_understands_where_there_is_room_for_it() {
    let names = [("POLICY_WORKLOAD", r#"{"ns":"a","pod":"b"}"#), ("DESTINATION_CONTEXT", "a:b")];
    let clients = read_with(&names).0.unwrap().control.clients.unwrap();
    let workload: serde_json::Value = serde_json::from_str(&clients.workload).unwrap();
    assert_eq!(workload, serde_json::json!({"ns": "a", "pod": "b", "hauberk": {"capabilities": ["views"]}}));
    assert_eq!(clients.context, "a:b");
}

#[test]
fn system_calls_are_filtered_unless_somebody_says_off() {
    let forbidden = |value| read_with(&[("HAUBERK_PROXY_SECCOMP", value)]).0.map(|config| config.seccomp);
    assert_eq!(forbidden(""), Ok(Some(Forbidden::Refused)));
    assert_eq!(forbidden("kill"), Ok(Some(Forbidden::Fatal)));
    assert_eq!(forbidden("off"), Ok(None));
    assert!(forbidden("no").unwrap_err()[0].contains("HAUBERK_PROXY_SECCOMP=no"));
}

#[test]
fn the_redirect_is_tried_only_where_somebody_says_for_how_long() {
    let tried = |value| read_with(&[("HAUBERK_PROXY_VALIDATE_REDIRECT", value)]).0.map(|c| c.validate_redirect);
    assert_eq!(tried(""), Ok(None));
    assert_eq!(tried("0"), Ok(None));
    assert_eq!(tried("10s"), Ok(Some(Duration::from_secs(10))));
    assert!(tried("soon").is_err());
    let front = [("FRONT_LISTEN_ADDR", "10.0.0.1:8086"), ("FRONT_TARGET", "unix:/run/a"), ("VALIDATE_REDIRECT", "10s")]
        .map(|(name, value)| (format!("HAUBERK_PROXY_{name}"), value));
    let front: Vec<(&str, &str)> = front.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    assert_eq!(read_with(&front).0.map(|config| config.validate_redirect), Ok(None));
}

#[test]
fn trust_roots_are_given_or_in_a_file() {
    let roots = |pem, file| {
        let more = [("IDENTITY_TRUST_ANCHORS", pem), ("HAUBERK_PROXY_IDENTITY_TRUST_ANCHORS_FILE", file)];
        read_with(&more).0.map(|config| (config.control.roots.is_empty(), config.control.roots_file))
    };
    let file = Some("/var/run/linkerd/roots/ca-bundle.crt".into());
    assert_eq!(roots("", "/var/run/linkerd/roots/ca-bundle.crt"), Ok((true, file)));
    assert!(roots("", "").unwrap_err()[0].contains("IDENTITY_TRUST_ANCHORS is missing"));
    assert!(roots("no PEM", "/roots").is_err());
}
