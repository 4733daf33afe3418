//! What a client may cost beside its requests, and what is wrong with its frames at first sight.

use std::time::Duration;

use tokio::time::Instant;

use super::frames::{FrameHead, FrameHeads, Seen, flag, kind};

/// What a client of HTTP/2 begins with; RFC 9113, section 3.4.
const PREFACE: usize = 24;
/// How many frames that carry nothing a client may send at once.
const BURST: i32 = 1000;
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
/// It does no I/O, and reads 9 bytes of a frame.
#[derive(Debug)]
pub(super) struct Guard {
    received: FrameHeads,
    sent: FrameHeads,
    budget: i32,
    refilled: Instant,
    /// The last stream that the client opened.
    last_stream: u32,
    block: Block,
    /// How many header blocks were begun.
    blocks: u64,
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

impl Guard {
    /// Returns the guard of a connection that begins now, with the preface.
    pub(super) fn new(now: Instant) -> Self {
        Self {
            received: FrameHeads::behind(PREFACE),
            sent: FrameHeads::default(),
            budget: BURST,
            refilled: now,
            last_stream: 0,
            block: Block::None,
            blocks: 0,
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
        let mut lengths_are_right = true;
        let Self {
            received,
            budget,
            last_stream,
            block,
            blocks,
            ..
        } = self;
        received.take(bytes, |seen| match seen {
            Seen::Head(head) => {
                *budget = budget.saturating_sub(cost(head));
                lengths_are_right &= head.has_right_length();
                match head.kind {
                    kind::HEADERS => {
                        *last_stream = head.stream.max(*last_stream);
                        *blocks += 1;
                        *block = Block::of(head);
                    }
                    kind::CONTINUATION => *block = Block::of(head),
                    _ => {}
                }
            }
            Seen::End => {
                if *block == Block::Ending {
                    *block = Block::None;
                }
            }
        });
        if !lengths_are_right {
            return Err(Violation::FrameSize);
        }
        self.check(now)
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
    /// A frame has a length that its type does not have. h2 sees it too, and calls it PROTOCOL_ERROR.
    FrameSize,
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
fn cost(head: FrameHead) -> i32 {
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
    fn no_bytes_of_a_peer_panic() {
        let now = Instant::now();
        let mut seed = 1_u32;
        for _ in 0..200 {
            let mut guard = Guard::new(now);
            for _ in 0..50 {
                let bytes: Vec<u8> = (0..40)
                    .map(|_| {
                        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                        (seed >> 24) as u8
                    })
                    .collect();
                let _ = guard.receive(&bytes, || now);
                guard.send(&bytes);
            }
        }
    }
}
