//! The server name of a ClientHello: the one that rustls reads, and the same whatever follows.
#![no_main]

use hauberk_core::client_hello::{ClientHello, parse};
use hauberk_fuzz::hello;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let whole = parse(bytes);
    let step = (bytes.len() / 64).max(1);
    for length in (0..bytes.len()).step_by(step) {
        let part = parse(&bytes[..length]);
        assert!(part == ClientHello::NeedMore || part == whole, "{part:?} became {whole:?} after {length} bytes");
    }
    if let (ClientHello::Found { sni }, Some(name)) = (&whole, hello::server_name(bytes)) {
        assert_eq!(sni, &name);
    }
});
