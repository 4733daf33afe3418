//! The integers of QUIC; RFC 9000, section 16.

use bytes::{BufMut, BytesMut};

/// Returns how many bytes an integer has that begins with this one.
pub(super) fn length(first: u8) -> usize {
    1 << (first >> 6)
}

/// Returns the integer at the begin of `bytes`, and how many of them it takes; `None` if it is cut off.
pub(super) fn read(bytes: &[u8]) -> Option<(u64, usize)> {
    let length = length(*bytes.first()?);
    let (first, rest) = bytes.get(..length)?.split_first()?;
    let begin = u64::from(first & 0x3f);
    let value = rest
        .iter()
        .fold(begin, |value, byte| value << 8 | u64::from(*byte));
    Some((value, length))
}

/// Writes an integer, which is below 2^62.
pub(super) fn write(value: u64, out: &mut BytesMut) {
    match value {
        0..0x40 => out.put_u8(value as u8),
        0x40..0x4000 => out.put_u16(value as u16 | 0x4000),
        0x4000..0x4000_0000 => out.put_u32(value as u32 | 0x8000_0000),
        _ => out.put_u64(value | 0xc000_0000_0000_0000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_rfc_are_read() {
        for (bytes, value) in [
            (
                &[0xc2, 0x19, 0x7c, 0x5e, 0xff, 0x14, 0xe8, 0x8c][..],
                151_288_809_941_952_652,
            ),
            (&[0x9d, 0x7f, 0x3e, 0x7d], 494_878_333),
            (&[0x7b, 0xbd], 15_293),
            (&[0x25], 37),
            (&[0x40, 0x25], 37),
        ] {
            assert_eq!(read(bytes), Some((value, bytes.len())));
            assert_eq!(read(&bytes[..bytes.len() - 1]), None);
        }
    }

    #[test]
    fn what_is_written_is_read() {
        for value in [
            0,
            63,
            64,
            16_383,
            16_384,
            (1 << 30) - 1,
            1 << 30,
            (1 << 62) - 1,
        ] {
            let mut out = BytesMut::new();
            write(value, &mut out);
            assert_eq!(read(&out), Some((value, out.len())));
        }
    }
}
