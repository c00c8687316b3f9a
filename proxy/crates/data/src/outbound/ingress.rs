//! Requests that name their destination in a header, as an ingress controller beside this proxy writes it.

use std::rc::Rc;

use hauberk_core::name::{NameAddr, Suffixes};
use http::HeaderMap;

use crate::http::error::{ErrorKind, ProxyError};
use crate::outbound::{Destination, Outbound};
use crate::worker::Worker;

/// `host[:port]`; counts in ingress mode only, and is for this proxy.
const DST_OVERRIDE: &str = "l5d-dst-override";
/// The port of a name without one.
const PORT: u16 = 80;

impl Outbound {
    /// The destination that a request names instead of the address that the program dialled, known by now; `None` where it
    /// names none, or this proxy is no ingress's.
    pub(crate) async fn overridden(
        &self,
        worker: &Rc<Worker>,
        headers: &HeaderMap,
    ) -> Result<Option<Rc<Destination>>, ProxyError> {
        let Some(suffixes) = &worker.shared.config.outbound.ingress else { return Ok(None) };
        if !headers.contains_key(DST_OVERRIDE) {
            return Ok(None);
        }
        let name = named(headers, suffixes)?;
        let destination = self.destination_by_name(worker, &name);
        destination.touch();
        // Boxed, since each request of every proxy would make room for it.
        match Box::pin(destination.ready(worker, worker.shared.config.outbound.discovery_timeout)).await {
            Some(_) => Ok(Some(destination)),
            None => {
                let message = format!("the control plane said nothing about {name} in time");
                Err(ProxyError::new(ErrorKind::FailFast, message))
            }
        }
    }
}

/// The one name in the header.
fn named(headers: &HeaderMap, suffixes: &Suffixes) -> Result<NameAddr, ProxyError> {
    let mut values = headers.get_all(DST_OVERRIDE).iter();
    let first = values.next().and_then(|value| NameAddr::parse(value.to_str().ok()?, PORT));
    let Some(name) = first.filter(|_| values.next().is_none()) else {
        let message = format!("{DST_OVERRIDE} must be one name, as host:port");
        return Err(ProxyError::new(ErrorKind::BadRequest, message));
    };
    if !suffixes.contain(&name) {
        let message = format!("{name} of {DST_OVERRIDE} ends with none of the suffixes that this proxy asks about");
        return Err(ProxyError::new(ErrorKind::NoRoute, message));
    }
    Ok(name)
}
