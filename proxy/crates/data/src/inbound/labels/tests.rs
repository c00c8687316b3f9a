use hauberk_core::identity::Id;
use hauberk_core::inbound::{Authentication, Protocol};
use hauberk_metrics::text::Text;

use super::*;

fn meta(name: &str) -> Arc<Meta> {
    Arc::new(Meta::Default(name.into()))
}

fn policy() -> ServerPolicy {
    ServerPolicy {
        meta: meta("srv"),
        protocol: Protocol::Tls,
        authorizations: [].into(),
        rate_limits: None,
        version: None,
    }
}

fn client(tls: ClientTls) -> Client {
    Client { addr: "10.0.0.9:5000".parse().unwrap(), tls, own_tls: None }
}

fn page_of(verdict: &Verdict, tls: ClientTls) -> String {
    let metrics = DataMetrics::new();
    edge(&metrics, &policy(), None, verdict, &client(tls), "10.0.0.1:80".parse().unwrap()).request();
    page(&metrics)
}

fn page(metrics: &DataMetrics) -> String {
    let mut out = Text::new();
    metrics.write(&mut out);
    out.finish()
}

#[test]
fn an_allowed_request_names_client_server_route_and_authorization() {
    let authorization =
        Authorization { meta: meta("everyone"), networks: Vec::new(), authentication: Authentication::Unauthenticated };
    let tls = ClientTls::Identified { id: Id::Dns("a.id".into()), also: [].into() };
    let page = page_of(&Verdict::Allow(authorization.into()), tls);
    let decided = "tls=\"true\",client_id=\"a.id\",srv_group=\"\",srv_kind=\"default\",srv_name=\"srv\",\
                   srv_port=\"80\",route_group=\"\",route_kind=\"default\",route_name=\"default\",\
                   authz_group=\"\",authz_kind=\"default\",authz_name=\"everyone\"} 1\n";
    let target = "target_addr=\"10.0.0.1:80\"";
    assert!(page.contains(&format!("inbound_http_authz_allow_total{{{target},{decided}")), "{page}");
    let target = format!("direction=\"inbound\",{target},target_ip=\"10.0.0.1\",target_port=\"80\"");
    assert!(page.contains(&format!("request_total{{{target},{decided}")), "{page}");
}

#[test]
fn a_denied_request_counts_as_denied_and_as_an_error() {
    let page = page_of(&Verdict::Deny, ClientTls::Plain);
    assert!(page.contains("inbound_http_errors_total{error=\"unauthorized\"} 1\n"), "{page}");
    let denied = page.lines().find(|line| line.starts_with("inbound_http_authz_deny_total{")).unwrap();
    assert!(denied.contains("no_tls_reason=\"no_tls_from_remote\"") && !denied.contains("authz_name"), "{denied}");
}

#[test]
fn connections_with_other_facts_have_other_labels() {
    let metrics = DataMetrics::new();
    let identified = |id: &str| client(ClientTls::Identified { id: Id::Dns(id.into()), also: [].into() });
    let passed = Client { own_tls: Some("a.example".into()), ..client(ClientTls::Plain) };
    let near = Client { addr: "127.0.0.1:5000".parse().unwrap(), ..client(ClientTls::Plain) };
    let renamed = ServerPolicy { meta: meta("other"), ..policy() };
    let unread = ServerPolicy { protocol: Protocol::Opaque, ..policy() };
    let all = [identified("a.id"), identified("b.id"), client(ClientTls::Anonymous), passed, near];
    for _ in 0..2 {
        for client in &all {
            http_transport(&metrics, &policy(), client, "10.0.0.1:80".parse().unwrap()).opened();
        }
        http_transport(&metrics, &unread, &all[4], "10.0.0.1:80".parse().unwrap()).opened();
        http_transport(&metrics, &policy(), &all[0], "10.0.0.1:81".parse().unwrap()).opened();
        http_transport(&metrics, &renamed, &all[0], "10.0.0.1:80".parse().unwrap()).opened();
    }
    let page = page(&metrics);
    let opened: Vec<_> = page.lines().filter(|line| line.starts_with("tcp_open_total{")).collect();
    assert!(opened.len() == 8 && opened.iter().all(|line| line.ends_with(" 2")), "{opened:?}");
    let reasons = ["no_tls_reason=\"loopback\"", "no_tls_reason=\"port_skipped\""];
    for part in ["a.id", "b.id", "sni=\"a.example\"", "srv_name=\"other\""].iter().chain(&reasons) {
        assert!(opened.iter().any(|line| line.contains(part)), "{part}: {opened:?}");
    }
}

#[test]
fn requests_count_by_their_route_as_well() {
    let page = page_of(&Verdict::Deny, ClientTls::Plain);
    let route = "parent_group=\"\",parent_kind=\"default\",parent_name=\"srv\",parent_port=\"80\",\
                 route_group=\"\",route_kind=\"default\",route_name=\"default\"";
    assert!(page.contains(&format!("inbound_http_requests_total{{{route}}} 1\n")), "{page}");
}
