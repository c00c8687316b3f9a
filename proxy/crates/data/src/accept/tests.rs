//! A listener that the test is.

use std::cell::{Cell, RefCell};
use std::net::Ipv4Addr;

use hauberk_metrics::text::Text;

use super::*;
use crate::drain;

/// Two places.
fn gate() -> (Gate, DataMetrics) {
    let metrics = DataMetrics::new();
    let places = || crate::budgets::Places { connections: Budget::new(2), requests: Budget::new(0) };
    let budgets = Budgets { inbound: places(), outbound: places(), buffers: Budget::new(0) };
    (Gate::new(Side::Inbound, &budgets, &metrics), metrics)
}

fn run(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test);
}

fn page(metrics: &DataMetrics) -> String {
    let mut out = Text::new();
    metrics.write(&mut out);
    out.finish()
}

#[test]
fn want_of_descriptors_passes_and_loses_no_connection() {
    run(async {
        let (emfile, econnaborted) = (24, 103);
        let (gate, _metrics) = gate();
        let (signal, drain) = drain::channel();
        let next = Cell::new(0);
        let accept = || {
            next.set(next.get() + 1);
            let given = match next.get() {
                1 | 2 => Err(io::Error::from_raw_os_error(emfile)),
                3 => Err(io::Error::from_raw_os_error(econnaborted)),
                number => Ok((number, (Ipv4Addr::LOCALHOST, 1).into())),
            };
            std::future::ready(given)
        };
        let got = RefCell::new(Vec::new());
        let hand = |accepted: Accepted<i32>| {
            got.borrow_mut().push(accepted);
            if got.borrow().len() == 2 {
                signal.begin();
            }
        };
        accept_all(gate, drain, accept, hand).await;
        assert_eq!(got.borrow().iter().map(|accepted| accepted.socket).collect::<Vec<_>>(), [4, 5]);
    });
}

#[test]
fn what_there_is_no_place_for_is_closed_and_counted() {
    run(async {
        let (gate, metrics) = gate();
        let (signal, drain) = drain::channel();
        let (sockets, held) = (RefCell::new(0..6), RefCell::new(Vec::new()));
        let accept = || {
            let next = sockets.borrow_mut().next();
            if next == Some(4) {
                held.borrow_mut().pop(); // one of the two ends
            }
            let signal = &signal;
            async move {
                match next {
                    Some(socket) => Ok((socket, (Ipv4Addr::LOCALHOST, 1).into())),
                    None => {
                        signal.begin();
                        std::future::pending().await
                    }
                }
            }
        };
        accept_all(gate, drain, accept, |accepted: Accepted<i32>| held.borrow_mut().push(accepted)).await;
        assert_eq!(held.borrow().iter().map(|accepted| accepted.socket).collect::<Vec<_>>(), [0, 4]);
        assert!(page(&metrics).contains("inbound_tcp_errors_total{error=\"loadshed\"} 3"), "{}", page(&metrics));
    });
}
