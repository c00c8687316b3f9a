//! TLS records to the inbound side: a ClientHello for this workload is the proxy's, everything else the program's, unchanged.
#![no_main]

use hauberk_core::client_hello::{ClientHello, parse};
use hauberk_fuzz::authority::{Authority, WEB};
use hauberk_fuzz::client::{cut, exchange};
use hauberk_fuzz::mesh::Proxy;
use hauberk_fuzz::policy::everything;
use hauberk_fuzz::sink::Sink;
use hauberk_fuzz::stack::Stack;
use libfuzzer_sys::{Corpus, fuzz_target};

thread_local!(static STACK: Stack<(Proxy, Sink)> = Stack::start(async {
    let (program, addr) = Sink::start().await;
    (Proxy::inbound(&Authority::new(), addr, everything()).await, program)
}));

async fn attempt((proxy, program): &(Proxy, Sink), input: &[u8]) -> Result<(), String> {
    let (sent, pieces) = cut(input);
    exchange(proxy.addr, pieces).await;
    proxy.rest().await;
    let seen = program.take().await;
    if !sent.starts_with(&seen) {
        return Err(format!("the program got {} bytes that nobody sent", seen.len()));
    }
    // What rustls would take as well and the proxy does not is only bytes, without an identity.
    if (ClientHello::Found { sni: Some(WEB.to_owned()) }) == parse(sent) && !seen.is_empty() {
        return Err("a handshake for this workload reached the program".to_owned());
    }
    Ok(())
}

fuzz_target!(|input: &[u8]| -> Corpus {
    if input.get(1) != Some(&0x16) {
        return Corpus::Reject;
    }
    STACK.with(|stack| stack.attempt(async |parts| attempt(parts, input).await));
    Corpus::Keep
});
