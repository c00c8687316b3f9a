//! A peer with the right keys that breaks the rules, or goes to their edge (RFC 8446, 4.6, 5 and 6).

use std::io::ErrorKind;

use rustls::AlertDescription;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::peers::{Members, Ours, text};
use super::raw::{ALERT, BROKEN, DATA, Ended, HANDSHAKE, KEY_UPDATE, Raw, TICKET, read_all};

/// What the peer hears last, by its own keys.
async fn heard(ours: Ours, mut raw: Raw) -> Option<(u8, AlertDescription)> {
    drop(ours);
    let mut records = Vec::new();
    raw.pipe.read_to_end(&mut records).await.unwrap();
    let last = raw.open(&mut records).pop()?;
    assert_eq!(last.0, ALERT);
    Some((last.1[0], AlertDescription::from(last.1[1])))
}

/// A server of ours is told this after a word, and what follows it must not be read.
async fn refused(what: &str, records: impl AsyncFnOnce(&mut Raw) -> Vec<u8>, alert: AlertDescription) {
    let (mut ours, mut raw) = Members::new(false).serve_raw().await;
    let mut sent = raw.record(DATA, b"word");
    sent.extend(records(&mut raw).await);
    sent.extend(raw.record(DATA, b"more"));
    raw.pipe.write_all(&sent).await.unwrap();
    assert_eq!(read_all(&mut ours), (b"word".to_vec(), BROKEN), "{what}");
    assert_eq!(read_all(&mut ours), (vec![], BROKEN), "{what}, again");
    assert_eq!(ours.write(b"word").await.unwrap_err().kind(), ErrorKind::InvalidData, "{what}");
    assert_eq!(heard(ours, raw).await, Some((2, alert)), "{what}");
}

#[tokio::test]
async fn a_record_that_breaks_the_rules_is_the_last_and_its_sender_is_told() {
    use AlertDescription::{DecodeError, IllegalParameter, RecordOverflow, UnexpectedMessage};
    let cases: &[(&str, &[u8], AlertDescription)] = &[
        ("no type at all", &[0], UnexpectedMessage),
        ("padding only", &[0; 100], UnexpectedMessage),
        ("an inner ChangeCipherSpec", &[1, 20], UnexpectedMessage),
        ("an inner heartbeat", &[1, 24], UnexpectedMessage),
        ("an unknown type", &[1, 99], UnexpectedMessage),
        ("a handshake message of no bytes", &[22], UnexpectedMessage),
        ("an alert of no bytes", &[21], UnexpectedMessage),
        ("padding behind an alert of no bytes", &[21, 0, 0], UnexpectedMessage),
        ("half an alert", &[1, 21], DecodeError),
        ("two alerts", &[1, 90, 1, 0, 21], DecodeError),
        ("a client's ticket", &[4, 0, 0, 1, 0, 22], UnexpectedMessage),
        ("another ClientHello", &[1, 0, 0, 1, 0, 22], UnexpectedMessage),
        ("another Finished", &[20, 0, 0, 1, 0, 22], UnexpectedMessage),
        ("a certificate that nobody asked for", &[11, 0, 0, 1, 0, 22], UnexpectedMessage),
        ("new keys, asked for in a strange way", &[24, 0, 0, 1, 2, 22], IllegalParameter),
        ("new keys, and a message under the old ones", &[24, 0, 0, 1, 0, 24, 0, 0, 1, 0, 22], UnexpectedMessage),
    ];
    for (what, inner, alert) in cases {
        refused(what, async |raw| raw.seal(inner), *alert).await;
    }
    refused("a byte too much", async |raw| raw.record(DATA, &[7; 16_385]), RecordOverflow).await;
    let padded = [&[7, DATA][..], &[0; 16_384]].concat();
    refused("a byte too much of padding", async |raw| raw.seal(&padded), RecordOverflow).await;
    refused("a bare ChangeCipherSpec", async |_| vec![20, 3, 3, 0, 1, 1], UnexpectedMessage).await;
    refused("a bare alert", async |_| vec![21, 3, 3, 0, 2, 1, 0], UnexpectedMessage).await;
    refused("no record", async |_| vec![23, 3, 3, 0, 0], AlertDescription::BadRecordMac).await;
    let twice = async |raw: &mut Raw| {
        let record = raw.record(DATA, b"a");
        [&record[..], &record].concat()
    };
    let (mut ours, mut raw) = Members::new(false).serve_raw().await;
    let records = twice(&mut raw).await;
    raw.pipe.write_all(&records).await.unwrap();
    assert_eq!(read_all(&mut ours), (b"a".to_vec(), BROKEN), "a record that is repeated");
    let old_keys = async |raw: &mut Raw| [raw.record(HANDSHAKE, &KEY_UPDATE), raw.record(DATA, b"old")].concat();
    refused("data under keys that were given up", old_keys, AlertDescription::BadRecordMac).await;
    let interleaved = async |raw: &mut Raw| [raw.record(HANDSHAKE, &KEY_UPDATE[..3]), raw.record(DATA, b"a")].concat();
    refused("data within a message", interleaved, UnexpectedMessage).await;
    let interleaved =
        async |raw: &mut Raw| [raw.record(HANDSHAKE, &KEY_UPDATE[..3]), raw.record(ALERT, &[1, 0])].concat();
    refused("an end within a message", interleaved, UnexpectedMessage).await;
}

#[tokio::test]
async fn a_client_takes_tickets_and_nothing_else_that_servers_may_say() {
    for message in [&[13, 0, 0, 1, 0][..], &[0, 0, 0, 0], &[2, 0, 0, 1, 0], &[4, 0, 0, 1, 0], &[8, 0, 0, 2, 0, 0]] {
        let (mut ours, mut raw) = Members::new(false).call_raw().await;
        let record = raw.record(HANDSHAKE, message);
        raw.pipe.write_all(&record).await.unwrap();
        assert_eq!(read_all(&mut ours), (vec![], BROKEN), "{message:?}");
    }
    let (mut ours, mut raw) = Members::new(false).call_raw().await;
    let mut records = raw.record(HANDSHAKE, &[&TICKET[..], &TICKET, &KEY_UPDATE].concat());
    raw.change_keys();
    records.extend(raw.record(DATA, b"word"));
    raw.pipe.write_all(&records).await.unwrap();
    assert_eq!(read_all(&mut ours), (b"word".to_vec(), Ended::Not));
}

#[tokio::test]
async fn padding_is_no_data_and_the_longest_records_are_whole() {
    let (mut ours, mut raw) = Members::new(false).serve_raw().await;
    let longest = text(16_384);
    let mut records = raw.seal(&[b"word", &[DATA][..], &[0; 16_380]].concat());
    records.extend(raw.record(DATA, &longest));
    for _ in 0..32 {
        records.extend(raw.seal(&[&[DATA][..], &[0; 300]].concat()));
    }
    records.extend(raw.record(DATA, &[0; 3])); // data that looks like padding
    raw.pipe.write_all(&records).await.unwrap();
    let (seen, ended) = read_all(&mut ours);
    assert!(seen == [b"word", &longest[..], &[0; 3]].concat());
    assert_eq!(ended, Ended::Not);
}

#[tokio::test]
async fn an_end_is_said_under_the_keys_in_force_although_new_ones_are_wanted() {
    let (mut ours, mut raw) = Members::new(false).serve_raw().await;
    let record = raw.record(HANDSHAKE, &[24, 0, 0, 1, 1]);
    raw.pipe.write_all(&record).await.unwrap();
    assert_eq!(read_all(&mut ours), (vec![], Ended::Not));
    ours.shutdown().await.unwrap();
    assert_eq!(heard(ours, raw).await, Some((1, AlertDescription::CloseNotify)));
}
