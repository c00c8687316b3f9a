//! What the control plane hears, and what happens when it does not listen.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::time::SystemTime;

use libc::SIGTERM;
use serde_json::json;

use crate::support::{Host, eventually};

const SERVER: &str = "import http.server,os,signal,sys\nsignal.signal(signal.SIGTERM, lambda *a: sys.exit(0))\n\
    class H(http.server.BaseHTTPRequestHandler):\n\
    \x20   def do_GET(self):\n        self.send_response(500 if os.path.exists(os.environ['SICK']) else 200); self.end_headers()\n\
    http.server.HTTPServer(('', 8080), H).serve_forever()";

#[test]
fn readiness_is_reported_when_the_program_serves_and_when_it_stops_to() {
    let Some(host) = Host::new() else { return };
    let sick = host.dir.join("sick");
    fs::write(&sick, "").unwrap();
    let workload = host.run_with(&["/usr/bin/python3", "-c", SERVER], |spec| {
        spec["readiness"] = json!({"http": {"port": 8080, "path": "/health"}});
        spec["program"]["env"] = json!({"SICK": sick});
    });
    let running = || host.api.calls("PUT", "/status").iter().any(|call| call.body["status"]["phase"] == "Running");
    eventually("the program is reported as running", || running().then_some(()));
    let reports = host.api.calls("PUT", "/api/v1/namespaces/default/pods/web-0/status");
    assert!(reports.iter().all(|call| call.body["status"]["conditions"][0]["status"] == "False"));
    assert_eq!(reports[0].body["status"]["phase"], "Pending");
    fs::remove_file(&sick).unwrap();
    let seen = host.api.wait_for_readiness(0, "True");
    fs::write(&sick, "").unwrap();
    let seen = host.api.wait_for_readiness(seen, "False");
    fs::remove_file(&sick).unwrap();
    let seen = host.api.wait_for_readiness(seen, "True");
    host.api.wait_for_readiness(seen, "True"); // the lease, without a change
    workload.signal(SIGTERM);
    assert_eq!(workload.end().code, Some(0));
    let farewell = &host.api.calls("DELETE", "/api/v1/namespaces/default/pods/web-0")[0];
    assert!(farewell.body["preconditions"]["uid"].as_str().unwrap().contains("-4000-8000-"));
    host.assert_clean();
}

#[test]
fn the_token_is_replaced_in_time_and_only_the_proxy_may_read_it() {
    let Some(host) = Host::new() else { return };
    let workload = host.run_with(&["/bin/sleep", "1000"], |spec| {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
        let end = crate::support::sh(&format!("date --utc --date=@{} +%FT%TZ", now + 3));
        spec["enrollment"]["status"]["tokenExpirationTimestamp"] = json!(end.trim());
    });
    let file = workload.dir.join("identity/token");
    assert_eq!(crate::support::text_of(&file), "first");
    eventually("a fresh token", || (crate::support::text_of(&file) == "fresh-1").then_some(()));
    let metadata = fs::metadata(&file).unwrap();
    assert_eq!((metadata.permissions().mode() & 0o777, metadata.uid()), (0o600, 2102));
    let call = &host.api.calls("POST", "/api/v1/namespaces/default/serviceaccounts/web/token")[0];
    assert_eq!(call.body["spec"]["boundObjectRef"]["name"], "web-0");
    workload.signal(SIGTERM);
    workload.end();
    host.assert_clean();
}

#[test]
fn a_control_plane_that_is_away_or_forgetful_does_not_disturb_the_program() {
    let Some(host) = Host::new() else { return };
    let away = host.run_with(&["/bin/echo", "done"], |spec| spec["apiSocket"] = json!("/nonexistent/api.sock")).end();
    assert_eq!((away.code, away.output.as_str(), away.errors.as_str()), (Some(0), "done\n", ""));
    host.api.forget_pods();
    let workload = host.run("echo $$; read -t 1000 <> <(:)");
    workload.program();
    let told = || workload.errors().matches("no longer in the mesh").count();
    eventually("the person is told", || (told() == 1).then_some(()));
    let seen = host.api.calls("PUT", "/status").len();
    eventually("more reports", || (host.api.calls("PUT", "/status").len() > seen + 1).then_some(()));
    assert_eq!(told(), 1);
    workload.signal(SIGTERM);
    assert_eq!(workload.end().code, Some(128 + SIGTERM));
    host.assert_clean();
}
