//! The sending end of one stream at a time, frame by frame, with the windows that its receiver gives.

use crate::support::frames::{ACK, DATA, END_STREAM, HEADERS, PING, RST_STREAM, SETTINGS, WINDOW_UPDATE, frame};
use crate::support::talk::Talk;

const INITIAL_WINDOW_SIZE: u16 = 4;
/// What any receiver takes as one frame (RFC 9113, 4.2).
const FRAME: usize = 16 * 1024;
/// What both windows are before anybody says anything (RFC 9113, 6.9.2).
const FIRST: i64 = 65_535;

/// A connection on which data is sent as a receiver far away would see it: what it says is heard and answered when the test
/// wants, so that a round trip takes as long as the test makes it.
pub(crate) struct Sender {
    pub(crate) talk: Talk,
    stream: u32,
    /// What the stream and the connection may send now.
    of_stream: i64,
    of_connection: i64,
    /// What each stream may send ahead, as it was announced, from first to last.
    pub(crate) announced: Vec<i64>,
    /// A ping that was not answered yet.
    asked: Option<Vec<u8>>,
    /// All that was sent.
    pub(crate) sent: usize,
}

impl Sender {
    /// Sends on `stream`, whose head has to go out by other means.
    pub(crate) fn new(talk: Talk, stream: u32) -> Self {
        Self { talk, stream, of_stream: FIRST, of_connection: FIRST, announced: vec![FIRST], asked: None, sent: 0 }
    }

    /// What each stream may send ahead.
    pub(crate) fn window(&self) -> i64 {
        self.announced[self.announced.len() - 1]
    }

    /// Goes on with another stream.
    pub(crate) fn next(&mut self, stream: u32) {
        (self.stream, self.of_stream) = (stream, self.window());
    }

    /// All that may be sent at once, and right behind it the answer to a ping that came.
    pub(crate) async fn burst(&mut self) {
        let mut bytes = Vec::new();
        while let Some(room) = usize::try_from(self.of_stream.min(self.of_connection)).ok().filter(|room| *room > 0) {
            let part = room.min(FRAME);
            bytes.extend(frame(DATA, 0, self.stream, &vec![b'x'; part]));
            self.of_stream -= i64::try_from(part).unwrap();
            self.of_connection -= i64::try_from(part).unwrap();
            self.sent += part;
        }
        if let Some(asked) = self.asked.take() {
            bytes.extend(frame(PING, ACK, 0, &asked));
        }
        self.talk.say(bytes).await;
    }

    /// Ends the stream.
    pub(crate) async fn end(&mut self) {
        self.talk.say(frame(DATA, END_STREAM, self.stream, &[])).await;
    }

    /// Hears until the receiver has answered a ping, and so has said all that it had to say of what was sent before.
    pub(crate) async fn until_answered(&mut self) {
        self.talk.say(frame(PING, 0, 0, b"are you?")).await;
        while self.hear().await != (PING, ACK) {}
    }

    /// Hears until the receiver asks for the round trip.
    pub(crate) async fn until_asked(&mut self) {
        while self.asked.is_none() {
            self.hear().await;
        }
    }

    /// Whether a ping came that was not answered.
    pub(crate) fn is_asked(&self) -> bool {
        self.asked.is_some()
    }

    /// Answers the ping that came.
    pub(crate) async fn answer(&mut self) {
        let asked = self.asked.take().expect("a ping");
        self.talk.say(frame(PING, ACK, 0, &asked)).await;
    }

    /// Hears until a frame of this kind comes.
    pub(crate) async fn until(&mut self, wanted: u8) {
        while self.hear().await.0 != wanted {}
    }

    /// The kind and the flags of the next frame, whose meaning is noted.
    async fn hear(&mut self) -> (u8, u8) {
        let header = self.talk.take(9).await;
        let number = |bytes: &[u8]| bytes.iter().fold(0_i64, |number, byte| number << 8 | i64::from(*byte));
        let payload = self.talk.take(usize::try_from(number(&header[..3])).unwrap()).await;
        let (kind, flags, stream) = (header[3], header[4], number(&header[5..]));
        match kind {
            SETTINGS if flags & ACK == 0 => {
                for setting in payload.chunks(6).filter(|setting| setting[..2] == INITIAL_WINDOW_SIZE.to_be_bytes()) {
                    let window = number(&setting[2..]);
                    self.of_stream += window - self.window();
                    self.announced.push(window);
                }
                self.talk.say(frame(SETTINGS, ACK, 0, &[])).await;
            }
            WINDOW_UPDATE if stream == 0 => self.of_connection += number(&payload),
            WINDOW_UPDATE if stream == i64::from(self.stream) => self.of_stream += number(&payload),
            PING if flags & ACK == 0 => self.asked = Some(payload),
            HEADERS | PING | SETTINGS | WINDOW_UPDATE => {}
            RST_STREAM => panic!("the stream was reset"),
            other => panic!("a frame of kind {other}"),
        }
        (kind, flags)
    }
}
