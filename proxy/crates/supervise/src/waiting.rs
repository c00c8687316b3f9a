//! What only waits: for the proxy beside a program, or for a time. For hooks of containers, in an image without a shell.

use std::time::Duration;

use hauberk_core::words::Words;

use crate::failure::Failure;
use crate::readiness::{ADMIN_PORT, proxy_is_ready};

/// Longer than a pod takes to be given up.
const TIMEOUT: Duration = Duration::from_secs(120);

/// How long is waited for a proxy, and where it tells of itself.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Await {
    pub(crate) timeout: Duration,
    pub(crate) port: u16,
}

impl Await {
    /// From the words of the command line; `None`: help is wanted.
    pub(crate) fn read(mut words: Words<impl Iterator<Item = String>>) -> Result<Option<Self>, String> {
        let mut wanted = Self { timeout: TIMEOUT, port: ADMIN_PORT };
        while let Some(option) = words.next_option()? {
            match option.as_str() {
                "--help" | "-h" => return Ok(None),
                "--timeout" => wanted.timeout = words.duration()?,
                "--port" => wanted.port = words.port()?,
                other => return Err(format!("{other:?} is no option")),
            }
        }
        Ok(Some(wanted))
    }

    /// Returns when the proxy is ready.
    pub(crate) async fn run(&self) -> Result<(), Failure> {
        tokio::time::timeout(self.timeout, proxy_is_ready(self.port)).await.map_err(|_| {
            let what = format!("no proxy was ready at port {} within {:?}", self.port, self.timeout);
            Failure::new(what, "its own log says why: kubectl logs POD -c linkerd-proxy")
        })
    }
}

/// How long to sleep: a time, or seconds.
pub(crate) fn read_sleep(word: &str) -> Option<Duration> {
    word.parse().map(Duration::from_secs).ok().or_else(|| hauberk_core::duration::parse(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Option<Await>, String> {
        Await::read(Words::new(line.split_whitespace().map(str::to_owned).collect::<Vec<_>>()))
    }

    #[test]
    fn as_linkerds_own_is_called() {
        let (timeout, port) = (Duration::from_secs(30), 4191);
        assert_eq!(read("--timeout=30s --port=4191"), Ok(Some(Await { timeout, port })));
        assert_eq!(read(""), Ok(Some(Await { timeout: TIMEOUT, port })));
        assert!(read("--timeout 30").is_err() && read("now").is_err());
    }

    #[test]
    fn a_sleep_has_seconds_or_a_unit() {
        assert_eq!(
            (read_sleep("5"), read_sleep("500ms")),
            (Some(Duration::from_secs(5)), Some(Duration::from_millis(500)))
        );
        assert_eq!(read_sleep("a while"), None);
    }

    #[tokio::test]
    async fn a_proxy_that_is_not_there_is_waited_for_and_given_up() {
        let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let waited = Await { timeout: Duration::from_millis(50), port: closed }.run().await;
        assert!(waited.unwrap_err().to_string().contains(&format!("port {closed}")));
    }
}
