//! HTTP/1 through the inbound side: the program sees what the client sent and policy allows, and nothing else.
#![no_main]

use hauberk_fuzz::authority::Authority;
use hauberk_fuzz::client::{cut, exchange};
use hauberk_fuzz::judge;
use hauberk_fuzz::mesh::Proxy;
use hauberk_fuzz::policy::only_allowed;
use hauberk_fuzz::program1::Program;
use hauberk_fuzz::stack::Stack;
use libfuzzer_sys::fuzz_target;

thread_local!(static STACK: Stack<(Proxy, Program)> = Stack::start(async {
    let (program, addr) = Program::start().await;
    (Proxy::inbound(&Authority::new(), addr, only_allowed()).await, program)
}));

async fn attempt((proxy, program): &(Proxy, Program), input: &[u8]) -> Result<(), String> {
    let (sent, pieces) = cut(input);
    let answer = exchange(proxy.addr, pieces).await;
    proxy.rest().await;
    let seen = program.take().await?;
    judge::requests(sent, &seen)?;
    judge::answers(sent, &answer)
}

fuzz_target!(|input: &[u8]| {
    // A connection preface leads to HTTP/2, which is another target's.
    if input.len() < 2 || input[1..].starts_with(b"PRI ") {
        return;
    }
    STACK.with(|stack| stack.attempt(async |parts| attempt(parts, input).await));
});
