//! Requests by the route that they took and the backend that they went to.

use std::sync::Arc;
use std::time::Duration;

use crate::buckets::{AtBackend, Buckets, BucketsTotal, FrameSize, OnRoute};
use crate::counter::Counter;
use crate::registry::Series;
use crate::statuses::{self, Ending, Known, RouteKind, Statuses};
use crate::text::{Kind, Text};

/// One thread's requests on one route.
#[derive(Debug, Default)]
#[repr(align(64))]
pub struct RouteSeries {
    durations: Buckets<OnRoute>,
    request_frames: Buckets<FrameSize>,
    retries: [Counter; RETRIES.len()],
    statuses: Statuses,
}

/// The requests of all threads on one route.
#[derive(Debug, Default)]
pub struct RouteTotal {
    durations: BucketsTotal<OnRoute>,
    request_frames: BucketsTotal<FrameSize>,
    retries: [u64; RETRIES.len()],
    statuses: Vec<(Ending, u64)>,
}

/// What became of the wish for another try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retried {
    /// There was another try.
    Sent,
    /// Its answer was passed on.
    Succeeded,
    /// There had been as many as policy allows.
    LimitExceeded,
    /// Too little of the request was kept, or there was too much else to do.
    Overflow,
}

/// In the order of `Retried`.
const RETRIES: [(&str, &str); 4] = [
    ("retry_requests_total", "Requests that were sent once more"),
    ("retry_successes_total", "Requests sent once more whose answer was passed on"),
    ("retry_limit_exceeded_total", "Requests not sent once more since policy allows no further try"),
    ("retry_overflow_total", "Requests not sent once more since their body was not kept"),
];

const REQUEST_FRAMES: &str = "Bytes of a piece of a request's body, as it was read";

/// The requests on one route, as one thread counts them.
#[derive(Debug)]
pub struct RouteMetrics {
    kind: RouteKind,
    series: Arc<RouteSeries>,
    known: Known,
}

impl RouteMetrics {
    pub(crate) fn new(kind: RouteKind, series: Arc<RouteSeries>) -> Self {
        Self { kind, series, known: Known::default() }
    }

    /// A request ended `took` after it arrived; `error` is the class of a failure that this proxy saw or answered, empty
    /// if there was none.
    pub fn ended(&self, status: u16, grpc_status: Option<u16>, error: &'static str, took: Duration) {
        self.series.durations.observe(took);
        self.known.count(&self.series.statuses, Ending::new(self.kind, status, grpc_status, error));
    }

    /// A piece of a request's body passed; once, however many tries there are.
    pub fn request_frame(&self, bytes: usize) {
        self.series.request_frames.observe_number(bytes as u64);
    }

    /// Another try was wanted.
    pub fn retried(&self, what: Retried) {
        self.series.retries[what as usize].increment();
    }
}

impl Series for RouteSeries {
    type Total = RouteTotal;

    fn add_to(&self, total: &mut RouteTotal) {
        self.durations.add_to(&mut total.durations);
        self.request_frames.add_to(&mut total.request_frames);
        for (sum, counter) in total.retries.iter_mut().zip(&self.retries) {
            *sum += counter.get();
        }
        self.statuses.add_to(&mut total.statuses);
    }

    fn events(&self) -> u64 {
        self.durations.count() + self.retries.iter().map(Counter::get).sum::<u64>()
    }
}

/// One thread's requests to one backend, or to the program.
#[derive(Debug, Default)]
#[repr(align(64))]
pub struct BackendSeries {
    requests: Counter,
    durations: Buckets<AtBackend>,
    request_frames: Buckets<FrameSize>,
    response_frames: Buckets<FrameSize>,
    statuses: Statuses,
}

/// The requests of all threads to one backend.
#[derive(Debug, Default)]
pub struct BackendTotal {
    requests: u64,
    durations: BucketsTotal<AtBackend>,
    request_frames: BucketsTotal<FrameSize>,
    response_frames: BucketsTotal<FrameSize>,
    statuses: Vec<(Ending, u64)>,
}

/// The requests to one backend, as one thread counts them.
#[derive(Debug)]
pub struct BackendMetrics {
    kind: RouteKind,
    series: Arc<BackendSeries>,
    known: Known,
}

impl BackendMetrics {
    pub(crate) fn new(kind: RouteKind, series: Arc<BackendSeries>) -> Self {
        Self { kind, series, known: Known::default() }
    }

    /// A request is sent.
    pub fn request(&self) {
        self.series.requests.increment();
    }

    /// A piece of a request's body passed.
    pub fn request_frame(&self, bytes: usize) {
        self.series.request_frames.observe_number(bytes as u64);
    }

    /// A piece of a response's body passed.
    pub fn response_frame(&self, bytes: usize) {
        self.series.response_frames.observe_number(bytes as u64);
    }

    /// It ended `took` after that; the other arguments are those of [`RouteMetrics::ended`].
    pub fn ended(&self, status: u16, grpc_status: Option<u16>, error: &'static str, took: Duration) {
        self.series.durations.observe(took);
        self.known.count(&self.series.statuses, Ending::new(self.kind, status, grpc_status, error));
    }
}

impl Series for BackendSeries {
    type Total = BackendTotal;

    fn add_to(&self, total: &mut BackendTotal) {
        total.requests += self.requests.get();
        self.durations.add_to(&mut total.durations);
        self.request_frames.add_to(&mut total.request_frames);
        self.response_frames.add_to(&mut total.response_frames);
        self.statuses.add_to(&mut total.statuses);
    }

    fn events(&self) -> u64 {
        self.requests.get() + self.durations.count()
    }
}

/// Writes the families of routes; `prefix` is what their names begin with.
pub(crate) fn write_routes(out: &mut Text, prefix: &str, kind: RouteKind, all: &[(Arc<str>, RouteTotal)]) {
    let name = format!("{prefix}_request_duration_seconds");
    out.family(&name, Kind::Histogram, "Seconds from a request's head to its response's end");
    all.iter().for_each(|(labels, total)| total.durations.write(out, &name, labels));
    let name = format!("{prefix}_request_frame_size_bytes");
    out.family(&name, Kind::Histogram, REQUEST_FRAMES);
    all.iter().for_each(|(labels, total)| total.request_frames.write(out, &name, labels));
    let name = format!("{prefix}_request_statuses_total");
    out.family(&name, Kind::Counter, "Requests that ended");
    all.iter().for_each(|(labels, total)| statuses::write(out, &name, kind, labels, &total.statuses));
    for (at, (suffix, help)) in RETRIES.iter().enumerate() {
        let name = format!("{prefix}_{suffix}");
        out.family(&name, Kind::Counter, help);
        all.iter().for_each(|(labels, total)| out.sample(&name, "", &[labels], total.retries[at]));
    }
}

/// Writes the sizes of what requests to the program consisted of.
pub(crate) fn write_request_frames(out: &mut Text, name: &str, all: &[(Arc<str>, BackendTotal)]) {
    out.family(name, Kind::Histogram, REQUEST_FRAMES);
    all.iter().for_each(|(labels, total)| total.request_frames.write(out, name, labels));
}

/// Writes how long responses of the program took, which is known with the requests: `name` has fewer bounds.
pub(crate) fn write_response_durations(out: &mut Text, name: &str, all: &[(Arc<str>, BackendTotal)]) {
    out.family(name, Kind::Histogram, "Seconds from a request's head to its response's end");
    all.iter().for_each(|(labels, total)| total.durations.regrouped::<OnRoute>().write(out, name, labels));
}

/// The names of the families of backends, which differ by direction.
pub(crate) struct BackendNames<'a> {
    pub(crate) requests: &'a str,
    pub(crate) durations: &'a str,
    pub(crate) statuses: &'a str,
    pub(crate) response_frames: &'a str,
}

/// Writes the families of backends.
pub(crate) fn write_backends(
    out: &mut Text,
    names: &BackendNames<'_>,
    kind: RouteKind,
    all: &[(Arc<str>, BackendTotal)],
) {
    out.family(names.requests, Kind::Counter, "Requests that were sent on");
    all.iter().for_each(|(labels, total)| out.sample(names.requests, "", &[labels], total.requests));
    out.family(names.durations, Kind::Histogram, "Seconds from a request's head to its response's end");
    all.iter().for_each(|(labels, total)| total.durations.write(out, names.durations, labels));
    out.family(names.response_frames, Kind::Histogram, "Bytes of a piece of a response's body, as it was read");
    all.iter().for_each(|(labels, total)| total.response_frames.write(out, names.response_frames, labels));
    out.family(names.statuses, Kind::Counter, "Requests that ended");
    all.iter().for_each(|(labels, total)| statuses::write(out, names.statuses, kind, labels, &total.statuses));
}
