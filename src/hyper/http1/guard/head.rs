//! The head of a request.

use http::StatusCode;

use super::bounds::Bounds;
use super::bytes::{PLAIN, TARGET, TOKEN, end_of, end_of_text, is, trim};
use super::framing::{Content, Framing};
use super::refusal::Refusal;
use super::target;

/// How far the head of a request was read. It holds no bytes: it is shown all of the head each time, and
/// goes on where it stopped.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Head {
    place: Place,
    framing: Framing,
}

/// Where in a head it is read, and what its first line was.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    part: Part,
    /// Up to where it was read.
    at: usize,
    /// Where the current line begins.
    line: usize,
    /// Where the current name or method ends.
    name_end: usize,
    /// Where the fields begin.
    fields: usize,
    count: usize,
    method: Method,
    /// The target has bytes that hyper does not take everywhere.
    special: bool,
    is_http_11: bool,
}

#[derive(Clone, Copy, Debug, Default)]
enum Part {
    /// An empty line may come.
    #[default]
    Start,
    Method,
    Target,
    Version,
    /// Of a field, or the end of the head.
    Name,
    Value,
}

/// The methods that have rules of their own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Method {
    #[default]
    Other,
    Connect,
    Options,
    Post,
    Put,
}

/// What the end of a head tells.
pub(super) struct Whole {
    pub(super) length: usize,
    pub(super) content: Content,
    /// Whether the response may turn the connection into something else.
    pub(super) switches: bool,
}

const BAD_METHOD: Refusal = Refusal::bad("the method is no token followed by a blank");
const BAD_TARGET: Refusal = Refusal::bad("the target has a byte that no URI has");
const BAD_VERSION: Refusal = Refusal::bad("the first line does not end with a version and CRLF");
const BAD_NAME: Refusal = Refusal::bad("the name of a field is no token followed by a colon");
const BAD_VALUE: Refusal = Refusal::bad("the value of a field has a control character");
const LONG_METHOD: Refusal = Refusal::new(StatusCode::NOT_IMPLEMENTED, "the method is too long");
const LONG_LINE: Refusal = Refusal::new(StatusCode::URI_TOO_LONG, "the first line is too long");
const LONG_FIELDS: Refusal = Refusal::new(
    StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
    "the fields are too long",
);
const MANY_FIELDS: Refusal = Refusal::new(
    StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
    "there are too many fields",
);

const CRLF: usize = 2;

impl Head {
    /// Returns whether a byte of it was read. An empty line before it is none.
    pub(super) fn is_begun(&self) -> bool {
        self.place.at > self.place.line || self.place.fields > 0
    }

    /// Reads on. `bytes` begin with the head, and what was there before is there again. `None`: it is not
    /// whole yet. After a head that is whole the next one begins.
    pub(super) fn scan(&mut self, bytes: &[u8], bounds: &Bounds) -> Result<Option<Whole>, Refusal> {
        // Copies are read on, which the compiler can keep in registers: most heads come in one piece.
        let Self {
            mut place,
            mut framing,
        } = *self;
        let Some(length) = place.advance(bytes, bounds, &mut framing)? else {
            *self = Self { place, framing };
            return Ok(None);
        };
        *self = Self::default();
        let (content, switches) = framing.settle(place.method, place.is_http_11)?;
        Ok(Some(Whole {
            length,
            content,
            switches,
        }))
    }
}

impl Place {
    /// Reads on, and returns where the head ends.
    #[inline]
    fn advance(
        &mut self,
        bytes: &[u8],
        bounds: &Bounds,
        framing: &mut Framing,
    ) -> Result<Option<usize>, Refusal> {
        if matches!(self.part, Part::Start) {
            match *bytes {
                [] | [b'\r'] => return Ok(None),
                [b'\r', b'\n', ..] => (self.at, self.line) = (CRLF, CRLF),
                [..] => {}
            }
            self.part = Part::Method;
        }
        if matches!(self.part, Part::Method | Part::Target | Part::Version) {
            // Nothing beyond the limit is looked at, so that it does not matter in what pieces it comes.
            let longest = self.line + bounds.line + CRLF;
            let view = &bytes[..bytes.len().min(longest)];
            if self.scan_line(view, view.len() == longest)?.is_none() {
                return Ok(None);
            }
        }
        let longest = self.fields + bounds.fields + CRLF;
        let view = &bytes[..bytes.len().min(longest)];
        match self.scan_fields(view, bounds.count, framing)? {
            None if view.len() == longest => Err(LONG_FIELDS),
            end => Ok(end),
        }
    }

    /// Reads the first line. `full` says that no more bytes than these may belong to it.
    #[inline]
    fn scan_line(&mut self, bytes: &[u8], full: bool) -> Result<Option<()>, Refusal> {
        let more = |refusal| if full { Err(refusal) } else { Ok(None) };
        loop {
            match self.part {
                Part::Start | Part::Method => {
                    self.at = end_of(TOKEN, bytes, self.at);
                    match bytes.get(self.at) {
                        None => return more(LONG_METHOD),
                        Some(b' ') if self.at > self.line => {}
                        Some(_) => return Err(BAD_METHOD),
                    }
                    self.method = Method::of(&bytes[self.line..self.at]);
                    self.name_end = self.at;
                    self.at += 1;
                    self.part = Part::Target;
                }
                Part::Target => {
                    self.at = end_of(PLAIN, bytes, self.at);
                    if bytes.get(self.at).is_some_and(|byte| is(*byte, TARGET)) {
                        self.special = true;
                        self.at = end_of(TARGET, bytes, self.at);
                    }
                    match bytes.get(self.at) {
                        None => return more(LONG_LINE),
                        Some(b' ') if self.at > self.name_end + 1 => {}
                        Some(_) => return Err(BAD_TARGET),
                    }
                    let target = &bytes[self.name_end + 1..self.at];
                    target::check(self.method, target, self.special)?;
                    self.at += 1;
                    self.part = Part::Version;
                }
                Part::Version | Part::Name | Part::Value => {
                    let Some(is_http_11) = version(&bytes[self.at..])? else {
                        return more(LONG_LINE);
                    };
                    self.is_http_11 = is_http_11;
                    self.at += VERSION.len();
                    (self.line, self.fields) = (self.at, self.at);
                    self.part = Part::Name;
                    return Ok(Some(()));
                }
            }
        }
    }

    /// Reads the fields, and returns where the head ends.
    #[inline]
    fn scan_fields(
        &mut self,
        bytes: &[u8],
        most: usize,
        framing: &mut Framing,
    ) -> Result<Option<usize>, Refusal> {
        loop {
            if !matches!(self.part, Part::Value) {
                if let Some(b'\r') = bytes.get(self.line) {
                    return match bytes.get(self.line + 1) {
                        None => Ok(None),
                        Some(b'\n') => Ok(Some(self.line + CRLF)),
                        Some(_) => Err(BAD_NAME),
                    };
                }
                self.at = end_of(TOKEN, bytes, self.at);
                match bytes.get(self.at) {
                    None => return Ok(None),
                    Some(b':') if self.at > self.line => {}
                    // A blank here would fold the field before; RFC 9112, section 5.2.
                    Some(_) => return Err(BAD_NAME),
                }
                self.name_end = self.at;
                self.at += 1;
                self.part = Part::Value;
            }
            self.at = end_of_text(bytes, self.at);
            match (bytes.get(self.at), bytes.get(self.at + 1)) {
                (Some(b'\r'), Some(b'\n')) => {}
                (None, _) | (Some(b'\r'), None) => return Ok(None),
                (Some(b'\t'), _) => {
                    self.at += 1;
                    continue;
                }
                _ => return Err(BAD_VALUE),
            }
            if self.count == most {
                return Err(MANY_FIELDS);
            }
            self.count += 1;
            let value = trim(&bytes[self.name_end + 1..self.at]);
            framing.field(&bytes[self.line..self.name_end], value)?;
            self.at += CRLF;
            self.line = self.at;
            self.part = Part::Name;
        }
    }
}

impl Method {
    #[inline]
    fn of(name: &[u8]) -> Self {
        match name {
            b"POST" => Self::Post,
            b"PUT" => Self::Put,
            b"OPTIONS" => Self::Options,
            b"CONNECT" => Self::Connect,
            _ => Self::Other,
        }
    }
}

/// A digit stands where a `0` is.
const VERSION: &[u8; 10] = b"HTTP/0.0\r\n";

/// Returns whether it is 1.1 and not 1.0. `None`: it is not whole yet.
#[inline]
fn version(bytes: &[u8]) -> Result<Option<bool>, Refusal> {
    match bytes.first_chunk() {
        Some(b"HTTP/1.1\r\n") => return Ok(Some(true)),
        Some(b"HTTP/1.0\r\n") => return Ok(Some(false)),
        _ => {}
    }
    let fits = |(byte, expected): (&u8, &u8)| match expected {
        b'0' => byte.is_ascii_digit(),
        _ => byte == expected,
    };
    if !bytes.iter().zip(VERSION).all(fits) {
        return Err(BAD_VERSION);
    }
    match bytes.len() < VERSION.len() {
        true => Ok(None),
        false => Err(Refusal::new(
            StatusCode::HTTP_VERSION_NOT_SUPPORTED,
            "the version is neither HTTP/1.0 nor HTTP/1.1",
        )),
    }
}
