//! `OutboundPolicies.Watch`, with `Destination.GetProfile` behind it.

use hauberk_api::linkerd::destination::tls_identity::{DnsLikeIdentity, Strategy};
use hauberk_api::linkerd::destination::{DestinationProfile, TlsIdentity, WeightedAddr};
use hauberk_api::linkerd::outbound::OutboundPolicy;
use hauberk_core::discover::Discover;
use hauberk_core::name::NameAddr;
use hauberk_core::outbound::Target;
use tonic::Status;

use crate::messages::{endpoint, policy, version};
use crate::support::{Asker, eventually, rejected, until};

type Answer = tokio::sync::watch::Receiver<Option<Target>>;

async fn until_policy(answer: &mut Answer, name: &str) {
    until(answer, |target| match target {
        Some(Target::Policy(policy)) if policy.parent.name() == name => Some(()),
        _ => None,
    })
    .await;
}

fn member(last: u8, name: &str) -> WeightedAddr {
    let identity = DnsLikeIdentity { name: name.into() };
    let strategy = Some(Strategy::DnsLikeIdentity(identity.clone()));
    WeightedAddr { tls_identity: Some(TlsIdentity { strategy, server_name: Some(identity) }), ..endpoint(last) }
}

fn profile(of: WeightedAddr, revision: u64) -> DestinationProfile {
    DestinationProfile { endpoint: Some(of), version: version("s", revision), ..Default::default() }
}

#[tokio::test]
async fn policies_follow_each_other_and_older_ones_are_ignored() {
    let asker = Asker::start().await;
    let said = asker.plane.policy(80);
    let mut seen = asker.controller.outbound("10.78.0.1:80".parse().unwrap());
    said.say(policy("one", 1));
    until_policy(&mut seen, "one").await;
    said.say(policy("two", 5));
    until_policy(&mut seen, "two").await;
    seen.mark_unchanged();
    // The nonsense behind them tells when they were read: an older view, and two without news, of which one has no version.
    let unversioned = OutboundPolicy { version: None, ..policy("two", 0) };
    let senseless = OutboundPolicy::default();
    said.restart(vec![Ok(unversioned), Ok(policy("old", 4)), Ok(policy("two", 6)), Ok(senseless)]);
    eventually("read", || rejected(&asker.metrics, "outbound-policy")).await;
    assert!(!seen.has_changed().unwrap());
    said.restart(vec![Ok(policy("three", 7))]);
    until_policy(&mut seen, "three").await;
}

#[tokio::test]
async fn a_call_that_was_answered_once_is_not_taken_for_one_that_is_missing() {
    let asker = Asker::start().await;
    let said = asker.plane.policy(80);
    let mut seen = asker.controller.outbound("10.78.0.1:80".parse().unwrap());
    said.say(policy("one", 1));
    until_policy(&mut seen, "one").await;
    seen.mark_unchanged();
    let asked = said.opened();
    said.restart(vec![Err(Status::unimplemented("404 of something in between"))]);
    eventually("asked again", || said.opened() > asked + 1).await;
    assert!(!seen.has_changed().unwrap(), "the last good view stays");
    said.restart(vec![Err(Status::not_found("no policy"))]);
    until(&mut seen, |target| (!matches!(target, Some(Target::Policy(_)))).then_some(())).await;
}

#[tokio::test]
async fn an_address_outside_the_mesh_is_unknown() {
    let asker = Asker::start().await;
    for (port, status) in [(80, Status::not_found("no policy")), (81, Status::unimplemented("no such call"))] {
        asker.plane.policy(port).push(Err(status));
        let mut seen = asker.controller.outbound(format!("192.0.2.1:{port}").parse().unwrap());
        until(&mut seen, |target| matches!(target, Some(Target::Unknown)).then_some(())).await;
        seen.mark_unchanged();
        let asked = asker.plane.policy(port).opened();
        eventually("asked again", || asker.plane.policy(port).opened() > asked + 1).await;
        assert!(!seen.has_changed().unwrap(), "the same answer is no news");
    }
}

#[tokio::test]
async fn a_workload_that_is_addressed_directly_comes_from_its_profile() {
    let asker = Asker::start().await;
    asker.plane.policy(8080).push(Err(Status::not_found("not a Service")));
    let profiles = asker.plane.profile("10.77.0.5:8080");
    let mut seen = asker.controller.outbound("10.77.0.5:8080".parse().unwrap());
    eventually("the profile is asked for", || profiles.opened() > 0).await;
    assert!(seen.borrow().is_none(), "it must not pass in plain text before the answer");
    profiles.say(profile(member(5, "web.mesh"), 1));
    let id = until(&mut seen, |target| match target {
        Some(Target::Endpoint { endpoint, opaque: false }) => endpoint.tls.clone().map(|tls| tls.id),
        _ => None,
    });
    assert_eq!(id.await.as_str(), "web.mesh");
    profiles.say(DestinationProfile { opaque_protocol: true, ..profile(member(5, "web.mesh"), 2) });
    until(&mut seen, |target| matches!(target, Some(Target::Endpoint { opaque: true, .. })).then_some(())).await;
    // An identity that cannot be read must not become plain text.
    profiles.say(profile(member(5, "not a name"), 1_000_000));
    eventually("counted", || rejected(&asker.metrics, "profile")).await;
    assert!(matches!(&*seen.borrow(), Some(Target::Endpoint { endpoint, .. }) if endpoint.tls.is_some()));
    // Nor does it make what comes after it look old.
    profiles.restart(vec![Ok(profile(member(5, "next.mesh"), 3))]);
    until(&mut seen, |target| match target {
        Some(Target::Endpoint { endpoint, .. }) => {
            endpoint.tls.as_ref().filter(|tls| tls.id.as_str() == "next.mesh").map(drop)
        }
        _ => None,
    })
    .await;
    asker.plane.policy(8080).restart(vec![Ok(policy("now-a-service", 4))]);
    until_policy(&mut seen, "now-a-service").await;
    eventually("the profile is no longer followed", || profiles.listening() == 0).await;
}

#[tokio::test]
async fn a_destination_that_has_a_name_is_asked_for_by_it() {
    let asker = Asker::start().await;
    let name = NameAddr::parse("web.default.svc.cluster.local", 80).unwrap();
    let key = "web.default.svc.cluster.local:80";
    let said = asker.plane.named(key);
    let mut seen = asker.controller.named(&name);
    said.say(policy("one", 1));
    until_policy(&mut seen, "one").await;
    said.restart(vec![Err(Status::not_found("no policy"))]);
    let profiles = asker.plane.profile(key);
    profiles.say(profile(member(5, "web.mesh"), 1));
    until(&mut seen, |target| matches!(target, Some(Target::Endpoint { .. })).then_some(())).await;
    profiles.restart(vec![Err(Status::invalid_argument("no such name"))]);
    until(&mut seen, |target| matches!(target, Some(Target::Unknown)).then_some(())).await;
}

#[tokio::test]
async fn a_refused_destination_is_refused_until_the_answer_changes() {
    let asker = Asker::start().await;
    let said = asker.plane.policy(80);
    said.push(Err(Status::failed_precondition("two Services have this address")));
    let mut seen = asker.controller.outbound("10.78.0.1:80".parse().unwrap());
    let why = until(&mut seen, |target| match target {
        Some(Target::Refused(why)) => Some(why.to_string()),
        _ => None,
    });
    assert_eq!(why.await, "two Services have this address");
    said.restart(vec![Ok(policy("one", 1))]);
    until_policy(&mut seen, "one").await;
}

#[tokio::test]
async fn a_passing_trouble_changes_nothing() {
    let asker = Asker::start().await;
    let said = asker.plane.policy(80);
    said.say(policy("one", 1));
    let mut seen = asker.controller.outbound("10.78.0.1:80".parse().unwrap());
    until_policy(&mut seen, "one").await;
    seen.mark_unchanged();
    said.restart(vec![Err(Status::unavailable("starting"))]);
    let asked = said.opened();
    eventually("asked again", || said.opened() > asked + 2).await;
    assert!(!seen.has_changed().unwrap());
}
