//! Frames of HTTP/2 to the inbound side: whatever they are, they cost one connection, and policy holds for each request.
#![no_main]

use hauberk_fuzz::authority::Authority;
use hauberk_fuzz::client::{cut, exchange};
use hauberk_fuzz::mesh::Proxy;
use hauberk_fuzz::path;
use hauberk_fuzz::policy::{ALLOWED, only_allowed};
use hauberk_fuzz::program2::Program;
use hauberk_fuzz::stack::Stack;
use libfuzzer_sys::fuzz_target;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

thread_local!(static STACK: Stack<(Proxy, Program)> = Stack::start(async {
    let (program, addr) = Program::start().await;
    (Proxy::inbound(&Authority::new(), addr, only_allowed()).await, program)
}));

async fn attempt((proxy, program): &(Proxy, Program), input: &[u8]) -> Result<(), String> {
    let (_, pieces) = cut(input);
    exchange(proxy.addr, std::iter::once(PREFACE).chain(pieces)).await;
    proxy.rest().await;
    for request in program.take().await {
        if path::first_segment(request.uri.path().as_bytes()) != ALLOWED.as_bytes() {
            return Err(format!("the program got {request:?}, which policy forbids"));
        }
        if let Some(forged) = request.headers.keys().find(|name| name.as_str().starts_with("l5d-")) {
            return Err(format!("a client set {forged}"));
        }
    }
    Ok(())
}

fuzz_target!(|input: &[u8]| STACK.with(|stack| stack.attempt(async |parts| attempt(parts, input).await)));
