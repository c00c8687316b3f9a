//! Start, end, signals and failures of a workload, with real processes in real namespaces.

use libc::{SIGINT, SIGKILL, SIGTERM, SIGUSR1};
use serde_json::json;

use crate::support::{Host, eventually, is_alive, sh};

#[test]
fn a_program_starts_when_its_proxy_is_ready_and_its_exit_code_is_the_result() {
    let Some(host) = Host::new() else { return };
    let workload = host.run_with(&["/bin/sh", "-c", "cat \"$D/identity/ready\"; echo $GREETING; exit 7"], |spec| {
        spec["enrollment"]["status"]["environment"]["STANDIN_READY_AFTER_MS"] = json!("300");
        let dir = spec["workloadDir"].clone();
        spec["program"]["env"] = json!({"D": dir, "GREETING": "hello"});
    });
    let ended = workload.end();
    assert_eq!(ended.code, Some(7), "{ended:?}");
    assert!(ended.output.ends_with("hello\n") && ended.output.len() > 6, "the proxy was not ready: {ended:?}");
    assert_eq!(ended.errors, "");
    assert!(!host.dir.join("spec-0.json").exists(), "the spec holds a token");
    assert_eq!(host.api.calls("DELETE", "/pods/web-0").len(), 1);
    host.assert_clean();
}

#[test]
fn the_running_binary_is_the_proxy_where_the_spec_names_no_other() {
    let Some(host) = Host::new() else { return };
    let ended = host
        .run_with(&["/bin/sh", "-c", "cat $D/identity/environment $D/identity/status; ls $D/identity"], |spec| {
            spec["proxyBinary"] = json!(null);
            spec["program"]["env"] = json!({"D": spec["workloadDir"]});
        })
        .end();
    assert!(ended.output.contains("LINKERD2_PROXY_IDENTITY_DIR"), "{ended:?}");
    assert!(ended.output.contains("Name:\thauberk-proxy\n"), "as it is shown in lists of processes: {ended:?}");
    assert!(!ended.output.contains("key.p8"), "our own proxy makes its key in memory: {ended:?}");
    host.assert_clean();
}

#[test]
fn a_usual_user_is_told_to_be_root() {
    let Some(host) = Host::new() else { return };
    let binary = host.standin();
    let output = std::process::Command::new("setpriv")
        .args(["--reuid=1000", "--clear-groups"])
        .arg(binary)
        .args(["supervise", "--spec", "/nonexistent"])
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(125) && errors.contains("sudo"), "{output:?}");
}

#[test]
fn signals_reach_the_program_and_its_end_by_a_signal_shows_in_the_code() {
    let Some(host) = Host::new() else { return };
    let script =
        "trap 'echo usr1' USR1; trap 'echo term; exit 3' TERM; echo $$; while :; do read -t 0.05 <> <(:); done";
    let workload = host.run(script);
    workload.program();
    workload.signal(SIGUSR1);
    eventually("USR1 arrives", || workload.output().contains("usr1").then_some(()));
    workload.signal(SIGTERM);
    let ended = workload.end();
    assert_eq!((ended.code, ended.output.matches("term").count()), (Some(3), 1), "{ended:?}");
    let killed = host.run("kill -KILL $$").end();
    assert_eq!(killed.code, Some(128 + SIGKILL), "{killed:?}");
    host.assert_clean();
}

#[test]
fn a_key_on_the_terminal_reaches_the_program_once() {
    let Some(host) = Host::new() else { return };
    let program = "import signal,sys,time\nn=[]\nsignal.signal(signal.SIGINT, lambda *a: n.append(1))\n\
        print('started', flush=True)\nend=time.monotonic()+0.5\n\
        while not n or time.monotonic()<end:\n    time.sleep(0.05)\n    end=end if n else time.monotonic()+0.5\n\
        print('interrupts:', len(n), flush=True)";
    let mut spec = crate::support::spec::spec(&host.dir, 0, &host.standin(), &["/usr/bin/python3", "-c", program]);
    spec["program"]["uid"] = json!(1000);
    let file = host.dir.join("spec.json");
    std::fs::write(&file, spec.to_string()).unwrap();
    let terminal = "import os,pty,sys\npid,fd=pty.fork()\nif pid==0: os.execv(sys.argv[1], sys.argv[1:])\n\
        seen=b''\nsent=False\nwhile True:\n    try: piece=os.read(fd,1000)\n    except OSError: break\n\
        \x20   if not piece: break\n    seen+=piece\n\
        \x20   if b'started' in seen and not sent: sent=True; os.write(fd,b'\\x03')\n\
        sys.stdout.write(seen.decode()); sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid,0)[1]))";
    let output = std::process::Command::new("/usr/bin/python3")
        .args(["-c", terminal])
        .arg(crate::support::example("standin"))
        .args(["supervise", "--spec"])
        .arg(&file)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("interrupts: 1\r\n") && output.status.success(), "{output:?}");
    host.assert_clean();
}

#[test]
fn standard_streams_are_the_programs_also_where_they_are_closed() {
    let Some(host) = Host::new() else { return };
    let run = |script: &str, shell: &str| {
        let spec = crate::support::spec::spec(&host.dir, 0, &host.standin(), &["/bin/bash", "-c", script]);
        let [file, shell_file] = ["spec.json", "shell"].map(|name| host.dir.join(name));
        std::fs::write(&file, spec.to_string()).unwrap();
        let standin = crate::support::example("standin");
        let supervise = format!("supervise() {{ exec {} supervise --spec {}; }}", standin.display(), file.display());
        std::fs::write(&shell_file, format!("{supervise}\n{shell}\n")).unwrap();
        sh(&format!("timeout 20 /bin/sh {}", shell_file.display()))
    };
    assert_eq!(run("cat; echo told >&2", "echo through | supervise 2>&1 | sort"), "through\ntold\n");
    assert_eq!(run("cat; echo end", "supervise <&-"), "end\n");
    // The reader of the program's output sees its end while the program goes on, and the writer of its input too.
    let go = host.dir.join("go");
    sh(&format!("mkfifo {}", go.display()));
    let script = format!("echo first; exec <&- >&-; read -t 1000 line < {}", go.display());
    let shell = format!("yes | supervise | (cat; echo go > {})", go.display());
    assert_eq!(run(&script, &shell), "first\n");
    host.assert_clean();
}

#[test]
fn an_interrupt_during_the_start_ends_it_and_leaves_nothing() {
    let Some(host) = Host::new() else { return };
    let workload = host.run_with(&["/bin/true"], |spec| {
        spec["enrollment"]["status"]["environment"]["STANDIN_READY_AFTER_MS"] = json!("600000");
    });
    eventually("the proxy runs", || workload.dir.join("identity/status").exists().then_some(()));
    workload.signal(SIGINT);
    let ended = workload.end();
    assert_eq!(ended.code, Some(128 + SIGINT), "{ended:?}");
    assert_eq!(host.api.calls("DELETE", "/pods/web-0").len(), 1);
    host.assert_clean();
}

#[test]
fn a_proxy_that_does_not_get_ready_is_an_error_with_its_last_words() {
    let Some(host) = Host::new() else { return };
    let ended = host
        .run_with(&["/bin/true"], |spec| {
            spec["enrollment"]["status"]["environment"]["STANDIN_READY_AFTER_MS"] = json!("600000");
            spec["proxyReadyTimeoutSeconds"] = json!(1);
        })
        .end();
    assert_eq!(ended.code, Some(125), "{ended:?}");
    assert!(ended.errors.contains("the stand-in starts") && ended.errors.contains("hint:"), "{ended:?}");
    host.assert_clean();
}

#[test]
fn a_proxy_that_finds_its_environment_wrong_is_not_waited_for() {
    let Some(host) = Host::new() else { return };
    let ended = host
        .run_with(&["/bin/true"], |spec| {
            spec["enrollment"]["status"]["environment"]["STANDIN_REFUSES"] = json!("yes");
            spec["proxyReadyTimeoutSeconds"] = json!(60_000);
        })
        .end();
    assert_eq!(ended.code, Some(125), "{ended:?}");
    assert!(ended.errors.contains("environment") && ended.errors.contains("the stand-in starts"), "{ended:?}");
    host.assert_clean();
}

#[test]
fn what_cannot_be_run_is_told_apart_as_in_a_shell() {
    let Some(host) = Host::new() else { return };
    let plain_file = host.dir.join("plain");
    std::fs::write(&plain_file, "").unwrap();
    for (program, code) in [("/no/such/program", 127), (plain_file.to_str().unwrap(), 126)] {
        let ended = host.run_with(&[program], |_| {}).end();
        assert!(ended.code == Some(code) && ended.errors.contains(program), "{ended:?}");
    }
    host.assert_clean();
}

#[test]
fn a_program_may_not_run_as_the_proxys_user() {
    let Some(host) = Host::new() else { return };
    let ended = host.run_with(&["/bin/true"], |spec| spec["program"]["uid"] = json!(2102)).end();
    assert_eq!(ended.code, Some(125), "{ended:?}");
    assert!(ended.errors.contains("2102") && ended.errors.contains("--user"), "{ended:?}");
    assert_eq!(host.api.calls("DELETE", "/pods/web-0").len(), 1);
    host.assert_clean();
}

#[test]
fn grandchildren_that_left_their_parents_end_with_the_program() {
    let Some(host) = Host::new() else { return };
    // The second one is also in a network of its own, where the machine lets users make one.
    let script = "setsid sleep 1000 & echo $!; unshare --user --net setsid sleep 1000 & echo $!; own=$(readlink /proc/$$/ns/net); \
        while [ \"$(readlink /proc/$!/ns/net)\" = \"$own\" ]; do sleep 0.01; done";
    let ended = host.run_with(&["/bin/bash", "-c", script], |spec| spec["program"]["uid"] = json!(1000)).end();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let daemons: Vec<u32> = ended.output.lines().map(|line| line.parse().unwrap()).collect();
    assert_eq!(daemons.iter().filter(|pid| is_alive(**pid)).count(), 0, "{daemons:?}");
    host.assert_clean();
}

#[test]
fn nothing_survives_a_supervisor_that_is_killed() {
    let Some(host) = Host::new() else { return };
    let mut workload = host.run("setsid sleep 1000 & echo $$; echo $!; wait");
    let output = eventually("two pids", || Some(workload.output()).filter(|output| output.lines().count() == 2));
    let mut pids: Vec<u32> = output.lines().map(|line| line.parse().unwrap()).collect();
    pids.push(workload.proxy());
    assert!(pids.iter().all(|pid| is_alive(*pid)));
    workload.signal(SIGKILL);
    workload.supervisor.wait().unwrap();
    eventually("all are gone", || pids.iter().all(|pid| !is_alive(*pid)).then_some(()));
    // With the namespace its end of the pair is gone, and with that the other end.
    let ports = || sh("ip -oneline link show master hauberk0");
    eventually("the pair is gone", || ports().is_empty().then_some(()));
}

#[test]
fn workloads_share_the_bridge_and_the_last_one_takes_it_away() {
    let Some(host) = Host::new() else { return };
    let workloads: Vec<_> = (0..4).map(|_| host.run("echo $$; read -t 1000 <> <(:)")).collect();
    for workload in &workloads {
        workload.program();
    }
    assert_eq!(sh("ip -oneline link show master hauberk0").lines().count(), 4);
    let (first, second) = (&workloads[0], "10.77.0.11");
    first.inside(&format!("exec 3<>/dev/tcp/{second}/4191"));
    for workload in &workloads {
        workload.signal(SIGTERM);
    }
    for workload in workloads {
        assert_eq!(workload.end().code, Some(128 + SIGTERM));
    }
    host.assert_clean();
}
