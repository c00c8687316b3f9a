//! How requests on a route or to a backend ended, as Linkerd's route families say it.

use std::cell::RefCell;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::counter::Counter;
use crate::labels::LabelSet;
use crate::response::sum_of;

/// Endings told apart within one set of labels; the peer chooses the status, so there must be a bound.
pub const ENDINGS_MAX: usize = 64;

/// Whether a route is one of gRPC: then calls count by their gRPC status, and in families of another name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RouteKind {
    /// Requests count by their HTTP status.
    Http,
    /// Calls count by their gRPC status.
    Grpc,
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ending {
    /// HTTP or gRPC status, after the kind of the route. `None`: it never came, or is one of too many.
    status: Option<u16>,
    error: Trouble,
}

/// What went wrong on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trouble {
    Nothing,
    FailFast,
    LoadShed,
    RequestTimeout,
    HeadersTimeout,
    StreamTimeout,
    Idle,
    Cancel,
    Refused,
    Calm,
    Reset,
    GoAway,
    Io,
    Unknown,
}

impl Ending {
    /// `class` is how this proxy calls a failure that it saw or answered; empty if none.
    pub fn new(kind: RouteKind, status: u16, grpc_status: Option<u16>, class: &'static str) -> Self {
        let status = match kind {
            RouteKind::Http => Some(status),
            RouteKind::Grpc => grpc_status,
        };
        Self { status, error: Trouble::of(class) }
    }

    fn labels(self, kind: RouteKind) -> LabelSet {
        let name = match kind {
            RouteKind::Http => "http_status",
            RouteKind::Grpc => "grpc_status",
        };
        let status = self.status.map(|status| status.to_string()).unwrap_or_default();
        LabelSet::new().with(name, status).with("error", self.error.word())
    }
}

impl Trouble {
    /// Of a class of failure as the data plane calls it. What policy itself answers is nothing that went wrong.
    fn of(class: &'static str) -> Self {
        if class.is_empty() {
            return Trouble::Nothing; // most requests
        }
        match class {
            "injected" | "no route" | "unauthorized" => Trouble::Nothing,
            "failfast" | "no endpoints" => Trouble::FailFast,
            "loadshed" => Trouble::LoadShed,
            "response timeout" => Trouble::RequestTimeout,
            "response headers timeout" => Trouble::HeadersTimeout,
            "response stream timeout" => Trouble::StreamTimeout,
            "idle timeout" => Trouble::Idle,
            "canceled" | "client stalled" => Trouble::Cancel,
            "refused" => Trouble::Refused,
            "enhance your calm" => Trouble::Calm,
            "reset" => Trouble::Reset,
            "go away" => Trouble::GoAway,
            "i/o" | "connect timeout" => Trouble::Io,
            _ => Trouble::Unknown,
        }
    }

    /// Linkerd's word for it.
    fn word(self) -> &'static str {
        match self {
            Trouble::Nothing => "",
            Trouble::FailFast => "FAIL_FAST",
            Trouble::LoadShed => "LOAD_SHED",
            Trouble::RequestTimeout => "REQUEST_TIMEOUT",
            Trouble::HeadersTimeout => "RESPONSE_HEADERS_TIMEOUT",
            Trouble::StreamTimeout => "RESPONSE_STREAM_TIMEOUT",
            Trouble::Idle => "IDLE_TIMEOUT",
            Trouble::Cancel => "CANCEL",
            Trouble::Refused => "REFUSED",
            Trouble::Calm => "ENHANCE_YOUR_CALM",
            Trouble::Reset => "RESET",
            Trouble::GoAway => "GO_AWAY",
            Trouble::Io => "IO",
            Trouble::Unknown => "UNKNOWN",
        }
    }
}

/// Counters by ending, as one thread counts them.
#[derive(Debug, Default)]
pub struct Statuses(Mutex<Vec<(Ending, Arc<Counter>)>>);

impl Statuses {
    fn counter(&self, ending: Ending) -> (Ending, Arc<Counter>) {
        let mut known = self.lock();
        let beyond = Ending { status: None, error: ending.error };
        let full = known.len() >= ENDINGS_MAX && !known.iter().any(|(other, _)| *other == ending);
        let ending = if full { beyond } else { ending };
        let found = known.iter().find(|(other, _)| *other == ending).cloned();
        found.unwrap_or_else(|| {
            let made = (ending, Arc::default());
            known.push(made.clone());
            made
        })
    }

    /// Adds its counts.
    pub(crate) fn add_to(&self, total: &mut Vec<(Ending, u64)>) {
        for (ending, counter) in self.lock().iter() {
            *sum_of(total, *ending) += counter.get();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(Ending, Arc<Counter>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where endings were counted before, so that nothing is locked for most requests.
#[derive(Debug, Default)]
pub(crate) struct Known(RefCell<Vec<(Ending, Arc<Counter>)>>);

impl Known {
    pub(crate) fn count(&self, statuses: &Statuses, ending: Ending) {
        let mut known = self.0.borrow_mut();
        if let Some((_, counter)) = known.iter().find(|(other, _)| *other == ending) {
            counter.increment();
            return;
        }
        let (counted_as, counter) = statuses.counter(ending);
        counter.increment();
        if counted_as == ending {
            known.push((ending, counter));
        }
    }
}

/// One line for each ending.
pub(crate) fn write(out: &mut crate::text::Text, name: &str, kind: RouteKind, labels: &str, all: &[(Ending, u64)]) {
    for (ending, count) in all {
        out.sample(name, "", &[labels, ending.labels(kind).as_str()], count);
    }
}
