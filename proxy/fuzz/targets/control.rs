//! Messages of the control plane: whatever they are, what is accepted is no more than they say.
#![no_main]

use hauberk_fuzz::certified;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    hauberk_control::check_message(bytes);
    certified::check(bytes);
});
