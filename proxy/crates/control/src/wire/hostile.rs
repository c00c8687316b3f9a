//! Bytes of a control plane that lies, is broken, or is somebody else: whatever they are, the parsers answer, and what they
//! accept never admits more than the message says.

use std::sync::Arc;
use std::time::{Duration, Instant};

use hauberk_api::linkerd::destination::{DestinationProfile, Update, update};
use hauberk_api::linkerd::inbound::{self, Server, authn};
use hauberk_api::linkerd::outbound::OutboundPolicy;
use hauberk_api::view::Confirmation;
use hauberk_core::endpoint::Endpoints;
use hauberk_core::inbound::{Authentication, Authorization, Protocol};
use hauberk_core::outbound::{BackendKind, Distribution, HttpAction, HttpRoutes, Protocol as Outbound};
use hauberk_metrics::control::ControlMetrics;
use hauberk_metrics::text::Text;
use prost::Message;

use super::{endpoints, meta, outbound as outbound_wire};
use crate::ask::view;
use crate::follow::Question as _;

/// Reads bytes as each kind of message, and panics where what was accepted is more than what they say.
pub fn check(bytes: &[u8]) {
    if let Ok(message) = Server::decode(bytes) {
        server(message);
    }
    if let Ok(message) = Update::decode(bytes) {
        update(message);
    }
    if let Ok(message) = OutboundPolicy::decode(bytes) {
        policy(message);
    }
    if let Ok(message) = DestinationProfile::decode(bytes) {
        profile(message);
    }
    if let Ok(message) = Confirmation::decode(bytes) {
        confirmation(message);
    }
}

/// Nobody else is let in than who is named: an entry that cannot be read refuses the message.
fn server(message: Server) {
    let opens = |authz: &inbound::Authz| {
        let permit = authz.authentication.as_ref().and_then(|authentication| authentication.permit.as_ref());
        matches!(permit, Some(authn::Permit::Unauthenticated(_)))
    };
    let opened = message.authorizations.iter().any(opens);
    let count = message.authorizations.len();
    let Ok(policy) = super::inbound::policy(message, None, Instant::now()) else { return };
    assert!(is_bounded(&policy.authorizations));
    assert_eq!(policy.authorizations.len(), count);
    let admits = |a: &Arc<Authorization>| matches!(a.authentication, Authentication::Unauthenticated);
    assert_eq!(policy.authorizations.iter().any(admits), opened);
    match &policy.protocol {
        Protocol::Detect { routes, .. } | Protocol::Http1(routes) | Protocol::Http2(routes) => {
            let mut rules = routes.iter().flat_map(|route| &route.rules);
            assert!(rules.all(|rule| is_bounded(&rule.then.authorizations)));
        }
        Protocol::Grpc(routes) => {
            let mut rules = routes.iter().flat_map(|route| &route.rules);
            assert!(rules.all(|rule| is_bounded(&rule.then.authorizations)));
        }
        Protocol::Opaque | Protocol::Tls => {}
    }
}

fn is_bounded(authorizations: &[Arc<Authorization>]) -> bool {
    authorizations.iter().all(|authorization| !authorization.networks.is_empty())
}

/// An identity never turns into plain text, and none comes from nowhere.
fn update(message: Update) {
    let secured: Vec<bool> = match &message.update {
        Some(update::Update::Add(set)) => set.addrs.iter().map(|addr| addr.tls_identity.is_some()).collect(),
        _ => Vec::new(),
    };
    let Ok(view) = endpoints::apply(&Endpoints::default(), message, true) else { return };
    for (addr, endpoint) in &view.by_addr {
        assert_ne!(addr.port(), 0);
        assert!(secured.contains(&endpoint.tls.is_some()));
    }
}

fn policy(message: OutboundPolicy) {
    let Ok(policy) = outbound_wire::policy(message) else { return };
    match &policy.protocol {
        Outbound::Detect { http1, http2, .. } => {
            routes(http1);
            routes(http2);
        }
        Outbound::Http1(all) | Outbound::Http2(all) => routes(all),
        _ => {}
    }
}

/// Whoever has backends has one that can be chosen.
fn routes(all: &HttpRoutes) {
    let actions = all.routes.iter().flat_map(|route| &route.rules).map(|rule| &rule.then);
    for HttpAction { backends, .. } in actions {
        let Distribution::Weighted(backends) = backends else { continue };
        assert!(backends.iter().any(|(_, weight)| *weight > 0));
        for (backend, _) in backends.iter() {
            if let BackendKind::Forward(endpoint) = &backend.backend.kind {
                assert_ne!(endpoint.addr.port(), 0);
            }
        }
    }
}

fn profile(message: DestinationProfile) {
    let _ = meta::version(message.version);
    let Some(addr) = message.endpoint else { return };
    let secured = addr.tls_identity.is_some();
    if let Ok(endpoint) = endpoints::endpoint(addr) {
        assert_eq!(endpoint.tls.is_some(), secured, "an identity never turns into plain text");
    }
}

/// Patience is as long as three intervals, and what makes no sense changes nothing.
fn confirmation(message: Confirmation) {
    let metrics = Arc::new(ControlMetrics::new());
    let mut question = view::Ask::new("".into(), metrics.clone());
    let interval = Duration::from_millis(message.interval_ms.into());
    let revision = message.version.as_ref().map(|version| version.revision);
    let taken = question.take(message, true).is_ok();
    let now = Instant::now();
    let mut page = Text::default();
    metrics.write(&mut page, now);
    let page = page.finish();
    match revision.filter(|_| taken) {
        Some(revision) => assert!(page.contains(&format!("hauberk_view_revision {revision}\n"))),
        None => assert_eq!(metrics.view_age(now), None),
    }
    match question.idle() {
        Some(patience) => assert!(taken && patience >= 3 * interval && patience >= Duration::from_secs(3)),
        None => assert!(!taken || interval.is_zero()),
    }
}
