//! The rules in the kernel's nf_tables, told over netlink as libnftnl would: no program and no library is needed.

mod attributes;
mod batch;
mod chain;
mod expressions;
mod message;

use std::io::{self, Read as _};
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};

use self::batch::{Answer, Batch};
use crate::failure::Failure;
use crate::rules::{Hook, Redirect};

/// The kernel answers at once; it may have to load a module first.
const TIMEOUT: Duration = Duration::from_secs(10);
/// What all rules take is less (see the bounds of ports and networks); a socket's own default is.
const SEND_BUFFER: usize = 2 * 1024 * 1024;
/// An answer holds the message that it is about.
const ANSWER_MAX: usize = 64 * 1024;

/// Why the kernel did not take the rules.
#[derive(Debug)]
pub(crate) enum Refused {
    /// This process may not: it will not get further by another way.
    Forbidden(Failure),
    /// This kernel lacks something; iptables may know another way.
    Unable(Failure),
}

/// A way to the kernel's nf_tables, of the network namespace in which it was opened.
pub(crate) struct Line(Socket);

impl Line {
    pub(crate) fn open() -> io::Result<Self> {
        let protocol = Protocol::from(libc::NETLINK_NETFILTER);
        let socket = Socket::new(Domain::from(libc::AF_NETLINK), Type::RAW, Some(protocol))?;
        socket.set_read_timeout(Some(TIMEOUT))?;
        socket.set_write_timeout(Some(TIMEOUT))?;
        socket.set_send_buffer_size(SEND_BUFFER)?;
        Ok(Self(socket))
    }

    /// Makes the rules, in the place of those of an earlier call; all of them or none.
    pub(crate) fn make(&self, redirect: &Redirect) -> Result<(), Refused> {
        let batch = Batch::of(redirect);
        let answered = self.exchange(&batch).map_err(|error| refused(&error))?;
        answered.map_err(|(what, error)| match error.raw_os_error() {
            Some(libc::EPERM) => refused(&error),
            _ => Refused::Unable(lacking(&format!("{what}: {error}"))),
        })
    }

    /// What of the rules is not there, if something is not.
    pub(crate) fn missing(&self) -> Result<Option<String>, Refused> {
        for (sequence, hook) in (1..).zip(Hook::ALL) {
            match self.look(hook, sequence) {
                Ok(None) => {}
                Ok(Some(wrong)) => return Ok(Some(format!("chain {} {wrong}", hook.name()))),
                Err(error) if error.raw_os_error() == Some(libc::ENOENT) => {
                    return Ok(Some(format!("there is no chain {}", hook.name())));
                }
                Err(error) => return Err(refused(&error)),
            }
        }
        Ok(None)
    }

    /// What is wrong with a chain; an error, if it cannot be seen.
    fn look(&self, hook: Hook, sequence: u32) -> io::Result<Option<&'static str>> {
        self.0.send(&chain::question(hook, sequence))?;
        let (mut wrong, mut datagram) = (None, vec![0; ANSWER_MAX]);
        loop {
            let length = (&self.0).read(&mut datagram)?;
            for message in message::read(&datagram[..length]).filter(|message| message.sequence == sequence) {
                wrong = wrong.or(chain::lacking(hook, &message));
                if let Some(result) = message.result() {
                    return result.map(|()| wrong);
                }
            }
        }
    }

    fn exchange(&self, batch: &Batch) -> io::Result<Result<(), (&'static str, io::Error)>> {
        self.0.send(batch.bytes())?;
        let mut datagram = vec![0; ANSWER_MAX];
        loop {
            let length = (&self.0).read(&mut datagram)?;
            match batch.answer(&datagram[..length]) {
                Some(Answer::Done) => return Ok(Ok(())),
                Some(Answer::Refused(what, error)) => return Ok(Err((what, error))),
                None => {} // not about this batch
            }
        }
    }
}

/// What the error of a socket, or of the whole batch, means.
pub(crate) fn refused(error: &io::Error) -> Refused {
    match error.raw_os_error() {
        Some(libc::EPERM | libc::EACCES) => Refused::Forbidden(Failure::new(
            format!("the kernel refused to change this network: {error}"),
            "it takes root with the capability NET_ADMIN (securityContext: runAsUser 0, capabilities.add: [NET_ADMIN])",
        )),
        _ => Refused::Unable(lacking(&error.to_string())),
    }
}

fn lacking(why: &str) -> Failure {
    Failure::new(
        format!("the kernel's nf_tables did not take the rules ({why})"),
        "it needs nf_tables with nat, redir, reject and ct (modules nf_tables, nft_chain_nat, nft_redir, nft_reject_inet, \
         nft_ct), or iptables instead: --mode iptables",
    )
}
