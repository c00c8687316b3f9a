//! TLS records to the inbound side: a ClientHello for this workload is the proxy's, everything else the program's, unchanged.
#![no_main]

use hauberk_core::client_hello::{ClientHello, parse};
use hauberk_fuzz::authority::WEB;
use hauberk_fuzz::client::{cut, exchange, runtime};
use hauberk_fuzz::mesh::{Proxy, everything};
use hauberk_fuzz::sink::Sink;
use libfuzzer_sys::{Corpus, fuzz_target};
use tokio::runtime::Runtime;
use tokio::task::LocalSet;

struct Stack {
    runtime: Runtime,
    tasks: LocalSet,
    proxy: Proxy,
    program: Sink,
}

thread_local!(static STACK: Stack = Stack::start());

impl Stack {
    fn start() -> Self {
        let (runtime, tasks) = (runtime(), LocalSet::new());
        let (proxy, program) = tasks.block_on(&runtime, async {
            let (program, addr) = Sink::start().await;
            (Proxy::start(addr, everything()).await, program)
        });
        Self { runtime, tasks, proxy, program }
    }

    fn attempt(&self, input: &[u8]) {
        let (sent, pieces) = cut(input);
        let seen = self.tasks.block_on(&self.runtime, async {
            exchange(self.proxy.addr, pieces).await;
            self.proxy.rest().await;
            self.program.take().await
        });
        assert!(sent.starts_with(&seen), "the program got {} bytes that nobody sent", seen.len());
        // What rustls would take as well and the proxy does not is only bytes, without an identity.
        if (ClientHello::Found { sni: Some(WEB.to_owned()) }) == parse(sent) {
            assert!(seen.is_empty(), "a handshake for this workload reached the program");
        }
    }
}

fuzz_target!(|input: &[u8]| -> Corpus {
    if input.get(1) != Some(&0x16) {
        return Corpus::Reject;
    }
    STACK.with(|stack| stack.attempt(input));
    Corpus::Keep
});
