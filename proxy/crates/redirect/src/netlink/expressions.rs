//! A rule as the expressions that the kernel runs: load into register 1, compare, decide (linux/netfilter/nf_tables.h).

use super::attributes::Attributes;
use crate::rules::{Match, Rule, Verdict};
use crate::subnets::Subnet;

/// An expression in a list, its name and what it is told.
const ELEMENT: u16 = 1;
const NAME: u16 = 1;
const DATA: u16 = 2;

/// A value, directly or as a verdict.
const VALUE: u16 = 1;
const VERDICT: u16 = 2;
const VERDICT_CODE: u16 = 1;

/// The register of verdicts, and the one of values.
const DECISION: u32 = 0;
const REGISTER: u32 = 1;

/// What `meta` loads.
const PROTOCOL: u32 = 16;
const IN_NAME: u32 = 6;
const OUT_NAME: u32 = 7;
const SOCKET_USER: u32 = 10;
const FAMILY: u32 = 15;
const IPV4: u8 = 2;
const IPV6: u8 = 10;

/// What `ct` loads, and values of it.
const CT_STATE: u32 = 0;
const CT_DIRECTION: u32 = 1;
const TRACKED: u32 = 0b110; // established or related
const REPLY: u8 = 1;

/// How `cmp` compares.
const EQUAL: u32 = 0;
const DIFFERENT: u32 = 1;
const AT_MOST: u32 = 3;
const AT_LEAST: u32 = 5;

/// Where `payload` loads from.
const NETWORK_HEADER: u32 = 1;
const TRANSPORT_HEADER: u32 = 2;

const NAME_SIZE: usize = 16;
const TCP: u8 = 6;
const UDP: u8 = 17;

/// The list for one rule.
pub(super) fn expressions(rule: &Rule) -> Attributes {
    let mut list = List::default();
    rule.matches.iter().for_each(|one| list.matching(one));
    list.deciding(rule.verdict);
    list.0
}

#[derive(Default)]
struct List(Attributes);

impl List {
    fn matching(&mut self, one: &Match) {
        match *one {
            Match::FromLoopback => self.interface(IN_NAME),
            Match::ToLoopback => self.interface(OUT_NAME),
            Match::Tcp => self.meta(PROTOCOL, EQUAL, &[TCP]),
            Match::NotTcp => self.meta(PROTOCOL, DIFFERENT, &[TCP]),
            Match::Udp => self.meta(PROTOCOL, EQUAL, &[UDP]),
            Match::FromPorts(first, last) => self.ports(0, first, last),
            Match::ToPorts(first, last) => self.ports(2, first, last),
            Match::From(subnet) => self.subnet(subnet, 12, 8),
            Match::To(subnet) => self.subnet(subnet, 16, 24),
            Match::Of(uid) => self.meta(SOCKET_USER, EQUAL, &uid.to_ne_bytes()),
            Match::OfSomebody => {
                // There is no value without an open socket; compared is only so that nft can show it.
                self.load("meta", SOCKET_USER);
                self.reorder(4);
                self.compare(AT_LEAST, &0_u32.to_be_bytes());
            }
            Match::Reply => {
                self.load("ct", CT_DIRECTION);
                self.compare(EQUAL, &[REPLY]);
            }
            Match::OfConnection => {
                self.load("ct", CT_STATE);
                self.mask(&TRACKED.to_ne_bytes());
                self.compare(DIFFERENT, &0_u32.to_ne_bytes());
            }
        }
    }

    fn deciding(&mut self, verdict: Verdict) {
        const RETURN: i32 = -5;
        const DROP: i32 = 0;
        match verdict {
            Verdict::Pass => self.verdict(RETURN),
            Verdict::Drop => {
                self.add("counter", Attributes::default());
                self.verdict(DROP);
            }
            Verdict::Reset => {
                const TYPE: u16 = 1;
                const TCP_RESET: u32 = 1;
                self.add("counter", Attributes::default());
                self.add("reject", Attributes::default().number(TYPE, TCP_RESET));
            }
            Verdict::Redirect(port) => {
                const PORT_REGISTER: u16 = 1;
                let value = Attributes::default().bytes(VALUE, &port.to_be_bytes());
                self.immediate(REGISTER, value);
                self.add("redir", Attributes::default().number(PORT_REGISTER, REGISTER));
            }
        }
    }

    fn interface(&mut self, which: u32) {
        let mut name = [0; NAME_SIZE];
        name[..2].copy_from_slice(b"lo");
        self.meta(which, EQUAL, &name);
    }

    fn meta(&mut self, what: u32, how: u32, value: &[u8]) {
        self.load("meta", what);
        self.compare(how, value);
    }

    fn ports(&mut self, offset: u32, first: u16, last: u16) {
        self.payload(TRANSPORT_HEADER, offset, 2);
        if first == last {
            self.compare(EQUAL, &first.to_be_bytes());
        } else {
            self.compare(AT_LEAST, &first.to_be_bytes());
            self.compare(AT_MOST, &last.to_be_bytes());
        }
    }

    /// The offsets of the address in the header of each family.
    fn subnet(&mut self, subnet: Subnet, ipv4: u32, ipv6: u32) {
        let (family, offset, length) = if subnet.is_ipv4() { (IPV4, ipv4, 4) } else { (IPV6, ipv6, 16) };
        self.meta(FAMILY, EQUAL, &[family]);
        if subnet.is_everything() {
            return;
        }
        let (address, bits) = subnet.bytes();
        self.payload(NETWORK_HEADER, offset, length);
        if bits.iter().any(|byte| *byte != u8::MAX) {
            self.mask(&bits);
        }
        self.compare(EQUAL, &address);
    }

    /// What `meta` or `ct` knows.
    fn load(&mut self, from: &'static str, what: u32) {
        self.add(from, Attributes::default().number(1, REGISTER).number(2, what));
    }

    fn payload(&mut self, header: u32, offset: u32, length: u32) {
        let told = Attributes::default().number(1, REGISTER).number(2, header).number(3, offset).number(4, length);
        self.add("payload", told);
    }

    fn mask(&mut self, bits: &[u8]) {
        let length = u32::try_from(bits.len()).unwrap_or_default();
        let told = Attributes::default().number(1, REGISTER).number(2, REGISTER).number(3, length);
        let told = told.nested(4, Attributes::default().bytes(VALUE, bits));
        self.add("bitwise", told.nested(5, Attributes::default().bytes(VALUE, &vec![0; bits.len()])));
    }

    /// To the order of the network.
    fn reorder(&mut self, length: u32) {
        const TO_NETWORK: u32 = 1;
        let told = Attributes::default().number(1, REGISTER).number(2, REGISTER).number(3, TO_NETWORK);
        self.add("byteorder", told.number(4, length).number(5, length));
    }

    fn compare(&mut self, how: u32, value: &[u8]) {
        let told = Attributes::default().number(1, REGISTER).number(2, how);
        self.add("cmp", told.nested(3, Attributes::default().bytes(VALUE, value)));
    }

    fn verdict(&mut self, code: i32) {
        let verdict = Attributes::default().number(VERDICT_CODE, code.cast_unsigned());
        self.immediate(DECISION, Attributes::default().nested(VERDICT, verdict));
    }

    fn immediate(&mut self, to: u32, value: Attributes) {
        self.add("immediate", Attributes::default().number(1, to).nested(2, value));
    }

    fn add(&mut self, name: &'static str, told: Attributes) {
        let expression = Attributes::default().text(NAME, name).nested(DATA, told);
        self.0 = std::mem::take(&mut self.0).nested(ELEMENT, expression);
    }
}
