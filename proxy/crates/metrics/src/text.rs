//! Prometheus' text format, version 0.0.4: <https://prometheus.io/docs/instrumenting/exposition_formats/>.

use std::fmt::{Display, Write};

/// The media type of the page.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

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
pub struct Text(String);

impl Text {
    /// An empty page.
    pub fn new() -> Self {
        Self::default()
    }

    /// Begins a family; its samples follow. `help` is one line without backslashes.
    pub fn family(&mut self, name: &str, kind: Kind, help: &str) {
        let kind = match kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        };
        self.write(format_args!("# HELP {name} {help}\n# TYPE {name} {kind}\n"));
    }

    /// One line: `name` and `suffix` together are the sample's name, `labels` are texts of a `LabelSet`.
    pub fn sample(&mut self, name: &str, suffix: &str, labels: &[&str], value: impl Display) {
        self.0.push_str(name);
        self.0.push_str(suffix);
        let mut before = '{';
        for labels in labels.iter().filter(|labels| !labels.is_empty()) {
            self.0.push(before);
            self.0.push_str(labels);
            before = ',';
        }
        if before == ',' {
            self.0.push('}');
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
        self.0.push_str("# EOF\n");
        self.0
    }

    fn write(&mut self, text: std::fmt::Arguments<'_>) {
        // Writing to a string cannot fail.
        let _ = self.0.write_fmt(text);
    }
}
