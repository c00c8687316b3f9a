//! Whether the rules are still there.

use hauberk_net::namespace::Namespace;

use crate::apply::{Mode, line};
use crate::failure::Failure;
use crate::netlink::Refused;
use crate::tool;

/// What is not there of the rules in this process's network, or `inside` another one: for each way of `mode` what it lacks.
/// Nothing, if one of them has all. That is seen by chains, by what leads to them, and by whether they have rules: what
/// the rules say may be of an earlier wish.
///
/// Fails if this process may not look.
pub fn missing(mode: Mode, inside: Option<&Namespace>) -> Result<Option<String>, Failure> {
    let mut lacking = Vec::new();
    if mode.is_directly() {
        match line(inside).and_then(|line| line.missing()) {
            Ok(None) => return Ok(None),
            Ok(Some(what)) => lacking.push(format!("nf_tables: {what}")),
            Err(Refused::Forbidden(failure)) => return Err(failure),
            Err(Refused::Unable(failure)) => lacking.push(failure.what),
        }
    }
    for &kind in mode.kinds() {
        match tool::missing(kind, inside) {
            None => return Ok(None),
            Some(what) => lacking.push(format!("{}: {what}", kind.name())),
        }
    }
    Ok(Some(lacking.join("; ")))
}
