//! The environment, `NAME=value` a line, on top of one that works: a configuration, or what is wrong in it.
#![no_main]

use std::collections::HashMap;
use std::sync::LazyLock;

use hauberk_fuzz::authority::{Authority, WEB};
use libfuzzer_sys::fuzz_target;

// The proxy is a program and no library: what reads its environment is compiled once more here.
#[allow(dead_code, reason = "nobody runs what is configured")]
#[path = "../../crates/proxy/src/config/mod.rs"]
mod config;
#[allow(dead_code, reason = "nobody runs what is configured")]
#[path = "../../crates/proxy/src/memory.rs"]
mod memory;

static WORKING: LazyLock<HashMap<&str, String>> = LazyLock::new(|| {
    HashMap::from([
        ("LINKERD2_PROXY_IDENTITY_LOCAL_NAME", WEB.to_owned()),
        ("LINKERD2_PROXY_IDENTITY_TRUST_ANCHORS", Authority::new().pem),
        ("LINKERD2_PROXY_IDENTITY_DIR", "/nowhere".to_owned()),
        ("LINKERD2_PROXY_IDENTITY_TOKEN_FILE", "/nowhere/token".to_owned()),
        ("LINKERD2_PROXY_IDENTITY_SVC_ADDR", "127.0.0.1:8086".to_owned()),
        ("LINKERD2_PROXY_DESTINATION_SVC_ADDR", "127.0.0.1:8086".to_owned()),
        ("LINKERD2_PROXY_POLICY_SVC_ADDR", "127.0.0.1:8086".to_owned()),
        ("LINKERD2_PROXY_POLICY_WORKLOAD", "{}".to_owned()),
    ])
});

fuzz_target!(|text: &str| {
    let set: HashMap<&str, &str> = text.lines().filter_map(|line| line.split_once('=')).collect();
    let lookup = |name: &str| match set.get(name) {
        Some(value) => Some((*value).to_owned()),
        None => WORKING.get(name).cloned(),
    };
    if let Err(problems) = config::Config::from_env(&lookup) {
        assert!(!problems.is_empty(), "it is refused without a reason");
        for problem in problems {
            assert!(problem.contains("_PROXY_"), "{problem:?} names no variable");
        }
    }
});
