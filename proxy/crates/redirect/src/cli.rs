//! The words on the command line.

use std::ffi::OsString;
use std::io::Write as _;
use std::process::ExitCode;

use hauberk_core::words::Words;

use crate::apply::{Mode, apply};
use crate::failure::Failure;
use crate::ports::Ports;
use crate::rules::Redirect;
use crate::validate::{self, Validation};

const REDIRECT_USAGE: &str = "usage: hauberk-proxy redirect [OPTION VALUE]... [--print]

Sends the TCP of this network through the proxy in it, and nothing around it. Can be repeated.

  --mode auto|nft|iptables     by the kernel's nf_tables (no program is needed), or iptables; auto: what works.
                               iptables-nft and iptables-legacy: with this program only
  --proxy-uid UID              the proxy's user, whose connections go where they want (2102)
  --inbound-port PORT          where the proxy takes connections to the program (4143)
  --outbound-port PORT         where it takes those of the program (4140)
  --admin-port PORT            the proxy's own (4191), never redirected
  --control-port PORT          another one of its own (4190), never redirected
  --skip-inbound-ports LIST    ports on which the program is reached directly, such as 25,4000-4010
  --skip-outbound-ports LIST   ports that it reaches directly
  --skip-subnets LIST          networks that it reaches, and is reached from, directly, such as 10.0.0.0/8,fd00::/8
  --print                      shows the rules, for `nft -f -` or iptables-restore, and changes nothing
";

const VALIDATE_USAGE: &str = "usage: hauberk-proxy validate-network [OPTION VALUE]...

Succeeds if this network's connections are redirected: one to an address outside has to arrive at the proxy's outbound
port, where this program listens meanwhile. Runs before the proxy.

  --timeout DURATION           how long to wait (10s)
  --proxy-uid UID              the proxy's user (2102)
  --listen-addr IP:PORT        the proxy's outbound port ([::]:4140, which is IPv4 as well)
  --connect-addr IP:PORT       an address outside, not as the proxy's user (192.0.2.1:20001 and [2001:db8::1]:20001,
                               where there is a route, which are redirected for every user)
";

/// What exits with 2: a mistake on the command line, as usual.
const USAGE: u8 = 2;

/// `redirect`: arguments after the word itself.
pub fn redirect(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let words = Words::new(arguments.into_iter().map(|word| word.to_string_lossy().into_owned()));
    match read_redirect(words) {
        Ok(Asked::Help) => print(REDIRECT_USAGE),
        Ok(Asked::ToPrint(wanted, mode)) => print(&shown(&wanted, mode)),
        Ok(Asked::ToDo(wanted, mode)) => finish(apply(&wanted, mode, None).map(|applied| applied.to_string())),
        Err(why) => misuse(&why, REDIRECT_USAGE),
    }
}

/// `validate-network`: arguments after the word itself.
pub fn validate_network(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let words = Words::new(arguments.into_iter().map(|word| word.to_string_lossy().into_owned()));
    match read_validation(words) {
        Ok(Some(wanted)) => finish(validate::run(&wanted)),
        Ok(None) => print(VALIDATE_USAGE),
        Err(why) => misuse(&why, VALIDATE_USAGE),
    }
}

enum Asked {
    Help,
    ToPrint(Redirect, Mode),
    ToDo(Redirect, Mode),
}

fn read_redirect(mut words: Words<impl Iterator<Item = String>>) -> Result<Asked, String> {
    let mut wanted = Redirect::default();
    let (mut mode, mut admin, mut control, mut only_print) = (Mode::Auto, 4191, 4190, false);
    while let Some(option) = words.next_option()? {
        match option.as_str() {
            "--help" | "-h" => return Ok(Asked::Help),
            "--print" => only_print = true,
            "--mode" => mode = words.value()?,
            "--proxy-uid" => wanted.proxy_uid = words.value()?,
            "--inbound-port" => wanted.inbound_port = words.port()?,
            "--outbound-port" => wanted.outbound_port = words.port()?,
            "--admin-port" => admin = words.port()?,
            "--control-port" => control = words.port()?,
            "--skip-inbound-ports" => wanted.skip_inbound = wanted.skip_inbound.union(&words.value()?),
            "--skip-outbound-ports" => wanted.skip_outbound = wanted.skip_outbound.union(&words.value()?),
            "--skip-subnets" => wanted.skip_subnets = words.value()?,
            other => return Err(format!("{other:?} is no option")),
        }
    }
    wanted.skip_inbound = wanted.skip_inbound.union(&Ports::from_iter([admin, control]));
    Ok(if only_print { Asked::ToPrint(wanted, mode) } else { Asked::ToDo(wanted, mode) })
}

/// `None`: help is wanted.
fn read_validation(mut words: Words<impl Iterator<Item = String>>) -> Result<Option<Validation>, String> {
    let mut wanted = Validation::default();
    while let Some(option) = words.next_option()? {
        match option.as_str() {
            "--help" | "-h" => return Ok(None),
            "--timeout" => wanted.timeout = words.duration()?,
            "--proxy-uid" => wanted.proxy_uid = words.value()?,
            "--listen-addr" => wanted.listen = words.value()?,
            "--connect-addr" => wanted.connect = vec![words.value()?],
            other => return Err(format!("{other:?} is no option")),
        }
    }
    Ok(Some(wanted))
}

fn shown(wanted: &Redirect, mode: Mode) -> String {
    match mode {
        Mode::Auto | Mode::Nft => wanted.as_nft(),
        Mode::Iptables | Mode::IptablesNft | Mode::IptablesLegacy => format!(
            "# iptables-restore --noflush\n{}# ip6tables-restore --noflush\n{}",
            wanted.as_iptables(true, ""),
            wanted.as_iptables(false, "")
        ),
    }
}

fn finish(done: Result<String, Failure>) -> ExitCode {
    let (said, code) = match done {
        Ok(said) => (said, ExitCode::SUCCESS),
        Err(failure) => (failure.to_string(), ExitCode::FAILURE),
    };
    let _ = writeln!(std::io::stderr(), "hauberk: {said}");
    code
}

fn print(text: &str) -> ExitCode {
    match std::io::stdout().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn misuse(why: &str, usage: &str) -> ExitCode {
    let _ = write!(std::io::stderr(), "hauberk: {why}\n{usage}");
    ExitCode::from(USAGE)
}
