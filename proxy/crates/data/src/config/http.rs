//! Settings of HTTP: windows, keep-alive and limits of connections, and how many requests there may be.

use std::time::Duration;

use hauberk_core::endpoint::Http2Params;

/// Bytes that one stream may have on its way.
const STREAM_WINDOW: u32 = 256 * 1024;
/// Streams that one peer may have open on one connection.
const STREAMS_MAX: u32 = 256;
/// Streams of one connection that this side shares; its window holds a few more, so that stalled readers never hold it all.
const SHARED_MAX: u32 = 104;
const FRAME_MAX: u32 = 32 * 1024;
const HEADER_LIST_MAX: u32 = 64 * 1024;
/// Streams that this side reset and still remembers, where an endpoint names no number.
const RESETS_MAX: usize = 64;
const SEND_BUFFER_MAX: usize = 128 * 1024;
/// Half of what the ids of a client's streams allow (RFC 9113 section 5.1.1).
const REQUESTS_MAX: u32 = 1 << 29;
/// The largest window (RFC 9113 section 6.9.1).
const WINDOW_MAX: u32 = (1 << 31) - 1;
const PING_INTERVAL: Duration = Duration::from_secs(10);
const PING_TIMEOUT: Duration = Duration::from_secs(3);

/// Everything about the HTTP of one side. The default is what the contract and this proxy say of the outbound side.
#[derive(Clone, Debug, PartialEq)]
pub struct Http {
    /// HTTP/2 connections that are accepted.
    pub server: Http2Server,
    /// HTTP/2 connections that are made, where the endpoint says nothing else.
    pub client: Http2Client,
    /// Requests in flight at once, over all workers; one more is answered with 503 and `retry-after`.
    pub in_flight_max: usize,
}

/// HTTP/2 as a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Http2Server {
    /// Bytes, each stream.
    pub stream_window: u32,
    /// Bytes, whole connection.
    pub connection_window: u32,
    /// Time between pings; `None` sends none.
    pub keep_alive_interval: Option<Duration>,
    /// How long a ping may stay unanswered.
    pub keep_alive_timeout: Duration,
    /// Streams that the peer may have open.
    pub streams_max: u32,
    /// Bytes of a frame that the peer may send; 16384 to 16777215.
    pub frame_max: u32,
    /// Bytes of the headers of a request, counted as RFC 9113 section 6.5.2 does.
    pub header_list_max: u32,
    /// Streams that were reset before anybody saw them; beyond, the connection is closed. `None`: as many as may be open, since a
    /// client may cancel all of them at once. Rapid resets are found by other means (CVE-2023-44487).
    pub resets_max: Option<usize>,
    /// Bytes of a stream that wait here to be sent.
    pub send_buffer_max: usize,
}

/// HTTP/2 as a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Http2Client {
    /// Bytes, each stream.
    pub stream_window: u32,
    /// Bytes, whole connection.
    pub connection_window: u32,
    /// Time between pings; `None` sends none.
    pub keep_alive_interval: Option<Duration>,
    /// How long a ping may stay unanswered.
    pub keep_alive_timeout: Duration,
    /// Ping connections without a stream as well.
    pub keep_alive_while_idle: bool,
    /// Bytes of a frame that the peer may send; 16384 to 16777215.
    pub frame_max: u32,
    /// Bytes of the headers of an answer.
    pub header_list_max: u32,
    /// Streams that this side reset and still remembers.
    pub resets_max: usize,
    /// Bytes of a stream that wait here to be sent.
    pub send_buffer_max: usize,
    /// Requests of one connection before it is replaced and left to drain.
    pub requests_max: u32,
}

impl Default for Http {
    fn default() -> Self {
        Self { server: Http2Server::default(), client: Http2Client::default(), in_flight_max: 100_000 }
    }
}

impl Default for Http2Server {
    fn default() -> Self {
        Self {
            stream_window: STREAM_WINDOW,
            connection_window: window_of(STREAM_WINDOW, STREAMS_MAX),
            keep_alive_interval: Some(PING_INTERVAL),
            keep_alive_timeout: PING_TIMEOUT,
            streams_max: STREAMS_MAX,
            frame_max: FRAME_MAX,
            header_list_max: HEADER_LIST_MAX,
            resets_max: None,
            send_buffer_max: SEND_BUFFER_MAX,
        }
    }
}

impl Default for Http2Client {
    fn default() -> Self {
        Self {
            stream_window: STREAM_WINDOW,
            connection_window: window_of(STREAM_WINDOW, SHARED_MAX),
            keep_alive_interval: Some(PING_INTERVAL),
            keep_alive_timeout: PING_TIMEOUT,
            keep_alive_while_idle: true,
            frame_max: FRAME_MAX,
            header_list_max: HEADER_LIST_MAX,
            resets_max: RESETS_MAX,
            send_buffer_max: SEND_BUFFER_MAX,
            requests_max: REQUESTS_MAX,
        }
    }
}

impl Http2Server {
    /// With another window for each stream and for the connection. Where only the first is given, the second is as much as
    /// all streams may have on their way: a stalled one never holds the credit of the others.
    #[must_use]
    pub fn with_windows(mut self, stream: Option<u32>, connection: Option<u32>) -> Self {
        self.stream_window = stream.unwrap_or(self.stream_window);
        self.connection_window = connection.unwrap_or_else(|| window_of(self.stream_window, self.streams_max));
        self
    }
}

impl Http2Client {
    /// The same as [`Http2Server::with_windows`].
    #[must_use]
    pub fn with_windows(mut self, stream: Option<u32>, connection: Option<u32>) -> Self {
        self.stream_window = stream.unwrap_or(self.stream_window);
        self.connection_window = connection.unwrap_or_else(|| window_of(self.stream_window, SHARED_MAX));
        self
    }

    /// What holds for an endpoint for which the control plane named some of it.
    #[must_use]
    pub fn with(self, params: &Http2Params) -> Self {
        let windows = (params.initial_stream_window, params.initial_connection_window);
        let sized = if windows == (None, None) { self } else { self.with_windows(windows.0, windows.1) };
        Self {
            keep_alive_interval: params.keep_alive_interval.or(self.keep_alive_interval),
            keep_alive_timeout: params.keep_alive_timeout.unwrap_or(self.keep_alive_timeout),
            keep_alive_while_idle: params.keep_alive_while_idle.unwrap_or(self.keep_alive_while_idle),
            frame_max: params.max_frame_size.unwrap_or(self.frame_max),
            resets_max: params.max_reset_streams.unwrap_or(self.resets_max),
            send_buffer_max: params.max_send_buffer.unwrap_or(self.send_buffer_max),
            ..sized
        }
    }
}

fn window_of(stream: u32, streams: u32) -> u32 {
    stream.saturating_mul(streams).min(WINDOW_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_has_room_for_all_its_streams() {
        let server = Http2Server { streams_max: 10, ..Default::default() }.with_windows(Some(1000), None);
        assert_eq!((server.stream_window, server.connection_window), (1000, 10_000));
        let huge = Http2Server::default().with_windows(Some(WINDOW_MAX), None);
        assert_eq!(huge.connection_window, WINDOW_MAX);
        assert_eq!(Http2Client::default().with_windows(Some(1000), Some(2000)).connection_window, 2000);
    }

    #[test]
    fn an_endpoint_changes_what_it_names_and_nothing_else() {
        let own = Http2Client::default();
        assert_eq!(own.with(&Http2Params::default()), own);
        let named = Http2Params { keep_alive_interval: Some(Duration::from_secs(1)), ..Default::default() };
        assert_eq!(own.with(&named), Http2Client { keep_alive_interval: Some(Duration::from_secs(1)), ..own });
    }
}
