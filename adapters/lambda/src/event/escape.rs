/// Appends a text, with every byte escaped that is not legal where it goes; RFC 3986, section 2.1.
pub(super) fn push(out: &mut String, text: &str, legal: impl Fn(u8) -> bool) {
    const DIGITS: [char; 16] = [
        '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F',
    ];
    for byte in text.bytes() {
        if byte.is_ascii() && legal(byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(DIGITS[usize::from(byte >> 4)]);
            out.push(DIGITS[usize::from(byte & 15)]);
        }
    }
}

/// Escapes each `%` that begins no escape.
pub(super) fn escape_lone_percents(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = String::with_capacity(text.len());
    for (at, char) in text.char_indices() {
        let digits = bytes.get(at + 1..at + 3);
        let begins = digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        match char {
            '%' if !begins => out.push_str("%25"),
            char => out.push(char),
        }
    }
    out
}

/// What a path may have as it is. More than RFC 3986 allows: what a client sent and the front let pass stays.
pub(super) fn is_of_path(byte: u8) -> bool {
    byte.is_ascii_graphic() && !b"?#<>`".contains(&byte)
}

/// What a query may have as it is.
pub(super) fn is_of_query(byte: u8) -> bool {
    byte.is_ascii_graphic() && !b"#<>\"".contains(&byte)
}

/// What a name or a value of a query may have that was unescaped: no sign that means something there.
pub(super) fn is_of_parameter(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$'()*,/:;?@".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_legal_stays_and_the_rest_is_escaped() {
        let escaped = |text: &str, legal: fn(u8) -> bool| {
            let mut out = String::new();
            push(&mut out, text, legal);
            out
        };
        assert_eq!(escaped("/a%2Fb{c}|\\", is_of_path), "/a%2Fb{c}|\\");
        assert_eq!(
            escaped("/a b?c#d\u{e9}\0", is_of_path),
            "/a%20b%3Fc%23d%C3%A9%00"
        );
        assert_eq!(escaped("a=b&c=%zz?`", is_of_query), "a=b&c=%zz?`");
        assert_eq!(
            escaped("a&b=c+d%20 é", is_of_parameter),
            "a%26b%3Dc%2Bd%2520%20%C3%A9"
        );
    }

    #[test]
    fn a_percent_sign_that_begins_no_escape_is_one_that_was_unescaped() {
        assert_eq!(
            escape_lone_percents("/100%/%41%4/é%"),
            "/100%25/%41%254/é%25"
        );
    }
}
