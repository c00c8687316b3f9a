//! The CNI plugin: it redirects the connections of a pod in the mesh before anything runs in it, so that no pod needs the
//! right to. And the program that puts it on a node, and keeps it there.
//!
//! In: what a container runtime tells a plugin (CNI specification), the pod as the API server has it. Out: rules in the
//! pod's network, the result of the plugin before.
//! Invariant: a pod that is in the mesh and cannot be redirected does not start.

mod api;
mod cli;
mod conflist;
mod failure;
mod files;
mod install;
mod keep;
mod kubeconfig;
mod options;
mod plugin;
mod pod;
mod repair;
mod request;
mod settings;

pub use cli::run;
pub use plugin::{NAME, run as run_plugin};
pub use repair::NOT_REDIRECTED;
