//! Sections of fields that are sent.

use bytes::{BufMut, Bytes, BytesMut};

use super::{integer, static_table};

/// A section of fields in the making.
pub(in crate::hyper::http3) struct Section {
    bytes: BytesMut,
    size: u64,
}

impl Section {
    pub(in crate::hyper::http3) fn new() -> Self {
        let mut bytes = BytesMut::with_capacity(256);
        // Nothing inserted, and a base of 0.
        bytes.put_slice(&[0, 0]);
        Self { bytes, size: 0 }
    }

    /// Adds a field, whose name is in lower case.
    pub(in crate::hyper::http3) fn add(&mut self, name: &str, value: &[u8]) {
        self.size += (name.len() + value.len() + 32) as u64;
        match static_table::find(name, value) {
            Some((index, true)) => return integer::write(index, 6, 0b1100_0000, &mut self.bytes),
            Some((index, false)) => integer::write(index, 4, 0b0101_0000, &mut self.bytes),
            None => {
                integer::write(name.len(), 3, 0b0010_0000, &mut self.bytes);
                self.bytes.put_slice(name.as_bytes());
            }
        }
        integer::write(value.len(), 7, 0, &mut self.bytes);
        self.bytes.put_slice(value);
    }

    /// Returns how large it is, as RFC 9114, section 4.2.2, counts.
    pub(in crate::hyper::http3) fn size(&self) -> u64 {
        self.size
    }

    pub(in crate::hyper::http3) fn finish(self) -> Bytes {
        self.bytes.freeze()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Failure, decode};
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let long = "v".repeat(5000);
        let fields = [
            (":status", "200"),
            (":status", "418"),
            ("content-type", "text/plain"),
            ("content-type", "text/x-odd"),
            ("x-own", ""),
            ("x-a-name-that-is-longer-than-its-prefix", &long),
        ];
        let mut section = Section::new();
        for (name, value) in fields {
            section.add(name, value.as_bytes());
        }
        let size = section.size();
        let mut read = Vec::new();
        let each = |name: Bytes, value: Bytes| {
            read.push((name, value));
            Ok::<_, ()>(())
        };
        let section = section.finish();
        assert_eq!(decode(&section, size as usize, each), Ok(()));
        let expected = fields.map(|(name, value)| {
            (
                Bytes::copy_from_slice(name.as_bytes()),
                Bytes::copy_from_slice(value.as_bytes()),
            )
        });
        assert_eq!(read, expected);
        let smaller = decode(&section, size as usize - 1, |_, _| Ok::<_, ()>(()));
        assert_eq!(smaller, Err(Failure::TooLarge));
    }
}
