//! Which way the rules get into the kernel.

use std::fmt;
use std::str::FromStr;

use hauberk_net::namespace::Namespace;

use crate::failure::Failure;
use crate::netlink::{Line, Refused, refused};
use crate::rules::Redirect;
use crate::tool::{self, Kind};

/// The way that is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// The first that works of the others.
    #[default]
    Auto,
    /// nf_tables, directly.
    Nft,
    /// A program of iptables: the one or else the other of the next.
    Iptables,
    /// The program that tells nf_tables.
    IptablesNft,
    /// The older program.
    IptablesLegacy,
}

/// The way that worked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// Its name.
    pub by: &'static str,
    /// Those that were tried before it, with the reason.
    pub instead_of: Vec<String>,
}

/// Makes the rules in this process's network, or `inside` another one.
pub fn apply(redirect: &Redirect, mode: Mode, inside: Option<&Namespace>) -> Result<Applied, Failure> {
    let mut instead_of = Vec::new();
    if mode.is_directly() {
        match by_nf_tables(redirect, inside) {
            Ok(()) => return Ok(Applied { by: "nf_tables", instead_of }),
            Err(Refused::Forbidden(failure)) => return Err(failure),
            Err(Refused::Unable(failure)) if mode == Mode::Nft => return Err(failure),
            Err(Refused::Unable(failure)) => instead_of.push(failure.to_string()),
        }
    }
    let kinds = mode.kinds();
    for &kind in kinds {
        match tool::make(redirect, kind, inside) {
            Ok(()) => return Ok(Applied { by: kind.name(), instead_of }),
            Err(failure) if kinds.len() == 1 => return Err(failure),
            Err(failure) => instead_of.push(failure.to_string()),
        }
    }
    let hint = "the node's kernel decides what is there: nf_tables (Linux 5.2 or later) is enough";
    Err(Failure::new(format!("no way to redirect connections works: {}", instead_of.join("; ")), hint))
}

fn by_nf_tables(redirect: &Redirect, inside: Option<&Namespace>) -> Result<(), Refused> {
    line(inside)?.make(redirect)
}

/// A way to nf_tables. A socket belongs to the network in which it was opened, wherever its thread goes.
pub(crate) fn line(inside: Option<&Namespace>) -> Result<Line, Refused> {
    inside.map_or_else(Line::open, |namespace| namespace.visit(Line::open)?).map_err(|error| refused(&error))
}

impl Mode {
    /// Whether nf_tables is told directly, before programs are tried.
    pub(crate) fn is_directly(self) -> bool {
        matches!(self, Self::Auto | Self::Nft)
    }

    /// The programs, in the order in which they are tried.
    pub(crate) fn kinds(self) -> &'static [Kind] {
        match self {
            Self::Nft => &[],
            Self::IptablesNft => &[Kind::Nft],
            Self::IptablesLegacy => &[Kind::Legacy],
            Self::Auto | Self::Iptables => &[Kind::Nft, Kind::Legacy],
        }
    }
}

impl FromStr for Mode {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "auto" => Ok(Self::Auto),
            "nft" => Ok(Self::Nft),
            "iptables" => Ok(Self::Iptables),
            "iptables-nft" => Ok(Self::IptablesNft),
            "iptables-legacy" => Ok(Self::IptablesLegacy),
            _ => Err("auto, nft, iptables, iptables-nft or iptables-legacy"),
        }
    }
}

impl fmt::Display for Applied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "connections are redirected by {}", self.by)?;
        self.instead_of.iter().try_for_each(|why| write!(f, "; not otherwise, since {why}"))
    }
}
