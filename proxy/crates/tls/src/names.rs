//! The names in a certificate.

use hauberk_core::identity::Id;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer, X509Certificate};

/// More names than a member of the mesh has; the rest is not looked at.
const NAMES_MAX: usize = 16;

/// The DNS and URI names of a certificate, in its order; none where it cannot be read.
pub(crate) fn names(certificate: &[u8]) -> Vec<Id> {
    let Ok((_, certificate)) = X509Certificate::from_der(certificate) else { return Vec::new() };
    let Ok(Some(extension)) = certificate.subject_alternative_name() else { return Vec::new() };
    let id = |name: &GeneralName<'_>| match name {
        GeneralName::DNSName(name) => Some(Id::Dns(name.to_ascii_lowercase().into())),
        GeneralName::URI(uri) => Some(Id::Uri((*uri).into())),
        _ => None,
    };
    extension.value.general_names.iter().filter_map(id).take(NAMES_MAX).collect()
}
