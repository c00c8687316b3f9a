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
                self.wrong.borrow_mut().push(format!("{name}={text}: must be {wanted}"));
                None
            }
        }
    }

    /// The same, and an error where it is missing.
    pub(crate) fn required<T>(&self, name: &str, read: impl FnOnce(&str) -> Read<T>) -> Option<T> {
        if (self.lookup)(&format!("{PREFIX}{name}")).is_none_or(|text| text.is_empty()) {
            self.refuse(format!("{PREFIX}{name} is missing"));
        }
        self.get(name, read)
    }

    /// Notes an error of several variables together.
    pub(crate) fn refuse(&self, why: String) {
        self.wrong.borrow_mut().push(why);
    }

    /// All that was wrong.
    pub(crate) fn into_errors(self) -> Vec<String> {
        self.wrong.into_inner()
    }
}
