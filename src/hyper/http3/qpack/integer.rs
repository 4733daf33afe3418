//! Integers with a prefix; RFC 7541, section 5.1, and RFC 9204, section 4.1.1.

use bytes::{BufMut, BytesMut};

/// Returns the integer that begins with the low `bits` of the first byte, and how many bytes it takes.
/// `None` if it does not end, or is larger than anything here can be.
pub(in crate::hyper::http3) fn read(bytes: &[u8], bits: u32) -> Option<(usize, usize)> {
    let mask = (1_u8 << bits) - 1;
    let first = bytes.first()? & mask;
    if first < mask {
        return Some((usize::from(first), 1));
    }
    let mut value = u64::from(mask);
    for (at, byte) in bytes.iter().enumerate().skip(1).take(4) {
        value += u64::from(byte & 0x7f) << (7 * (at - 1));
        if byte & 0x80 == 0 {
            return Some((usize::try_from(value).ok()?, at + 1));
        }
    }
    None
}

/// Writes an integer below the bits of `flags`.
pub(super) fn write(value: usize, bits: u32, flags: u8, out: &mut BytesMut) {
    let mask = (1_usize << bits) - 1;
    if value < mask {
        out.put_u8(flags | value as u8);
        return;
    }
    out.put_u8(flags | mask as u8);
    let mut rest = value - mask;
    while rest >= 0x80 {
        out.put_u8(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.put_u8(rest as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_rfc_are_read() {
        assert_eq!(read(&[0b1110_1010], 5), Some((10, 1)));
        assert_eq!(
            read(&[0b0001_1111, 0b1001_1010, 0b0000_1010], 5),
            Some((1337, 3))
        );
        assert_eq!(read(&[42], 7), Some((42, 1)));
    }

    #[test]
    fn what_does_not_end_or_is_absurd_is_none() {
        assert_eq!(read(&[], 5), None);
        assert_eq!(read(&[0x1f], 5), None);
        assert_eq!(read(&[0x1f, 0x80], 5), None);
        assert_eq!(read(&[0xff; 16], 7), None);
    }

    #[test]
    fn what_is_written_is_read() {
        for bits in 3..8 {
            for value in [
                0, 1, 6, 7, 30, 31, 126, 127, 128, 254, 255, 256, 16_383, 1_000_000,
            ] {
                let mut out = BytesMut::new();
                write(value, bits, 0, &mut out);
                assert_eq!(read(&out, bits), Some((value, out.len())));
            }
        }
    }
}
