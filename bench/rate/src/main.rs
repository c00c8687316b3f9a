//! Load at a fixed rate, whether the server keeps up or not (an open loop).
//!
//!     rate http1|http2|grpc HOST:PORT SIZE CONNECTIONS PER_SECOND SECONDS
//!
//! Every request is due at a time that does not depend on earlier ones, and its latency counts from then: a server that
//! stalls is charged for all requests that had to wait, not for the one that it held (no "coordinated omission").
//! Each connection is a thread that waits for one answer at a time; the due times go round the connections in turn. Before the
//! first one each connection was used once, so that what opening them costs is not counted.
//! Asks for `/SIZE` and demands status 200 with a body of SIZE bytes; by gRPC, sends a message of SIZE bytes and demands
//! the same back. The result is a line of JSON.

mod http1;
mod http2;
mod schedule;

use std::error::Error;
use std::io::Write as _;
use std::net::{SocketAddr, TcpStream};
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use schedule::{Schedule, Tally};

/// How long one answer may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Threads wake up as exactly as the kernel can; 50 µs late is the default.
const TIMER_SLACK_NS: &str = "1";

/// One connection that asks for one thing at a time.
trait Client {
    /// Returns once the whole answer is read and is what was expected.
    fn ask(&mut self) -> std::io::Result<()>;
}

#[derive(Clone, Copy)]
enum Protocol {
    Http1,
    Http2,
    Grpc,
}

struct Arguments {
    protocol: Protocol,
    target: SocketAddr,
    size: usize,
    schedule: Schedule,
}

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let arguments = parse(&words)?;
    // Threads inherit it. Where the kernel does not have this file, wake-ups are a little late.
    let _ = std::fs::write("/proc/self/timerslack_ns", TIMER_SLACK_NS);
    let tally = run(&arguments)?;
    writeln!(std::io::stdout(), "{}", tally.json())?;
    Ok(())
}

fn parse(words: &[&str]) -> Result<Arguments, Box<dyn Error>> {
    let [protocol, target, size, connections, per_second, seconds] = words else {
        return Err("usage: rate http1|http2|grpc HOST:PORT SIZE CONNECTIONS PER_SECOND SECONDS".into());
    };
    let protocol = match *protocol {
        "http1" => Protocol::Http1,
        "http2" => Protocol::Http2,
        "grpc" => Protocol::Grpc,
        other => return Err(format!("{other} is none of http1, http2 and grpc").into()),
    };
    let schedule = Schedule::new(connections.parse()?, per_second.parse()?, Duration::from_secs(seconds.parse()?))
        .ok_or("connections, rate and seconds must be above zero, the rate at most a million")?;
    Ok(Arguments { protocol, target: target.parse()?, size: size.parse()?, schedule })
}

/// All connections are open, and have carried a request, before the first one is due.
fn run(arguments: &Arguments) -> Result<Tally, Box<dyn Error>> {
    let connections = arguments.schedule.connections();
    let clients = (0..connections).map(|_| used(arguments)).collect::<std::io::Result<Vec<_>>>()?;
    let (ready, began) = (Barrier::new(clients.len()), Instant::now() + Duration::from_millis(50));
    let tallies: Vec<Option<Tally>> = thread::scope(|scope| {
        let work = |index: usize, client| {
            let ready = &ready;
            scope.spawn(move || {
                ready.wait();
                follow(arguments, index, client, began)
            })
        };
        let threads: Vec<_> = clients.into_iter().enumerate().map(|(index, client)| work(index, client)).collect();
        threads.into_iter().map(|thread| thread.join().ok()).collect()
    });
    let tallies: Option<Vec<Tally>> = tallies.into_iter().collect();
    Ok(Tally::sum(tallies.ok_or("a thread panicked")?))
}

/// One connection's share of the schedule. A connection that fails is replaced by the next request.
fn follow(arguments: &Arguments, index: usize, client: Box<dyn Client + Send>, began: Instant) -> Tally {
    let mut client = Some(client);
    let mut tally = Tally::default();
    for due in arguments.schedule.due(index) {
        let due = began + due;
        if began.elapsed() > arguments.schedule.give_up() {
            tally.unsent += 1;
            continue;
        }
        thread::sleep(due.saturating_duration_since(Instant::now()));
        let asked = match client.take() {
            Some(client) => Ok(client),
            None => connect(arguments),
        };
        match asked.and_then(|mut client| client.ask().map(|()| client)) {
            Ok(lasting) => {
                client = Some(lasting);
                tally.latencies.push(due.elapsed());
            }
            Err(_) => tally.errors += 1,
        }
    }
    tally
}

/// A connection on which one answer came. Nothing is measured yet: what fails may be tried once more.
fn used(arguments: &Arguments) -> std::io::Result<Box<dyn Client + Send>> {
    let fresh = || {
        let mut client = connect(arguments)?;
        client.ask()?;
        Ok(client)
    };
    fresh().or_else(|_: std::io::Error| fresh())
}

fn connect(arguments: &Arguments) -> std::io::Result<Box<dyn Client + Send>> {
    let socket = TcpStream::connect_timeout(&arguments.target, PATIENCE)?;
    socket.set_nodelay(true)?;
    socket.set_read_timeout(Some(PATIENCE))?;
    socket.set_write_timeout(Some(PATIENCE))?;
    let authority = arguments.target.to_string();
    Ok(match arguments.protocol {
        Protocol::Http1 => Box::new(http1::Http1::new(socket, &authority, arguments.size)),
        Protocol::Http2 => Box::new(http2::Http2::get(socket, &authority, arguments.size)?),
        Protocol::Grpc => Box::new(http2::Http2::call(socket, &authority, arguments.size)?),
    })
}
