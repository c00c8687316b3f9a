//! Prometheus' text format, version 0.0.4: <https://prometheus.io/docs/instrumenting/exposition_formats/>; and OpenMetrics
//! 1.0, which differs in how families are announced: <https://prometheus.io/docs/specs/om/open_metrics_spec/>.

use std::fmt::{Display, Write};

/// The format of a page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// Prometheus' own.
    #[default]
    Plain,
    /// OpenMetrics.
    OpenMetrics,
}

impl Format {
    /// The media type of the page.
    pub fn media_type(self) -> &'static str {
        match self {
            Format::Plain => "text/plain; version=0.0.4; charset=utf-8",
            Format::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }
}

/// What a family's numbers mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Observations by upper bounds.
    Histogram,
}

/// A page being written.
#[derive(Debug, Default)]
pub struct Text {
    page: String,
    format: Format,
}

impl Text {
    /// An empty page in Prometheus' own format.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty page.
    pub fn of(format: Format) -> Self {
        Self { page: String::new(), format }
    }

    /// Begins a family; its samples follow. `help` is one line without backslashes.
    pub fn family(&mut self, name: &str, kind: Kind, help: &str) {
        let (name, kind) = match (kind, self.format) {
            (Kind::Counter, Format::Plain) => (name, "counter"),
            // There, a counter's samples are called like its family with `_total` after it; another name makes it no counter.
            (Kind::Counter, Format::OpenMetrics) => match name.strip_suffix("_total") {
                Some(family) => (family, "counter"),
                None => (name, "unknown"),
            },
            (Kind::Gauge, _) => (name, "gauge"),
            (Kind::Histogram, _) => (name, "histogram"),
        };
        self.write(format_args!("# HELP {name} {help}\n# TYPE {name} {kind}\n"));
    }

    /// One line: `name` and `suffix` together are the sample's name, `labels` are texts of a `LabelSet`.
    pub fn sample(&mut self, name: &str, suffix: &str, labels: &[&str], value: impl Display) {
        self.page.push_str(name);
        self.page.push_str(suffix);
        let mut before = '{';
        for labels in labels.iter().filter(|labels| !labels.is_empty()) {
            self.page.push(before);
            self.page.push_str(labels);
            before = ',';
        }
        if before == ',' {
            self.page.push('}');
        }
        self.write(format_args!(" {value}\n"));
    }

    /// A family of one sample without labels.
    pub fn single(&mut self, name: &str, kind: Kind, help: &str, value: impl Display) {
        self.family(name, kind, help);
        self.sample(name, "", &[], value);
    }

    /// The page. Its last line is the mark of OpenMetrics (a comment to others) that nothing was cut off.
    pub fn finish(mut self) -> String {
        self.page.push_str("# EOF\n");
        self.page
    }

    fn write(&mut self, text: std::fmt::Arguments<'_>) {
        // Writing to a string cannot fail.
        let _ = self.page.write_fmt(text);
    }
}
