use bytes::{Buf, Bytes, BytesMut};
use transom::features::ServerVariables;

use crate::environment::{Refusal, Rules, Variables};

/// How long the head of a packet is: a modifier, the length of what follows, and another modifier.
const HEAD: usize = 4;

/// Takes the variables of a request off the front of what was read, once they are all there.
///
/// All numbers but the modifiers have two bytes, the lower one first.
pub(crate) fn parse(
    read: &mut BytesMut,
    rules: &Rules,
) -> Result<Option<ServerVariables>, Refusal> {
    match read.first() {
        Some(0) => {}
        Some(modifier) => {
            return Err(Refusal::malformed(format!(
                "this is not a request of uwsgi: the first modifier is {modifier}, and should be 0"
            )));
        }
        None => return Ok(None),
    }
    let Some(&[_, low, high, _]) = read.first_chunk::<HEAD>() else {
        return Ok(None);
    };
    let length = usize::from(u16::from_le_bytes([low, high]));
    if read.len() < HEAD + length {
        return Ok(None);
    }
    read.advance(HEAD);
    let mut block = read.split_to(length).freeze();
    let mut variables = Variables::new(rules);
    while !block.is_empty() {
        let (Some(name), Some(value)) = (take(&mut block), take(&mut block)) else {
            return Err(Refusal::malformed(
                "a variable goes beyond the end of its packet",
            ));
        };
        variables.push(name, value)?;
    }
    variables.finish().map(Some)
}

/// Takes a text with its length before it.
fn take(block: &mut Bytes) -> Option<Bytes> {
    let length = usize::from(block.try_get_u16_le().ok()?);
    (length <= block.len()).then(|| block.split_to(length))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn of(bytes: &[u8]) -> Result<Option<ServerVariables>, String> {
        let mut read = BytesMut::from(bytes);
        parse(&mut read, &Rules::default()).map_err(|refusal| refusal.to_string())
    }

    const REQUEST: &[u8] = b"\0\x0d\0\0\x01\0A\x01\x001\x01\0B\x02\0\xff\xfehello";

    const REQUEST_LIKE: &[u8] = b"\x00I\x00\x00\x0e\x00REQUEST_METHOD\x03\x00PUT\x0b\x00REQUEST_URI\x08\x00/a%2Fb?c\x09\x00HTTP_HOST\x01\x00h\x0a\x00HTTP_PROXY\x01\x00pbody";

    #[test]
    fn a_request_is_read_when_all_of_it_is_there() {
        for end in 0..REQUEST.len() - 5 {
            assert!(of(&REQUEST[..end]).unwrap().is_none(), "{end}");
        }
        let mut read = BytesMut::from(REQUEST);
        let variables = parse(&mut read, &Rules::default()).unwrap().unwrap();
        assert_eq!(variables.text("A"), Some("1"));
        assert_eq!(variables.get("B").unwrap(), &b"\xff\xfe"[..]);
        assert_eq!(&read[..], b"hello");
    }

    #[test]
    fn a_packet_may_be_empty() {
        assert!(of(b"\0\0\0\0").unwrap().unwrap().is_empty());
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (bytes, expected) in [
            (
                &b"GET /"[..],
                "this is not a request of uwsgi: the first modifier is 71",
            ),
            (
                b"\x05",
                "this is not a request of uwsgi: the first modifier is 5",
            ),
            (b"\0\x01\0\0\x01", "a variable goes beyond"),
            (b"\0\x03\0\0\x02\0A", "a variable goes beyond"),
            (b"\0\x03\0\0\x01\0A", "a variable goes beyond"),
            (b"\0\x05\0\0\x01\0A\xff\xff", "a variable goes beyond"),
            (b"\0\x04\0\0\0\0\0\0", "a variable has no name"),
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
