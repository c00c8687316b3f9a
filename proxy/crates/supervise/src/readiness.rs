//! Questions of readiness: to the proxy once, to the program for life.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::{Request, StatusCode};
use tokio::net::TcpStream;

use crate::http;
use crate::spec::Readiness;

/// How often is asked until the answer is yes, and then.
const INTERVAL_UNREADY: Duration = Duration::from_millis(100);
const INTERVAL_READY: Duration = Duration::from_secs(2);
/// The program's start waits for the proxy, so that is asked more often.
const INTERVAL_PROXY: Duration = Duration::from_millis(10);
/// How long one answer may take.
const TIMEOUT: Duration = Duration::from_secs(1);
/// So many failures in a row end readiness; one success brings it back.
const FAILURES_MAX: u32 = 3;

/// Where the proxy of a workload on a plain machine tells of itself.
pub(crate) const ADMIN_PORT: u16 = 4191;

/// Whether a program counts as ready, from the answers so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Verdict {
    ready: bool,
    failures: u32,
}

impl Verdict {
    /// Takes the next answer into account; the verdict then.
    pub(crate) fn observe(&mut self, success: bool) -> bool {
        self.failures = if success { 0 } else { self.failures.saturating_add(1) };
        self.ready = success || (self.ready && self.failures < FAILURES_MAX);
        self.ready
    }

    /// How long to wait before the next question.
    pub(crate) fn interval(&self) -> Duration {
        if self.ready { INTERVAL_READY } else { INTERVAL_UNREADY }
    }
}

/// Asks the program once. The question comes from within the namespace and over loopback, so it passes no proxy.
pub(crate) async fn ask(check: &Readiness, address: Ipv4Addr) -> bool {
    let question = async {
        match check {
            Readiness::Tcp { port } => TcpStream::connect((address, *port)).await.is_ok(),
            Readiness::Http { port, path } => {
                let at = SocketAddr::from((address, *port));
                get(at, path).await.is_some_and(|status| (200..400).contains(&status.as_u16()))
            }
        }
    };
    tokio::time::timeout(TIMEOUT, question).await.unwrap_or(false)
}

/// Waits until the proxy says that it has its certificate and is ready. Bounded by the caller.
pub(crate) async fn proxy_is_ready(admin_port: u16) {
    let admin = SocketAddr::from((Ipv4Addr::LOCALHOST, admin_port));
    loop {
        if let Ok(Some(StatusCode::OK)) = tokio::time::timeout(TIMEOUT, get(admin, "/ready")).await {
            return;
        }
        tokio::time::sleep(INTERVAL_PROXY).await;
    }
}

async fn get(at: SocketAddr, path: &str) -> Option<StatusCode> {
    let request = Request::get(path).header("host", at.to_string()).header("user-agent", "hauberk");
    let request = request.body(Full::<Bytes>::default()).ok()?;
    let stream = TcpStream::connect(at).await.ok()?;
    Some(http::send(stream, request).await.ok()?.status())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_ready_at_its_first_answer_and_unready_after_three_failures() {
        let mut verdict = Verdict::default();
        let answers = [false, true, false, false, true, false, false, false, false, true];
        let verdicts = answers.map(|answer| verdict.observe(answer));
        assert_eq!(verdicts, [false, true, true, true, true, true, true, false, false, true]);
    }

    #[test]
    fn a_ready_program_is_asked_rarely_and_an_unready_one_often() {
        let mut verdict = Verdict::default();
        assert_eq!(verdict.interval(), INTERVAL_UNREADY);
        verdict.observe(true);
        assert_eq!(verdict.interval(), INTERVAL_READY);
        for _ in 0..FAILURES_MAX {
            verdict.observe(false);
        }
        assert_eq!(verdict.interval(), INTERVAL_UNREADY);
    }
}
