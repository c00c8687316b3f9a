//! The control plane comes and goes, hangs, and is far.

use std::sync::Arc;
use std::time::{Duration, Instant};

use hauberk_api::view::Confirmation;
use hauberk_core::discover::Discover;
use hauberk_core::outbound::Backoff;
use hauberk_metrics::control::ControlMetrics;
use tokio::net::UnixListener;
use tonic::Status;

use crate::messages::{add, policy, version};
use crate::plane::{Blunt, Plane, serve_unix};
use crate::support::{Asker, config, eventually, service, start, until, until_at};

const PATH: &str = "web.default.svc.cluster.local:80";

#[tokio::test]
async fn while_the_server_is_gone_the_view_stays_and_then_the_new_one_counts() {
    let asker = Asker::start().await;
    asker.plane.endpoints(PATH).say(add(&[1, 2], 1));
    let mut seen = asker.controller.endpoints(PATH);
    until_at(&mut seen, &[1, 2]).await;
    seen.mark_unchanged();
    asker.server.stop().await;
    let said = asker.plane.endpoints(PATH);
    eventually("the stream is gone", || said.listening() == 0).await;
    assert!(!seen.has_changed().unwrap());
    let after = Plane::new();
    after.endpoints(PATH).say(add(&[2, 3], 2));
    let _server = Asker::back(&asker.address, &after).await;
    until_at(&mut seen, &[2, 3]).await;
    // A question that comes later works as well.
    after.policy(80).say(policy("one", 2));
    let mut target = asker.controller.outbound("10.78.0.1:80".parse().unwrap());
    until(&mut target, |target| target.as_ref().map(|_| ())).await;
}

#[tokio::test]
async fn a_server_that_is_silent_is_asked_again() {
    let patience = Duration::from_millis(50);
    let asker = Asker::with(|config| config.streams.initial = Some(patience)).await;
    let said = asker.plane.endpoints(PATH);
    let mut seen = asker.controller.endpoints(PATH);
    eventually("asked again", || said.opened() > 2).await;
    said.say(add(&[1], 1));
    until_at(&mut seen, &[1]).await;
}

#[tokio::test]
async fn a_server_that_answers_and_hangs_up_is_not_asked_without_a_pause() {
    let min = Duration::from_millis(20);
    let asker = Asker::with(|config| config.backoff = Backoff { min, max: min * 16, jitter: 0.0 }).await;
    let said = asker.plane.endpoints(PATH);
    let hangs_up = || vec![Ok(add(&[1], 1)), Err(Status::unavailable("draining"))];
    said.restart(hangs_up());
    let begun = Instant::now();
    let mut seen = asker.controller.endpoints(PATH);
    eventually("asked again", || said.opened() > 4).await;
    assert!(begun.elapsed() >= min * (1 + 2 + 4 + 8), "each pause is twice the last one");
    until_at(&mut seen, &[1]).await;
}

#[tokio::test]
async fn a_stream_is_opened_anew_when_it_is_old_or_idle() {
    let short = Some(Duration::from_millis(30));
    for by_age in [true, false] {
        let asker = Asker::with(|config| match by_age {
            true => config.streams.lifetime = short,
            false => config.streams.idle = short,
        });
        let asker = asker.await;
        let said = asker.plane.endpoints(PATH);
        said.say(add(&[1], 1));
        let mut seen = asker.controller.endpoints(PATH);
        until_at(&mut seen, &[1]).await;
        seen.mark_unchanged();
        eventually("opened anew", || said.opened() > 3).await;
        assert!(!seen.has_changed().unwrap(), "the same view is no news");
    }
}

#[tokio::test]
async fn more_questions_than_one_connection_takes_are_all_answered() {
    let asker = Asker::start().await;
    let ports = 1..=300_u16;
    for port in ports.clone() {
        asker.plane.policy(port).say(policy("one", 1));
    }
    let targets = ports.map(|port| asker.controller.outbound(([10, 78, 0, 1], port).into()));
    for mut target in targets.collect::<Vec<_>>() {
        until(&mut target, |target| target.as_ref().map(|_| ())).await;
    }
}

#[tokio::test]
async fn a_question_is_asked_once_and_ends_when_nobody_listens() {
    let asker = Asker::start().await;
    let said = asker.plane.endpoints(PATH);
    said.say(add(&[1], 1));
    let mut first = asker.controller.endpoints(PATH);
    let second = asker.controller.endpoints(PATH);
    until_at(&mut first, &[1]).await;
    assert!(second.borrow().is_some());
    assert_eq!(said.opened(), 1);
    drop((first, second));
    eventually("the stream is closed", || said.listening() == 0).await;
}

#[tokio::test]
async fn the_age_of_the_view_is_known_once_it_is_confirmed() {
    let asker = Asker::with(|config| config.confirm_view = true).await;
    eventually("asked", || asker.plane.confirmations().listening() == 1).await;
    assert_eq!(asker.metrics.view_age(Instant::now()), None);
    asker.plane.confirmations().say(Confirmation { version: version("s", 3), interval_ms: 5000 });
    eventually("confirmed", || asker.metrics.view_age(Instant::now()).is_some()).await;
}

#[tokio::test]
async fn a_unix_socket_needs_no_tls() {
    let path = std::env::temp_dir().join(format!("hauberk-control-{}.sock", std::process::id()));
    let listener = UnixListener::bind(&path).unwrap();
    let plane = Plane::new();
    plane.endpoints(PATH).say(add(&[1], 1));
    let _server = serve_unix(&plane, listener);
    let unix = service(&format!("unix:{}", path.display()));
    let mut config = config("127.0.0.1:1");
    (config.destination, config.policy) = (unix.clone(), unix);
    let controller = start(config, &Arc::new(ControlMetrics::new()));
    until_at(&mut controller.endpoints(PATH), &[1]).await;
    std::fs::remove_file(path).unwrap();
}

#[tokio::test]
async fn an_answer_that_is_hardly_one_of_grpc_leaves_the_view_in_force() {
    let asker = Asker::start().await;
    let (endpoints, policies) = (asker.plane.endpoints(PATH), asker.plane.policy(80));
    endpoints.say(add(&[1], 1));
    policies.say(policy("one", 1));
    let (mut seen, mut target) =
        (asker.controller.endpoints(PATH), asker.controller.outbound("10.78.0.1:80".parse().unwrap()));
    until_at(&mut seen, &[1]).await;
    until(&mut target, |target| target.as_ref().map(|_| ())).await;
    seen.mark_unchanged();
    target.mark_unchanged();
    // 17 and 500 are no codes, 500 and 503 without a code say only what HTTP can, 200 says nothing at all.
    let blunt = |status, grpc_status| Blunt { status, grpc_status };
    for answer in [
        blunt(200, Some("17")),
        blunt(200, Some("500")),
        blunt(200, Some("what")),
        blunt(200, None),
        blunt(500, None),
        blunt(503, None),
        blunt(403, None),
    ] {
        asker.plane.answers(Some(answer));
        endpoints.restart(vec![Ok(add(&[1], 1))]);
        policies.restart(vec![Ok(policy("one", 1))]);
        let asked = asker.plane.blunt_answers();
        eventually("asked again", || asker.plane.blunt_answers() > asked + 4).await;
        asker.plane.answers(None);
        eventually("back", || endpoints.listening() == 1 && policies.listening() == 1).await;
        assert!(!seen.has_changed().unwrap() && !target.has_changed().unwrap());
    }
    endpoints.say(add(&[2], 2));
    until_at(&mut seen, &[1, 2]).await;
}
