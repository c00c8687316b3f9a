//! Messages of the contract → nouns of `core`. Pure and strict: what would be unsafe or senseless to act on is an error,
//! and nothing is kept without a bound.

mod backend;
pub(crate) mod endpoints;
mod grpc;
mod headers;
mod http;
pub(crate) mod inbound;
pub(crate) mod meta;
pub(crate) mod net;
pub(crate) mod outbound;
mod rates;
mod routes;
mod time;

use std::fmt;

/// Why a message makes no sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Nonsense(String);

/// A converted message, or why it makes no sense.
pub(crate) type Read<T> = Result<T, Nonsense>;

impl Nonsense {
    pub(crate) fn new(what: impl fmt::Display) -> Self {
        Self(what.to_string())
    }
}

/// The value of a field that must be there.
fn required<T>(field: Option<T>, name: &str) -> Read<T> {
    field.ok_or_else(|| Nonsense::new(format_args!("{name} is missing")))
}

/// A list that is not longer than `max`.
fn bounded<T>(list: Vec<T>, max: usize, name: &str) -> Read<Vec<T>> {
    if list.len() <= max {
        Ok(list)
    } else {
        Err(Nonsense::new(format_args!("{} {name} are more than the {max} that this proxy takes", list.len())))
    }
}

/// Each element of a list that is not longer than `max`, converted.
fn each<T, U>(list: Vec<T>, max: usize, name: &str, convert: impl FnMut(T) -> Read<U>) -> Read<Vec<U>> {
    bounded(list, max, name)?.into_iter().map(convert).collect()
}

#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod hostile;

#[cfg(test)]
#[path = "hostile_tests.rs"]
mod hostile_tests;
