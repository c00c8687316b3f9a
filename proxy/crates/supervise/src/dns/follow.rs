//! Keeps the view of Services as the control plane has it: list, then watch (Kubernetes' API conventions).

use std::time::{Duration, Instant};

use hyper::Method;
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::watch;

use super::view::{Metadata, Service, View};
use crate::api::{Api, ApiError};
use crate::backoff::{Backoff, random};

const SERVICES: &str = "/api/v1/services";
/// A watch is ended by the server after this time, and given up when it was silent for longer.
const WATCH: Duration = Duration::from_secs(240);
const SILENCE: Duration = Duration::from_secs(300);
/// A watch that went on for so long was all right: the next failure is a first one.
const STABLE: Duration = Duration::from_secs(10);

#[derive(Deserialize)]
struct List {
    #[serde(default)]
    metadata: Metadata,
    items: Vec<Service>,
}

#[derive(Deserialize)]
struct Event {
    #[serde(rename = "type")]
    kind: String,
    object: Value,
}

/// Never returns. Whatever goes wrong, the last good view stays.
pub(crate) async fn follow(api: &Api, names: &watch::Sender<Option<View>>) {
    let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(5));
    let mut seen = None;
    loop {
        let begin = Instant::now();
        match advance(api, names, &mut seen).await {
            Ok(()) | Err(ApiError::Away { .. }) => {}
            // The version is no longer kept, an event made no sense, or there are too many watches: with a new list
            // the view is as fresh as the pause is short.
            Err(ApiError::Refused { .. } | ApiError::Nonsense(_)) => seen = None,
        }
        if begin.elapsed() >= STABLE {
            backoff.reset();
        }
        tokio::time::sleep(backoff.pause(random())).await;
    }
}

/// Lists if nothing was seen yet, and watches from there until the watch ends.
async fn advance(api: &Api, names: &watch::Sender<Option<View>>, seen: &mut Option<String>) -> Result<(), ApiError> {
    let version = match seen {
        Some(version) => version,
        None => seen.insert(list(api, names).await?),
    };
    watch(api, names, version).await
}

async fn list(api: &Api, names: &watch::Sender<Option<View>>) -> Result<String, ApiError> {
    let answer = api.call(Method::GET, SERVICES, None).await?;
    let list: List = serde_json::from_value(answer).map_err(|e| ApiError::Nonsense(e.to_string()))?;
    let mut view = View::default();
    list.items.iter().for_each(|service| view.put(service));
    names.send_replace(Some(view));
    Ok(list.metadata.resource_version)
}

/// Takes events in until there are no more for now; `version` is that of the last one.
async fn watch(api: &Api, names: &watch::Sender<Option<View>>, version: &mut String) -> Result<(), ApiError> {
    let seconds = WATCH.as_secs();
    let path =
        format!("{SERVICES}?watch=true&allowWatchBookmarks=true&timeoutSeconds={seconds}&resourceVersion={version}");
    let mut lines = api.watch(&path).await?;
    while let Ok(Ok(Some(line))) = tokio::time::timeout(SILENCE, lines.next()).await {
        if !line.is_empty() {
            *version = apply(names, &line).ok_or_else(|| ApiError::Nonsense("an event that is none".to_owned()))?;
        }
    }
    Ok(())
}

/// Takes one event in; the version that it brought, or `None` when it is none that can be understood.
fn apply(names: &watch::Sender<Option<View>>, line: &[u8]) -> Option<String> {
    let event: Event = serde_json::from_slice(line).ok()?;
    let service: Service = match event.kind.as_str() {
        "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" => serde_json::from_value(event.object).ok()?,
        _ => return None, // ERROR carries a Status
    };
    names.send_if_modified(|view| {
        let view = view.get_or_insert_default();
        match event.kind.as_str() {
            "ADDED" | "MODIFIED" => view.put(&service),
            "DELETED" => view.delete(&service),
            _ => return false,
        }
        true
    });
    Some(service.metadata.resource_version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_change_the_view_and_nonsense_does_not() {
        let names = watch::Sender::new(Some(View::default()));
        let event = |kind: &str, version: u32| {
            format!(
                r#"{{"type":"{kind}","object":{{"metadata":{{"namespace":"a","name":"web","resourceVersion":"{version}"}},
                "spec":{{"clusterIP":"10.78.0.{version}"}}}}}}"#
            )
        };
        let known = || names.borrow().as_ref().unwrap().addresses("a", "web").map(<[_]>::to_vec);
        assert_eq!(apply(&names, event("ADDED", 1).as_bytes()).unwrap(), "1");
        assert_eq!(apply(&names, event("MODIFIED", 2).as_bytes()).unwrap(), "2");
        assert_eq!(known(), Some(vec!["10.78.0.2".parse().unwrap()]));
        assert_eq!(
            apply(&names, br#"{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"9"}}}"#).unwrap(),
            "9"
        );
        assert!(apply(&names, br#"{"type":"ERROR","object":{"code":410}}"#).is_none());
        assert!(apply(&names, b"garbage").is_none());
        assert_eq!(known(), Some(vec!["10.78.0.2".parse().unwrap()]));
        apply(&names, event("DELETED", 3).as_bytes()).unwrap();
        assert_eq!(known(), None);
    }
}
