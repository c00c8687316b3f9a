//! Messages to and from the kernel's netfilter (linux/netlink.h, linux/netfilter/nfnetlink.h).

use std::io;

/// The header of every message, and the one of netfilter's behind it: family, version, resource.
const HEADER: usize = 16;
const OF_NETFILTER: usize = 4;
const SUBSYSTEM: u16 = (libc::NFNL_SUBSYS_NFTABLES as u16) << 8;

pub(super) const INET: u8 = 1;
pub(super) const UNSPECIFIED: u8 = 0;

/// One message.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Message<'a> {
    pub(super) kind: u16,
    /// By it an answer says what it answers.
    pub(super) sequence: u32,
    body: &'a [u8],
}

/// The type of a message about nf_tables.
pub(super) fn of_nf_tables(kind: u16) -> u16 {
    SUBSYSTEM | kind
}

/// Appends a message; the flag that it wants something is set in any case.
pub(super) fn write(to: &mut Vec<u8>, kind: u16, flags: libc::c_int, sequence: u32, family: (u8, u16), body: &[u8]) {
    let length = u32::try_from(HEADER + OF_NETFILTER + body.len()).unwrap_or(u32::MAX);
    let (family, resource) = family;
    to.extend(length.to_ne_bytes());
    to.extend(kind.to_ne_bytes());
    to.extend((libc::NLM_F_REQUEST as u16 | flags as u16).to_ne_bytes());
    to.extend(sequence.to_ne_bytes());
    to.extend([0; 4]); // the kernel knows from whom it is
    to.extend([family, 0]);
    to.extend(resource.to_be_bytes());
    to.extend(body);
}

/// The messages of a datagram; what is cut off is left out.
pub(super) fn read(mut datagram: &[u8]) -> impl Iterator<Item = Message<'_>> {
    std::iter::from_fn(move || {
        let length = usize::try_from(number(datagram, 0)?).unwrap_or(usize::MAX).max(HEADER);
        let kind = u16::from_ne_bytes(datagram.get(4..6)?.try_into().ok()?);
        let message = Message { kind, sequence: number(datagram, 8)?, body: datagram.get(HEADER..length)? };
        datagram = datagram.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some(message)
    })
}

impl<'a> Message<'a> {
    /// What became of what was wanted, if this says it.
    pub(super) fn result(&self) -> Option<Result<(), io::Error>> {
        if self.kind != libc::NLMSG_ERROR as u16 {
            return None;
        }
        let code = number(self.body, 0)?.cast_signed();
        Some(if code == 0 { Ok(()) } else { Err(io::Error::from_raw_os_error(code.saturating_neg())) })
    }

    pub(super) fn attributes(&self) -> &'a [u8] {
        self.body.get(OF_NETFILTER..).unwrap_or_default()
    }
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4)?.try_into().ok().map(u32::from_ne_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_what_is_cut_off_left_out() {
        let mut written = Vec::new();
        write(&mut written, of_nf_tables(4), libc::NLM_F_ACK, 7, (INET, 0), b"abcd");
        write(&mut written, libc::NLMSG_ERROR as u16, 0, 8, (0, 0), &[]);
        let all: Vec<Message<'_>> = read(&written).collect();
        assert_eq!((all[0].kind, all[0].sequence, all[0].attributes()), (0x0a04, 7, &b"abcd"[..]));
        assert!(all[0].result().is_none() && matches!(all[1].result(), Some(Ok(()))));
        for length in 0..written.len() {
            let whole = if length < 24 { 0 } else { 1 };
            assert_eq!(read(&written[..length]).count(), whole, "{length}");
        }
    }
}
