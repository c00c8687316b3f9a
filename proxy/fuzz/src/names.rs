//! The names of a certificate, by X.690 and RFC 5280, 4.2.1.6, and nothing more.

/// The DNS names in the content of a subject alternative name extension; none where it is not exactly right.
pub fn dns(extension: &[u8]) -> impl Iterator<Item = &[u8]> {
    const SEQUENCE: u8 = 0x30;
    const DNS_NAME: u8 = 0x82;
    let mut names = Vec::new();
    if let Some((SEQUENCE, mut list, [])) = element(extension) {
        while !list.is_empty() {
            let Some((tag, content, rest)) = element(list) else { break };
            if tag == DNS_NAME {
                names.push(content);
            }
            list = rest;
        }
    }
    names.into_iter()
}

/// Tag, content, and what follows.
fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = bytes.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81..=0x84 => {
            let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (digits.iter().fold(0, |length, &digit| length << 8 | usize::from(digit)), rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}
