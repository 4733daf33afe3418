//! Lists of names and values; section 3.4 of the specification.

use bytes::{Buf, BufMut, Bytes, BytesMut};

/// Reads the names and values of a whole list, one after the other. Nothing is copied.
#[derive(Debug)]
pub(super) struct Pairs(pub(super) Bytes);

/// A list ends inside of a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Truncated;

impl Iterator for Pairs {
    type Item = Result<(Bytes, Bytes), Truncated>;

    fn next(&mut self) -> Option<Self::Item> {
        (!self.0.is_empty()).then(|| {
            let pair = self.pair();
            // What follows is not known to be a pair.
            pair.inspect_err(|_| self.0.clear())
        })
    }
}

impl Pairs {
    fn pair(&mut self) -> Result<(Bytes, Bytes), Truncated> {
        let name = self.length()?;
        let value = self.length()?;
        // Each is below 2^31, so that the sum fits even where a `usize` has 32 bits.
        if name + value > self.0.len() {
            return Err(Truncated);
        }
        Ok((self.0.split_to(name), self.0.split_to(value)))
    }

    /// One byte, or four if the first bit is set.
    fn length(&mut self) -> Result<usize, Truncated> {
        match self.0.first() {
            Some(0..=127) => Ok(usize::from(self.0.get_u8())),
            Some(_) if self.0.len() >= 4 => Ok((self.0.get_u32() & 0x7FFF_FFFF) as usize),
            _ => Err(Truncated),
        }
    }
}

/// Adds a pair to a list.
pub(super) fn write(into: &mut BytesMut, name: &str, value: &str) {
    for length in [name.len(), value.len()] {
        match u8::try_from(length) {
            Ok(short @ 0..=127) => into.put_u8(short),
            _ => into.put_u32(0x8000_0000 | u32::try_from(length).unwrap_or(u32::MAX)),
        }
    }
    into.put_slice(name.as_bytes());
    into.put_slice(value.as_bytes());
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn read(list: Bytes) -> Result<Vec<(Bytes, Bytes)>, Truncated> {
        Pairs(list).collect()
    }

    #[test]
    fn a_list_is_read_as_it_is_written() {
        let long = "v".repeat(70_000);
        let middle = "m".repeat(128);
        let mut list = BytesMut::new();
        for (name, value) in [("A", "1"), ("", ""), (&middle, "x"), ("LONG", &long)] {
            write(&mut list, name, value);
        }
        let pairs = read(list.freeze()).unwrap();
        assert_eq!(pairs.len(), 4);
        assert_eq!((&*pairs[0].0, &*pairs[0].1), (&b"A"[..], &b"1"[..]));
        assert!(pairs[1].0.is_empty() && pairs[1].1.is_empty());
        assert_eq!(pairs[2].0.len(), 128);
        assert_eq!(pairs[3].1.len(), 70_000);
    }

    #[test]
    fn a_list_that_ends_inside_of_a_pair_is_no_list() {
        let mut list = BytesMut::new();
        write(&mut list, "NAME", &"v".repeat(200));
        let list = list.freeze();
        for end in 1..list.len() {
            assert_eq!(read(list.slice(..end)), Err(Truncated), "{end} bytes");
        }
        assert_eq!(read(Bytes::from_static(&[0xFF; 8])), Err(Truncated));
        // And it is over.
        assert_eq!(Pairs(Bytes::from_static(&[9; 8])).count(), 1);
    }
}
