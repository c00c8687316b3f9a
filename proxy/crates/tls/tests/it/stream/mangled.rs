//! A connection on which somebody changes a byte.

use std::task::Poll;

use tokio::io::AsyncWriteExt;

use super::peers::{Members, read_now, text};

/// Numbers without a pattern, the same in each run (xorshift64).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % end as u64).unwrap()
    }
}

#[tokio::test]
async fn only_what_was_sent_before_it_is_read() {
    let (members, mut numbers) = (Members::new(false), Numbers(1));
    for round in 0..200 {
        let (mut ours, mut theirs) = members.serve_by_hand().await;
        let (mut records, mut good) = (Vec::new(), Vec::new());
        let mut sent = Vec::new();
        for _ in 0..1 + numbers.below(20) {
            let size = [1, 30, 3000, 40_000][numbers.below(4)];
            let data = text(1 + numbers.below(size));
            if numbers.below(4) == 0 {
                theirs.session.refresh_traffic_keys().unwrap();
                records.extend(theirs.records());
            }
            sent.extend(&data);
            records.extend(theirs.record(&data));
            good.push((records.len(), sent.len()));
        }
        let changed = numbers.below(records.len());
        records[changed] ^= 1 << numbers.below(8);
        // A write ends with a record: what is whole before the change counts.
        let whole = good.iter().filter(|(end, _)| *end <= changed).map(|(_, data)| *data).max().unwrap_or(0);
        let mut seen = Vec::new();
        let mut failed = false;
        for piece in records.chunks(1 + numbers.below(20_000)) {
            theirs.pipe.write_all(piece).await.unwrap();
            while let Poll::Ready(read) = read_now(&mut ours, 1 + numbers.below(30_000)) {
                match read {
                    Ok(data) => seen.extend(data),
                    Err(_) => {
                        failed = true;
                        break;
                    }
                }
            }
        }
        drop(theirs);
        failed |= matches!(read_now(&mut ours, 100), Poll::Ready(Err(_)));
        assert!(failed, "round {round}: nobody noticed");
        assert!(seen.len() >= whole && sent.starts_with(&seen), "round {round}: {} bytes of {whole}", seen.len());
        assert!(seen.len() < sent.len(), "round {round}: what was changed was read");
    }
}
