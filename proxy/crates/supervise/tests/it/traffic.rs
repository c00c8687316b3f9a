//! Where the workload's packets go, with real programs in real namespaces.

use std::fs;
use std::io::Read as _;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use libc::SIGKILL;
use serde_json::json;

use crate::support::{Host, Workload, eventually, is_alive, sh};

const POD: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 10);

/// Says its pid, then runs each line it is told through the file `asks` and writes what came of it to `answers`.
const SERVANT: &str = r#"echo $$; n=0; while :; do n=$((n+1)); until [ -e "$D/ask-$n" ]; do sleep 0.01; done
    bash "$D/ask-$n" > "$D/draft" 2>&1; echo "code $?" >> "$D/draft"; mv "$D/draft" "$D/answer-$n"; done"#;

/// A program that does what it is told.
struct Servant<'a> {
    host: &'a Host,
    workload: Workload,
    asked: u32,
}

impl<'a> Servant<'a> {
    fn start(host: &'a Host) -> Self {
        let workload = host.run_with(&["/bin/bash", "-c", SERVANT], |spec| {
            sh(&format!("chmod 777 {}", host.dir.display()));
            spec["program"]["env"] = json!({"D": host.dir});
            (spec["program"]["uid"], spec["program"]["gid"]) = (json!(1000), json!(1000));
            spec["skipInboundPorts"] = json!([4190, 4191, 7000]);
            spec["skipOutboundPorts"] = json!([7001]);
        });
        workload.program();
        Self { host, workload, asked: 0 }
    }

    fn ask(&mut self, script: &str) -> String {
        self.asked += 1;
        let draft = self.host.dir.join("question");
        fs::write(&draft, script).unwrap();
        fs::rename(draft, self.host.dir.join(format!("ask-{}", self.asked))).unwrap();
        crate::support::text_of(&self.host.dir.join(format!("answer-{}", self.asked)))
    }

    fn connect(&mut self, address: &str, port: u16) -> String {
        self.ask(&format!("exec 3<>/dev/tcp/{address}/{port} && timeout 5 cat <&3"))
    }
}

/// What a listener of the machine's says to who connects.
fn greeter(address: &str) {
    let listener = std::net::TcpListener::bind(address).unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = std::io::Write::write_all(&mut stream, b"directly\n");
        }
    });
}

fn read_from(port: u16) -> std::io::Result<String> {
    let address = SocketAddr::from((POD, port));
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(5))?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    Ok(text)
}

#[test]
fn connections_of_the_program_go_to_its_proxy_by_ipv4_and_ipv6() {
    let Some(host) = Host::new() else { return };
    let mut servant = Servant::start(&host);
    greeter("0.0.0.0:7001");
    assert_eq!(servant.connect("10.78.0.7", 80), "outbound 10.78.0.7:80\ncode 0\n");
    assert_eq!(servant.connect("10.77.0.1", 8080), "outbound 10.77.0.1:8080\ncode 0\n");
    let by_link = "fe80::a%eth0";
    servant.workload.inside("until ip -6 -o address show dev eth0 -tentative | grep -q fe80; do sleep 0.05; done");
    let linked = servant.connect(by_link, 80);
    assert!(linked.contains("Connection refused"), "the link has no proxy to go through: {linked}");
    servant.workload.inside("ip -6 address add fd77::10/64 dev eth0 nodad; ip -6 route add default via fd77::1");
    assert_eq!(servant.connect("fd78::7", 80), "outbound [fd78::7]:80\ncode 0\n");
    assert_eq!(servant.connect("10.77.0.1", 7001), "directly\ncode 0\n", "a skipped port");
}

#[test]
fn connections_to_the_program_go_to_its_proxy_but_for_skipped_ports() {
    let Some(host) = Host::new() else { return };
    let mut servant = Servant::start(&host);
    servant.ask("(python3 -c 'import socket\nfor p in (7000, 8080):\n s=socket.create_server((\"\", p))\n if p==7000:\n  a=s\nc,_=a.accept(); c.sendall(b\"directly\\n\")') >/dev/null 2>&1 & until ss -ltn | grep -q :8080; do sleep 0.05; done");
    assert_eq!(read_from(8080).unwrap(), "inbound 10.77.0.10:8080\n");
    assert_eq!(read_from(7000).unwrap(), "directly\n");
}

#[test]
fn without_the_redirect_nothing_leaves_but_by_the_proxys_user() {
    let Some(host) = Host::new() else { return };
    let mut servant = Servant::start(&host);
    greeter("0.0.0.0:7002");
    servant.workload.inside("nft flush chain inet hauberk outbound");
    let refused = servant.connect("10.77.0.1", 7002);
    assert!(refused.contains("Connection refused") && refused.ends_with("code 1\n"), "{refused}");
    let proxy =
        "setpriv --reuid 2102 --clear-groups timeout 5 bash -c \"exec 3<>/dev/tcp/10.77.0.1/7002; head -c 8 <&3\"";
    assert_eq!(servant.workload.inside(proxy), "directly");
}

#[test]
fn a_killed_proxy_comes_back_within_a_second_and_until_then_connections_are_refused() {
    let Some(host) = Host::new() else { return };
    let mut servant = Servant::start(&host);
    let (program, first) = (servant.workload.program(), servant.workload.proxy());
    let identity = servant.workload.dir.join("identity");
    let key = fs::read(identity.join("key.p8")).unwrap();
    host.api.wait_for_readiness(0, "True");

    // As long as its binary is away the proxy stays dead.
    fs::rename(host.dir.join("standin"), host.dir.join("away")).unwrap();
    fs::remove_file(identity.join("ready")).unwrap();
    kill(first);
    let seen = host.api.wait_for_readiness(0, "False");
    let refused = servant.connect("10.78.0.7", 80);
    assert!(refused.contains("Connection refused"), "{refused}");
    assert!(read_from(8080).unwrap_err().kind() == std::io::ErrorKind::ConnectionRefused);
    fs::rename(host.dir.join("away"), host.dir.join("standin")).unwrap();
    let second = servant.workload.proxy();
    host.api.wait_for_readiness(seen, "True");

    fs::remove_file(identity.join("ready")).unwrap();
    let begin = std::time::Instant::now();
    kill(second);
    let third = servant.workload.proxy();
    assert!(begin.elapsed() < Duration::from_secs(1), "{:?}", begin.elapsed());
    assert!(third != second && is_alive(program));
    assert_eq!(servant.connect("10.78.0.7", 80), "outbound 10.78.0.7:80\ncode 0\n");
    assert_eq!(fs::read(identity.join("key.p8")).unwrap(), key, "the same identity");
}

#[test]
fn root_in_the_workload_cannot_change_the_redirect() {
    let Some(host) = Host::new() else { return };
    let script = "grep CapBnd /proc/self/status; nft flush ruleset; ip link set eth0 down; \
        nsenter --target 1 --net true; id -u";
    let ended = host.run(script).end();
    let (bounding, rest) = ended.output.split_once('\n').unwrap();
    let bounding = u64::from_str_radix(bounding.trim_start_matches("CapBnd:").trim(), 16).unwrap();
    for forbidden in [12, 13, 19, 21] {
        assert_eq!(bounding & (1 << forbidden), 0, "CAP_NET_ADMIN, NET_RAW, SYS_PTRACE or SYS_ADMIN: {bounding:x}");
    }
    assert_eq!(rest, "0\n");
    assert_eq!(ended.errors.matches("not permitted").count(), 2, "rules and interfaces: {ended:?}");
    assert!(ended.errors.contains("Permission denied"), "the machine's network: {ended:?}");
}

#[test]
fn a_usual_user_and_the_proxy_have_no_capabilities_and_no_other_groups() {
    let Some(host) = Host::new() else { return };
    let mut servant = Servant::start(&host);
    let mine = servant
        .ask("cat /proc/self/status; python3 -c 'import socket; socket.create_server((\"\", 80)); print(\"listens\")'");
    assert!(mine.contains("listens"), "low ports are the workload's own: {mine}");
    let proxy = fs::read_to_string(servant.workload.dir.join("identity/status")).unwrap();
    for status in [&mine, &proxy] {
        for set in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] {
            assert!(status.contains(&format!("{set}:\t0000000000000000")), "{status}");
        }
    }
    assert!(proxy.contains("Uid:\t2102\t2102\t2102\t2102") && proxy.contains("Gid:\t2102\t2102\t2102\t2102"));
    assert!(proxy.contains("Groups:\t \n") && proxy.contains("NoNewPrivs:\t1"), "{proxy}");
    assert!(mine.contains("Uid:\t1000\t1000\t1000\t1000"));
    let environment = fs::read_to_string(servant.workload.dir.join("identity/environment")).unwrap();
    let names = ["LINKERD2_PROXY_IDENTITY_DIR", "LINKERD2_PROXY_IDENTITY_TOKEN_FILE", "LINKERD2_PROXY_LOCAL"];
    assert_eq!(environment.lines().collect::<Vec<_>>(), names);
}

#[test]
fn the_redirect_can_be_made_alone_and_again() {
    let Some(host) = Host::new() else { return };
    let standin = host.standin();
    let flags = "--skip-inbound-ports 4190-4191,25 --skip-outbound-ports 443";
    for _ in 0..2 {
        sh(&format!("{} redirect {flags}", standin.display()));
    }
    let rules = sh("nft list ruleset");
    assert_eq!(rules.matches("redirect to :4143").count(), 1, "{rules}");
    assert_eq!(rules.matches("meta l4proto tcp redirect to :4140").count(), 1, "{rules}");
    assert!(rules.contains("tcp dport 25 return") && !rules.contains("dport 53"), "{rules}");
}

fn kill(pid: u32) {
    hauberk_net::process::kill(pid, SIGKILL).unwrap();
    eventually("it is dead", || (!is_alive(pid)).then_some(()));
}
