use bytes::{Buf, Bytes, BytesMut};
use transom::features::ServerVariables;

use crate::environment::{Refusal, Rules, Variables};

/// Takes the variables of a request off the front of what was read, once they are all there.
///
/// `45:NAME\0VALUE\0NAME\0VALUE\0,`, and then the body.
pub(crate) fn parse(
    read: &mut BytesMut,
    rules: &Rules,
) -> Result<Option<ServerVariables>, Refusal> {
    // Two bytes a variable are not of it.
    let max = rules.max_variables_size + 2 * rules.max_variables;
    let Some((digits, length)) = length(read)? else {
        return Ok(None);
    };
    if length > max {
        return Err(Refusal::too_large(format!(
            "the variables have more than {} bytes",
            rules.max_variables_size
        )));
    }
    match read.get(digits + 1 + length) {
        Some(b',') => {}
        Some(_) => return Err(Refusal::malformed("there is no `,` behind the variables")),
        None => return Ok(None),
    }
    read.advance(digits + 1);
    let block = read.split_to(length).freeze();
    read.advance(1);
    variables(block, rules).map(Some)
}

/// Returns how many digits there are before the colon, and what they say.
fn length(read: &[u8]) -> Result<Option<(usize, usize)>, Refusal> {
    let mut length = 0;
    for (at, byte) in read.iter().enumerate() {
        match byte {
            b'0'..=b'9' if at < DIGITS => length = length * 10 + usize::from(byte - b'0'),
            b'0'..=b'9' => return Err(Refusal::too_large("the variables are too long by far")),
            b':' if at > 0 => return Ok(Some((at, length))),
            _ => {
                return Err(Refusal::malformed(
                    "this is not SCGI: a request begins with the length of its variables and a `:`",
                ));
            }
        }
    }
    Ok(None)
}

/// Enough for whatever may be said.
const DIGITS: usize = 9;

fn variables(mut block: Bytes, rules: &Rules) -> Result<ServerVariables, Refusal> {
    let mut variables = Variables::new(rules);
    while !block.is_empty() {
        let (Some(name), Some(value)) = (take(&mut block), take(&mut block)) else {
            return Err(Refusal::malformed("a variable has no NUL behind it"));
        };
        variables.push(name, value)?;
    }
    let variables = variables.finish()?;
    match variables.text("SCGI") {
        Some("1") => Ok(variables),
        _ => Err(Refusal::malformed(
            "this is not SCGI: there is no variable `SCGI` that is `1`",
        )),
    }
}

/// Takes what is before the next NUL.
fn take(block: &mut Bytes) -> Option<Bytes> {
    let end = block.iter().position(|byte| *byte == 0)?;
    let taken = block.split_to(end);
    block.advance(1);
    Some(taken)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// With a `|` for each NUL.
    fn read(bytes: &[u8]) -> BytesMut {
        let nul = |byte: &u8| if *byte == b'|' { 0 } else { *byte };
        bytes.iter().map(nul).collect()
    }

    fn of(bytes: &[u8]) -> Result<Option<ServerVariables>, String> {
        parse(&mut read(bytes), &Rules::default()).map_err(|refusal| refusal.to_string())
    }

    const REQUEST: &[u8] = b"24:CONTENT_LENGTH|5|SCGI|1|,hello";

    const REQUEST_LIKE: &[u8] =
        b"72:SCGI\x001\x00REQUEST_METHOD\x00PUT\x00REQUEST_URI\x00/a%2Fb?c\x00HTTP_HOST\x00h\x00HTTP_PROXY\x00p\x00,body";

    #[test]
    fn a_request_is_read_when_all_of_it_is_there() {
        for end in 0..REQUEST.len() - 5 {
            assert!(of(&REQUEST[..end]).unwrap().is_none(), "{end}");
        }
        let mut read = read(REQUEST);
        let variables = parse(&mut read, &Rules::default()).unwrap().unwrap();
        assert_eq!(variables.text("CONTENT_LENGTH"), Some("5"));
        assert_eq!(variables.len(), 2);
        assert_eq!(&read[..], b"hello");
    }

    #[test]
    fn values_may_be_empty_and_any_bytes() {
        let variables = of(b"14:SCGI|1|A||B|\xff|,").unwrap().unwrap();
        assert_eq!(variables.get("A").unwrap(), "");
        assert_eq!(variables.get("B").unwrap(), &b"\xff"[..]);
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (bytes, expected) in [
            (&b"GET / HTTP/1.1\r\n"[..], "this is not SCGI"),
            (b":", "this is not SCGI"),
            (b"-1:", "this is not SCGI"),
            (b"0:,", "this is not SCGI: there is no variable"),
            (b"7:SCGI|2|,", "this is not SCGI: there is no variable"),
            (b"7:SCGI|1|;", "there is no `,`"),
            (b"6:SCGI|1,", "a variable has no NUL"),
            (b"9:SCGI|1|A|,", "a variable has no NUL"),
            (b"10:|1|SCGI|1|,", "a variable has no name"),
            (b"9999999:", "the variables have more than"),
            (b"9999999999", "the variables are too long"),
        ] {
            let error = of(bytes).unwrap_err();
            assert!(
                error.starts_with(expected),
                "{}: {error}",
                bytes.escape_ascii()
            );
        }
    }

    #[test]
    fn whatever_comes_is_read_alike_in_any_pieces() {
        crate::environment::invariants_hold_near(parse, REQUEST_LIKE);
    }
}
