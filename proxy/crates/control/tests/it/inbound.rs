//! `InboundServerPolicies.WatchPort`.

use std::sync::Arc;

use hauberk_core::discover::Discover;
use hauberk_core::inbound::{Protocol, ServerPolicy};
use tokio::sync::watch;
use tonic::Status;

use crate::messages::server;
use crate::support::{Asker, eventually, rejected, until};

async fn until_named(answer: &mut watch::Receiver<Arc<ServerPolicy>>, name: &str) {
    until(answer, |policy| (policy.meta.name() == name).then_some(())).await;
}

#[tokio::test]
async fn the_default_holds_until_the_answer_and_the_answer_from_then_on() {
    let asker = Asker::start().await;
    let said = asker.plane.port(8080);
    let mut seen = asker.controller.inbound(8080);
    assert_eq!((seen.borrow().meta.kind(), seen.borrow().meta.name()), ("default", "all-authenticated"));
    assert!(matches!(asker.controller.inbound(6379).borrow().protocol, Protocol::Opaque));
    said.say(server("web", 1));
    until_named(&mut seen, "web").await;
    assert_eq!((seen.borrow().meta.kind(), seen.borrow().meta.group()), ("server", "policy.linkerd.io"));
    seen.mark_unchanged();
    said.restart(vec![Err(Status::not_found("no such workload"))]);
    let asked = said.opened();
    eventually("asked again", || said.opened() > asked + 2).await;
    assert!(!seen.has_changed().unwrap(), "what was in force stays");
    said.restart(vec![Ok(server("web", 1)), Ok(server("web-2", 2))]);
    until_named(&mut seen, "web-2").await;
}

#[tokio::test]
async fn an_authorization_without_networks_is_nonsense() {
    let asker = Asker::start().await;
    let said = asker.plane.port(8080);
    let mut seen = asker.controller.inbound(8080);
    said.say(server("web", 1));
    until_named(&mut seen, "web").await;
    seen.mark_unchanged();
    let mut wrong = server("wrong", 2);
    wrong.authorizations[0].networks.clear();
    said.say(wrong);
    eventually("counted", || rejected(&asker.metrics, "inbound-policy")).await;
    assert!(!seen.has_changed().unwrap());
}

#[tokio::test]
async fn ports_that_are_known_at_start_are_watched_from_then_on() {
    let asker = Asker::with(|config| config.inbound.ports = vec![8080, 4191]).await;
    for port in [8080, 4191] {
        eventually("asked", || asker.plane.port(port).listening() == 1).await;
        asker.plane.port(port).say(server("web", 1));
    }
    for port in [8080, 4191] {
        until_named(&mut asker.controller.inbound(port), "web").await;
        assert_eq!(asker.plane.port(port).opened(), 1);
    }
}

#[tokio::test]
async fn it_is_known_when_all_ports_have_their_first_answer_or_none() {
    let asker = Asker::with(|config| config.inbound.ports = vec![8080, 4191]).await;
    let mut answered = asker.controller.answered();
    asker.plane.port(8080).say(server("web", 1));
    until_named(&mut asker.controller.inbound(8080), "web").await;
    assert!(!*answered.borrow());
    asker.plane.port(4191).restart(vec![Err(Status::not_found("no such workload"))]);
    until(&mut answered, |answered| answered.then_some(())).await;
    assert_eq!(asker.controller.inbound(4191).borrow().meta.name(), "all-authenticated", "the default stays in force");
}
