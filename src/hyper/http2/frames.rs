//! Frames by their heads alone.

/// How long the head of a frame is.
const HEAD: usize = 9;

/// The head of a frame; RFC 9113, section 4.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FrameHead {
    pub(super) length: u32,
    pub(super) kind: u8,
    pub(super) flags: u8,
    pub(super) stream: u32,
}

/// The types of frames; RFC 9113, section 6.
pub(super) mod kind {
    pub(in crate::hyper::http2) const DATA: u8 = 0;
    pub(in crate::hyper::http2) const HEADERS: u8 = 1;
    pub(in crate::hyper::http2) const PRIORITY: u8 = 2;
    pub(in crate::hyper::http2) const RST_STREAM: u8 = 3;
    pub(in crate::hyper::http2) const SETTINGS: u8 = 4;
    pub(in crate::hyper::http2) const PING: u8 = 6;
    pub(in crate::hyper::http2) const GOAWAY: u8 = 7;
    pub(in crate::hyper::http2) const WINDOW_UPDATE: u8 = 8;
    pub(in crate::hyper::http2) const CONTINUATION: u8 = 9;
}

/// The flags of frames; RFC 9113, section 6.
pub(super) mod flag {
    pub(in crate::hyper::http2) const ACK: u8 = 0x1;
    pub(in crate::hyper::http2) const END_STREAM: u8 = 0x1;
    pub(in crate::hyper::http2) const END_HEADERS: u8 = 0x4;
}

impl FrameHead {
    pub(super) fn has(self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// Returns whether the length is one that the type may have; RFC 9113, sections 6.3 to 6.9.
    pub(super) fn has_right_length(self) -> bool {
        match self.kind {
            kind::PRIORITY => self.length == 5,
            kind::RST_STREAM | kind::WINDOW_UPDATE => self.length == 4,
            kind::SETTINGS if self.has(flag::ACK) => self.length == 0,
            kind::SETTINGS => self.length.is_multiple_of(6),
            kind::PING => self.length == 8,
            _ => true,
        }
    }

    pub(super) fn to_bytes(self) -> [u8; HEAD] {
        let [_, l2, l1, l0] = self.length.to_be_bytes();
        let [s3, s2, s1, s0] = self.stream.to_be_bytes();
        [l2, l1, l0, self.kind, self.flags, s3, s2, s1, s0]
    }

    fn from_bytes([l2, l1, l0, kind, flags, s3, s2, s1, s0]: [u8; HEAD]) -> Self {
        Self {
            length: u32::from_be_bytes([0, l2, l1, l0]),
            kind,
            flags,
            // The first bit is reserved, and ignored.
            stream: u32::from_be_bytes([s3 & 0x7f, s2, s1, s0]),
        }
    }
}

/// Follows a sequence of frames as its bytes come, in whatever pieces. It reads the heads of frames and counts
/// over their payloads.
#[derive(Debug, Default)]
pub(super) struct FrameHeads {
    head: [u8; HEAD],
    /// How much of the head is there.
    filled: usize,
    /// How much of the payload is still to come.
    payload: usize,
}

/// What there is to know of a piece of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seen<'a> {
    /// A frame begins.
    Head(FrameHead),
    /// A piece of what the frame that began last carries.
    Payload(&'a [u8]),
    /// The frame that began last is whole.
    End,
}

impl FrameHeads {
    /// Follows frames that begin behind so many other bytes.
    pub(super) fn behind(bytes: usize) -> Self {
        Self {
            payload: bytes,
            ..Self::default()
        }
    }

    /// Takes the next bytes, and calls `see` for all that is in them.
    #[inline]
    pub(super) fn take<'a>(&mut self, mut bytes: &'a [u8], mut see: impl FnMut(Seen<'a>)) {
        while !bytes.is_empty() {
            if self.payload > 0 {
                let (payload, rest) = bytes.split_at(self.payload.min(bytes.len()));
                self.payload -= payload.len();
                bytes = rest;
                see(Seen::Payload(payload));
                if self.payload == 0 {
                    see(Seen::End);
                }
                continue;
            }
            let taken = (HEAD - self.filled).min(bytes.len());
            self.head[self.filled..self.filled + taken].copy_from_slice(&bytes[..taken]);
            self.filled += taken;
            bytes = &bytes[taken..];
            if self.filled == HEAD {
                self.filled = 0;
                let head = FrameHead::from_bytes(self.head);
                self.payload = head.length as usize;
                see(Seen::Head(head));
                if self.payload == 0 {
                    see(Seen::End);
                }
            }
        }
    }

    /// Returns whether a frame may follow: the last one is whole.
    pub(super) fn is_between(&self) -> bool {
        self.filled == 0 && self.payload == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PING: FrameHead = FrameHead {
        length: 8,
        kind: 6,
        flags: 1,
        stream: 0,
    };
    const EMPTY: FrameHead = FrameHead {
        length: 0,
        kind: kind::DATA,
        flags: flag::END_STREAM,
        stream: 0x7fff_ffff,
    };

    /// Returns what is seen, and all payloads one behind the other.
    fn seen(heads: &mut FrameHeads, pieces: &[&[u8]]) -> (Vec<Seen<'static>>, Vec<u8>) {
        let (mut all, mut payloads) = (Vec::new(), Vec::new());
        for piece in pieces {
            heads.take(piece, |seen| match seen {
                Seen::Head(head) => all.push(Seen::Head(head)),
                Seen::Payload(payload) => payloads.extend_from_slice(payload),
                Seen::End => all.push(Seen::End),
            });
        }
        (all, payloads)
    }

    #[test]
    fn frames_are_seen_however_their_bytes_are_cut() {
        let mut bytes = b"PREFACE".to_vec();
        bytes.extend(PING.to_bytes());
        bytes.extend(*b"12345678");
        bytes.extend(EMPTY.to_bytes());
        let expected = [
            Seen::End,
            Seen::Head(PING),
            Seen::End,
            Seen::Head(EMPTY),
            Seen::End,
        ];
        for size in 1..=bytes.len() {
            let pieces: Vec<_> = bytes.chunks(size).collect();
            let mut heads = FrameHeads::behind(7);
            let (seen, payloads) = seen(&mut heads, &pieces);
            assert_eq!(seen, expected, "pieces of {size}");
            assert_eq!(payloads, b"PREFACE12345678", "pieces of {size}");
            assert!(heads.is_between());
        }
    }

    #[test]
    fn nothing_may_follow_half_a_head_or_half_a_payload() {
        let mut heads = FrameHeads::default();
        assert!(heads.is_between());
        for byte in PING.to_bytes().into_iter().chain([0; 7]) {
            heads.take(&[byte], |_| {});
            assert!(!heads.is_between());
        }
        heads.take(&[0], |_| {});
        assert!(heads.is_between());
    }

    #[test]
    fn the_reserved_bit_of_a_stream_is_ignored() {
        let mut bytes = EMPTY.to_bytes();
        bytes[5] |= 0x80;
        let (seen, _) = seen(&mut FrameHeads::default(), &[&bytes]);
        assert_eq!(seen, [Seen::Head(EMPTY), Seen::End]);
    }
}
