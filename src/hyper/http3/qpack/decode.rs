//! Sections of fields that a peer sends.

use bytes::Bytes;

use super::static_table::TABLE;
use super::{huffman, integer};

/// Why a section is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::hyper::http3) enum Failure<E> {
    /// It is none, or refers to the table that there is not: an error of the connection.
    Broken,
    /// It is larger than the limit, as RFC 9114, section 4.2.2, counts.
    TooLarge,
    /// The caller does not want the field.
    Refused(E),
}

/// What RFC 9114, section 4.2.2, adds to the size of each field.
const OVERHEAD: usize = 32;

/// Reads a section, and hands each field over by its name and its value.
///
/// # Errors
///
/// What is wrong; `each`'s error ends the reading.
pub(in crate::hyper::http3) fn decode<E>(
    section: &Bytes,
    limit: usize,
    mut each: impl FnMut(Bytes, Bytes) -> Result<(), E>,
) -> Result<(), Failure<E>> {
    let mut reader = Reader { section, at: 0 };
    reader.prefix().ok_or(Failure::Broken)?;
    let mut size = 0_usize;
    while reader.at < section.len() {
        let (name, value) = reader.field().ok_or(Failure::Broken)?;
        size += name.len() + value.len() + OVERHEAD;
        if size > limit {
            return Err(Failure::TooLarge);
        }
        each(name, value).map_err(Failure::Refused)?;
    }
    Ok(())
}

struct Reader<'a> {
    section: &'a Bytes,
    at: usize,
}

impl Reader<'_> {
    /// Reads the prefix of the section; RFC 9204, section 4.5.1.
    fn prefix(&mut self) -> Option<()> {
        let inserted = self.integer(8)?;
        let negative = self.peek()? & 0x80 != 0;
        self.integer(7)?;
        // Nothing was ever inserted, and a base cannot be below that.
        (inserted == 0 && !negative).then_some(())
    }

    /// Reads the line of a field; RFC 9204, sections 4.5.2 to 4.5.6.
    fn field(&mut self) -> Option<(Bytes, Bytes)> {
        let first = self.peek()?;
        if first & 0b1100_0000 == 0b1100_0000 {
            let (name, value) = TABLE.get(self.integer(6)?)?;
            return Some((fixed(name), fixed(value)));
        }
        if first & 0b1101_0000 == 0b0101_0000 {
            let (name, _) = TABLE.get(self.integer(4)?)?;
            return Some((fixed(name), self.text(7)?));
        }
        if first & 0b1110_0000 == 0b0010_0000 {
            let name = self.text(3)?;
            return Some((name, self.text(7)?));
        }
        // The others refer to the dynamic table.
        None
    }

    /// Reads a text, whose length has that many bits, and the bit before them tells whether it is coded.
    fn text(&mut self, bits: u32) -> Option<Bytes> {
        let coded = self.peek()? >> bits & 1 == 1;
        let length = self.integer(bits)?;
        let end = self.at.checked_add(length)?;
        let text = self.section.get(self.at..end)?;
        let text = match coded {
            true => huffman::decode(text)?.into(),
            false => self.section.slice_ref(text),
        };
        self.at = end;
        Some(text)
    }

    fn integer(&mut self, bits: u32) -> Option<usize> {
        let rest = self.section.get(self.at..)?;
        let (value, read) = match bits {
            // The one integer that has the whole byte is only ever 0 here.
            8 => (usize::from(*rest.first()?), 1),
            bits => integer::read(rest, bits)?,
        };
        self.at += read;
        Some(value)
    }

    fn peek(&self) -> Option<u8> {
        self.section.get(self.at).copied()
    }
}

fn fixed(text: &'static str) -> Bytes {
    Bytes::from_static(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(section: &[u8], limit: usize) -> Result<Vec<(Bytes, Bytes)>, Failure<()>> {
        let mut fields = Vec::new();
        let section = Bytes::copy_from_slice(section);
        decode(&section, limit, |name, value| {
            fields.push((name, value));
            Ok(())
        })?;
        Ok(fields)
    }

    #[test]
    fn each_kind_of_line_is_read() {
        let section = b"\x00\x00\xd1\x51\x0b/index.html\x22ab\x01c\x29\x1f\x81\x1f";
        let fields = read(section, 1000);
        let expected = [(":method", "GET"), (":path", "/index.html"), ("ab", "c")];
        let expected = expected.map(|(name, value)| (fixed(name), fixed(value)));
        assert_eq!(
            fields.as_deref().map(|fields| &fields[..3]),
            Ok(&expected[..])
        );
    }

    #[test]
    fn the_dynamic_table_and_what_is_cut_off_are_refused() {
        for section in [
            &b""[..],
            b"\x00",
            b"\x01\x00",         // something inserted
            b"\x00\x80",         // a base below zero
            b"\x00\x00\x80",     // indexed, dynamic
            b"\x00\x00\x40\x01", // named by it
            b"\x00\x00\x10",     // after the base
            b"\x00\x00\x00\x00",
            b"\x00\x00\xff\x24",     // index 99
            b"\x00\x00\x51\x0b/cut", // a value that is longer than the section
            b"\x00\x00\x51\xff\xff\xff\xff\xff\xff\xff\xff",
            b"\x00\x00\x51\x81\x00", // coded, and padded with zeros
        ] {
            assert_eq!(read(section, 1000), Err(Failure::Broken), "{section:?}");
        }
    }

    #[test]
    fn a_section_that_is_too_large_is_told_apart() {
        let section = b"\x00\x00\xd1\xd7\xc1";
        let size = (7 + 3) + (7 + 5) + (5 + 1) + 3 * OVERHEAD;
        assert_eq!(read(section, size).map(|fields| fields.len()), Ok(3));
        assert_eq!(read(section, size - 1), Err(Failure::TooLarge));
    }

    /// Whatever a peer sends, the reader ends and hands over no more than there is.
    #[test]
    fn no_bytes_break_the_reader() {
        let mut state = 0x2545_f491_4f6c_dd1d_u64;
        for _ in 0..50_000 {
            let mut section = vec![0, 0];
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            section.extend_from_slice(&state.to_be_bytes()[..(state % 9) as usize]);
            if let Ok(fields) = read(&section, 400) {
                let size: usize = fields
                    .iter()
                    .map(|(name, value)| name.len() + value.len() + OVERHEAD)
                    .sum();
                assert!(size <= 400);
            }
        }
    }
}
