//! What name servers reply: a program is given what was said to its own question, unchanged; the instances of the control plane
//! are those of the records.
#![no_main]

use hauberk_fuzz::replies;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|reply: &[u8]| {
    replies::program(reply);
    replies::instances(reply);
});
