use std::fmt::Write;

/// Writes text of a client's, as nginx does: quotes, backslashes and all that is not visible ASCII as `\xHH`, and a
/// space as is said here. Nothing is `-`.
pub(in crate::access_log) fn escape(line: &mut String, text: &[u8], space: &str) {
    if text.is_empty() {
        line.push('-');
    }
    for byte in text {
        match byte {
            b' ' => line.push_str(space),
            b'"' | b'\\' => hexadecimal(line, *byte),
            b'!'..=b'~' => line.push(char::from(*byte)),
            _ => hexadecimal(line, *byte),
        }
    }
}

fn hexadecimal(line: &mut String, byte: u8) {
    // Writing to a string cannot fail.
    let _ = write!(line, "\\x{byte:02X}");
}
