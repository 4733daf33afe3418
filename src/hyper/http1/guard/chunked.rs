//! A body in chunks; RFC 9112, section 7.1.

use super::bounds::Bounds;
use super::bytes::{TOKEN, end_of_text, is};

/// How far a body in chunks was read.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Chunks {
    part: Part,
    /// The size of the chunk, and then how much of it is to come.
    left: u64,
    /// How long the line with the size is, or how long the trailers are.
    length: usize,
    /// How many trailers there are.
    count: usize,
}

/// How long the line before a chunk may be, with its extensions.
const MAX_LINE: usize = 4 * 1024;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Part {
    /// A digit has to come.
    #[default]
    Start,
    Size,
    /// Blanks before an extension.
    Blank,
    /// The name of an extension; its first byte has to come.
    NameStart,
    Name,
    /// Blanks behind a name.
    NameBlank,
    /// The value of an extension; its first byte has to come.
    ValueStart,
    Value,
    Quoted,
    Escaped,
    /// The value was quoted, and the quote is closed.
    QuoteEnd,
    SizeLf,
    Data,
    DataCr,
    DataLf,
    /// A trailer, or the end.
    Trailer,
    TrailerName,
    TrailerValue,
    TrailerLf,
    EndLf,
    End,
}

/// What became of the bytes of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Read {
    /// All of them belong to it.
    All,
    /// It ended behind that many.
    Ended(usize),
    /// It is malformed behind that many.
    Malformed(usize),
}

impl Chunks {
    pub(super) fn read(&mut self, bytes: &[u8], bounds: &Bounds) -> Read {
        let mut at = 0;
        while at < bytes.len() {
            if self.part == Part::Data {
                let rest = (bytes.len() - at) as u64;
                // It fits: it is no more than the length of a slice.
                at += self.left.min(rest) as usize;
                self.left -= self.left.min(rest);
                if self.left == 0 {
                    self.part = Part::DataCr;
                }
                continue;
            }
            if self.part == Part::TrailerValue {
                // Bounded by the limit as if byte by byte, so that it does not matter in what pieces it comes.
                let room = bounds.fields.saturating_sub(self.length);
                let view = &bytes[..bytes.len().min(at.saturating_add(room))];
                let end = end_of_text(view, at.min(view.len()));
                self.length += end - at;
                at = end;
                if at == bytes.len() {
                    break;
                }
            }
            match self.step(bytes[at], bounds) {
                Some(part) => self.part = part,
                None => return Read::Malformed(at),
            }
            at += 1;
            if self.part == Part::End {
                return Read::Ended(at);
            }
        }
        Read::All
    }

    /// Takes one byte that is not data. `None`: it may not stand there.
    fn step(&mut self, byte: u8, bounds: &Bounds) -> Option<Part> {
        use Part::{
            Blank, Data, DataCr, DataLf, End, EndLf, Escaped, Name, NameBlank, NameStart, QuoteEnd,
            Quoted, Size, SizeLf, Start, Trailer, TrailerLf, TrailerName, TrailerValue, Value,
            ValueStart,
        };
        self.length += 1;
        let longest = match self.part {
            Trailer | TrailerName | TrailerValue | TrailerLf => bounds.fields,
            _ => MAX_LINE,
        };
        let at_end = matches!((self.part, byte), (Trailer, b'\r') | (EndLf, _));
        if self.length > longest && !at_end {
            return None;
        }
        Some(match (self.part, byte) {
            (Start | Size, b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') => {
                let digit = char::from(byte).to_digit(16)?;
                self.left = self.left.checked_mul(16)?.checked_add(u64::from(digit))?;
                Size
            }
            (Size | Name | Value | QuoteEnd, b'\r') => SizeLf,
            (Size | Blank | Name | NameBlank | Value | QuoteEnd, b';') => NameStart,
            (Size | Blank | Value | QuoteEnd, b' ' | b'\t') => Blank,
            (NameStart, b' ' | b'\t') => NameStart,
            (NameStart | Name, _) if is(byte, TOKEN) => Name,
            (Name | NameBlank, b' ' | b'\t') => NameBlank,
            (Name | NameBlank, b'=') => ValueStart,
            (ValueStart, b' ' | b'\t') => ValueStart,
            (ValueStart, b'"') => Quoted,
            (ValueStart | Value, _) if is(byte, TOKEN) => Value,
            (Quoted, b'"') => QuoteEnd,
            (Quoted, b'\\') => Escaped,
            (Quoted | Escaped, _) if byte == b'\t' || !byte.is_ascii_control() => Quoted,
            (SizeLf, b'\n') => {
                self.length = 0;
                if self.left == 0 { Trailer } else { Data }
            }
            (DataCr, b'\r') => DataLf,
            (DataLf, b'\n') => {
                self.length = 0;
                Start
            }
            (Trailer, b'\r') => EndLf,
            (Trailer, _) if is(byte, TOKEN) => {
                self.count += 1;
                if self.count > bounds.count {
                    return None;
                }
                TrailerName
            }
            (TrailerName, b':') => TrailerValue,
            (TrailerName, _) if is(byte, TOKEN) => TrailerName,
            (TrailerValue, b'\t') => TrailerValue,
            (TrailerValue, b'\r') => TrailerLf,
            (TrailerLf, b'\n') => Trailer,
            (EndLf, b'\n') => End,
            _ => return None,
        })
    }
}
