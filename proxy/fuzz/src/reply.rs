//! A reader of DNS messages by RFC 1035, 4.1, and RFC 2782, for replies that somebody else's reader took.

/// The class of the internet, and the type of records that list instances.
pub const IN: u16 = 1;
const SRV: u16 = 33;
/// Pointers that lead back from pointers, at most.
const JUMPS_MAX: usize = 256;

/// Labels in lower case.
pub type Name = Vec<Vec<u8>>;

/// A reply to one question.
#[derive(Debug)]
pub struct Reply {
    /// Whether it says that it is one.
    pub is_reply: bool,
    /// 0 where nothing went wrong.
    pub code: u8,
    /// Name, type and class.
    pub question: (Name, u16, u16),
    /// What was answered, in order.
    pub answers: Vec<Answer>,
}

/// One record.
#[derive(Debug)]
pub enum Answer {
    /// An instance: its priority, its port, and the first label of its name as it was sent.
    Instance(u16, u16, Vec<u8>),
    /// Anything else.
    Other,
}

/// Reads a reply with one question; nothing beyond the answers is looked at.
pub fn read(bytes: &[u8]) -> Option<Reply> {
    let mut reader = Reader { bytes, at: 4 };
    let (1, answers) = (reader.number()?, reader.number()?) else { return None };
    reader.at = 12;
    let question = (lower(reader.name()?), reader.number()?, reader.number()?);
    let answers = (0..answers).map(|_| reader.record()).collect::<Option<_>>()?;
    Some(Reply { is_reply: bytes[2] & 0x80 != 0, code: bytes[3] & 0x0f, question, answers })
}

fn lower(name: Name) -> Name {
    name.into_iter().map(|label| label.to_ascii_lowercase()).collect()
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn number(&mut self) -> Option<u16> {
        let number = self.bytes.get(self.at..self.at + 2)?;
        self.at += 2;
        Some(u16::from_be_bytes([number[0], number[1]]))
    }

    /// A name, of which any end may stand further ahead in the message.
    fn name(&mut self) -> Option<Name> {
        let (mut labels, mut at, mut end) = (Vec::new(), self.at, None);
        for _ in 0..JUMPS_MAX {
            let length = usize::from(*self.bytes.get(at)?);
            match length {
                0 => {
                    self.at = end.unwrap_or(at + 1);
                    return Some(labels);
                }
                1..=63 => {
                    labels.push(self.bytes.get(at + 1..=at + length)?.to_vec());
                    at += 1 + length;
                }
                192.. => {
                    end.get_or_insert(at + 2);
                    at = (length & 63) << 8 | usize::from(*self.bytes.get(at + 1)?);
                }
                _ => return None,
            }
        }
        None
    }

    fn record(&mut self) -> Option<Answer> {
        self.name()?;
        let (kind, class) = (self.number()?, self.number()?);
        self.at += 4; // how long it may be kept
        let length = usize::from(self.number()?);
        let (from, end) = (self.at, self.at + length);
        self.bytes.get(from..end)?;
        let mut answer = Answer::Other;
        if (kind, class) == (SRV, IN) {
            let (priority, _weight, port) = (self.number()?, self.number()?, self.number()?);
            answer = Answer::Instance(priority, port, self.name()?.into_iter().next().unwrap_or_default());
            (self.at == end).then_some(())?;
        }
        self.at = end;
        Some(answer)
    }
}
