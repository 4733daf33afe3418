//! What a client may cost beside its requests, and what is wrong with its frames at first sight.

use std::time::Duration;

use tokio::time::Instant;

use super::frames::{FrameHead, FrameHeads, Seen, flag, kind};

/// What a client of HTTP/2 begins with; RFC 9113, section 3.4.
pub(super) const PREFACE: usize = 24;
/// How many frames that carry nothing a client may send at once.
pub(super) const BURST: i32 = 1000;
/// How many more of them a second.
const PER_SECOND: u32 = 50;
/// How many more for each frame of a response: its reader answers with WINDOW_UPDATE, and some with PING.
const PER_RESPONSE: i32 = 8;
/// A frame of SETTINGS costs one for each of so many bytes, so that few large ones cost what many small do.
const SETTINGS: i32 = 64;

/// Counts the frames of a client that carry neither a request nor data: PING, SETTINGS, RST_STREAM,
/// WINDOW_UPDATE, PRIORITY, CONTINUATION, empty DATA and the unknown. Each takes work, and most an answer,
/// that no limit on requests sees; RFC 9113, section 10.5. A client has a budget of them, which grows with
/// time and with what it is sent.
///
/// It knows some errors, too, for which h2 has only PROTOCOL_ERROR, and is sure of them: see [`Violation`].
///
/// It does no I/O, and reads 9 bytes of a frame, and what SETTINGS say.
#[derive(Debug)]
pub(super) struct Guard {
    received: FrameHeads,
    sent: FrameHeads,
    budget: i32,
    refilled: Instant,
    /// The last stream that the client opened.
    last_stream: u32,
    /// Whether it may still send on that stream.
    last: Sending,
    block: Block,
    /// How many header blocks were begun.
    blocks: u64,
    /// The settings that are being read.
    settings: Option<Settings>,
    violation: Option<Violation>,
}

/// Where in a header block the input is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Block {
    None,
    /// More frames belong to it.
    Open,
    /// It ends with the frame that has begun.
    Ending,
}

/// Whether a client may still send on a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sending {
    Open,
    /// It reset the stream.
    Reset,
    /// It said that this was all.
    Ended,
}

impl Guard {
    /// Returns the guard of a connection that begins now, with the preface.
    pub(super) fn new(now: Instant) -> Self {
        Self {
            received: FrameHeads::behind(PREFACE),
            sent: FrameHeads::default(),
            budget: BURST,
            refilled: now,
            last_stream: 0,
            last: Sending::Open,
            block: Block::None,
            blocks: 0,
            settings: None,
            violation: None,
        }
    }

    /// Takes what was received. Asks for the time only when the budget is spent.
    ///
    /// # Errors
    ///
    /// The connection has to end.
    pub(super) fn receive(
        &mut self,
        bytes: &[u8],
        now: impl FnOnce() -> Instant,
    ) -> Result<(), Violation> {
        let Self {
            received,
            budget,
            last_stream,
            last,
            block,
            blocks,
            settings,
            violation,
            ..
        } = self;
        let mut found = |what| _ = violation.get_or_insert(what);
        received.take(bytes, |seen| match seen {
            Seen::Head(head) => {
                *budget = budget.saturating_sub(cost(head));
                if !head.has_right_length() {
                    found(Violation::FrameSize);
                }
                let is_last = head.stream == *last_stream && head.stream != 0;
                match head.kind {
                    kind::HEADERS => {
                        if head.stream > *last_stream {
                            *last_stream = head.stream;
                            *last = Sending::behind(head);
                        } else if is_last && *last == Sending::Open {
                            *last = Sending::behind(head);
                        } else if is_last {
                            found(Violation::StreamClosed);
                        }
                        *blocks += 1;
                        *block = Block::of(head);
                    }
                    kind::CONTINUATION => *block = Block::of(head),
                    kind::DATA if is_last => match *last {
                        Sending::Open => *last = Sending::behind(head),
                        // A client may have had it on its way.
                        Sending::Reset => {}
                        Sending::Ended => found(Violation::StreamClosed),
                    },
                    kind::RST_STREAM if is_last => *last = Sending::Reset,
                    kind::SETTINGS if head.stream == 0 => *settings = Some(Settings::default()),
                    _ => {}
                }
            }
            Seen::Payload(payload) => {
                if let Some(settings) = settings
                    && !settings.take(payload)
                {
                    found(Violation::WindowSize);
                }
            }
            Seen::End => {
                *settings = None;
                if *block == Block::Ending {
                    *block = Block::None;
                }
            }
        });
        match self.violation {
            Some(violation) => Err(violation),
            None => self.check(now),
        }
    }

    /// Takes what was sent.
    pub(super) fn send(&mut self, bytes: &[u8]) {
        let budget = &mut self.budget;
        self.sent.take(bytes, |seen| {
            if let Seen::Head(head) = seen
                && matches!(head.kind, kind::DATA | kind::HEADERS)
            {
                *budget = BURST.min(*budget + PER_RESPONSE);
            }
        });
    }

    /// Takes one more from the budget, for a request that was malformed.
    ///
    /// # Errors
    ///
    /// The connection has to end.
    pub(super) fn charge(&mut self, now: impl FnOnce() -> Instant) -> Result<(), Violation> {
        self.budget = self.budget.saturating_sub(1);
        self.check(now)
    }

    /// Returns which header block it is that began and is not whole.
    pub(super) fn open_block(&self) -> Option<u64> {
        (self.block != Block::None).then_some(self.blocks)
    }

    /// Returns the last stream that the client opened.
    pub(super) fn last_stream(&self) -> u32 {
        self.last_stream
    }

    /// Returns whether what was sent ends with a frame, so that another may follow.
    pub(super) fn may_follow(&self) -> bool {
        self.sent.is_between()
    }

    fn check(&mut self, now: impl FnOnce() -> Instant) -> Result<(), Violation> {
        if self.budget >= 0 {
            return Ok(());
        }
        let now = now();
        let grown = grown(now.saturating_duration_since(self.refilled));
        self.budget = BURST.min(self.budget.saturating_add(grown));
        self.refilled = now;
        match self.budget {
            0.. => Ok(()),
            _ => Err(Violation::Flood),
        }
    }
}

/// Why a connection has to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Violation {
    /// The client sent more frames that carry nothing than its budget has.
    Flood,
    /// A frame has a length that its type does not have; RFC 9113, section 4.2.
    FrameSize,
    /// HEADERS or DATA on a stream that the client had ended; RFC 9113, section 5.1. Only the last stream is
    /// remembered: of an older one h2 says PROTOCOL_ERROR.
    StreamClosed,
    /// SETTINGS_INITIAL_WINDOW_SIZE is greater than a window may be; RFC 9113, section 6.5.2.
    WindowSize,
}

/// The settings of one frame; RFC 9113, section 6.5.1.
#[derive(Debug, Default)]
struct Settings {
    setting: [u8; 6],
    /// How much of the setting is there.
    filled: usize,
}

impl Settings {
    /// Takes the next bytes, and returns whether no window in them is too large.
    fn take(&mut self, bytes: &[u8]) -> bool {
        const INITIAL_WINDOW_SIZE: u16 = 4;
        const LARGEST: u32 = (1 << 31) - 1;
        let mut is_right = true;
        for byte in bytes {
            self.setting[self.filled] = *byte;
            self.filled += 1;
            if self.filled == self.setting.len() {
                self.filled = 0;
                let [i1, i0, value @ ..] = self.setting;
                let is_window = u16::from_be_bytes([i1, i0]) == INITIAL_WINDOW_SIZE;
                is_right &= !is_window || u32::from_be_bytes(value) <= LARGEST;
            }
        }
        is_right
    }
}

impl Sending {
    fn behind(head: FrameHead) -> Self {
        match head.has(flag::END_STREAM) {
            true => Self::Ended,
            false => Self::Open,
        }
    }
}

impl Block {
    fn of(head: FrameHead) -> Self {
        match head.has(flag::END_HEADERS) {
            true => Self::Ending,
            false => Self::Open,
        }
    }
}

/// What a frame takes from the budget.
pub(super) fn cost(head: FrameHead) -> i32 {
    match head.kind {
        kind::HEADERS => 0,
        kind::DATA if head.length > 0 || head.has(flag::END_STREAM) => 0,
        // The length is one of 24 bits.
        kind::SETTINGS => 1 + head.length as i32 / SETTINGS,
        _ => 1,
    }
}

fn grown(time: Duration) -> i32 {
    let grown = time.as_millis() * u128::from(PER_SECOND) / 1000;
    i32::try_from(grown).unwrap_or(BURST)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, flags: u8, stream: u32, length: u32) -> Vec<u8> {
        let head = FrameHead {
            length,
            kind,
            flags,
            stream,
        };
        let mut frame = head.to_bytes().to_vec();
        frame.resize(frame.len() + length as usize, 0);
        frame
    }

    fn opened(now: Instant) -> Guard {
        let mut guard = Guard::new(now);
        assert_eq!(guard.receive(&[b'P'; PREFACE], || now), Ok(()));
        guard
    }

    /// Returns how many of these frames are taken at one time.
    fn taken(guard: &mut Guard, now: Instant, frame: &[u8]) -> usize {
        (0..10_000)
            .take_while(|_| guard.receive(frame, || now).is_ok())
            .count()
    }

    #[test]
    fn each_frame_that_carries_nothing_is_counted() {
        let now = Instant::now();
        for (what, frame) in [
            ("PING", frame(6, 0, 0, 8)),
            ("SETTINGS", frame(4, 0, 0, 0)),
            ("RST_STREAM", frame(3, 0, 1, 4)),
            ("WINDOW_UPDATE", frame(8, 0, 0, 4)),
            ("PRIORITY", frame(2, 0, 1, 5)),
            ("CONTINUATION", frame(9, 0, 1, 0)),
            ("empty DATA", frame(0, 0, 1, 0)),
            ("unknown", frame(0xbe, 0, 0, 3)),
        ] {
            let taken = taken(&mut opened(now), now, &frame);
            assert_eq!(taken, 1000, "{what}");
        }
        let large = frame(4, 0, 0, 16_380);
        assert_eq!(taken(&mut opened(now), now, &large), 3);
    }

    #[test]
    fn requests_and_data_are_not() {
        let now = Instant::now();
        for frame in [
            frame(1, flag::END_HEADERS, 1, 20),
            frame(0, 0, 1, 1),
            frame(0, flag::END_STREAM, 1, 0),
        ] {
            assert_eq!(taken(&mut opened(now), now, &frame), 10_000);
        }
    }

    #[test]
    fn a_frame_of_a_wrong_length_is_one_as_soon_as_its_head_is_there() {
        let now = Instant::now();
        for (kind, flags, length) in [
            (2, 0, 4),
            (3, 0, 5),
            (4, 0, 5),
            (4, 1, 6),
            (6, 0, 9),
            (8, 0, 0),
        ] {
            let frame = frame(kind, flags, 1, length);
            let mut guard = opened(now);
            assert_eq!(guard.receive(&frame[..8], || now), Ok(()));
            let wrong = guard.receive(&frame[8..9], || now);
            assert_eq!(wrong, Err(Violation::FrameSize), "{kind}");
        }
    }

    #[test]
    fn the_budget_grows_with_time_and_with_responses_and_not_beyond_its_size() {
        let now = Instant::now();
        let mut guard = opened(now);
        let ping = frame(6, 0, 0, 8);
        assert_eq!(taken(&mut guard, now, &ping), 1000);
        // The one that was too many is owed.
        let later = now + Duration::from_secs(2);
        assert_eq!(taken(&mut guard, later, &ping), 99);
        guard.send(&frame(1, flag::END_HEADERS, 1, 10));
        guard.send(&frame(0, flag::END_STREAM, 1, 10));
        assert_eq!(taken(&mut guard, later, &ping), 15);
        // What it sends otherwise earns nothing.
        guard.send(&frame(6, 1, 0, 8));
        assert_eq!(taken(&mut guard, later, &ping), 0);
        let much_later = later + Duration::from_secs(86_400 * 365 * 100);
        assert!(taken(&mut guard, much_later, &ping) <= 1000);
    }

    #[test]
    fn a_header_block_is_open_until_the_last_byte_of_its_last_frame() {
        let now = Instant::now();
        let mut guard = opened(now);
        let mut receive = |bytes: &[u8]| {
            guard.receive(bytes, || now).unwrap();
            guard.open_block()
        };
        assert_eq!(receive(&frame(6, 0, 0, 8)), None);
        assert_eq!(receive(&frame(1, 0, 5, 10)), Some(1));
        let last = frame(9, flag::END_HEADERS, 5, 10);
        let (most, end) = last.split_at(last.len() - 1);
        assert_eq!(receive(most), Some(1));
        assert_eq!(receive(end), None);
        assert_eq!(receive(&frame(1, flag::END_HEADERS, 7, 0)), None);
        assert_eq!(receive(&frame(1, 0, 9, 0)), Some(3));
        assert_eq!(guard.last_stream(), 9);
    }

    #[test]
    fn nothing_but_data_and_trailers_follows_on_a_stream_and_nothing_behind_its_end() {
        const ENDS: u8 = flag::END_HEADERS | flag::END_STREAM;
        let now = Instant::now();
        let head = |flags, stream| frame(1, flags, stream, 3);
        let closed = Err(Violation::StreamClosed);
        for (frames, last) in [
            (vec![head(ENDS, 1), head(ENDS, 1)], closed),
            (vec![head(4, 1), head(ENDS, 1)], Ok(())),
            (vec![head(4, 1), head(ENDS, 1), head(ENDS, 1)], closed),
            (vec![head(4, 1), frame(0, 1, 1, 1), head(ENDS, 1)], closed),
            (vec![head(4, 1), frame(3, 0, 1, 4), head(ENDS, 1)], closed),
            (vec![head(ENDS, 1), head(ENDS, 3)], Ok(())),
            (vec![head(ENDS, 1), head(4, 3), head(ENDS, 3)], Ok(())),
            // Of a stream before the last one it does not know.
            (vec![head(ENDS, 1), head(ENDS, 3), head(ENDS, 1)], Ok(())),
            // Nothing of it is a stream's.
            (vec![frame(0, 1, 0, 1), frame(0, 1, 0, 1)], Ok(())),
            (vec![head(ENDS, 1), frame(0, 0, 1, 1)], closed),
            (
                vec![head(4, 1), frame(0, 1, 1, 0), frame(0, 1, 1, 0)],
                closed,
            ),
            (
                vec![head(4, 1), frame(3, 0, 1, 4), frame(0, 0, 1, 1)],
                Ok(()),
            ),
        ] {
            let mut guard = opened(now);
            let (end, before) = frames.split_last().unwrap();
            for frame in before {
                assert_eq!(guard.receive(frame, || now), Ok(()), "{frames:?}");
            }
            assert_eq!(guard.receive(end, || now), last, "{frames:?}");
        }
    }

    #[test]
    fn a_window_that_is_too_large_is_seen_however_the_settings_are_cut() {
        let now = Instant::now();
        let settings = |pairs: &[(u16, u32)], stream| {
            let mut bytes = frame(4, 0, stream, 0);
            bytes[2] = 6 * pairs.len() as u8;
            for (name, value) in pairs {
                bytes.extend(name.to_be_bytes());
                bytes.extend(value.to_be_bytes());
            }
            bytes
        };
        let (most, more) = ((1 << 31) - 1, 1 << 31);
        for (bytes, is_right) in [
            (settings(&[(4, most)], 0), true),
            (settings(&[(4, more)], 0), false),
            (settings(&[(3, more), (4, 0), (5, u32::MAX)], 0), true),
            (settings(&[(3, 1), (4, u32::MAX), (4, 1)], 0), false),
            // It is another error that it is of a stream.
            (settings(&[(4, more)], 1), true),
            (
                [frame(6, 0, 0, 8), settings(&[(4, more)], 0)].concat(),
                false,
            ),
        ] {
            for size in 1..=bytes.len() {
                let mut guard = opened(now);
                let mut pieces = bytes.chunks(size);
                let all = pieces.try_for_each(|piece| guard.receive(piece, || now));
                let expected = match is_right {
                    true => Ok(()),
                    false => Err(Violation::WindowSize),
                };
                assert_eq!(all, expected, "{bytes:?} in pieces of {size}");
            }
        }
    }
}
