//! Paths that a program may read otherwise than they are written.

use std::borrow::Cow;

/// The path as an eager program reads it, if that differs: letters, digits and `-._~` decoded (RFC 3986, 6.2.2.2), dot
/// segments resolved (5.2.4) even between encoded or backward slashes, and empty segments left out.
///
/// A path that policy matches as it is written alone could lead somewhere else: `/public/..%2Fadmin`.
pub fn other_reading(path: &str) -> Option<String> {
    let suspicious = path.contains(['%', '\\']) || path.contains("//") || path.contains("/.");
    if !suspicious {
        return None;
    }
    let decoded = decode(path);
    let parts: Vec<&str> = if split_anywhere(&decoded).any(is_dots) {
        split_anywhere(&decoded).collect()
    } else {
        decoded.split('/').collect()
    };
    let read = resolve(&parts);
    (read != path).then_some(read)
}

/// Where a program that decodes slashes, or takes backward ones for slashes, or both, sees segments end.
fn split_anywhere(path: &str) -> impl Iterator<Item = &str> {
    let decoded = path.split(['/', '\\']).flat_map(|part| part.split("%2F")).flat_map(|part| part.split("%2f"));
    decoded.flat_map(|part| part.split("%5C")).flat_map(|part| part.split("%5c"))
}

fn is_dots(segment: &str) -> bool {
    matches!(segment, "." | "..")
}

fn resolve(segments: &[&str]) -> String {
    let mut kept: Vec<&str> = Vec::with_capacity(segments.len());
    for segment in segments {
        match *segment {
            "" | "." => {}
            ".." => {
                kept.pop();
            }
            segment => kept.push(segment),
        }
    }
    let directory = segments.last().is_some_and(|last| last.is_empty() || is_dots(last)) && !kept.is_empty();
    format!("/{}{}", kept.join("/"), if directory { "/" } else { "" })
}

fn decode(path: &str) -> Cow<'_, str> {
    if !path.contains('%') {
        return Cow::Borrowed(path);
    }
    let mut decoded = String::with_capacity(path.len());
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('%') {
        decoded.push_str(before);
        match after.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok()).map(char::from) {
            Some(c) if c.is_ascii_alphanumeric() || "-._~".contains(c) => {
                decoded.push(c);
                rest = &after[2..];
            }
            _ => {
                decoded.push('%');
                rest = after;
            }
        }
    }
    decoded.push_str(rest);
    Cow::Owned(decoded)
}

#[cfg(test)]
mod tests {
    use super::other_reading;

    #[test]
    fn a_path_that_can_be_read_one_way_only_has_no_other() {
        for path in ["/", "/a/b", "/a/", "/a.b/.c/..d", "/a%20b", "/caf%C3%A9", "/group%2Fproject", "/100%", "*", ""] {
            assert_eq!(other_reading(path), None, "{path}");
        }
    }

    #[test]
    fn what_an_eager_program_reads_is_found() {
        for (path, read) in [
            ("/public/../admin", "/admin"),
            ("/public/./x", "/public/x"),
            ("/public/%2e%2E/admin", "/admin"),
            ("/public/..%2Fadmin", "/admin"),
            ("/public%2f../admin", "/admin"),
            ("/public\\..\\admin", "/admin"),
            ("/public/..%5Cadmin", "/admin"),
            ("/public%5c..%5cadmin", "/admin"),
            ("//admin", "/admin"),
            ("/a//b/", "/a/b/"),
            ("/%61dmin", "/admin"),
            ("/../..", "/"),
            ("/a/..", "/"),
            ("/a/b/..", "/a/"),
            ("/%2%61/x", "/%2a/x"),
        ] {
            assert_eq!(other_reading(path).as_deref(), Some(read), "{path}");
        }
    }
}
