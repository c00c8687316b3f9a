//! HTTP on both sides: serving connections, client connections, translation between versions, errors.

pub(crate) mod body;
mod chunks;
pub(crate) mod client;
pub(crate) mod error;
pub(crate) mod guard;
pub(crate) mod headers;
pub(crate) mod observe;
pub(crate) mod pool;
pub(crate) mod replay;
pub(crate) mod serve;
pub(crate) mod shared;
pub(crate) mod translate;
pub(crate) mod tunnel;
