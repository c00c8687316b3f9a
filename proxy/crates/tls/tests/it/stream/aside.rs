//! What a peer may send beside data, of which there is never much at once.

use std::sync::Arc;

use rustls::server::ServerSessionMemoryCache;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::peers::Members;
use super::raw::{ALERT, BROKEN, DATA, Ended, HANDSHAKE, KEY_UPDATE, Raw, TICKET, read_all};

#[tokio::test]
async fn records_that_say_nothing_are_bounded() {
    async fn taken(record: impl Fn(&mut Raw) -> Vec<u8>, count: usize) -> Ended {
        let (mut ours, mut raw) = Members::new(false).call_raw().await;
        let records: Vec<u8> = (0..count).flat_map(|_| record(&mut raw)).collect();
        raw.pipe.write_all(&records).await.unwrap();
        let (seen, ended) = read_all(&mut ours);
        assert_eq!(seen, [] as [u8; 0]);
        ended
    }
    fn update(raw: &mut Raw) -> Vec<u8> {
        let record = raw.record(HANDSHAKE, &KEY_UPDATE);
        raw.change_keys();
        record
    }
    let empty = |raw: &mut Raw| raw.record(DATA, &[]);
    let warning = |raw: &mut Raw| raw.record(ALERT, &[1, 90]);
    let one_ticket = |raw: &mut Raw| raw.record(HANDSHAKE, &TICKET);
    let update_and_empty = |raw: &mut Raw| [update(raw), raw.record(DATA, &[])].concat();
    let ticket_and_empty = |raw: &mut Raw| [raw.record(HANDSHAKE, &TICKET), raw.record(DATA, &[])].concat();
    let many_tickets = |raw: &mut Raw| raw.record(HANDSHAKE, &TICKET.repeat(900));
    assert_eq!(taken(empty, 32).await, Ended::Not);
    assert_eq!(taken(empty, 33).await, BROKEN);
    assert_eq!(taken(warning, 4).await, Ended::Not);
    assert_eq!(taken(warning, 5).await, BROKEN);
    assert_eq!(taken(update, 32).await, Ended::Not);
    assert_eq!(taken(update, 33).await, BROKEN);
    assert_eq!(taken(update_and_empty, 33).await, BROKEN);
    assert_eq!(taken(one_ticket, 32).await, Ended::Not);
    assert_eq!(taken(one_ticket, 33).await, BROKEN);
    assert_eq!(taken(ticket_and_empty, 33).await, BROKEN);
    assert_eq!(taken(many_tickets, 1).await, BROKEN);
}

#[tokio::test]
async fn a_message_may_come_a_byte_a_record_while_the_other_side_writes() {
    let (mut ours, mut raw) = Members::new(false).call_raw().await;
    for message in [&TICKET[..], &KEY_UPDATE] {
        for byte in message {
            let record = raw.record(HANDSHAKE, &[*byte]);
            raw.pipe.write_all(&record).await.unwrap();
            assert_eq!(read_all(&mut ours), (vec![], Ended::Not));
            ours.write_all(b"w").await.unwrap();
        }
    }
    raw.change_keys();
    let record = raw.record(DATA, b"word");
    raw.pipe.write_all(&record).await.unwrap();
    assert_eq!(read_all(&mut ours), (b"word".to_vec(), Ended::Not));
    ours.shutdown().await.unwrap();
    drop(ours);
    let mut records = Vec::new();
    raw.pipe.read_to_end(&mut records).await.unwrap();
    let opened = raw.open(&mut records);
    assert_eq!(opened.len(), TICKET.len() + KEY_UPDATE.len() + 1);
    assert_eq!(opened.last(), Some(&(ALERT, vec![1, 0])));
}

#[tokio::test]
async fn many_wishes_for_new_keys_have_one_answer() {
    let (mut ours, mut raw) = Members::new(false).serve_raw().await;
    for _ in 0..20 {
        let record = raw.record(HANDSHAKE, &[24, 0, 0, 1, 1]);
        raw.change_keys();
        raw.pipe.write_all(&record).await.unwrap();
    }
    assert_eq!(read_all(&mut ours), (vec![], Ended::Not));
    for _ in 0..2 {
        ours.write_all(b"word").await.unwrap();
    }
    drop(ours);
    let mut records = Vec::new();
    raw.pipe.read_to_end(&mut records).await.unwrap();
    let word = || (DATA, b"word".to_vec());
    assert_eq!(raw.open(&mut records), [(HANDSHAKE, KEY_UPDATE.to_vec()), word(), word()]);
}

#[tokio::test]
async fn a_server_that_gives_tickets_keeps_its_numbers() {
    let mut members = Members::new(false);
    let mut server = (*members.server).clone();
    server.send_tls13_tickets = 2;
    server.session_storage = ServerSessionMemoryCache::new(10);
    members.server = Arc::new(server);
    let (mut ours, mut theirs) = members.serve_by_hand().await;
    for round in 0..40 {
        ours.write_all(b"word").await.unwrap_or_else(|error| panic!("round {round}: {error}"));
        theirs.expect(b"word").await;
    }
}
