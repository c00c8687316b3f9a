//! The proxy's own log: what is in it and how it is written, changeable while it runs.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tracing_subscriber::filter::EnvFilter;
use tracing_subscriber::fmt::format::{Format, Full, Json, Writer};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Registry, reload};

/// What is logged unless said otherwise.
pub(crate) const DEFAULT: &str = "warn,hauberk=info";

/// Changes what is logged, and how.
#[derive(Clone)]
pub(crate) struct Log {
    filter: reload::Handle<EnvFilter, Registry>,
    json: Arc<AtomicBool>,
}

/// How a line is written (`LINKERD2_PROXY_LOG_FORMAT`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LineFormat {
    Plain,
    Json,
}

/// Starts logging to standard error. A filter or format that makes no sense is replaced by the default, with a warning.
pub(crate) fn start(filter: Option<&str>, format: Option<&str>) -> Log {
    let wanted = filter.unwrap_or(DEFAULT);
    let (filter, problem) = match parse(wanted) {
        Ok(filter) => (filter, None),
        Err(problem) => (EnvFilter::new(DEFAULT), Some(problem)),
    };
    let (filter, handle) = reload::Layer::new(filter);
    let known_format = format.filter(|format| !format.is_empty()).map(LineFormat::parse);
    let json = Arc::new(AtomicBool::new(known_format == Some(Some(LineFormat::Json))));
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(false);
    let started = tracing_subscriber::registry().with(filter).with(lines.event_format(Lines::new(&json))).try_init();
    if let Err(error) = started {
        // A second subscriber in one process: the first one goes on.
        tracing::warn!(%error, "logging was started already");
    }
    if let Some(problem) = problem {
        tracing::warn!(wanted, problem, "LINKERD2_PROXY_LOG makes no sense; logging as {DEFAULT}");
    }
    if known_format == Some(None) {
        tracing::warn!(format, "LINKERD2_PROXY_LOG_FORMAT is neither PLAIN nor JSON; logging as PLAIN");
    }
    Log { filter: handle, json }
}

impl Log {
    /// Sets a new filter, such as `info` or `warn,hauberk=debug`; else says what is wrong with it.
    pub(crate) fn set_filter(&self, filter: &str) -> Result<(), String> {
        let filter = parse(filter)?;
        self.filter.reload(filter).map_err(|error| error.to_string())
    }

    /// The filter in force.
    pub(crate) fn filter(&self) -> String {
        self.filter.with_current(ToString::to_string).unwrap_or_default()
    }

    /// Sets the format of all lines from now on; else says what is wrong.
    pub(crate) fn set_format(&self, format: &str) -> Result<(), String> {
        let format = LineFormat::parse(format).ok_or_else(|| format!("{format:?} is neither PLAIN nor JSON"))?;
        self.json.store(format == LineFormat::Json, Ordering::Relaxed);
        Ok(())
    }

    /// The format in force.
    pub(crate) fn format(&self) -> &'static str {
        if self.json.load(Ordering::Relaxed) { "JSON" } else { "PLAIN" }
    }
}

impl LineFormat {
    fn parse(text: &str) -> Option<Self> {
        if text.eq_ignore_ascii_case("json") {
            Some(LineFormat::Json)
        } else {
            text.eq_ignore_ascii_case("plain").then_some(LineFormat::Plain)
        }
    }
}

/// Writes lines in either format.
struct Lines {
    json: Arc<AtomicBool>,
    as_text: Format<Full>,
    as_json: Format<Json>,
}

impl Lines {
    fn new(json: &Arc<AtomicBool>) -> Self {
        Self { json: json.clone(), as_text: Format::default(), as_json: Format::default().json() }
    }
}

impl<S, N> FormatEvent<S, N> for Lines
where
    S: tracing::Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, ctx: &FmtContext<'_, S, N>, out: Writer<'_>, event: &tracing::Event<'_>) -> fmt::Result {
        if self.json.load(Ordering::Relaxed) {
            self.as_json.format_event(ctx, out, event)
        } else {
            self.as_text.format_event(ctx, out, event)
        }
    }
}

/// Directives for `linkerd` are meant for the proxy, whoever wrote it.
fn parse(filter: &str) -> Result<EnvFilter, String> {
    // `[{headers}]=off` and its kin name spans that this proxy never has.
    let kept = filter.split(',').map(str::trim).filter(|part| !part.starts_with('['));
    let renamed: Vec<String> = kept.map(|part| part.replacen("linkerd", "hauberk", 1)).collect();
    EnvFilter::try_new(renamed.join(",")).map_err(|error| error.to_string())
}

/// A log that nothing is written to.
#[cfg(test)]
pub(crate) fn detached() -> (Log, reload::Layer<EnvFilter, Registry>) {
    let (layer, filter) = reload::Layer::new(EnvFilter::new(DEFAULT));
    (Log { filter, json: Arc::default() }, layer)
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
