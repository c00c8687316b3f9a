//! One transaction of nf_tables: messages between a begin and an end (linux/netfilter/nfnetlink.h, nf_tables.h).

use std::io;

use super::attributes::Attributes;
use super::expressions::expressions;
use super::message::{self, INET, UNSPECIFIED};
use crate::rules::{Chain, Hook, Redirect};

pub(super) const TABLE: &str = "hauberk";

/// Types of messages, within their subsystem.
const NEW_TABLE: u16 = 0;
const DELETE_TABLE: u16 = 2;
pub(super) const NEW_CHAIN: u16 = 3;
const NEW_RULE: u16 = 6;

/// Attributes of tables, chains, their hooks, and rules.
const TABLE_NAME: u16 = 1;
pub(super) const CHAIN_TABLE: u16 = 1;
pub(super) const CHAIN_NAME: u16 = 3;
pub(super) const CHAIN_HOOK: u16 = 4;
const CHAIN_POLICY: u16 = 5;
const CHAIN_TYPE: u16 = 7;
pub(super) const HOOK_NUMBER: u16 = 1;
const HOOK_PRIORITY: u16 = 2;
const RULE_TABLE: u16 = 1;
const RULE_CHAIN: u16 = 2;
const RULE_EXPRESSIONS: u16 = 4;

/// Hooks (linux/netfilter.h), and when their chains have their turn: destinations before filters.
const PREROUTING: u32 = 0;
const OUTPUT: u32 = 3;
const DESTINATIONS: i32 = -100;
const FILTERS: i32 = 0;
const ACCEPT: u32 = 1;

/// The messages, and what each is about.
pub(super) struct Batch {
    bytes: Vec<u8>,
    about: Vec<&'static str>,
}

/// What the kernel says.
pub(super) enum Answer {
    /// All is done.
    Done,
    /// Nothing is, since the message about this was not accepted.
    Refused(&'static str, io::Error),
}

impl Batch {
    pub(super) fn of(redirect: &Redirect) -> Self {
        let mut batch = Self { bytes: Vec::new(), about: Vec::new() };
        batch.bracket(libc::NFNL_MSG_BATCH_BEGIN);
        let table = || Attributes::default().text(TABLE_NAME, TABLE);
        // Made so that there is one to delete, whether it was there or not.
        batch.push("a table", NEW_TABLE, libc::NLM_F_CREATE, table());
        batch.push("a table", DELETE_TABLE, 0, table());
        batch.push("a table", NEW_TABLE, libc::NLM_F_CREATE, table());
        let chains = redirect.chains();
        for Chain { hook, .. } in &chains {
            batch.push(what(*hook).0, NEW_CHAIN, libc::NLM_F_CREATE, chain(*hook));
        }
        for Chain { hook, rules } in &chains {
            for rule in rules {
                let about = Attributes::default().text(RULE_TABLE, TABLE).text(RULE_CHAIN, hook.name());
                let about = about.nested(RULE_EXPRESSIONS, expressions(rule));
                batch.push(what(*hook).1, NEW_RULE, libc::NLM_F_CREATE | libc::NLM_F_APPEND, about);
            }
        }
        // Answered once everything is done: what is refused is told without being asked for.
        batch.push("a table", NEW_TABLE, libc::NLM_F_ACK, table());
        batch.bracket(libc::NFNL_MSG_BATCH_END);
        batch
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// What a datagram of the kernel's says; its first error, if there is one.
    pub(super) fn answer(&self, datagram: &[u8]) -> Option<Answer> {
        let mut answer = None;
        for message in message::read(datagram) {
            match message.result() {
                Some(Err(error)) => {
                    let index = usize::try_from(message.sequence).ok();
                    let what = index.and_then(|index| self.about.get(index)).copied().unwrap_or("all of it");
                    return Some(Answer::Refused(what, error));
                }
                Some(Ok(())) => answer = Some(Answer::Done),
                None => {}
            }
        }
        answer
    }

    fn push(&mut self, about: &'static str, kind: u16, flags: libc::c_int, attributes: Attributes) {
        self.message(about, message::of_nf_tables(kind), flags, (INET, 0), &attributes.into_bytes());
    }

    fn bracket(&mut self, kind: libc::c_int) {
        self.message("all of it", kind as u16, 0, (UNSPECIFIED, libc::NFNL_SUBSYS_NFTABLES as u16), &[]);
    }

    /// Its number is its place.
    fn message(&mut self, about: &'static str, kind: u16, flags: libc::c_int, of: (u8, u16), attributes: &[u8]) {
        let sequence = u32::try_from(self.about.len()).unwrap_or(u32::MAX);
        self.about.push(about);
        message::write(&mut self.bytes, kind, flags, sequence, of, attributes);
    }
}

/// Where its packets pass.
pub(super) fn number_of(hook: Hook) -> u32 {
    match hook {
        Hook::Inbound => PREROUTING,
        Hook::Outbound | Hook::Egress => OUTPUT,
    }
}

fn chain(hook: Hook) -> Attributes {
    let (kind, priority) = match hook {
        Hook::Inbound | Hook::Outbound => ("nat", DESTINATIONS),
        Hook::Egress => ("filter", FILTERS),
    };
    let at = Attributes::default().number(HOOK_NUMBER, number_of(hook)).number(HOOK_PRIORITY, priority.cast_unsigned());
    Attributes::default()
        .text(CHAIN_TABLE, TABLE)
        .text(CHAIN_NAME, hook.name())
        .nested(CHAIN_HOOK, at)
        .number(CHAIN_POLICY, ACCEPT)
        .text(CHAIN_TYPE, kind)
}

/// The chain and its rules, in an error.
fn what(hook: Hook) -> (&'static str, &'static str) {
    match hook {
        Hook::Inbound => ("chain inbound (nat)", "a rule of chain inbound"),
        Hook::Outbound => ("chain outbound (nat)", "a rule of chain outbound"),
        Hook::Egress => ("chain egress", "a rule of chain egress"),
    }
}
