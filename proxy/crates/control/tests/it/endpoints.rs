//! `Destination.Get`.

use hauberk_core::discover::Discover;
use tonic::Status;

use crate::messages::{add, no_endpoints, nonsense, remove};
use crate::support::{Asker, eventually, rejected, until, until_at};

const PATH: &str = "web.default.svc.cluster.local:80";

#[tokio::test]
async fn the_first_view_then_each_change() {
    let asker = Asker::start().await;
    let said = asker.plane.endpoints(PATH);
    let mut seen = asker.controller.endpoints(PATH);
    assert!(seen.borrow().is_none(), "nothing is known before the first answer");
    said.say(add(&[1, 2], 1));
    assert!(until_at(&mut seen, &[1, 2]).await.exists);
    said.say(add(&[3], 2));
    said.say(remove(1, 3));
    until_at(&mut seen, &[2, 3]).await;
    said.say(no_endpoints(true, 4));
    assert!(until_at(&mut seen, &[]).await.exists);
    said.say(no_endpoints(false, 5));
    until(&mut seen, |now| now.as_ref().filter(|now| !now.exists).map(|_| ())).await;
}

#[tokio::test]
async fn a_new_stream_replaces_the_whole_set() {
    let asker = Asker::start().await;
    let said = asker.plane.endpoints(PATH);
    said.say(add(&[1, 2], 1));
    let mut seen = asker.controller.endpoints(PATH);
    until_at(&mut seen, &[1, 2]).await;
    said.restart(vec![Ok(add(&[2, 3], 2))]);
    until_at(&mut seen, &[2, 3]).await;
}

#[tokio::test]
async fn an_older_revision_of_the_same_store_is_ignored() {
    let asker = Asker::start().await;
    let said = asker.plane.endpoints(PATH);
    said.say(add(&[1, 2], 7));
    let mut seen = asker.controller.endpoints(PATH);
    until_at(&mut seen, &[1, 2]).await;
    seen.mark_unchanged();
    // A replica that lags: its view at 5, then at 6. The nonsense behind it tells when both were read.
    said.restart(vec![Ok(add(&[1], 5)), Ok(add(&[4], 6)), Ok(nonsense())]);
    eventually("read", || rejected(&asker.metrics, "destination")).await;
    assert!(!seen.has_changed().unwrap());
    // Once it is up to date, what it says is whole: nothing is left of the newer view that it never showed.
    said.restart(vec![Ok(add(&[1], 5)), Ok(add(&[4], 6)), Ok(add(&[5], 8))]);
    until_at(&mut seen, &[1, 4, 5]).await;
}

#[tokio::test]
async fn another_store_counts_from_its_own_beginning() {
    let asker = Asker::start().await;
    let said = asker.plane.endpoints(PATH);
    said.say(add(&[1], 7));
    let mut seen = asker.controller.endpoints(PATH);
    until_at(&mut seen, &[1]).await;
    let mut restored = add(&[2], 1);
    restored.version = crate::messages::version("another", 1);
    said.restart(vec![Ok(restored)]);
    until_at(&mut seen, &[2]).await;
}

#[tokio::test]
async fn nonsense_leaves_the_last_good_view_and_is_counted() {
    let asker = Asker::start().await;
    let said = asker.plane.endpoints(PATH);
    said.say(add(&[1], 1));
    let mut seen = asker.controller.endpoints(PATH);
    until_at(&mut seen, &[1]).await;
    seen.mark_unchanged();
    said.push(Ok(nonsense()));
    eventually("asked again after nonsense", || said.opened() > 2).await;
    assert!(rejected(&asker.metrics, "destination"));
    assert!(!seen.has_changed().unwrap(), "the view must not move");
    said.restart(vec![Ok(add(&[2], 10))]);
    until_at(&mut seen, &[2]).await;
}

#[tokio::test]
async fn a_service_that_is_not_there_has_no_endpoints() {
    let asker = Asker::start().await;
    let said = asker.plane.endpoints(PATH);
    said.push(Err(Status::not_found("no such service")));
    let mut seen = asker.controller.endpoints(PATH);
    assert!(!until_at(&mut seen, &[]).await.exists);
    said.restart(vec![Ok(add(&[1], 1))]);
    assert!(until_at(&mut seen, &[1]).await.exists);
}
