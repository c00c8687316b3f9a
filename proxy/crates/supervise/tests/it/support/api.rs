//! The resource API as far as a runner uses it, on a Unix socket, with a record of what was asked.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::eventually;

/// One request.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) body: Value,
}

#[derive(Default)]
struct State {
    calls: Vec<Call>,
    services: Vec<Value>,
    watchers: Vec<UnixStream>,
    tokens: u32,
    forgets_pods: bool,
    /// The oldest version from which can be watched.
    oldest: usize,
    is_away: bool,
    version: usize,
}

/// The server, in threads of its own.
#[derive(Clone, Default)]
pub(crate) struct Api {
    state: Arc<Mutex<State>>,
}

impl Api {
    pub(crate) fn start(socket: &Path) -> Self {
        let api = Self::default();
        let (listener, server) = (UnixListener::bind(socket).unwrap(), api.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let server = server.clone();
                std::thread::spawn(move || server.serve(stream));
            }
        });
        api
    }

    /// What was asked so far by `method` on paths that end in `end`.
    pub(crate) fn calls(&self, method: &str, end: &str) -> Vec<Call> {
        let state = self.state.lock().unwrap();
        let path = |call: &Call| call.path.split('?').next().unwrap_or_default().ends_with(end);
        state.calls.iter().filter(|call| call.method == method && path(call)).cloned().collect()
    }

    /// Waits for a report with this readiness that comes after the `seen` first ones; how many there are then.
    pub(crate) fn wait_for_readiness(&self, seen: usize, ready: &str) -> usize {
        eventually(&format!("a report of readiness {ready}"), || {
            let reports = self.calls("PUT", "/status");
            let at = |call: &Call| call.body["status"]["conditions"][0]["status"] == ready;
            reports.iter().skip(seen).position(at).map(|place| seen + place + 1)
        })
    }

    /// Adds a Service, as an event for those who watch already.
    pub(crate) fn add_service(&self, namespace: &str, name: &str, address: &str) {
        let mut state = self.state.lock().unwrap();
        state.version += 1;
        let service = service(namespace, name, address, state.version);
        let event = json!({"type": "ADDED", "object": &service});
        state.services.push(service);
        state.watchers.retain_mut(|watcher| tell(watcher, &event));
    }

    /// As after a long absence: one Service has gone and another one come, nobody was told, and who asks what happened
    /// since then is told that this is no longer known.
    pub(crate) fn forget_history(&self, namespace: &str, gone: &str, come: &str, address: &str) {
        let mut state = self.state.lock().unwrap();
        state.version += 10;
        state.oldest = state.version;
        state.services.retain(|service| service["metadata"]["name"] != gone);
        let service = service(namespace, come, address, state.version);
        state.services.push(service);
        state.watchers.clear();
    }

    /// Hangs up on everybody who watches, and answers no more.
    pub(crate) fn go_away(&self) {
        let mut state = self.state.lock().unwrap();
        state.is_away = true;
        state.watchers.clear();
    }

    /// From now on it knows no Pod any more.
    pub(crate) fn forget_pods(&self) {
        self.state.lock().unwrap().forgets_pods = true;
    }

    fn serve(&self, mut stream: UnixStream) {
        let Some(call) = read(&stream) else { return };
        let mut state = self.state.lock().unwrap();
        state.calls.push(call.clone());
        if state.is_away {
            return;
        }
        if let Some((_, since)) = call.path.split_once("resourceVersion=") {
            let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
            let expired = json!({"type": "ERROR", "object": {"kind": "Status", "code": 410, "reason": "Expired"}});
            let known = since.parse::<usize>().unwrap() >= state.oldest;
            if stream.write_all(head.as_bytes()).is_ok() && (known || tell(&mut stream, &expired)) {
                state.watchers.push(stream);
            }
            return;
        }
        let (code, answer) = answer(&mut state, &call);
        let text = answer.to_string();
        let head =
            format!("HTTP/1.1 {code}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n", text.len());
        let _ = stream.write_all((head + &text).as_bytes());
    }
}

fn service(namespace: &str, name: &str, address: &str, version: usize) -> Value {
    json!({
        "metadata": {"namespace": namespace, "name": name, "resourceVersion": version.to_string()},
        "spec": {"clusterIP": address},
    })
}

/// One event to one who watches; whether it is still there.
fn tell(watcher: &mut UnixStream, event: &Value) -> bool {
    let line = event.to_string() + "\n";
    write!(watcher, "{:x}\r\n{line}\r\n", line.len()).is_ok()
}

fn answer(state: &mut State, call: &Call) -> (&'static str, Value) {
    if state.forgets_pods && call.path.contains("/pods/") {
        return ("404 Not Found", json!({"kind": "Status", "message": "pods \"web-1\" not found"}));
    }
    match (call.method.as_str(), call.path.as_str()) {
        ("GET", "/api/v1/services") => {
            let version = state.version.to_string();
            ("200 OK", json!({"metadata": {"resourceVersion": version}, "items": &state.services}))
        }
        ("POST", path) if path.ends_with("/token") => {
            state.tokens += 1;
            let end = "2999-01-01T00:00:00Z";
            let status = json!({"token": format!("fresh-{}", state.tokens), "expirationTimestamp": end});
            ("201 Created", json!({"status": status}))
        }
        _ => ("200 OK", call.body.clone()),
    }
}

fn read(stream: &UnixStream) -> Option<Call> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace().map(str::to_owned);
    let (method, path) = (words.next()?, words.next()?);
    let mut length = 0;
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        match header.trim_end().split_once(':') {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => length = value.trim().parse().ok()?,
            Some(_) => {}
            None => break,
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Call { method, path, body: serde_json::from_slice(&body).unwrap_or_default() })
}
