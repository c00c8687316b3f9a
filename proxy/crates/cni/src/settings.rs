//! What the node's network configuration says to the plugin; written by the program that installs it.

use hauberk_redirect::Mode;
use serde::{Deserialize, Serialize};

/// The plugin's own part of the configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Settings {
    /// The file that says where the API server is, and who asks.
    pub(crate) kubeconfig: String,
    /// Pods of these namespaces are never in the mesh; nobody is asked about them.
    pub(crate) exclude_namespaces: Vec<String>,
    /// What holds for pods whose annotations say nothing.
    pub(crate) redirect: Defaults,
}

/// Of the redirect.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Defaults {
    pub(crate) mode: String,
    pub(crate) skip_inbound_ports: String,
    pub(crate) skip_outbound_ports: String,
    pub(crate) skip_subnets: String,
}

impl Defaults {
    /// Nothing is what works.
    pub(crate) fn mode(&self) -> Result<Mode, String> {
        match self.mode.as_str() {
            "" => Ok(Mode::Auto),
            mode => mode.parse().map_err(|wanted| format!("mode {mode:?} is none of {wanted}")),
        }
    }
}
