//! Where a piece of policy comes from; its words become metric labels.

use std::sync::Arc;

/// A resource, or a built-in default with a name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Meta {
    /// A default of the mesh, such as `all-unauthenticated` or `egress-fallback`.
    Default(Arc<str>),
    /// A resource that a person wrote.
    Resource(Resource),
}

/// The coordinates of a resource.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Resource {
    /// API group; `core` for Services.
    pub group: Arc<str>,
    /// Kind, such as `Service` or `HTTPRoute`.
    pub kind: Arc<str>,
    /// Namespace; empty where the message names none.
    pub namespace: Arc<str>,
    /// Name.
    pub name: Arc<str>,
    /// Section (a listener or a rule's name); empty for the whole resource.
    pub section: Arc<str>,
    /// Port, where the reference is to one.
    pub port: Option<u16>,
}

impl Meta {
    /// API group; empty for defaults.
    pub fn group(&self) -> &str {
        match self {
            Meta::Default(_) => "",
            Meta::Resource(r) => &r.group,
        }
    }

    /// Kind; `default` for defaults.
    pub fn kind(&self) -> &str {
        match self {
            Meta::Default(_) => "default",
            Meta::Resource(r) => &r.kind,
        }
    }

    /// Namespace; empty for defaults.
    pub fn namespace(&self) -> &str {
        match self {
            Meta::Default(_) => "",
            Meta::Resource(r) => &r.namespace,
        }
    }

    /// Name.
    pub fn name(&self) -> &str {
        match self {
            Meta::Default(name) => name,
            Meta::Resource(r) => &r.name,
        }
    }
}
