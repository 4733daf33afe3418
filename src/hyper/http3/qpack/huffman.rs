//! The Huffman code of HPACK, which QPACK shares; RFC 7541, section 5.2 and appendix B.

/// How many bits each byte takes. The code is canonical: the codes of one length follow one another in the
/// order of their bytes, so the lengths say all.
static LENGTHS: [u8; 256] = [
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28,
    28, 28, 28, 28, 28, 28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5,
    5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10, 13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
    7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6, 15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6,
    6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23, 22,
    23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22,
    21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20,
    22, 22, 22, 23, 22, 22, 23, 26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19,
    21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23, 22,
    22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
];

const LONGEST: usize = 30;

/// The codes, by their length.
struct Code {
    /// The first code of each length.
    first: [u32; LONGEST + 1],
    /// How many codes of each length there are.
    count: [u32; LONGEST + 1],
    /// Where the bytes of each length begin in `bytes`.
    start: [u32; LONGEST + 1],
    /// The bytes, by length and then by value.
    bytes: [u8; 256],
}

static CODE: Code = build();

const fn build() -> Code {
    let mut built = Code {
        first: [0; LONGEST + 1],
        count: [0; LONGEST + 1],
        start: [0; LONGEST + 1],
        bytes: [0; 256],
    };
    let (mut code, mut next, mut length) = (0, 0, 1);
    while length <= LONGEST {
        code <<= 1;
        built.first[length] = code;
        built.start[length] = next;
        let mut byte = 0;
        while byte < 256 {
            if LENGTHS[byte] as usize == length {
                built.bytes[next as usize] = byte as u8;
                next += 1;
                built.count[length] += 1;
                code += 1;
            }
            byte += 1;
        }
        length += 1;
    }
    built
}

/// Decodes a text; `None` if it is none: an unknown code, or an end that is not the begin of the longest.
pub(super) fn decode(coded: &[u8]) -> Option<Vec<u8>> {
    // The shortest code has 5 bits.
    let mut decoded = Vec::with_capacity(coded.len() * 8 / 5);
    let (mut code, mut length) = (0_u32, 0_usize);
    for byte in coded {
        for bit in (0..8).rev() {
            code = code << 1 | u32::from(byte >> bit & 1);
            length += 1;
            if length > LONGEST {
                return None;
            }
            let ordinal = code.wrapping_sub(CODE.first[length]);
            if ordinal < CODE.count[length] {
                decoded.push(CODE.bytes[(CODE.start[length] + ordinal) as usize]);
                (code, length) = (0, 0);
            }
        }
    }
    let padding = (1_u32 << length) - 1;
    (length < 8 && code == padding).then_some(decoded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_rfc_are_read() {
        for (coded, text) in [
            ("f1e3c2e5f23a6ba0ab90f4ff", "www.example.com"),
            ("a8eb10649cbf", "no-cache"),
            ("25a849e95bb8e8b4bf", "custom-value"),
            (
                "d07abe941054d444a8200595040b8166e082a62d1bff",
                "Mon, 21 Oct 2013 20:13:21 GMT",
            ),
            ("", ""),
        ] {
            let coded: Vec<u8> = (0..coded.len())
                .step_by(2)
                .filter_map(|at| u8::from_str_radix(&coded[at..at + 2], 16).ok())
                .collect();
            assert_eq!(decode(&coded).as_deref(), Some(text.as_bytes()));
        }
    }

    #[test]
    fn a_wrong_end_and_the_end_of_text_are_refused() {
        assert_eq!(decode(&[0xff]), None, "8 bits of padding");
        assert_eq!(decode(&[0b0001_1000]), None, "padding of zeros");
        assert_eq!(decode(&[0xff; 4]), None, "the code of the end");
        assert_eq!(decode(&[0b0001_1111]).as_deref(), Some(&b"a"[..]));
    }
}
