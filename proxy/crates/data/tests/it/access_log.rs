//! The access log: what is in it, and that nobody waits for its reader.

use std::cell::Cell;
use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

use hauberk_core::access_log::Format;
use hauberk_core::endpoint::ProtocolHint;
use hauberk_data::access_log::AccessLog;
use hauberk_data::drain::{self, DrainSignal};
use hauberk_data::worker::{Shared, Worker};
use hauberk_metrics::text::Text;
use tokio::net::TcpListener;

use crate::support::nobody::Nobody;
use crate::support::program::Program;
use crate::support::proxy::{Authority, Proxy, shared};
use crate::support::table::{Table, meshed};
use crate::support::talk::Talk;
use crate::support::ways::{CLIENT, WEB};
use crate::support::{eventually, run};

const PATIENCE: Duration = Duration::from_secs(10);

/// What a reader of the log has read; while it is locked, the reader reads nothing.
#[derive(Clone, Default)]
struct Reader(Arc<Mutex<Vec<u8>>>);

impl Reader {
    fn lock(&self) -> MutexGuard<'_, Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads nothing until what is returned is dropped.
    fn stick(&self) -> mpsc::Sender<()> {
        let (release, released) = mpsc::channel();
        let (stuck, is_stuck) = mpsc::channel();
        let reader = self.clone();
        thread::spawn(move || {
            let _locked = reader.lock();
            drop(stuck);
            let _ = released.recv();
        });
        let _ = is_stuck.recv() as Result<(), _>;
        release
    }

    fn lines(&self) -> Vec<String> {
        String::from_utf8(self.lock().clone()).unwrap().lines().map(str::to_owned).collect()
    }
}

impl Write for Reader {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A proxy before a program, with an access log.
struct Logging {
    addr: SocketAddr,
    shared: Shared,
    reader: Reader,
    original: Rc<Cell<SocketAddr>>,
    _drain: DrainSignal,
}

impl Logging {
    async fn start(authority: &Authority, table: &Arc<Table>, program: SocketAddr, format: Format) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let addr = listener.local_addr().unwrap();
        let mut shared = shared(authority, WEB, table, addr.port(), vec![addr.ip()], PATIENCE);
        let reader = Reader::default();
        shared.access_log = Some(Arc::new(AccessLog::start(format, reader.clone(), &shared.metrics).unwrap()));
        let (drain, draining) = drain::channel();
        let original = Rc::new(Cell::new(program));
        let dialled = original.clone();
        let worker = Worker::with_original(shared.clone(), draining, 7, Box::new(move |_| Ok(dialled.get())));
        tokio::task::spawn_local(worker.serve_inbound(listener));
        Self { addr, shared, reader, original, _drain: drain }
    }

    fn finish(&self) -> Vec<String> {
        self.shared.access_log.as_ref().unwrap().finish(PATIENCE);
        self.reader.lines()
    }

    fn dropped(&self) -> u64 {
        let mut page = Text::new();
        self.shared.metrics.write(&mut page);
        let page = page.finish();
        let value = page.lines().find_map(|line| line.strip_prefix("hauberk_access_log_dropped_total "));
        value.unwrap().parse().unwrap()
    }
}

#[test]
fn every_request_has_a_line_and_those_of_the_mesh_name_their_client() {
    run(async {
        let (authority, table, program) = (Authority::new(), Table::new(), Program::start().await);
        let inbound = Logging::start(&authority, &table, program.addr, Format::Apache).await;
        let mut client = Talk::to(inbound.addr).await;
        client.say("GET /a?b HTTP/1.1\r\nhost: web\r\nconnection: close\r\n\r\n").await;
        client.rest().await;
        let nobody = Nobody::new();
        inbound.original.set(nobody.addr);
        let mut client = Talk::to(inbound.addr).await;
        client.say("GET /gone HTTP/1.0\r\n\r\n").await;
        assert!(client.head().await.contains(" 502 "));
        let outbound = Proxy::outbound(&authority, CLIENT, &table).await;
        table.set_endpoints([meshed(program.addr, inbound.addr.port(), WEB, ProtocolHint::Http2)]);
        inbound.original.set(inbound.addr);
        let mut client = Talk::to(outbound.addr).await;
        client.say("POST /c HTTP/1.1\r\nhost: web\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").await;
        assert!(client.head().await.starts_with("HTTP/1.1 200 "));
        let lines = inbound.finish();
        let [first, second, third] = &lines[..] else { panic!("{lines:?}") };
        assert!(first.starts_with("127.0.0.1:") && first.ends_with("] \"GET /a?b HTTP/1.1\" 200"), "{first}");
        assert!(first.contains(" - - ["), "{first}");
        assert!(second.ends_with("] \"GET /gone HTTP/1.0\" 502"), "{second}");
        assert!(third.contains(&format!(" {CLIENT} - [")) && third.contains("\"POST http://web"), "{third}");
        assert_eq!(inbound.dropped(), 0);
    });
}

#[test]
fn a_request_whose_client_went_away_has_a_line_without_a_status() {
    run(async {
        let (authority, table, program) = (Authority::new(), Table::new(), Program::start().await);
        let inbound = Logging::start(&authority, &table, program.addr, Format::Json).await;
        program.hangs.set(true);
        let mut client = Talk::to(inbound.addr).await;
        client.say("GET / HTTP/1.1\r\nhost: web\r\nuser-agent: a\"b\r\n\r\n").await;
        eventually(|| program.requests() == 1).await;
        assert!(inbound.finish().is_empty());
        client.reset();
        eventually(|| !inbound.finish().is_empty()).await;
        let line = inbound.finish().remove(0);
        assert!(line.contains("\"user_agent\":\"a\\\"b\"") && !line.contains("\"status\""), "{line}");
    });
}

#[test]
fn a_reader_that_does_not_read_costs_lines_and_no_requests() {
    run(async {
        let (authority, table, program) = (Authority::new(), Table::new(), Program::start().await);
        let inbound = Logging::start(&authority, &table, program.addr, Format::Apache).await;
        let stuck = inbound.reader.stick();
        let long = "a".repeat(60_000);
        let mut sent = 0;
        while inbound.dropped() < 3 {
            let mut client = Talk::to(inbound.addr).await;
            client.say(format!("GET /{long} HTTP/1.1\r\nhost: web\r\nconnection: close\r\n\r\n")).await;
            assert!(client.rest().await.0.starts_with("HTTP/1.1 200 "));
            sent += 1;
            assert!(sent < 100, "there is a bound");
        }
        drop(stuck);
        assert_eq!(inbound.finish().len() as u64, sent - 3);
    });
}
