//! The report to the control plane: what it says renews the workload's lease.

use std::time::Duration;

use hyper::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::api::{Api, ApiError};
use crate::failure::say;
use crate::spec::Enrollment;

/// Tenths of a lease from report to report: one of 10 s survives two lost ones.
const INTERVAL_TENTHS: u32 = 3;
const INTERVAL_MIN: Duration = Duration::from_secs(1);

/// What is known of the workload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Report {
    /// Whether the program was started.
    pub(crate) running: bool,
    /// Whether the proxy is there.
    pub(crate) proxy: bool,
    /// Whether the program serves.
    pub(crate) serving: bool,
    /// Why it does not, if it does not.
    pub(crate) reason: &'static str,
}

impl Report {
    pub(crate) const STARTING: Self = Self { running: false, proxy: false, serving: false, reason: "Starting" };

    /// Others may send it requests.
    fn is_ready(&self) -> bool {
        self.running && self.proxy && self.serving
    }

    /// The Pod's status as Kubernetes writes it (v1 Pod).
    fn to_pod(&self, enrollment: &Enrollment) -> Value {
        let phase = if self.running { "Running" } else { "Pending" };
        let condition = if self.is_ready() {
            json!({"type": "Ready", "status": "True"})
        } else {
            let reason = if self.running && !self.proxy { "ProxyNotReady" } else { self.reason };
            json!({"type": "Ready", "status": "False", "reason": reason})
        };
        json!({
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                "namespace": enrollment.metadata.namespace,
                "name": enrollment.status.pod_name,
                "uid": enrollment.status.pod_uid,
            },
            "status": {"phase": phase, "podIP": enrollment.status.pod_ip, "conditions": [condition]},
        })
    }
}

/// Reports every change at once, and otherwise often enough to keep the lease. Never returns: a control plane that is
/// away changes nothing for the program.
pub(crate) async fn keep(api: &Api, enrollment: &Enrollment, mut report: watch::Receiver<Report>) {
    let interval = Duration::from_secs(enrollment.status.lease_duration_seconds.into()) * INTERVAL_TENTHS / 10;
    let path = format!("{}/status", pod_path(enrollment));
    let mut complained = false;
    loop {
        let pod = report.borrow_and_update().to_pod(enrollment);
        match api.call(Method::PUT, &path, Some(&pod)).await {
            Ok(_) => complained = false,
            Err(e) => complain(&e, &mut complained),
        }
        tokio::select! {
            () = tokio::time::sleep(interval.max(INTERVAL_MIN)) => {}
            changed = report.changed() => if changed.is_err() { return },
        }
    }
}

/// Tells the control plane that the workload is gone.
pub(crate) async fn end(api: &Api, enrollment: &Enrollment) -> Result<(), ApiError> {
    let body = json!({
        "apiVersion": "v1",
        "kind": "DeleteOptions",
        "preconditions": {"uid": enrollment.status.pod_uid},
    });
    match api.call(Method::DELETE, &pod_path(enrollment), Some(&body)).await {
        Err(ApiError::Refused { status: StatusCode::NOT_FOUND, .. }) | Ok(_) => Ok(()),
        Err(e) => Err(e),
    }
}

fn pod_path(enrollment: &Enrollment) -> String {
    format!("/api/v1/namespaces/{}/pods/{}", enrollment.metadata.namespace, enrollment.status.pod_name)
}

/// Once, until a report gets through again. That nobody is there for a while is no reason to disturb the program's
/// user; that the workload is not known any more is.
fn complain(error: &ApiError, complained: &mut bool) {
    let ApiError::Refused { status, .. } = error else { return };
    if std::mem::replace(complained, true) {
        return;
    }
    say(&match *status {
        StatusCode::NOT_FOUND | StatusCode::CONFLICT | StatusCode::GONE => {
            format!("this workload is no longer in the mesh: {error}; start it again with `hauberk run`")
        }
        _ => format!("the workload's state was not accepted: {error}"),
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_workload_is_ready_only_with_program_proxy_and_service() {
        let ready = Report { running: true, proxy: true, serving: true, reason: "" };
        assert!(ready.is_ready());
        assert!(!Report { proxy: false, ..ready.clone() }.is_ready());
        assert!(!Report { serving: false, ..ready.clone() }.is_ready());
        assert!(!Report { running: false, ..ready }.is_ready());
    }
}
