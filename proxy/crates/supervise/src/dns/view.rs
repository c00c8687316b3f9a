//! What is known of Services: their names and virtual addresses.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

use serde::Deserialize;

/// A snapshot by namespace and name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct View {
    namespaces: HashMap<String, BTreeMap<String, Vec<IpAddr>>>,
}

/// The part of a Service (v1) that names need.
#[derive(Debug, Deserialize)]
pub(crate) struct Service {
    pub(crate) metadata: Metadata,
    #[serde(default)]
    spec: ServiceSpec,
}

/// The part of an object's metadata that is needed. In a bookmark only the version is there.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Metadata {
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) resource_version: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ServiceSpec {
    #[serde(rename = "clusterIP")]
    cluster_ip: Option<String>,
    #[serde(rename = "clusterIPs")]
    cluster_ips: Option<Vec<String>>,
}

impl Service {
    /// None for a headless Service (`clusterIP: None`) and for one that has none yet.
    fn addresses(&self) -> Vec<IpAddr> {
        let all = self.spec.cluster_ips.iter().flatten();
        let mut addresses: Vec<IpAddr> = all.filter_map(|text| text.parse().ok()).collect();
        if addresses.is_empty() {
            addresses.extend(self.spec.cluster_ip.iter().filter_map(|text| text.parse::<IpAddr>().ok()));
        }
        addresses
    }
}

impl View {
    /// Takes a Service in, in the place of an earlier one of its name.
    pub fn insert(&mut self, namespace: &str, name: &str, addresses: Vec<IpAddr>) {
        self.namespaces.entry(namespace.to_ascii_lowercase()).or_default().insert(name.to_ascii_lowercase(), addresses);
    }

    pub(crate) fn put(&mut self, service: &Service) {
        self.insert(&service.metadata.namespace, &service.metadata.name, service.addresses());
    }

    pub(crate) fn delete(&mut self, service: &Service) {
        let namespace = &service.metadata.namespace;
        if let Some(names) = self.namespaces.get_mut(namespace) {
            names.remove(&service.metadata.name);
            if names.is_empty() {
                self.namespaces.remove(namespace);
            }
        }
    }

    pub(crate) fn has_namespace(&self, namespace: &str) -> bool {
        self.namespaces.contains_key(namespace)
    }

    pub(crate) fn addresses(&self, namespace: &str, name: &str) -> Option<&[IpAddr]> {
        self.namespaces.get(namespace)?.get(name).map(Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(json: &str) -> Service {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn all_addresses_of_a_service_are_known_and_a_headless_one_has_none() {
        let mut view = View::default();
        view.put(&service(
            r#"{"metadata": {"namespace": "a", "name": "dual"}, "spec": {"clusterIP": "10.78.0.1", "clusterIPs": ["10.78.0.1", "fd00::1"]}}"#,
        ));
        view.put(&service(r#"{"metadata": {"namespace": "a", "name": "old"}, "spec": {"clusterIP": "10.78.0.2"}}"#));
        view.put(&service(r#"{"metadata": {"namespace": "a", "name": "none"}, "spec": {"clusterIP": "None"}}"#));
        assert_eq!(view.addresses("a", "dual").unwrap().len(), 2);
        assert_eq!(view.addresses("a", "old").unwrap(), ["10.78.0.2".parse::<IpAddr>().unwrap()]);
        assert_eq!(view.addresses("a", "none").unwrap(), [] as [IpAddr; 0]);
        assert_eq!(view.addresses("b", "dual"), None);
    }

    #[test]
    fn a_namespace_ends_with_its_last_service() {
        let mut view = View::default();
        let web = service(r#"{"metadata": {"namespace": "a", "name": "web"}, "spec": {}}"#);
        view.put(&web);
        assert!(view.has_namespace("a"));
        view.delete(&web);
        assert!(!view.has_namespace("a"));
    }
}
