//! Records arrive in pieces, and many at once.

use std::task::Poll;

use tokio::io::AsyncWriteExt;

use super::peers::{Members, read_now, text};

#[tokio::test]
async fn a_record_may_be_cut_at_every_byte() {
    let (mut ours, mut theirs) = Members::new(false).serve_by_hand().await;
    let first = theirs.record(b"word");
    theirs.pipe.write_all(&first).await.unwrap();
    assert!(matches!(read_now(&mut ours, 100), Poll::Ready(Ok(data)) if data == b"word"));
    for cut in 1..first.len() {
        let record = theirs.record(b"word");
        theirs.pipe.write_all(&record[..cut]).await.unwrap();
        assert!(read_now(&mut ours, 100).is_pending(), "cut after {cut}");
        theirs.pipe.write_all(&record[cut..]).await.unwrap();
        assert!(matches!(read_now(&mut ours, 100), Poll::Ready(Ok(data)) if data == b"word"), "cut after {cut}");
    }
}

#[tokio::test]
async fn one_read_takes_many_small_records() {
    let (mut ours, mut theirs) = Members::new(false).serve_by_hand().await;
    let records: Vec<u8> = (0..100).flat_map(|_| theirs.record(b"0123456789")).collect();
    theirs.pipe.write_all(&records).await.unwrap();
    let before = ours.get_ref().reads;
    let seen = read_now(&mut ours, 10_000);
    assert!(matches!(seen, Poll::Ready(Ok(data)) if data == b"0123456789".repeat(100)));
    assert_eq!(ours.get_ref().reads, before + 1);
    assert!(read_now(&mut ours, 10_000).is_pending());
}

#[tokio::test]
async fn four_whole_records_fit_into_one_read() {
    let (mut ours, mut theirs) = Members::new(false).serve_by_hand().await;
    let data = text(65_536);
    let records = theirs.record(&data);
    theirs.pipe.write_all(&records).await.unwrap();
    let before = ours.get_ref().reads;
    assert!(matches!(read_now(&mut ours, 65_536), Poll::Ready(Ok(seen)) if seen == data));
    assert_eq!(ours.get_ref().reads, before + 1);
}

#[tokio::test]
async fn a_reader_with_little_room_gets_everything_in_order() {
    let (mut ours, mut theirs) = Members::new(false).serve_by_hand().await;
    let data = text(20_000);
    let mut records = theirs.record(&data);
    records.extend(theirs.record(b"end"));
    theirs.pipe.write_all(&records).await.unwrap();
    let mut seen = Vec::new();
    while let Poll::Ready(more) = read_now(&mut ours, 999) {
        seen.extend(more.unwrap());
        // A writer need not wait for the reader.
        ours.write_all(b"x").await.unwrap();
    }
    assert!(seen == [&data[..], b"end"].concat());
    theirs.expect(b"x").await;
}

#[tokio::test]
async fn what_is_put_back_is_read_again_before_the_rest() {
    let (mut ours, mut theirs) = Members::new(false).serve_by_hand().await;
    let mut records = theirs.record(b"one two");
    records.extend(theirs.record(b" three"));
    theirs.pipe.write_all(&records).await.unwrap();
    assert!(matches!(read_now(&mut ours, 3), Poll::Ready(Ok(data)) if data == b"one"));
    ours.put_back(b"one");
    let mut seen = Vec::new();
    while let Poll::Ready(data) = read_now(&mut ours, 2) {
        seen.extend(data.unwrap());
    }
    assert_eq!(seen, b"one two three");
}
