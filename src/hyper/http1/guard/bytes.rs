//! Which bytes may stand where, and how they are skipped.

/// A byte of a token; RFC 9110, section 5.6.2.
pub(super) const TOKEN: u8 = 1;
/// A byte of a request's target. The printable ones that browsers send although no URI has them are among
/// them; they end no target and mean nothing in a path.
pub(super) const TARGET: u8 = 2;
/// One of them that hyper takes everywhere; the others it takes in a path alone, or in a query alone.
pub(super) const PLAIN: u8 = 4;
/// A byte of a registered name that needs no escape; RFC 3986, section 3.2.2.
pub(super) const NAME: u8 = 8;

/// What each byte may be part of.
pub(super) static CLASS: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0x21_u8;
    while byte < 0x7F {
        let mut class = match byte {
            b'#' | b'<' | b'>' => 0,
            b'"' | b'`' => TARGET,
            _ => TARGET | PLAIN,
        };
        if byte.is_ascii_alphanumeric() {
            class |= TOKEN | NAME;
        }
        if is_one_of(byte, b"!#$%&'*+-.^_`|~") {
            class |= TOKEN;
        }
        if is_one_of(byte, b"-._~!$&'()*+,;=") {
            class |= NAME;
        }
        table[byte as usize] = class;
        byte += 1;
    }
    table
};

const fn is_one_of(byte: u8, set: &[u8]) -> bool {
    let mut index = 0;
    while index < set.len() {
        if set[index] == byte {
            return true;
        }
        index += 1;
    }
    false
}

#[inline]
pub(super) fn is(byte: u8, class: u8) -> bool {
    CLASS[usize::from(byte)] & class != 0
}

/// Returns where the bytes of a class end, from `start` on.
#[inline]
pub(super) fn end_of(class: u8, bytes: &[u8], start: usize) -> usize {
    let rest = &bytes[start..];
    rest.iter()
        .position(|byte| !is(*byte, class))
        .map_or(bytes.len(), |length| start + length)
}

/// Returns where the text of a value ends, from `start` on: at the first control character, be it a tab.
#[inline]
pub(super) fn end_of_text(bytes: &[u8], start: usize) -> usize {
    const ONES: u64 = u64::MAX / 0xFF;
    const HIGH: u64 = ONES * 0x80;
    let mut at = start;
    let (words, rest) = bytes[start..].as_chunks::<8>();
    for word in words {
        // A byte's top bit is set for a control character. What a borrow sets too lies above one that is.
        let word = u64::from_le_bytes(*word);
        let low = word.wrapping_sub(ONES * 0x20) & !word;
        let delete = word ^ (ONES * 0x7F);
        let delete = delete.wrapping_sub(ONES) & !delete;
        let found = (low | delete) & HIGH;
        if found != 0 {
            return at + (found.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    rest.iter()
        .position(|byte| byte.is_ascii_control())
        .map_or(bytes.len(), |length| at + length)
}

/// Returns a value without the blanks around it; RFC 9110, section 5.5.
#[inline]
pub(super) fn trim(mut value: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = value {
        value = rest;
    }
    while let [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_ends_at_a_control_character_wherever_it_stands() {
        for length in 0..40 {
            for at in 0..=length {
                for byte in 0..=u8::MAX {
                    let mut bytes = vec![b'a'; length];
                    bytes.extend(b"\xFF~ \x80");
                    let ends = byte.is_ascii_control();
                    bytes.insert(at, byte);
                    let end = if ends { at } else { bytes.len() };
                    assert_eq!(end_of_text(&bytes, 0), end, "{byte} at {at} of {length}");
                }
            }
        }
    }

    #[test]
    fn tokens_and_names_are_those_of_their_grammar() {
        let of = |class| -> String {
            let bytes = (0..=u8::MAX).filter(|byte| is(*byte, class));
            bytes.map(char::from).collect()
        };
        let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
        let small = letters.to_ascii_lowercase();
        assert_eq!(
            of(TOKEN),
            format!("!#$%&'*+-.0123456789{letters}^_`{small}|~")
        );
        assert_eq!(
            of(NAME),
            format!("!$&'()*+,-.0123456789;={letters}_{small}~")
        );
        let special: String = (of(TARGET).chars())
            .filter(|byte| !of(PLAIN).contains(*byte))
            .collect();
        assert_eq!(special, "\"`");
        assert_eq!(of(TARGET).len(), 94 - 3);
    }
}
