//! The contract with the control plane, generated from the repository's `api` folder: messages, clients and servers.
//! Only `control` reads it; everything behind `control` speaks the nouns of `core`.

#[allow(missing_docs, unreachable_pub, clippy::all)] // not written by hand
mod generated {
    include!(concat!(env!("OUT_DIR"), "/api.rs"));
}

pub use generated::hauberk::view::v1 as view;
pub use generated::io::linkerd::proxy as linkerd;
