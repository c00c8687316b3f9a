//! A stand-in for the proxy's binary, for tests: with arguments it has the subcommands of the real one, and without it
//! has the ports and the readiness of a proxy and tells every connection where it wanted to go. Controlled by
//! `STANDIN_READY_AFTER_MS` and `STANDIN_REFUSES`; writes `environment`, `status` and `ready` to its identity directory.

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use hauberk_net::original;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::time::Instant;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    match arguments.next().as_deref().and_then(|word| word.to_str()) {
        Some("supervise") => hauberk_supervise::run(arguments),
        Some("redirect") => hauberk_redirect::redirect(arguments),
        Some(_) => ExitCode::FAILURE,
        None => proxy().map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn proxy() -> std::io::Result<()> {
    let dir = PathBuf::from(std::env::var("LINKERD2_PROXY_IDENTITY_DIR").map_err(std::io::Error::other)?);
    let names: Vec<String> = std::env::vars().map(|(name, _)| name).collect();
    fs::write(dir.join("environment"), names.join("\n"))?;
    fs::write(dir.join("status"), fs::read("/proc/self/status")?)?;
    std::io::stdout().write_all(b"the stand-in starts\n")?;
    if std::env::var_os("STANDIN_REFUSES").is_some() {
        std::process::exit(64);
    }
    let wait = std::env::var("STANDIN_READY_AFTER_MS").ok().and_then(|ms| ms.parse().ok()).unwrap_or(0);
    let ready_at = Instant::now() + Duration::from_millis(wait);
    for (address, side) in [("0.0.0.0:4143", "inbound"), ("127.0.0.1:4140", "outbound"), ("[::1]:4140", "outbound")] {
        tokio::spawn(tell(TcpListener::bind(address).await?, side));
    }
    let admin = TcpListener::bind("0.0.0.0:4191").await?;
    loop {
        let (mut stream, _) = admin.accept().await?;
        let status = if Instant::now() >= ready_at { "200 OK" } else { "503 Service Unavailable" };
        if status.starts_with("200") {
            fs::write(dir.join("ready"), std::process::id().to_string())?;
        }
        tokio::spawn(async move {
            let _ = stream.read(&mut [0; 1024]).await;
            let head = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            let _ = stream.write_all(head.as_bytes()).await;
        });
    }
}

async fn tell(listener: TcpListener, side: &'static str) {
    while let Ok((mut stream, _)) = listener.accept().await {
        let to = original::destination(&stream).map_or_else(|e| e.to_string(), |to| to.to_string());
        let _ = stream.write_all(format!("{side} {to}\n").as_bytes()).await;
    }
}
