//! The frames of HTTP/2 that a client sends, on their way to the engine.
//!
//! The engine does not tell which stream a request came on, nor that one was reset, and has no way to say
//! goodbye. So each head is given one more field, the number of its stream; a reset is noted; and for the
//! goodbye the engine is shown a GOAWAY, which it answers with its own.

use std::io;

use bytes::{BufMut, BytesMut};
use http::HeaderMap;
use transom_adapter_tokio::PREFACE;

/// The field that names the stream. It never reaches the application.
const STREAM: &str = "transom-stream";

/// How many frames that carry nothing a client may send in a row.
const CONTROL: u32 = 1000;

const HEAD: usize = 9;
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const CONTINUATION: u8 = 9;
const ACK: u8 = 1;
const END_HEADERS: u8 = 4;
const PADDED: u8 = 8;

/// As much as the engine takes in a frame; a head that is as long is left as it is.
const MAX_FRAME: usize = 16 * 1024;

/// Takes the number of the stream out of a head.
pub(crate) fn take_stream(headers: &mut HeaderMap) -> Option<u32> {
    // The last is ours, whatever the client sent.
    let stream = headers.get_all(STREAM).iter().next_back()?;
    let stream = stream.to_str().ok()?.parse().ok();
    headers.remove(STREAM);
    stream
}

/// Passes frames on, piece by piece.
pub(crate) struct Frames {
    /// The engine was given the preface.
    begun: bool,
    /// What is left of the preface.
    preface: usize,
    /// The head of a frame, as far as it has come.
    head: BytesMut,
    /// What is left of the payload of a frame.
    payload: usize,
    /// What follows that payload.
    field: Option<u32>,
    /// The payload is one of settings.
    settings: bool,
    /// A head goes on in the next frame.
    in_block: bool,
    last_stream: u32,
    controls: u32,
    said_goodbye: bool,
    /// What has to wait until the engine has acknowledged the settings before it. It would send the first
    /// bytes that they allow, and the acknowledgement behind them.
    waiting: Option<BytesMut>,
}

impl Frames {
    pub(crate) fn new() -> Self {
        Self {
            begun: false,
            preface: PREFACE.len(),
            head: BytesMut::with_capacity(HEAD),
            payload: 0,
            field: None,
            settings: false,
            in_block: false,
            last_stream: 0,
            controls: 0,
            said_goodbye: false,
            waiting: None,
        }
    }

    /// Passes on what the client sent, and tells of each stream that was reset.
    pub(crate) fn pass(
        &mut self,
        mut bytes: &[u8],
        to: &mut BytesMut,
        mut reset: impl FnMut(u32),
    ) -> io::Result<()> {
        let preface = self.preface.min(bytes.len());
        to.extend_from_slice(&bytes[..preface]);
        bytes = &bytes[preface..];
        self.preface -= preface;
        while !bytes.is_empty() {
            if let Some(waiting) = &mut self.waiting {
                waiting.extend_from_slice(bytes);
                return Ok(());
            }
            if self.payload == 0 {
                let missing = (HEAD - self.head.len()).min(bytes.len());
                self.head.extend_from_slice(&bytes[..missing]);
                bytes = &bytes[missing..];
                if self.head.len() == HEAD {
                    self.begin(to, &mut reset)?;
                }
                continue;
            }
            let piece = self.payload.min(bytes.len());
            to.extend_from_slice(&bytes[..piece]);
            bytes = &bytes[piece..];
            self.payload -= piece;
            self.end_payload(to);
        }
        Ok(())
    }

    /// Returns how much the engine may be given at once. It looks at what comes along with the preface only when
    /// more comes.
    pub(crate) fn portion(&mut self) -> usize {
        match std::mem::replace(&mut self.begun, true) {
            true => usize::MAX,
            false => PREFACE.len(),
        }
    }

    /// Passes on what had to wait, if the engine has written the acknowledgement. Returns whether it has.
    pub(crate) fn go_on(
        &mut self,
        written: &[u8],
        to: &mut BytesMut,
        reset: impl FnMut(u32),
    ) -> io::Result<bool> {
        let acknowledges = |piece: &[u8]| piece == [0, 0, 0, SETTINGS, ACK, 0, 0, 0, 0];
        if self.waiting.is_none() || !written.windows(HEAD).any(acknowledges) {
            return Ok(false);
        }
        match self.waiting.take() {
            Some(waiting) => self.pass(&waiting, to, reset).map(|()| true),
            None => Ok(false),
        }
    }

    /// Shows the engine a GOAWAY, as soon as one frame has ended and the next has not begun. Returns whether it
    /// was shown.
    pub(crate) fn say_goodbye(&mut self, to: &mut BytesMut) -> bool {
        let between = self.preface == 0
            && self.head.is_empty()
            && self.payload == 0
            && self.waiting.is_none()
            && !self.in_block;
        if between && !self.said_goodbye {
            self.said_goodbye = true;
            put_head(to, 8, GOAWAY, 0, 0);
            to.put_u64(0);
        }
        self.said_goodbye
    }

    fn begin(&mut self, to: &mut BytesMut, reset: &mut impl FnMut(u32)) -> io::Result<()> {
        let head = self.head.split();
        let [a, b, c, kind, flags, s, t, r, m] = head[..] else {
            return Ok(());
        };
        let length = u32::from_be_bytes([0, a, b, c]) as usize;
        let stream = u32::from_be_bytes([s, t, r, m]) & (u32::MAX >> 1);
        match kind {
            DATA if length > 0 => self.controls = 0,
            HEADERS => self.controls = 0,
            _ => self.controls += 1,
        }
        if self.controls > CONTROL {
            let flood = "the client sends frames without end that carry nothing";
            return Err(io::Error::new(io::ErrorKind::InvalidData, flood));
        }
        if kind == HEADERS || kind == CONTINUATION {
            self.in_block = flags & END_HEADERS == 0;
        }
        if kind == RST_STREAM {
            reset(stream);
        }
        self.payload = length;
        self.settings = kind == SETTINGS && flags & ACK == 0;
        self.field = None;
        let mut length = length;
        if kind == HEADERS && stream > self.last_stream {
            self.last_stream = stream;
            let more = field(stream).len();
            // Behind padding, or behind another frame, there is no place for it.
            if flags & (END_HEADERS | PADDED) == END_HEADERS && length + more <= MAX_FRAME {
                self.field = Some(stream);
                length += more;
            }
        }
        put_head(to, length, kind, flags, stream);
        self.end_payload(to);
        Ok(())
    }

    fn end_payload(&mut self, to: &mut BytesMut) {
        if self.payload > 0 {
            return;
        }
        if let Some(stream) = self.field.take() {
            to.extend_from_slice(&field(stream));
        }
        if std::mem::take(&mut self.settings) {
            self.waiting = Some(BytesMut::new());
        }
    }
}

#[allow(
    clippy::cast_possible_truncation,
    reason = "a length has 24 bits, which three bytes hold"
)]
fn put_head(to: &mut BytesMut, length: usize, kind: u8, flags: u8, stream: u32) {
    to.put_uint(length as u64, 3);
    to.put_u8(kind);
    to.put_u8(flags);
    to.put_u32(stream);
}

/// The field as HPACK has it: a literal that is not indexed (RFC 7541, section 6.2.2), which changes nothing
/// for the heads that follow.
fn field(stream: u32) -> Vec<u8> {
    let (name, value) = (STREAM, stream.to_string());
    let mut field = Vec::with_capacity(3 + name.len() + value.len());
    field.push(0);
    for text in [name, &value] {
        // Both are shorter than the 127 bytes that one byte can tell.
        field.push(u8::try_from(text.len()).unwrap_or_default());
        field.extend_from_slice(text.as_bytes());
    }
    field
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
        let mut frame = BytesMut::new();
        put_head(&mut frame, payload.len(), kind, flags, stream);
        frame.extend_from_slice(payload);
        frame.to_vec()
    }

    /// A client that sends two requests, the second in two frames and with a body, and resets the first.
    fn sent() -> Vec<u8> {
        [
            PREFACE.to_vec(),
            frame(HEADERS, END_HEADERS, 1, b"one"),
            frame(HEADERS, 0, 3, b"two"),
            frame(CONTINUATION, END_HEADERS, 3, b"more"),
            frame(DATA, 0, 3, b"data"),
            frame(RST_STREAM, 0, 1, &[0, 0, 0, 8]),
        ]
        .concat()
    }

    #[test]
    fn each_request_of_one_frame_is_given_the_number_of_its_stream_wherever_it_is_cut() {
        let sent = sent();
        let named = [&b"one"[..], &field(1)].concat();
        let passed = [
            PREFACE.to_vec(),
            frame(HEADERS, END_HEADERS, 1, &named),
            sent[PREFACE.len() + HEAD + 3..].to_vec(),
        ]
        .concat();
        for size in [1, 2, 7, sent.len()] {
            let (mut frames, mut to, mut resets) = (Frames::new(), BytesMut::new(), Vec::new());
            for piece in sent.chunks(size) {
                let told = frames.pass(piece, &mut to, |stream| resets.push(stream));
                assert!(told.is_ok());
            }
            assert_eq!(to, passed, "in pieces of {size}");
            assert_eq!(resets, [1]);
        }
    }

    #[test]
    fn a_goodbye_is_said_between_two_frames_and_once() {
        let sent = sent();
        let (mut frames, mut to) = (Frames::new(), BytesMut::new());
        // Up to the middle of the head that goes on in a second frame, and up to that second one.
        let middle = PREFACE.len() + HEAD + 3;
        for (from, up_to, said) in [
            (0, 5, false),
            (5, middle + 4, false),
            (middle + 4, middle + HEAD + 3, false),
            (middle + HEAD + 3, sent.len(), true),
        ] {
            assert!(frames.pass(&sent[from..up_to], &mut to, |_| {}).is_ok());
            let before = to.len();
            assert_eq!(frames.say_goodbye(&mut to), said);
            assert_eq!(to.len() > before, said);
        }
        let before = to.len();
        assert!(frames.say_goodbye(&mut to));
        assert_eq!(to.len(), before);
    }

    #[test]
    fn what_follows_settings_waits_for_their_acknowledgement() {
        let settings = frame(SETTINGS, 0, 0, &[0; 6]);
        let behind = frame(DATA, 0, 1, b"data");
        let sent = [PREFACE.to_vec(), settings.clone(), behind.clone()].concat();
        let (mut frames, mut to) = (Frames::new(), BytesMut::new());
        assert!(frames.pass(&sent, &mut to, |_| {}).is_ok());
        assert_eq!(to, [PREFACE, &settings].concat());
        assert!(matches!(
            frames.go_on(&settings, &mut to, |_| {}),
            Ok(false)
        ));
        let acknowledged = [settings, frame(SETTINGS, ACK, 0, &[])].concat();
        to.clear();
        assert!(matches!(
            frames.go_on(&acknowledged, &mut to, |_| {}),
            Ok(true)
        ));
        assert_eq!(to, behind);
    }

    #[test]
    fn a_client_that_sends_nothing_but_control_frames_is_cut_off() {
        let ping = frame(6, 0, 0, &[0; 8]);
        let (mut frames, mut to) = (Frames::new(), BytesMut::new());
        assert!(frames.pass(PREFACE, &mut to, |_| {}).is_ok());
        let passed = (0..2 * CONTROL).take_while(|_| frames.pass(&ping, &mut to, |_| {}).is_ok());
        assert_eq!(passed.count(), CONTROL as usize);
    }
}
