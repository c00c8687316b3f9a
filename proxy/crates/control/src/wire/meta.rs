//! Where a piece of policy comes from, and which state of the mesh it shows.

use std::collections::HashMap;
use std::sync::Arc;

use hauberk_api::linkerd::meta::{Metadata, metadata};
use hauberk_api::view;
use hauberk_core::meta::{Meta, Resource};
use hauberk_core::version::Version;

use crate::wire::{Nonsense, Read, net, required};

/// Longest name of a resource, and of one part of it.
const WORD_MAX: usize = 253;

fn word(text: &str, name: &str) -> Read<Arc<str>> {
    match text.len() {
        0 => Err(Nonsense::new(format_args!("the {name} of a resource is empty"))),
        1..=WORD_MAX => Ok(text.into()),
        _ => Err(Nonsense::new(format_args!("the {name} of a resource has more than {WORD_MAX} bytes"))),
    }
}

fn optional(text: &str, name: &str) -> Read<Arc<str>> {
    if text.is_empty() { Ok("".into()) } else { word(text, name) }
}

/// Metadata that must be there; a resource needs a group, a kind and a name.
pub(super) fn meta(of: Option<Metadata>) -> Read<Arc<Meta>> {
    let kind = required(of.and_then(|metadata| metadata.kind), "metadata")?;
    Ok(Arc::new(match kind {
        metadata::Kind::Default(name) => Meta::Default(word(&name, "name")?),
        metadata::Kind::Resource(r) => Meta::Resource(Resource {
            group: word(&r.group, "group")?,
            kind: word(&r.kind, "kind")?,
            namespace: optional(&r.namespace, "namespace")?,
            name: word(&r.name, "name")?,
            section: optional(&r.section, "section")?,
            port: if r.port == 0 { None } else { Some(net::port(r.port)?) },
        }),
    }))
}

/// The same, where a resource must have a namespace as well.
pub(super) fn namespaced(of: Option<Metadata>) -> Read<Arc<Meta>> {
    let meta = meta(of)?;
    match &*meta {
        Meta::Resource(r) if r.namespace.is_empty() => {
            Err(Nonsense::new(format_args!("the namespace of {} {} is empty", r.kind, r.name)))
        }
        _ => Ok(meta),
    }
}

/// The older form of metadata: `group`, `kind` and `name` among labels.
pub(super) fn from_labels(labels: &HashMap<String, String>) -> Read<Arc<Meta>> {
    let label = |key: &str| labels.get(key).map(String::as_str).unwrap_or_default();
    let name = word(label("name"), "name")?;
    Ok(Arc::new(match (label("group"), label("kind")) {
        ("", "default") => Meta::Default(name),
        (group, kind) => Meta::Resource(Resource {
            group: optional(group, "group")?,
            kind: optional(kind, "kind")?,
            namespace: "".into(),
            name,
            section: "".into(),
            port: None,
        }),
    }))
}

/// Longest identity of a store.
const STORE_MAX: usize = 128;

/// The version of a view; none where the control plane sends none.
pub(crate) fn version(of: Option<view::Version>) -> Read<Option<Version>> {
    match of {
        None => Ok(None),
        Some(version) if (1..=STORE_MAX).contains(&version.store.len()) => {
            Ok(Some(Version { store: version.store.into(), revision: version.revision }))
        }
        Some(_) => Err(Nonsense::new("the version names no store")),
    }
}
