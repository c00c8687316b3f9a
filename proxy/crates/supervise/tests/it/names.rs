//! Names as programs ask for them: by the C library, inside the namespace.

use std::net::UdpSocket;

use crate::support::{Host, eventually, sh};

#[test]
fn services_are_found_by_short_and_by_full_name_and_others_are_not() {
    let Some(host) = Host::new() else { return };
    host.api.add_service("default", "web", "10.78.0.7");
    host.api.add_service("shop", "api", "10.78.0.8");
    let script = "for name in web web.default.svc.cluster.local api.shop.svc api.shop; do getent ahostsv4 $name; done \
        | grep STREAM; getent ahosts api; echo missing $?; \
        python3 -c 'import socket\nprint(socket.getaddrinfo(\"web\", 80, type=socket.SOCK_STREAM)[0][4])\n\
        try: socket.getaddrinfo(\"web\", 80, socket.AF_INET6)\nexcept OSError as e: print(e.errno == socket.EAI_NODATA)'";
    let ended = host.run(script).end();
    let expected = "10.78.0.7       STREAM web.default.svc.cluster.local\n\
        10.78.0.7       STREAM web.default.svc.cluster.local\n\
        10.78.0.8       STREAM api.shop.svc.cluster.local\n\
        10.78.0.8       STREAM api.shop.svc.cluster.local\n\
        missing 2\n('10.78.0.7', 80)\nTrue\n";
    assert_eq!(ended.output, expected, "{ended:?}");
}

#[test]
fn a_name_that_comes_later_is_found_and_one_server_asked_for_is_as_good_as_another() {
    let Some(host) = Host::new() else { return };
    let script = "until getent ahostsv4 late >/dev/null; do sleep 0.05; echo waiting; done; echo found; \
        python3 - <<'END'\nimport socket,struct\n\
        q=struct.pack('!6H',7,256,1,0,0,0)+b''.join(bytes([len(l)])+l for l in [b'late',b'default',b'svc',b'cluster',b'local',b''])+b'\\0\\1\\0\\1'\n\
        u=socket.socket(socket.AF_INET,socket.SOCK_DGRAM); u.settimeout(5); u.sendto(q,('8.8.8.8',53)); print(socket.inet_ntoa(u.recv(512)[-4:]))\n\
        t=socket.create_connection(('8.8.8.8',53)); t.sendall(struct.pack('!H',len(q))+q); print(socket.inet_ntoa(t.recv(512)[-4:]))\nEND";
    let workload = host.run(script);
    eventually("the program asks", || workload.output().contains("waiting").then_some(()));
    host.api.add_service("default", "late", "10.78.0.9");
    let ended = workload.end();
    assert!(ended.output.ends_with("found\n10.78.0.9\n10.78.0.9\n"), "{ended:?}");
}

#[test]
fn names_survive_a_control_plane_that_lost_its_history_and_one_that_went_away() {
    let Some(host) = Host::new() else { return };
    host.api.add_service("default", "old", "10.78.0.1");
    let script = "getent ahostsv4 old >/dev/null && echo known; until getent ahostsv4 new >/dev/null; do sleep 0.05; done; \
        getent ahostsv4 old >/dev/null; echo gone $?; read -t 1000 line < $GO; getent ahostsv4 new | grep STREAM";
    let go = host.dir.join("go");
    sh(&format!("mkfifo {}", go.display()));
    let workload = host.run_with(&["/bin/bash", "-c", script], |spec| {
        spec["program"]["env"] = serde_json::json!({"GO": go});
    });
    eventually("the first name is known", || workload.output().contains("known").then_some(()));
    host.api.forget_history("default", "old", "new", "10.78.0.2");
    eventually("the other name is known", || workload.output().contains("gone 2").then_some(()));
    host.api.go_away();
    let asked = host.api.calls("GET", "/services").len();
    eventually("it is missed", || (host.api.calls("GET", "/services").len() > asked).then_some(()));
    std::fs::write(&go, "go\n").unwrap();
    let ended = workload.end();
    let last = "10.78.0.2       STREAM new.default.svc.cluster.local\n";
    assert!(ended.output.ends_with(last), "{ended:?}");
    assert_eq!(ended.errors, "");
}

#[test]
fn names_elsewhere_are_asked_of_the_machines_servers_in_the_machines_network() {
    let Some(host) = Host::new() else { return };
    sh("ip address add 192.0.2.53/32 dev lo");
    std::fs::write(host.dir.join("host-resolv.conf"), "nameserver 192.0.2.53\n").unwrap();
    let server = UdpSocket::bind("192.0.2.53:53").unwrap();
    std::thread::spawn(move || {
        let mut query = [0; 512];
        while let Ok((length, client)) = server.recv_from(&mut query) {
            // The question, without what follows it, and one address of four bytes for it.
            let end = 12 + query[12..length].iter().position(|b| *b == 0).unwrap() + 5;
            let is_ipv4 = query[end - 3] == 1;
            let mut answer = query[..end].to_vec();
            answer[2..12].copy_from_slice(&[0x81, 0x80, 0, 1, 0, u8::from(is_ipv4), 0, 0, 0, 0]);
            if is_ipv4 {
                answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 192, 0, 2, 99]);
            }
            let _ = server.send_to(&answer, client);
        }
    });
    let ended = host.run("getent ahostsv4 www.example.com | head -1").end();
    assert_eq!(ended.output, "192.0.2.99      STREAM www.example.com\n", "{ended:?}");
}

#[test]
fn names_elsewhere_fail_soon_when_the_machines_servers_are_silent() {
    let Some(host) = Host::new() else { return };
    sh("ip address add 192.0.2.53/32 dev lo");
    std::fs::write(host.dir.join("host-resolv.conf"), "nameserver 192.0.2.53\n").unwrap();
    let _silent = UdpSocket::bind("192.0.2.53:53").unwrap();
    let script = "python3 - <<'END'\nimport socket,struct,time\n\
        q=struct.pack('!6H',7,256,1,0,0,0)+b'\\7example\\3com\\0\\0\\1\\0\\1'\n\
        u=socket.socket(socket.AF_INET,socket.SOCK_DGRAM); u.settimeout(5); b=time.monotonic()\n\
        u.sendto(q,('127.0.0.1',53)); print('code', u.recv(512)[3] & 15, time.monotonic()-b < 2.5)\nEND";
    let ended = host.run(script).end();
    assert_eq!(ended.output, "code 2 True\n", "{ended:?}");
}
