//! Where the frames of HTTP/2 begin and end in a stream of bytes (RFC 9113, section 4.1).

/// The length of what comes before the first frame of a client.
const PREFACE: usize = 24;

const HEAD: usize = 9;

pub(crate) const HEADERS: u8 = 1;
pub(crate) const RST_STREAM: u8 = 3;
pub(crate) const SETTINGS: u8 = 4;
pub(crate) const PING: u8 = 6;
const GOAWAY: u8 = 7;

/// Follows the frames of one direction of a connection.
pub(crate) struct Frames {
    head: [u8; HEAD],
    /// How much of a head is there.
    filled: usize,
    /// How much there is to come of a payload.
    left: usize,
    begun: bool,
}

impl Frames {
    pub(crate) fn of_client() -> Self {
        Self {
            left: PREFACE,
            ..Self::of_server()
        }
    }

    pub(crate) fn of_server() -> Self {
        Self {
            head: [0; HEAD],
            filled: 0,
            left: 0,
            begun: false,
        }
    }

    /// Goes on by some bytes, and tells of each frame that begins: its type and its stream.
    pub(crate) fn pass(&mut self, mut bytes: &[u8], mut begins: impl FnMut(u8, u32)) {
        self.begun |= !bytes.is_empty();
        while !bytes.is_empty() {
            if self.left > 0 {
                let payload = self.left.min(bytes.len());
                self.left -= payload;
                bytes = &bytes[payload..];
                continue;
            }
            let more = (HEAD - self.filled).min(bytes.len());
            self.head[self.filled..][..more].copy_from_slice(&bytes[..more]);
            self.filled += more;
            bytes = &bytes[more..];
            if self.filled == HEAD {
                let [a, b, c, kind, _, stream @ ..] = self.head;
                self.filled = 0;
                self.left = usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c);
                begins(kind, u32::from_be_bytes(stream) & MAX_STREAM);
            }
        }
    }

    /// Returns whether a frame ended, and no other has begun.
    pub(crate) fn is_between(&self) -> bool {
        self.begun && self.filled == 0 && self.left == 0
    }
}

/// The highest number of a stream.
pub(crate) const MAX_STREAM: u32 = u32::MAX >> 1;

/// Returns a GOAWAY without an error: no stream after this one is answered.
pub(crate) fn go_away(last: u32) -> [u8; 17] {
    let mut frame = [0; 17];
    frame[2] = 8;
    frame[3] = GOAWAY;
    frame[9..13].copy_from_slice(&last.to_be_bytes());
    frame
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_seen_whatever_pieces_they_come_in() {
        let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
        bytes.extend_from_slice(&[0, 0, 3, HEADERS, 5, 0x80, 0, 1, 2, b'a', b'b', b'c']);
        bytes.extend_from_slice(&[0, 0, 4, RST_STREAM, 0, 0, 0, 0, 7, 0, 0, 0, 8]);
        for size in 1..bytes.len() {
            let mut frames = Frames::of_client();
            let mut seen = Vec::new();
            for piece in bytes.chunks(size) {
                frames.pass(piece, |kind, stream| seen.push((kind, stream)));
            }
            assert_eq!(seen, [(HEADERS, 258), (RST_STREAM, 7)], "pieces of {size}");
            assert!(frames.is_between());
        }
    }

    #[test]
    fn nothing_is_between_frames_before_the_first_or_within_one() {
        let mut frames = Frames::of_server();
        assert!(!frames.is_between());
        let frame = go_away(5);
        frames.pass(&frame[..9], |kind, _| assert_eq!(kind, GOAWAY));
        assert!(!frames.is_between());
        frames.pass(&frame[9..], |_, _| unreachable!());
        assert!(frames.is_between());
    }
}
