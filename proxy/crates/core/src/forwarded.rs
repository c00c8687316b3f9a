//! The `Forwarded` header (RFC 7239) of gateways between clusters: which hops a request took.

/// The element that a gateway adds: its own identity, its client's, and the host that the request is for.
pub fn hop(by: &str, client: &str, host: &str) -> String {
    format!("by={};for={};host={};proto=https", value(by), value(client), value(host))
}

/// Whether one of the elements of a header value names `by`. What cannot be read names nobody.
pub fn names(header: &[u8], by: &str) -> bool {
    pieces(header).iter().any(|piece| {
        let (name, value) = match piece.iter().position(|byte| *byte == b'=') {
            Some(at) => (piece[..at].trim_ascii(), piece[at + 1..].trim_ascii()),
            None => return false,
        };
        name.eq_ignore_ascii_case(b"by") && unquoted(value).eq_ignore_ascii_case(by.as_bytes())
    })
}

/// A token as it is, everything else in quotes.
fn value(text: &str) -> String {
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if !text.is_empty() && text.bytes().all(token) {
        return text.to_owned();
    }
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// The pairs of all elements: what stands between `,` and `;` outside of quotes.
fn pieces(header: &[u8]) -> Vec<&[u8]> {
    let (mut pieces, mut start, mut quoted, mut escaped) = (Vec::new(), 0, false, false);
    for (at, &byte) in header.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b',' | b';' if !quoted => {
                pieces.push(&header[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    pieces.push(&header[start..]);
    pieces
}

fn unquoted(value: &[u8]) -> Vec<u8> {
    let Some(inner) = value.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")) else {
        return value.to_vec();
    };
    let mut escaped = false;
    let plain = |byte: &&u8| {
        escaped = **byte == b'\\' && !escaped;
        !escaped
    };
    inner.iter().filter(plain).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GATEWAY: &str = "gateway.linkerd.serviceaccount.identity.linkerd.cluster.local";

    #[test]
    fn a_hop_is_found_again() {
        let hop = hop(GATEWAY, "spiffe://cluster.local/ns/a/sa/b", "web.default.svc.cluster.local:8080");
        let expected = format!(
            "by={GATEWAY};for=\"spiffe://cluster.local/ns/a/sa/b\";host=\"web.default.svc.cluster.local:8080\";proto=https"
        );
        assert_eq!(hop, expected);
        assert!(names(hop.as_bytes(), GATEWAY) && !names(hop.as_bytes(), "b"));
        assert!(names(format!("for=a, {hop}").as_bytes(), GATEWAY), "the last of two");
    }

    #[test]
    fn quotes_hide_what_is_in_them() {
        assert!(names(b"for=a;By=\"g\\w\"", "gw"));
        assert!(!names(b"for=\"x;by=gw\"", "gw") && !names(b"for=\"x\\\";by=gw", "gw"));
        assert!(!names(b"", "gw") && !names(b"by", "gw") && !names(b"byte=gw", "gw"));
    }
}
