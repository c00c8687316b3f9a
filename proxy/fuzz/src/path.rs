//! Paths as the most credulous program reads them.

/// The path of a target, without scheme, authority and query.
pub fn of(target: &[u8]) -> &[u8] {
    let scheme = target.iter().take_while(|b| b.is_ascii_alphanumeric() || b"+-.".contains(b)).count();
    let rest = match target[scheme..].strip_prefix(b"://") {
        Some(authority) => {
            &authority[authority.iter().position(|b| matches!(b, b'/' | b'?')).unwrap_or(authority.len())..]
        }
        None => target,
    };
    &rest[..rest.iter().position(|&b| b == b'?').unwrap_or(rest.len())]
}

/// The first segment once everything is decoded, either slash counts as one, and dots are resolved.
pub fn first_segment(path: &[u8]) -> Vec<u8> {
    let decoded = decode(path);
    let mut kept: Vec<&[u8]> = Vec::new();
    for segment in decoded.split(|b| matches!(b, b'/' | b'\\')) {
        match segment {
            b"" | b"." => {}
            b".." => drop(kept.pop()),
            segment => kept.push(segment),
        }
    }
    kept.first().copied().unwrap_or_default().to_vec()
}

fn decode(path: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::new();
    let mut rest = path;
    while let [first, after @ ..] = rest {
        let digits = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit())).and_then(|d| u8::from_str_radix(d, 16).ok()) {
            Some(byte) if *first == b'%' => {
                decoded.push(byte);
                rest = &after[2..];
            }
            _ => {
                decoded.push(*first);
                rest = after;
            }
        }
    }
    decoded
}
