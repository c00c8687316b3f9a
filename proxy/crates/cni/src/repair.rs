//! Pods that were too early: they started when the plugin was not there, so their connections are not redirected, and their
//! validator or their proxy fails for good. Whoever made them makes them anew when they are deleted.

use hyper::Method;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::api::{Api, ApiError};
use crate::pod::{PROXY, VALIDATOR};

/// What a proxy exits with that saw that its network's connections do not come to it (Linkerd's validator does as well).
pub const NOT_REDIRECTED: u8 = 95;

/// A node has a few hundred pods at most; the rest has its turn when these are gone.
const LIMIT: u32 = 500;

/// What became of a pod that was too early.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Repaired {
    Deleted(String),
    /// Nobody would make it anew.
    Left(String),
}

/// A pod to be deleted: its path, and that it is this one.
#[derive(Debug, PartialEq, Eq)]
struct Early {
    name: String,
    path: String,
    uid: String,
    has_owner: bool,
}

/// Deletes those of a node that started before a time at which the plugin was there. Later ones fail for another reason, and
/// would again.
pub(crate) async fn repair(api: &Api, node: &str, entered: OffsetDateTime) -> Result<Vec<Repaired>, ApiError> {
    // As of any time: an early pod stays early.
    let path = format!("/api/v1/pods?fieldSelector=spec.nodeName%3D{node}&limit={LIMIT}&resourceVersion=0");
    let listed = api.ask(Method::GET, &path, None).await?;
    let mut repaired = Vec::new();
    for pod in
        listed["items"].as_array().map(Vec::as_slice).unwrap_or_default().iter().filter_map(|pod| early(pod, entered))
    {
        if !pod.has_owner {
            repaired.push(Repaired::Left(pod.name));
            continue;
        }
        let exactly = json!({"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {"uid": pod.uid}});
        match api.ask(Method::DELETE, &pod.path, Some(&exactly)).await {
            Ok(_) => repaired.push(Repaired::Deleted(pod.name)),
            // Gone, or another one by now.
            Err(ApiError::Refused { status, .. }) if [404, 409].contains(&status.as_u16()) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(repaired)
}

fn early(pod: &Value, entered: OffsetDateTime) -> Option<Early> {
    let metadata = &pod["metadata"];
    // In seconds, and by the clock of this node.
    let began = OffsetDateTime::parse(pod["status"]["startTime"].as_str()?, &Rfc3339).ok()?;
    if !metadata["deletionTimestamp"].is_null() || began > entered || !has_failed(pod) {
        return None;
    }
    let word = |name: &str| metadata[name].as_str();
    let (namespace, name, uid) = (word("namespace")?, word("name")?, word("uid")?);
    let owners = metadata["ownerReferences"].as_array().map(Vec::as_slice).unwrap_or_default();
    Some(Early {
        name: format!("{namespace}/{name}"),
        path: format!("/api/v1/namespaces/{namespace}/pods/{name}"),
        uid: uid.to_owned(),
        has_owner: owners.iter().any(|owner| owner["controller"] == true),
    })
}

/// Whether the validator, or the proxy in its place, ran and failed, and has not succeeded since.
fn has_failed(pod: &Value) -> bool {
    let states = pod["status"]["initContainerStatuses"].as_array().map(Vec::as_slice).unwrap_or_default();
    let code = |state: &Value| state["terminated"]["exitCode"].as_i64();
    states.iter().any(|status| {
        let ended = code(&status["state"]).or_else(|| code(&status["lastState"]));
        match status["name"].as_str() {
            Some(VALIDATOR) => ended.is_some_and(|code| code != 0),
            // One that runs again has seen that connections come to it, or is about to look.
            Some(PROXY) => ended == Some(NOT_REDIRECTED.into()) && status["state"]["running"].is_null(),
            _ => false,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod(state: &Value, last: &Value) -> Value {
        json!({"metadata": {"namespace": "shop", "name": "web-1", "uid": "u", "ownerReferences": [{"controller": true}]},
               "status": {"startTime": "2026-01-02T03:04:05Z", "initContainerStatuses": [{"name": VALIDATOR, "state": state, "lastState": last}]}})
    }

    fn at(time: &str) -> OffsetDateTime {
        OffsetDateTime::parse(time, &Rfc3339).unwrap()
    }

    fn early(pod: &Value) -> Option<Early> {
        super::early(pod, at("2026-01-02T03:04:05.5Z"))
    }

    #[test]
    fn who_started_when_the_plugin_was_there_fails_for_another_reason() {
        let pod = pod(&json!({"terminated": {"exitCode": 1}}), &json!({}));
        assert!(super::early(&pod, at("2026-01-02T03:04:05Z")).is_some());
        assert!(super::early(&pod, at("2026-01-02T03:04:04Z")).is_none());
    }

    #[test]
    fn who_failed_is_too_early_and_who_waits_or_succeeded_is_not() {
        let failed = json!({"terminated": {"exitCode": 1}});
        let done = json!({"terminated": {"exitCode": 0}});
        let (running, waiting) = (json!({"running": {}}), json!({"waiting": {"reason": "CrashLoopBackOff"}}));
        for (state, last, is_early) in [
            (&failed, &json!({}), true),
            (&waiting, &failed, true),
            (&running, &failed, true),
            (&running, &json!({}), false),
            (&waiting, &json!({}), false),
            (&done, &failed, false),
        ] {
            assert_eq!(early(&pod(state, last)).is_some(), is_early, "{state} after {last}");
        }
    }

    #[test]
    fn a_proxy_that_saw_it_by_itself_counts_while_it_does_not_run() {
        let ended = |code: u8| json!({"terminated": {"exitCode": code}});
        let (running, waiting) = (json!({"running": {}}), json!({"waiting": {"reason": "CrashLoopBackOff"}}));
        for (state, last, is_early) in [
            (&ended(NOT_REDIRECTED), &json!({}), true),
            (&waiting, &ended(NOT_REDIRECTED), true),
            (&running, &ended(NOT_REDIRECTED), false),
            (&ended(1), &ended(NOT_REDIRECTED), false),
            (&waiting, &ended(64), false),
        ] {
            let mut pod = pod(state, last);
            pod["status"]["initContainerStatuses"][0]["name"] = PROXY.into();
            assert_eq!(early(&pod).is_some(), is_early, "{state} after {last}");
        }
    }

    #[test]
    fn others_are_no_business_of_ours() {
        let failed = json!({"terminated": {"exitCode": 1}});
        let mut other = pod(&failed, &json!({}));
        other["metadata"]["deletionTimestamp"] = "now".into();
        assert_eq!(early(&other), None);
        let mut other = pod(&failed, &json!({}));
        other["status"]["initContainerStatuses"][0]["name"] = "migrate".into();
        assert_eq!(early(&other), None);
        let mut bare = pod(&failed, &json!({}));
        bare["metadata"]["ownerReferences"] = json!([{"controller": false}]);
        assert!(!early(&bare).unwrap().has_owner);
    }
}
