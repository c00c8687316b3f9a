//! The names in a certificate.

use hauberk_core::identity::Id;
use x509_parser::asn1_rs::{Any, Class, Sequence};
use x509_parser::oid_registry::OID_X509_EXT_SUBJECT_ALT_NAME;
use x509_parser::prelude::{FromDer as _, X509Certificate};

/// More names than a member of the mesh has; the rest is not looked at.
const NAMES_MAX: usize = 16;

/// The tags of names (RFC 5280, 4.2.1.6).
const DNS_NAME: u32 = 2;
const URI: u32 = 6;

/// The DNS and URI names of a certificate, in its order; none where it cannot be read.
pub(crate) fn names(certificate: &[u8]) -> Vec<Id> {
    let Ok((_, certificate)) = X509Certificate::from_der(certificate) else { return Vec::new() };
    match certificate.get_extension_unique(&OID_X509_EXT_SUBJECT_ALT_NAME) {
        Ok(Some(extension)) => read(extension.value).unwrap_or_default(),
        _ => Vec::new(),
    }
}

/// The names in the content of the extension; `None` if any of it is not as DER wants it. What is read loosely could be
/// another name to whoever signed it.
fn read(extension: &[u8]) -> Option<Vec<Id>> {
    let (after, list) = Sequence::from_der(extension).ok()?;
    let mut rest = list.content.as_ref();
    let mut names = Vec::new();
    while !rest.is_empty() {
        let (after, name) = Any::from_der(rest).ok()?;
        rest = after;
        if name.class() != Class::ContextSpecific {
            return None;
        }
        let tag = name.tag().0;
        if !matches!(tag, DNS_NAME | URI) {
            continue;
        }
        let text =
            std::str::from_utf8(name.data).ok().filter(|text| text.is_ascii() && !name.header.is_constructed())?;
        let id = if tag == DNS_NAME { Id::Dns(text.to_ascii_lowercase().into()) } else { Id::Uri(text.into()) };
        if names.len() < NAMES_MAX {
            names.push(id);
        }
    }
    after.is_empty().then_some(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(names: &[&[u8]]) -> Vec<u8> {
        let content = names.concat();
        [&[0x30, content.len() as u8], &content[..]].concat()
    }

    #[test]
    fn dns_names_and_uris_are_read_and_others_passed_over() {
        let extension = list(&[b"\x86\x0aspiffe://a", b"\x87\x04\x7f\0\0\x01", b"\x82\x03A.b"]);
        assert_eq!(read(&extension), Some(vec![Id::Uri("spiffe://a".into()), Id::Dns("a.b".into())]));
        let many = list(&[&b"\x82\x01a"[..]; 20]);
        assert_eq!(read(&many).map(|names| names.len()), Some(NAMES_MAX));
    }

    #[test]
    fn a_list_that_is_not_exactly_right_has_no_names() {
        let good = &b"\x82\x03a.b"[..];
        for (what, extension) in [
            ("a name made of parts", list(&[good, b"\xa2\x03a.b"])),
            ("a name of another class", list(&[good, b"\x02\x03a.b"])),
            ("a name that is no ASCII", list(&[good, b"\x82\x02\xc3\xa9"])),
            ("a name cut off", list(&[good, b"\x82\x04a.b"])),
            ("more after the list", [list(&[good]), b"\x82".to_vec()].concat()),
        ] {
            assert_eq!(read(&extension), None, "{what}");
        }
    }
}
