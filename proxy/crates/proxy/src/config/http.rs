//! Settings of HTTP: windows, keep-alive, queues, pauses. Both sides have the same variables under their own prefix.

use std::time::Duration;

use hauberk_core::outbound::Backoff;
use hauberk_data::config::{Http, Http2Client, Http2Server};

use super::env::Env;
use super::value::{Read, between, duration, flag, positive};

/// What HTTP/2 allows of windows and frames (RFC 9113 sections 6.5.2 and 6.9.1).
const CONNECTION_WINDOW_MIN: u32 = 65_535;
const WINDOW_MAX: u32 = (1 << 31) - 1;
const FRAME_MIN: u32 = 16_384;
const FRAME_MAX: u32 = (1 << 24) - 1;
/// More than this for one connection is no longer a bound.
const STREAMS_MAX: u32 = 1_000_000;
const HEADER_LIST_MAX: u32 = 1024 * 1024;
const SEND_BUFFER_MAX: usize = 16 * 1024 * 1024;

/// HTTP of the side `INBOUND` or `OUTBOUND`.
pub(super) fn read(env: &Env<'_>, side: &str) -> Http {
    let default = Http::default();
    let shared_windows = (
        env.get("HTTP2_INITIAL_STREAM_WINDOW_SIZE", between(1, WINDOW_MAX)),
        env.get("HTTP2_INITIAL_CONNECTION_WINDOW_SIZE", between(CONNECTION_WINDOW_MIN, WINDOW_MAX)),
    );
    Http {
        server: server(env, side, shared_windows, default.server),
        client: client(shared_windows, default.client),
        in_flight_max: env.get(&format!("{side}_MAX_IN_FLIGHT"), positive).unwrap_or(default.in_flight_max),
    }
}

/// Pauses between attempts to connect.
pub(super) fn backoff(env: &Env<'_>, default: Backoff) -> Backoff {
    let name = |part| format!("OUTBOUND_CONNECT_EXP_BACKOFF_{part}");
    let backoff = Backoff {
        min: env.get(&name("MIN"), duration).unwrap_or(default.min),
        max: env.get(&name("MAX"), duration).unwrap_or(default.max),
        jitter: env.get(&name("JITTER"), ratio).unwrap_or(default.jitter),
    };
    if backoff.min.is_zero() || backoff.min > backoff.max {
        let (min, max) = (name("MIN"), name("MAX"));
        env.refuse(format!("LINKERD2_PROXY_{min} must be above 0 and not above LINKERD2_PROXY_{max}"));
    }
    backoff
}

fn server(env: &Env<'_>, side: &str, shared: (Option<u32>, Option<u32>), default: Http2Server) -> Http2Server {
    let name = |part| format!("{side}_SERVER_HTTP2_{part}");
    // Windows do not adapt here; the variable is read so that a wrong value is still told.
    let _ = env.get(&name("ADAPTIVE_FLOW_CONTROL"), flag);
    let stream = env.get(&name("INITIAL_STREAM_WINDOW_SIZE"), between(1, WINDOW_MAX));
    let connection = env.get(&name("INITIAL_CONNECTION_WINDOW_SIZE"), between(CONNECTION_WINDOW_MIN, WINDOW_MAX));
    let interval = env.get(&name("KEEP_ALIVE_INTERVAL"), duration);
    Http2Server {
        keep_alive_interval: interval.map_or(default.keep_alive_interval, some_positive),
        keep_alive_timeout: env.get(&name("KEEP_ALIVE_TIMEOUT"), duration).unwrap_or(default.keep_alive_timeout),
        streams_max: env.get(&name("MAX_CONCURRENT_STREAMS"), between(1, STREAMS_MAX)).unwrap_or(default.streams_max),
        frame_max: env.get(&name("MAX_FRAME_SIZE"), between(FRAME_MIN, FRAME_MAX)).unwrap_or(default.frame_max),
        header_list_max: env
            .get(&name("MAX_HEADER_LIST_SIZE"), between(1, HEADER_LIST_MAX))
            .unwrap_or(default.header_list_max),
        resets_max: env
            .get(&name("MAX_PENDING_ACCEPT_RESET_STREAMS"), between(1, STREAMS_MAX))
            .map_or(default.resets_max, |max| Some(max as usize)),
        send_buffer_max: env
            .get(&name("MAX_SEND_BUF_SIZE"), between(1, SEND_BUFFER_MAX))
            .unwrap_or(default.send_buffer_max),
        ..default
    }
    .with_windows(stream.or(shared.0), connection.or(shared.1))
}

fn client(shared: (Option<u32>, Option<u32>), default: Http2Client) -> Http2Client {
    if shared == (None, None) { default } else { default.with_windows(shared.0, shared.1) }
}

fn some_positive(interval: Duration) -> Option<Duration> {
    Some(interval).filter(|interval| !interval.is_zero())
}

fn ratio(text: &str) -> Read<f32> {
    let ratio: f32 = text.trim().parse().map_err(|_| "a number from 0 to 100")?;
    if (0.0..=100.0).contains(&ratio) { Ok(ratio) } else { Err("a number from 0 to 100") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(variables: &[(&str, &str)]) -> Result<Http, Vec<String>> {
        let lookup = |name: &str| {
            let name = name.strip_prefix("LINKERD2_PROXY_")?;
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        let env = Env::new(&lookup);
        let http = read(&env, "INBOUND");
        let wrong = env.into_errors();
        if wrong.is_empty() { Ok(http) } else { Err(wrong) }
    }

    #[test]
    fn what_is_not_given_is_the_default() {
        assert_eq!(given(&[]), Ok(Http::default()));
    }

    #[test]
    fn each_variable_has_its_place() {
        let http = given(&[
            ("INBOUND_SERVER_HTTP2_INITIAL_STREAM_WINDOW_SIZE", "100000"),
            ("INBOUND_SERVER_HTTP2_KEEP_ALIVE_INTERVAL", "0"),
            ("INBOUND_SERVER_HTTP2_MAX_CONCURRENT_STREAMS", "20"),
            ("HTTP2_INITIAL_STREAM_WINDOW_SIZE", "70000"),
            ("HTTP2_INITIAL_CONNECTION_WINDOW_SIZE", "1000000"),
            ("INBOUND_MAX_IN_FLIGHT", "7"),
            ("OUTBOUND_MAX_IN_FLIGHT", "8"),
        ])
        .unwrap();
        let server = Http2Server {
            stream_window: 100_000,
            connection_window: 1_000_000,
            keep_alive_interval: None,
            streams_max: 20,
            ..Http2Server::default()
        };
        assert_eq!(http.server, server);
        assert_eq!((http.client.stream_window, http.client.connection_window), (70_000, 1_000_000));
        assert_eq!(http.in_flight_max, 7);
    }

    #[test]
    fn what_http2_cannot_say_is_refused() {
        for (name, value) in [
            ("INBOUND_SERVER_HTTP2_MAX_FRAME_SIZE", "16383"),
            ("INBOUND_SERVER_HTTP2_INITIAL_STREAM_WINDOW_SIZE", "2147483648"),
            ("INBOUND_SERVER_HTTP2_MAX_CONCURRENT_STREAMS", "0"),
            ("INBOUND_SERVER_HTTP2_ADAPTIVE_FLOW_CONTROL", "perhaps"),
            ("INBOUND_MAX_IN_FLIGHT", "0"),
        ] {
            let wrong = given(&[(name, value)]).unwrap_err();
            assert!(wrong.len() == 1 && wrong[0].contains(name), "{wrong:?}");
        }
    }
}
