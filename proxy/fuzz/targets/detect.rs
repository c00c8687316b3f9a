//! The first bytes of a connection: a verdict never changes with more of them.
#![no_main]

use hauberk_core::detect::{Detected, detect, is_http_prefix};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut settled = Detected::NeedMore;
    for length in 0..=bytes.len().min(1024) {
        let now = detect(&bytes[..length]);
        assert!(settled == Detected::NeedMore || settled == now, "{settled:?} became {now:?} at {length}");
        settled = now;
        let _ = is_http_prefix(&bytes[..length]);
    }
    if bytes.len() > 1024 {
        let whole = detect(bytes);
        assert!(settled == Detected::NeedMore || settled == whole, "{settled:?} became {whole:?}");
    }
});
