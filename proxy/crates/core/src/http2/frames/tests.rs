use std::time::Duration;

use super::*;

fn frame(kind: u8, flags: u8, length: usize) -> Vec<u8> {
    let mut frame = vec![0, (length >> 8) as u8, length as u8, kind, flags, 0, 0, 0, 1];
    frame.resize(HEADER + length, 7);
    frame
}

/// What is found when a client sends these so often.
fn read(frames: &[Vec<u8>], count: usize) -> Result<u64, Flood> {
    let now = Instant::now();
    let mut client = Frames::of_client(now);
    client.read(&[0; PREFACE], now)?;
    read_of(client, frames, count)
}

fn read_of(mut read: Frames, frames: &[Vec<u8>], count: usize) -> Result<u64, Flood> {
    let now = Instant::now();
    for _ in 0..count {
        for frame in frames {
            read.read(frame, now)?;
        }
    }
    Ok(read.data())
}

#[test]
fn what_programs_send_passes_however_much_it_is() {
    let request = [frame(HEADERS, 4, 30), frame(DATA, 0, 1000), frame(DATA, END_STREAM, 0)];
    assert_eq!(read(&request, 10_000), Ok(10_000_000));
    let acknowledged = [frame(PING, ACK, 8), frame(SETTINGS, ACK, 0)];
    assert_eq!(read(&acknowledged, 100_000), Ok(0));
    let windows_of_streams = [frame(HEADERS, 5, 30), frame(WINDOW_UPDATE, 0, 4), frame(WINDOW_UPDATE, 0, 4)];
    assert_eq!(read(&windows_of_streams, 100_000), Ok(0));
    let half_cancelled = [frame(HEADERS, 4, 30), frame(HEADERS, 5, 30), frame(RST_STREAM, 0, 4)];
    assert_eq!(read(&half_cancelled, 10_000), Ok(0));
}

#[test]
fn floods_are_found() {
    for (kind, flags, length) in
        [(PING, 0, 8), (SETTINGS, 0, 6), (PRIORITY, 0, 5), (DATA, 0, 0), (GOAWAY, 0, 8), (9, 0, 10), (77, 0, 3)]
    {
        let useless = [frame(kind, flags, length)];
        let of_server = |count| read_of(Frames::of_server(Instant::now()), &useless, count);
        assert_eq!((read(&useless, 100), of_server(100)), (Ok(0), Ok(0)), "{kind}");
        assert_eq!((read(&useless, 1100), of_server(1100)), (Err(Flood), Err(Flood)), "{kind}");
    }
    let reset = frame(RST_STREAM, 0, 4);
    assert_eq!(read(std::slice::from_ref(&reset), 1100), Err(Flood));
    assert_eq!(read(&[frame(HEADERS, 5, 30), reset], 1100), Err(Flood), "rapid resets");
}

#[test]
fn requests_that_are_given_up_after_a_while_are_no_flood_and_rapid_resets_between_them_are() {
    let now = Instant::now();
    let mut client = Frames::of_client(now);
    client.read(&[0; PREFACE], now).unwrap();
    let given_up = [frame(HEADERS, 5, 30), frame(RST_STREAM, 0, 4)].concat();
    for _ in 0..10_000 {
        assert_eq!(client.read(&given_up, now), Ok(()));
        client.forgive();
    }
    let mixed = (0..5000).try_for_each(|_| {
        client.read(&given_up.repeat(2), now)?;
        client.forgive();
        Ok(())
    });
    assert_eq!(mixed, Err(Flood));
}

#[test]
fn a_peer_s_first_settings_are_there_once_they_are_complete() {
    let now = Instant::now();
    let bytes = [frame(SETTINGS, 0, 12), frame(SETTINGS, ACK, 0)].concat();
    for cut in 0..=bytes.len() {
        let mut read = Frames::of_server(now);
        read.read(&bytes[..cut], now).unwrap();
        assert_eq!(read.has_settings(), cut >= HEADER + 12, "cut at {cut}");
    }
    let mut read = Frames::of_server(now);
    read.read(&frame(SETTINGS, ACK, 0), now).unwrap();
    assert!(!read.has_settings(), "an acknowledgement is none");
    read.read(&frame(SETTINGS, 0, 0), now).unwrap();
    assert!(read.has_settings(), "they may be empty");
}

#[test]
fn a_goodbye_tells_the_last_stream_wherever_it_is_cut() {
    let now = Instant::now();
    let goodbye = |last: u32| [&[0, 0, 8, GOAWAY, 0, 0, 0, 0, 0][..], &last.to_be_bytes(), &[0; 4]].concat();
    let bytes = [frame(SETTINGS, 0, 0), goodbye(u32::MAX), goodbye(39), frame(DATA, 1, 7)].concat();
    let first = 2 * HEADER + 4;
    let second = first + 4 + HEADER + 4;
    for cut in 0..=bytes.len() {
        let mut read = Frames::of_server(now);
        read.read(&bytes[..cut], now).unwrap();
        let expected = match cut {
            cut if cut >= second => Some(39),
            cut if cut >= first => Some(u32::MAX >> 1),
            _ => None,
        };
        // While a later one is on its way, none is known.
        assert!(read.last_stream() == expected || cut > first && read.last_stream().is_none(), "cut at {cut}");
        read.read(&bytes[cut..], now).unwrap();
        assert_eq!(read.last_stream(), Some(39), "cut at {cut}");
    }
    let mut read = Frames::of_server(now);
    read.read(&[0, 0, 2, GOAWAY, 0, 0, 0, 0, 0, 1, 2], now).unwrap();
    assert_eq!(read.last_stream(), None, "too short to be one");
}

#[test]
fn a_ping_for_each_piece_is_no_flood_and_neither_are_refusals() {
    let now = Instant::now();
    let (mut client, mut server) = (Frames::of_client(now), Frames::of_server(now));
    client.read(&[0; PREFACE], now).unwrap();
    for _ in 0..5000 {
        client.sent(10);
        assert_eq!(client.read(&frame(PING, 0, 8), now), Ok(()));
        assert_eq!(server.read(&frame(RST_STREAM, 0, 4), now), Ok(()));
    }
}

#[test]
fn windows_widen_with_what_is_sent_and_not_by_a_byte_at_a_time() {
    let now = Instant::now();
    let update = frame(WINDOW_UPDATE, 0, 4);
    let read = |pieces: usize, length: usize, updates: usize| {
        let mut read = Frames::of_server(now);
        (0..pieces).try_for_each(|_| {
            read.sent(length);
            read.read(&update.repeat(updates), now)
        })
    };
    assert_eq!(read(20_000, 100, 10), Ok(()), "an answer to each small piece");
    assert_eq!(read(2_000, 16_384, 32), Ok(()), "a window of a thousand bytes at a time, of two kinds");
    assert_eq!(read(20_000, 1, 20), Err(Flood), "a byte at a time");
    assert_eq!(read(1, 0, 11_000), Err(Flood), "for nothing");
}

#[test]
fn a_quiet_peer_gets_new_credit() {
    let now = Instant::now();
    let mut read = Frames::of_server(now);
    let ping = frame(PING, 0, 8);
    for second in 0..1000 {
        for _ in 0..100 {
            assert_eq!(read.read(&ping, now + Duration::from_secs(second)), Ok(()), "{second}");
        }
    }
}

#[test]
fn any_split_counts_the_same() {
    let now = Instant::now();
    let bytes = [vec![0; PREFACE], frame(DATA, 0, 40), frame(HEADERS, 4, 3), frame(DATA, 1, 2)].concat();
    for cut in 0..=bytes.len() {
        let mut read = Frames::of_client(now);
        read.read(&bytes[..cut], now).unwrap();
        read.read(&bytes[cut..], now).unwrap();
        assert_eq!(read.data(), 42, "cut at {cut}");
    }
}
