//! The proxy's own log: level and format, changeable while it runs.

use tracing_subscriber::filter::EnvFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Registry, fmt, reload};

/// What is logged unless said otherwise.
pub(crate) const DEFAULT: &str = "warn,hauberk=info";

/// Changes what is logged.
#[derive(Clone)]
pub(crate) struct Level {
    handle: reload::Handle<EnvFilter, Registry>,
}

/// Starts logging to standard error. A filter that makes no sense is replaced by the default, with a warning.
pub(crate) fn start(filter: Option<&str>, json: bool) -> Level {
    let wanted = filter.unwrap_or(DEFAULT);
    let parsed = parse(wanted);
    let (filter, problem) = match parsed {
        Ok(filter) => (filter, None),
        Err(problem) => (EnvFilter::new(DEFAULT), Some(problem)),
    };
    let (filter, handle) = reload::Layer::new(filter);
    let registry = tracing_subscriber::registry().with(filter);
    let lines = fmt::layer().with_writer(std::io::stderr).with_ansi(false);
    let started = if json { registry.with(lines.json()).try_init() } else { registry.with(lines).try_init() };
    if let Err(error) = started {
        // A second subscriber in one process: the first one goes on.
        tracing::warn!(%error, "logging was started already");
    }
    if let Some(problem) = problem {
        tracing::warn!(wanted, problem, "LINKERD2_PROXY_LOG makes no sense; logging as {DEFAULT}");
    }
    Level { handle }
}

impl Level {
    /// Sets a new filter, such as `info` or `warn,hauberk=debug`; else says what is wrong with it.
    pub(crate) fn set(&self, filter: &str) -> Result<(), String> {
        let filter = parse(filter)?;
        self.handle.reload(filter).map_err(|error| error.to_string())
    }

    /// The filter in force.
    pub(crate) fn get(&self) -> String {
        self.handle.with_current(ToString::to_string).unwrap_or_default()
    }
}

/// Whether lines are to be JSON (`LINKERD2_PROXY_LOG_FORMAT`).
pub(crate) fn wants_json() -> bool {
    std::env::var("LINKERD2_PROXY_LOG_FORMAT").is_ok_and(|format| format.eq_ignore_ascii_case("json"))
}

/// Directives for `linkerd` are meant for the proxy, whoever wrote it.
fn parse(filter: &str) -> Result<EnvFilter, String> {
    // `[{headers}]=off` and its kin name spans that this proxy never has.
    let kept = filter.split(',').map(str::trim).filter(|part| !part.starts_with('['));
    let renamed: Vec<String> = kept.map(|part| part.replacen("linkerd", "hauberk", 1)).collect();
    EnvFilter::try_new(renamed.join(",")).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn linkerds_directives_are_understood() {
        let filter = parse("warn,linkerd=info,[{headers}]=off,hickory=error").unwrap();
        assert_eq!(filter.to_string(), "hickory=error,hauberk=info,warn");
        assert!(parse("hauberk=loud").is_err());
    }
}
