//! Requests of HTTP/1.

/// What a client asks of the host `one`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Without a body.
    Get,
    /// For the head alone.
    Head,
    /// With a body.
    Post,
    /// A body whose end the server does not wait for.
    Slow,
    /// For another protocol.
    Upgrade,
    /// For a tunnel.
    Connect,
    /// As HTTP/1.0 has it.
    Old,
    /// A body that is sent only when the server wants it.
    Expect,
}

/// What a client asks of another host once it has its answer.
pub const SECOND: &[u8] = b"GET /ok HTTP/1.1\r\nhost: two\r\n\r\n";
/// What a client says in a tunnel.
pub const TUNNELED: &[u8] = b"is this a tunnel?";

impl Ask {
    /// All of them.
    pub const ALL: [Ask; 8] =
        [Ask::Get, Ask::Head, Ask::Post, Ask::Slow, Ask::Upgrade, Ask::Connect, Ask::Old, Ask::Expect];

    /// The method.
    pub fn method(self) -> &'static [u8] {
        match self {
            Ask::Get | Ask::Upgrade | Ask::Old => b"GET",
            Ask::Head => b"HEAD",
            Ask::Post | Ask::Slow | Ask::Expect => b"POST",
            Ask::Connect => b"CONNECT",
        }
    }

    /// What is sent at once.
    pub fn first(self) -> &'static [u8] {
        match self {
            Ask::Get => b"GET /ok HTTP/1.1\r\nhost: one\r\n\r\n",
            Ask::Head => b"HEAD /ok HTTP/1.1\r\nhost: one\r\n\r\n",
            Ask::Post => b"POST /ok HTTP/1.1\r\nhost: one\r\ncontent-length: 3\r\n\r\nabc",
            Ask::Slow => b"POST /ok HTTP/1.1\r\nhost: one\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n",
            Ask::Upgrade => b"GET /ok HTTP/1.1\r\nhost: one\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n",
            Ask::Connect => b"CONNECT one:1 HTTP/1.1\r\nhost: one:1\r\n\r\n",
            Ask::Old => b"GET /ok HTTP/1.0\r\nhost: one\r\nconnection: keep-alive\r\n\r\n",
            Ask::Expect => b"POST /ok HTTP/1.1\r\nhost: one\r\nexpect: 100-continue\r\ncontent-length: 3\r\n\r\n",
        }
    }

    /// What is sent later.
    pub fn rest(self) -> &'static [u8] {
        match self {
            Ask::Slow => b"2\r\nbc\r\n0\r\n\r\n",
            Ask::Expect => b"abc",
            _ => b"",
        }
    }

    /// Whether the server answers before it has the whole request.
    pub fn is_answered_early(self) -> bool {
        matches!(self, Ask::Slow | Ask::Expect)
    }

    /// Whether an answer of this status makes the connection a tunnel.
    pub fn tunnels(self, status: &[u8]) -> bool {
        match self {
            Ask::Upgrade => status == b"101",
            Ask::Connect => status == b"101" || status.starts_with(b"2"),
            _ => false,
        }
    }

    /// How often the servers may see the request: again where it may be repeated and got no answer.
    pub fn tries(self, proxies: u32) -> usize {
        match self {
            Ask::Get | Ask::Head | Ask::Old => 2usize.pow(proxies),
            Ask::Post | Ask::Slow | Ask::Upgrade | Ask::Connect | Ask::Expect => 1,
        }
    }
}
