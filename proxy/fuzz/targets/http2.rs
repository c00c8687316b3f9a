//! Frames of HTTP/2 to the inbound side: whatever they are, they cost one connection, and policy holds for each request.
#![no_main]

use hauberk_fuzz::client::{cut, exchange, runtime};
use hauberk_fuzz::mesh::{ALLOWED, Proxy, only_allowed};
use hauberk_fuzz::path;
use hauberk_fuzz::program2::Program;
use libfuzzer_sys::fuzz_target;
use tokio::runtime::Runtime;
use tokio::task::LocalSet;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

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

    fn attempt(&self, input: &[u8]) {
        let (_, pieces) = cut(input);
        self.tasks.block_on(&self.runtime, async {
            exchange(self.proxy.addr, std::iter::once(PREFACE).chain(pieces)).await;
            self.proxy.rest().await;
            for request in self.program.take().await {
                let segment = path::first_segment(request.uri.path().as_bytes());
                assert_eq!(segment, ALLOWED.as_bytes(), "the program got {request:?}, which policy forbids");
                let forged = request.headers.keys().find(|name| name.as_str().starts_with("l5d-"));
                assert_eq!(forged, None, "a client set it");
            }
        });
    }
}

fuzz_target!(|input: &[u8]| STACK.with(|stack| stack.attempt(input)));
