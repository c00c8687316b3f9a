//! HTTP/1 through the inbound side: the program sees what the client sent and policy allows, and nothing else.
#![no_main]
#![allow(clippy::panic, reason = "a panic is how a target says that it found something")]

use hauberk_fuzz::client::{cut, exchange, runtime};
use hauberk_fuzz::judge;
use hauberk_fuzz::mesh::{Proxy, only_allowed};
use hauberk_fuzz::program1::Program;
use libfuzzer_sys::fuzz_target;
use tokio::runtime::Runtime;
use tokio::task::LocalSet;

struct Stack {
    runtime: Runtime,
    tasks: LocalSet,
    proxy: Proxy,
    program: Program,
}

thread_local!(static STACK: Stack = Stack::start());

impl Stack {
    fn start() -> Self {
        let (runtime, tasks) = (runtime(), LocalSet::new());
        let (proxy, program) = tasks.block_on(&runtime, async {
            let (program, addr) = Program::start().await;
            (Proxy::start(addr, only_allowed()).await, program)
        });
        Self { runtime, tasks, proxy, program }
    }

    fn attempt(&self, input: &[u8]) -> Result<(), String> {
        let (sent, pieces) = cut(input);
        self.tasks.block_on(&self.runtime, async {
            let answer = exchange(self.proxy.addr, pieces).await;
            self.proxy.rest().await;
            let seen = self.program.take().await?;
            judge::requests(sent, &seen)?;
            judge::answers(sent, &answer)
        })
    }
}

fuzz_target!(|input: &[u8]| {
    // A connection preface leads to HTTP/2, which is another target's.
    if input.len() < 2 || input[1..].starts_with(b"PRI ") {
        return;
    }
    STACK.with(|stack| {
        // What is left of an earlier input on a slow machine is not found again.
        let found = (0..3).map_while(|_| stack.attempt(input).err()).collect::<Vec<_>>();
        if let [_, _, found] = &found[..] {
            panic!("{found}");
        }
    });
});
