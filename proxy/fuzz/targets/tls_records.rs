//! Records after the handshake: what is read is what records of data say in their order, up to the peer's word of an end or the
//! first record that breaks a rule; what is written is protected, whole and in order.
#![no_main]

use hauberk_fuzz::records::moves;
use hauberk_fuzz::records::shaking;
use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|input: &[u8]| -> Corpus {
    let Some((setup, moves)) = moves::read(input) else { return Corpus::Reject };
    let (mut game, rest) = shaking::begin(&setup, &moves);
    for what in rest {
        game.play(what);
    }
    game.end();
    Corpus::Keep
});
