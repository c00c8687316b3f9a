//! Requests to a server of HTTP/2.

use http::Request;

/// How a client asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Without a body.
    Get,
    /// For the head alone.
    Head,
    /// With a body.
    Post,
    /// With a message, and `te: trailers`.
    Grpc,
}

/// What is asked for: two at once, and one afterwards.
pub const PATHS: [&str; 3] = ["/a", "/b", "/c"];
/// The same as HPACK has them: two bytes, in the code of RFC 7541, appendix B.
const CODED: [&[u8]; 3] = [b"\x82\x60\x7f", b"\x82\x62\x3f", b"\x82\x60\x9f"];

/// What a block of headers of the proxy's asks for.
pub fn path_of(block: &[u8]) -> Option<&'static str> {
    let has = |coded: &&[u8]| block.windows(coded.len()).any(|window| window == *coded);
    CODED.iter().position(has).map(|at| PATHS[at])
}

impl Ask {
    /// All of them.
    pub const ALL: [Ask; 4] = [Ask::Get, Ask::Head, Ask::Post, Ask::Grpc];

    /// The method.
    pub fn method(self) -> &'static str {
        match self {
            Ask::Get => "GET",
            Ask::Head => "HEAD",
            Ask::Post | Ask::Grpc => "POST",
        }
    }

    /// The body.
    pub fn body(self) -> &'static [u8] {
        match self {
            Ask::Get | Ask::Head => b"",
            Ask::Post => b"x",
            Ask::Grpc => b"\0\0\0\0\x01x",
        }
    }

    /// Over HTTP/2.
    pub fn request2(self, path: &str) -> Request<()> {
        let request = Request::builder().method(self.method()).uri(format!("http://server{path}"));
        let request = match self {
            Ask::Grpc => request.header("content-type", "application/grpc").header("te", "trailers"),
            _ => request,
        };
        request.body(()).unwrap()
    }

    /// Over HTTP/1.
    pub fn request1(self, path: &str) -> Vec<u8> {
        let (method, body) = (self.method(), self.body());
        let head = format!("{method} {path} HTTP/1.1\r\nhost: server\r\ncontent-length: {}\r\n\r\n", body.len());
        [head.as_bytes(), body].concat()
    }

    /// Whether it may be repeated.
    pub fn is_idempotent(self) -> bool {
        matches!(self, Ask::Get | Ask::Head)
    }
}
