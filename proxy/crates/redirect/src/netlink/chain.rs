//! What the kernel's nf_tables has of a chain.

use super::attributes::{Attributes, find, number};
use super::batch::{CHAIN_HOOK, CHAIN_NAME, CHAIN_TABLE, HOOK_NUMBER, NEW_CHAIN, TABLE, number_of};
use super::message::{self, INET, Message};
use crate::rules::Hook;

const GET_CHAIN: u16 = 4;
/// How many rules a chain has that no other one leads to.
const CHAIN_USE: u16 = 6;

/// The question; all that follows is answered with its number.
pub(super) fn question(hook: Hook, sequence: u32) -> Vec<u8> {
    let about = Attributes::default().text(CHAIN_TABLE, TABLE).text(CHAIN_NAME, hook.name());
    let mut bytes = Vec::new();
    let kind = message::of_nf_tables(GET_CHAIN);
    message::write(&mut bytes, kind, libc::NLM_F_ACK, sequence, (INET, 0), &about.into_bytes());
    bytes
}

/// What is wrong with the chain that a message is about, if something is.
pub(super) fn lacking(hook: Hook, message: &Message<'_>) -> Option<&'static str> {
    if message.kind != message::of_nf_tables(NEW_CHAIN) {
        return None;
    }
    let told = message.attributes();
    let at = find(told, CHAIN_HOOK).and_then(|hook| find(hook, HOOK_NUMBER)).and_then(number);
    match find(told, CHAIN_USE).and_then(number) {
        _ if at != Some(number_of(hook)) => Some("is not where packets pass"),
        None | Some(0) => Some("has no rules"),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(hook: u32, rules: u32) -> Vec<u8> {
        let at = Attributes::default().number(HOOK_NUMBER, hook);
        Attributes::default().nested(CHAIN_HOOK, at).number(CHAIN_USE, rules).into_bytes()
    }

    #[test]
    fn a_chain_needs_rules_and_packets() {
        let prerouting = number_of(Hook::Inbound);
        let cases = [
            (told(prerouting, 2), None),
            (told(prerouting, 0), Some("has no rules")),
            (told(prerouting + 1, 2), Some("is not where packets pass")),
            (Vec::new(), Some("is not where packets pass")),
        ];
        for (attributes, wrong) in cases {
            let mut bytes = Vec::new();
            message::write(&mut bytes, message::of_nf_tables(NEW_CHAIN), 0, 1, (INET, 0), &attributes);
            let read = message::read(&bytes).next().unwrap();
            assert_eq!(lacking(Hook::Inbound, &read), wrong);
        }
    }
}
