//! Reads the environment and remembers everything that is wrong in it, so that one start tells all.

use std::cell::RefCell;

use super::value::Read;

/// The variables, by name; an empty one counts as absent.
pub(crate) struct Env<'a> {
    lookup: &'a dyn Fn(&str) -> Option<String>,
    wrong: RefCell<Vec<String>>,
}

/// The prefix of the contract's variables.
const PREFIX: &str = "LINKERD2_PROXY_";

impl<'a> Env<'a> {
    pub(crate) fn new(lookup: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self { lookup, wrong: RefCell::default() }
    }

    /// The value of `LINKERD2_PROXY_NAME`, if it is there and makes sense.
    pub(crate) fn get<T>(&self, name: &str, read: impl FnOnce(&str) -> Read<T>) -> Option<T> {
        self.get_whole(&format!("{PREFIX}{name}"), read)
    }

    /// The same for a variable without that prefix.
    pub(crate) fn get_whole<T>(&self, name: &str, read: impl FnOnce(&str) -> Read<T>) -> Option<T> {
        let text = (self.lookup)(name).filter(|text| !text.is_empty())?;
        match read(&text) {
            Ok(value) => Some(value),
            Err(wanted) => {
                self.refuse(format!("{name}={text}: must be {wanted}"));
                None
            }
        }
    }

    /// Whether `LINKERD2_PROXY_NAME` says anything.
    pub(crate) fn is_set(&self, name: &str) -> bool {
        (self.lookup)(&format!("{PREFIX}{name}")).is_some_and(|text| !text.is_empty())
    }

    /// The value of a variable that must be there.
    pub(crate) fn required<T>(&self, name: &str, read: impl FnOnce(&str) -> Read<T>) -> Option<T> {
        if !self.is_set(name) {
            self.refuse(format!("{PREFIX}{name} is missing"));
        }
        self.get(name, read)
    }

    /// Notes an error, such as of several variables together. Some variables are read for both sides: each error is told once.
    pub(crate) fn refuse(&self, why: String) {
        let mut wrong = self.wrong.borrow_mut();
        if !wrong.contains(&why) {
            wrong.push(why);
        }
    }

    /// All that was wrong.
    pub(crate) fn into_errors(self) -> Vec<String> {
        self.wrong.into_inner()
    }
}
