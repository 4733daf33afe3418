//! What has to hold of the guard, whatever bytes it is shown.

use tokio::time::Instant;

use super::frames::{FrameHead, FrameHeads, Seen, flag, kind};
use super::guard::{BURST, Guard, PREFACE, Violation, cost};

/// What the bytes of a client are, found by reading them as one piece.
#[derive(Debug, Default)]
struct Read {
    cost: i32,
    violation: Option<Violation>,
    last_stream: u32,
    blocks: u64,
    block_is_open: bool,
}

/// Checks that the guard finds in a client's bytes, in whatever pieces they come, what is in them; and that it
/// knows where the frames of a server end.
///
/// # Panics
///
/// It does not.
pub(in crate::hyper) fn hold(bytes: &[u8]) {
    let read = read(bytes);
    for size in [1, 2, 3, 7, 64, usize::MAX] {
        receives(bytes, size, &read);
        sends(bytes, size);
    }
}

fn receives(bytes: &[u8], size: usize, read: &Read) {
    let now = Instant::now();
    let mut guard = Guard::new(now);
    assert_eq!(guard.receive(&[b'P'; PREFACE], || now), Ok(()));
    let mut pieces = bytes.chunks(size);
    let received = pieces.try_for_each(|piece| guard.receive(piece, || now));
    match (received, read.violation) {
        (Ok(()), violation) => {
            assert_eq!(violation, None, "pieces of {size}");
            assert!(read.cost <= BURST, "{} is taken", read.cost);
            assert_eq!(guard.last_stream(), read.last_stream);
            let open = read.block_is_open.then_some(read.blocks);
            assert_eq!(guard.open_block(), open, "pieces of {size}");
        }
        (Err(Violation::Flood), _) => assert!(read.cost > BURST, "{} is not taken", read.cost),
        (Err(found), violation) => assert_eq!(Some(found), violation, "pieces of {size}"),
    }
}

fn sends(bytes: &[u8], size: usize) {
    let mut guard = Guard::new(Instant::now());
    bytes.chunks(size).for_each(|piece| guard.send(piece));
    let mut rest = bytes;
    let is_whole = loop {
        match frame(rest) {
            Some((_, Some(payload))) => rest = &rest[9 + payload.len()..],
            _ => break rest.is_empty(),
        }
    };
    assert_eq!(guard.may_follow(), is_whole, "pieces of {size}");
}

fn read(mut bytes: &[u8]) -> Read {
    let mut read = Read::default();
    // The streams that the client ended, and those that it reset.
    let (mut ended, mut reset) = (Vec::new(), Vec::new());
    while let Some((head, payload)) = frame(bytes) {
        let is_last = head.stream == read.last_stream && head.stream != 0;
        let is_ended = is_last && ended.contains(&head.stream);
        let is_reset = is_last && reset.contains(&head.stream);
        let is_closed = match head.kind {
            kind::HEADERS => is_ended || is_reset,
            kind::DATA => is_ended && !is_reset,
            _ => false,
        };
        let settings = match payload {
            Some(whole) => whole,
            None => &bytes[9..],
        };
        let has_large_window = head.kind == kind::SETTINGS
            && head.stream == 0
            && (settings.chunks_exact(6)).any(|setting| {
                setting.starts_with(&[0, 4]) && setting.get(2).is_some_and(|byte| byte >> 7 == 1)
            });
        let found = [
            (!head.has_right_length(), Violation::FrameSize),
            (is_closed, Violation::StreamClosed),
            (has_large_window, Violation::WindowSize),
        ];
        let found = found.iter().find(|(is_so, _)| *is_so);
        read.violation = read.violation.or(found.map(|(_, violation)| *violation));
        read.cost = read.cost.saturating_add(cost(head));
        if head.kind == kind::HEADERS {
            read.last_stream = head.stream.max(read.last_stream);
            read.blocks += 1;
        }
        if matches!(head.kind, kind::HEADERS | kind::CONTINUATION) {
            read.block_is_open = !head.has(flag::END_HEADERS) || payload.is_none();
        }
        if head.stream == read.last_stream {
            match head.kind {
                kind::HEADERS | kind::DATA if head.has(flag::END_STREAM) => ended.push(head.stream),
                kind::RST_STREAM => reset.push(head.stream),
                _ => {}
            }
        }
        let Some(payload) = payload else {
            break;
        };
        bytes = &bytes[9 + payload.len()..];
    }
    read
}

/// Returns the head of a frame, and what it carries if that is whole.
fn frame(bytes: &[u8]) -> Option<(FrameHead, Option<&[u8]>)> {
    let mut head = None;
    FrameHeads::default().take(bytes.get(..9)?, |seen| {
        if let Seen::Head(seen) = seen {
            head = Some(seen);
        }
    });
    let head = head?;
    let end = 9 + head.length as usize;
    Some((head, bytes.get(9..end)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What makes numbers that look like chance, and are the same in each run.
    struct Chance(u64);

    impl Chance {
        fn below(&mut self, end: usize) -> usize {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            (self.0 >> 11) as usize % end
        }

        fn of<T: Copy>(&mut self, all: &[T]) -> T {
            all[self.below(all.len())]
        }

        fn frame(&mut self) -> Vec<u8> {
            const WINDOWS: [u8; 12] = [0, 4, 0x80, 0, 0, 0, 0, 4, 0x7f, 0xff, 0xff, 0xff];
            let kind = self.of(&[0, 0, 1, 1, 2, 3, 4, 4, 5, 6, 7, 8, 9, 0xbe]);
            let right = match kind {
                2 => 5,
                3 | 8 => 4,
                4 => self.of(&[0, 6, 12]),
                6 => 8,
                _ => self.below(20),
            };
            let length = match self.below(12) {
                0 => self.below(20),
                _ => right,
            };
            let head = FrameHead {
                length: length as u32,
                kind,
                flags: self.of(&[0, 1, 4, 5, 0xff]),
                stream: self.of(&[0, 0, 1, 1, 1, 2, 3, 5, 0x7fff_ffff]),
            };
            let mut bytes = head.to_bytes().to_vec();
            match self.below(2) {
                0 => bytes.extend(WINDOWS.iter().cycle().skip(self.of(&[0, 6])).take(length)),
                _ => bytes.extend((0..length).map(|_| self.below(256) as u8)),
            }
            bytes
        }
    }

    #[test]
    fn whatever_it_is_shown_its_invariants_hold() {
        let mut chance = Chance(0x0074_7261_6E73_6F6D);
        for _ in 0..10_000 {
            let mut bytes: Vec<u8> = (0..=chance.below(12))
                .flat_map(|_| chance.frame())
                .collect();
            for _ in 0..chance.below(6).saturating_sub(3) {
                let at = chance.below(bytes.len());
                match chance.below(3) {
                    0 => bytes[at] = chance.below(256) as u8,
                    1 => bytes.insert(at, chance.below(256) as u8),
                    _ => bytes.truncate(at + 1),
                }
            }
            hold(&bytes);
        }
    }

    #[test]
    fn a_flood_is_one_however_it_is_cut() {
        for frames in [1000, 1001] {
            hold(&[0, 0, 0, 0xbe, 0, 0, 0, 0, 0].repeat(frames));
        }
        hold(&[0xff; 64]);
        let settings = FrameHead {
            length: 64 * 1000,
            kind: kind::SETTINGS,
            flags: 0,
            stream: 0,
        };
        hold(&settings.to_bytes());
    }
}
