//! The workload's token: replaced in time, so that each renewal of the certificate finds a valid one.

use std::time::{Duration, SystemTime};

use hyper::Method;
use serde_json::{Value, json};

use crate::api::{Api, ApiError};
use crate::backoff::{Backoff, random};
use crate::failure::say;
use crate::spec::{Enrollment, Token, parse_rfc3339};
use crate::workload_dir::WorkloadDir;

/// The audience of identity tokens in Linkerd's contract.
const AUDIENCE: &str = "identity.l5d.io";
/// Even a token that lives for seconds is not asked for all the time.
const PAUSE_MIN: Duration = Duration::from_secs(1);
/// Failures in a row before the person hears of it.
const FAILURES_SILENT: u32 = 5;

/// How long to keep a token that is fresh now: two thirds of its life.
fn until_refresh(now: SystemTime, expires: SystemTime) -> Duration {
    let life = expires.duration_since(now).unwrap_or_default();
    (life * 2 / 3).max(PAUSE_MIN)
}

/// Keeps the token file fresh. Never returns; as long as no new token comes, the old one stays.
pub(crate) async fn keep(api: &Api, enrollment: &Enrollment, dir: &WorkloadDir) {
    let mut expires = enrollment.status.token_expiration_timestamp;
    let mut backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(30));
    loop {
        tokio::time::sleep(until_refresh(SystemTime::now(), expires)).await;
        let mut failures = 0;
        expires = loop {
            match refresh(api, enrollment, dir).await {
                Ok(expires) => break expires,
                Err(e) => {
                    failures += 1;
                    if failures == FAILURES_SILENT {
                        say(&format!("the workload's token cannot be replaced yet: {e}"));
                    }
                    tokio::time::sleep(backoff.pause(random())).await;
                }
            }
        };
        backoff.reset();
    }
}

async fn refresh(api: &Api, enrollment: &Enrollment, dir: &WorkloadDir) -> Result<SystemTime, ApiError> {
    let (namespace, account) = (&enrollment.metadata.namespace, &enrollment.spec.service_account_name);
    let path = format!("/api/v1/namespaces/{namespace}/serviceaccounts/{account}/token");
    let answer = api.call(Method::POST, &path, Some(&request(enrollment))).await?;
    let (token, expires) =
        parse(&answer).ok_or_else(|| ApiError::Nonsense("a token without text or end".to_owned()))?;
    dir.write_token(&token).map_err(|e| ApiError::Nonsense(format!("a token that cannot be kept: {e}")))?;
    Ok(expires)
}

/// authentication.k8s.io/v1 TokenRequest.
fn request(enrollment: &Enrollment) -> Value {
    json!({
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenRequest",
        "spec": {
            "audiences": [AUDIENCE],
            "boundObjectRef": {
                "apiVersion": "v1",
                "kind": "Pod",
                "name": enrollment.status.pod_name,
                "uid": enrollment.status.pod_uid,
            },
        },
    })
}

fn parse(answer: &Value) -> Option<(Token, SystemTime)> {
    let status = &answer["status"];
    let token = status["token"].as_str().filter(|token| !token.is_empty())?;
    Some((Token(token.to_owned()), parse_rfc3339(status["expirationTimestamp"].as_str()?)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_replaced_after_two_thirds_of_its_life() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        assert_eq!(until_refresh(now, now + Duration::from_secs(3600)), Duration::from_secs(2400));
        assert_eq!(until_refresh(now, now - Duration::from_secs(1)), PAUSE_MIN);
    }

    #[test]
    fn an_answer_without_a_token_or_an_end_is_nonsense() {
        let end = "2026-11-24T09:00:00Z";
        assert!(parse(&json!({"status": {"token": "t", "expirationTimestamp": end}})).is_some());
        assert!(parse(&json!({"status": {"token": "", "expirationTimestamp": end}})).is_none());
        assert!(parse(&json!({"status": {"token": "t"}})).is_none());
        assert!(parse(&Value::Null).is_none());
    }
}
