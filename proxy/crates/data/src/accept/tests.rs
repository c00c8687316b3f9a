//! Connections of a listener, some of which the test makes fail.

use std::cell::{Cell, RefCell};
use std::io::{ErrorKind, Read};
use std::net::{Ipv4Addr, TcpListener, TcpStream};

use hauberk_core::budget::Budget;
use hauberk_core::fair::Fair;
use hauberk_metrics::families::DataMetrics;
use hauberk_metrics::text::Text;
use hauberk_net::descriptors::Reserve;

use super::*;
use crate::budgets::{Budgets, Clients, Places};
use crate::drain;

/// Out of descriptors, and a connection that is gone (accept(2)).
const EMFILE: i32 = 24;
const ECONNABORTED: i32 = 103;

/// So many places, and so many descriptors that are kept back.
fn gate(side: Side, places: usize, kept: usize) -> (Gate, DataMetrics) {
    let metrics = DataMetrics::new();
    let places = || Places { connections: Budget::new(places), requests: Budget::new(0) };
    let (inbound, outbound) = (places(), places());
    let part = |of: &Budget| Fair::new(of.clone());
    let clients = Clients { connections: part(&inbound.connections), requests: part(&inbound.requests) };
    let none = Budget::new(0);
    let budgets = Budgets { inbound, outbound, clients: clients.into(), buffers: none.clone(), held: none };
    let mut gate = Gate::new(side, &budgets, &metrics);
    gate.reserve = Box::leak(Box::new(Reserve::new()));
    gate.reserve.keep(kept).unwrap();
    (gate, metrics)
}

fn run(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test);
}

fn refused(metrics: &DataMetrics, side: &str, why: &str) -> usize {
    let mut out = Text::new();
    metrics.write(&mut out);
    let page = out.finish();
    let name = format!("{side}_tcp_errors_total{{error=\"{why}\"}} ");
    page.lines().find_map(|line| line.strip_prefix(&name)?.parse().ok()).unwrap_or(0)
}

/// What a listener gives, one after the other; then draining begins.
enum Given {
    Connection,
    Error(i32),
}

/// What became of a connection.
#[derive(Debug, PartialEq, Eq)]
enum End {
    Open,
    Closed,
    Reset,
}

/// What became of each connection, in order. `ended`: before that one is made, the latest of those that were let in ends.
async fn let_in(gate: Gate, given: &[Given], ended: Option<usize>) -> Vec<End> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let addr = listener.local_addr().unwrap();
    let (signal, mut drain) = drain::channel();
    let (next, clients, held) = (Cell::new(0), RefCell::new(Vec::new()), RefCell::new(Vec::new()));
    let accept = || {
        let given = given.get(next.replace(next.get() + 1)).map(|given| match given {
            Given::Connection => {
                if ended == Some(clients.borrow().len()) {
                    held.borrow_mut().pop();
                }
                clients.borrow_mut().push(TcpStream::connect(addr).unwrap());
                listener.accept()
            }
            Given::Error(number) => Err(io::Error::from_raw_os_error(*number)),
        });
        let signal = &signal;
        async move {
            match given {
                Some(given) => given,
                None => {
                    signal.begin();
                    std::future::pending().await
                }
            }
        }
    };
    accept_all(gate, drain.begun(), accept, |accepted: Accepted<TcpStream>| held.borrow_mut().push(accepted)).await;
    clients.into_inner().iter().map(end).collect()
}

fn end(mut client: &TcpStream) -> End {
    client.set_nonblocking(true).unwrap();
    match client.read(&mut [0]).map_err(|error| error.kind()) {
        Ok(0) => End::Closed,
        Err(ErrorKind::WouldBlock) => End::Open,
        Err(ErrorKind::ConnectionReset) => End::Reset,
        other => panic!("{other:?}"),
    }
}

use End::{Closed, Open, Reset};
use Given::{Connection, Error};

#[test]
fn want_of_descriptors_passes_and_loses_no_connection_that_can_wait() {
    run(async {
        let (gate, _metrics) = gate(Side::Outbound, 2, 0);
        let given = [Error(EMFILE), Error(EMFILE), Error(ECONNABORTED), Connection, Connection];
        assert_eq!(let_in(gate, &given, None).await, [Open, Open]);
    });
}

#[test]
fn who_comes_when_no_descriptor_is_left_is_told_at_once() {
    run(async {
        let (gate, metrics) = gate(Side::Outbound, 9, 1);
        let reserve = gate.reserve;
        let given = [Connection, Error(EMFILE), Connection, Error(EMFILE), Connection, Connection];
        assert_eq!(let_in(gate, &given, None).await, [Open, Reset, Reset, Open]);
        assert_eq!(refused(&metrics, "outbound", "out of descriptors"), 2);
        assert!(reserve.give_up(), "what was given up is kept again");
    });
}

#[test]
fn what_there_is_no_place_for_is_reset_and_counted() {
    run(async {
        let (gate, metrics) = gate(Side::Outbound, 2, 0);
        let given = [Connection, Connection, Connection, Connection, Connection, Connection];
        assert_eq!(let_in(gate, &given, Some(4)).await, [Open, Closed, Reset, Reset, Open, Reset]);
        assert_eq!(refused(&metrics, "outbound", "loadshed"), 3);
    });
}

#[test]
fn a_client_of_the_program_leaves_places_to_others() {
    run(async {
        let (gate, metrics) = gate(Side::Inbound, 4, 0);
        let given = [Connection, Connection, Connection];
        assert_eq!(let_in(gate, &given, None).await, [Open, Open, Reset]);
        assert_eq!(refused(&metrics, "inbound", "loadshed"), 1);
    });
}
