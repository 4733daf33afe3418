//! CRC-32C (Castagnoli), which a header of version 2 may carry.

/// Bit by bit: a header has some hundred bytes, once a connection.
pub(super) fn crc32c(bytes: impl IntoIterator<Item = u8>) -> u32 {
    const POLYNOMIAL: u32 = 0x82F6_3B78;
    let mut sum = u32::MAX;
    for byte in bytes {
        sum ^= u32::from(byte);
        for _ in 0..8 {
            let carries = sum & 1 == 1;
            sum >>= 1;
            if carries {
                sum ^= POLYNOMIAL;
            }
        }
    }
    !sum
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_sums_are_those_of_rfc_3720() {
        // Appendix B.4.
        assert_eq!(super::crc32c([0; 32]), 0x8A91_36AA);
        assert_eq!(super::crc32c([0xFF; 32]), 0x62A8_AB43);
        assert_eq!(super::crc32c(0..32), 0x46DD_794E);
    }
}
