use std::borrow::Cow;
use std::pin::Pin;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use transom::adapter::ResponseBody;

use super::LARGEST;
use crate::runtime_api::Problem;

/// Reads a body to its end.
///
/// # Errors
///
/// It broke off, or is more than AWS Lambda takes at once.
pub(crate) async fn collect(mut body: ResponseBody) -> Result<Bytes, Problem> {
    let mut all = Collected::None;
    while let Some(frame) = Pin::new(&mut body).frame().await {
        let frame = frame.map_err(|error| Problem::caused("Response.BrokeOff", &error))?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        if all.len() + data.len() > LARGEST {
            return Err(too_large());
        }
        all.push(data);
    }
    Ok(all.into_bytes())
}

pub(crate) fn too_large() -> Problem {
    Problem::new(
        "Response.TooLarge",
        "the response has more than the 6 MB that AWS Lambda takes at once; answer with less, or stream: \
         `LambdaServer::with_response_streaming`, and `RESPONSE_STREAM` as the invoke mode of the function URL; or \
         `with_rest_response_streaming`, and `STREAM` as the response transfer mode of the REST API",
    )
}

/// One piece is not copied.
enum Collected {
    None,
    One(Bytes),
    Many(BytesMut),
}

impl Collected {
    fn len(&self) -> usize {
        match self {
            Self::None => 0,
            Self::One(one) => one.len(),
            Self::Many(many) => many.len(),
        }
    }

    fn push(&mut self, data: Bytes) {
        *self = match std::mem::replace(self, Self::None) {
            Self::None => Self::One(data),
            Self::One(one) => {
                let mut many = BytesMut::with_capacity((one.len() + data.len()) * 2);
                many.extend_from_slice(&one);
                many.extend_from_slice(&data);
                Self::Many(many)
            }
            Self::Many(mut many) => {
                many.extend_from_slice(&data);
                Self::Many(many)
            }
        };
    }

    fn into_bytes(self) -> Bytes {
        match self {
            Self::None => Bytes::new(),
            Self::One(one) => one,
            Self::Many(many) => many.freeze(),
        }
    }
}

/// Returns a content as JSON can have it, and whether that is base64.
///
/// It is text if it can be: whatever its type and its coding are called, text arrives as the same bytes. So there
/// is no list of types to keep, and a REST API that is not told of binary media types loses nothing that is text.
pub(super) fn encode(content: &[u8]) -> (Cow<'_, str>, bool) {
    let is_text = |text: &&str| {
        let control = |byte: u8| byte.is_ascii_control() && !b"\t\n\r".contains(&byte);
        !text.bytes().any(control)
    };
    match std::str::from_utf8(content).ok().filter(is_text) {
        Some(text) => (Cow::Borrowed(text), false),
        None => (Cow::Owned(STANDARD.encode(content)), true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_text_is_text() {
        assert_eq!(
            encode(b"a\r\n\"b\"\t\xc3\xa9"),
            ("a\r\n\"b\"\té".into(), false)
        );
        assert_eq!(encode(b"\xff"), ("/w==".into(), true));
        assert_eq!(encode(b"a\0"), ("YQA=".into(), true));
        assert_eq!(encode(b""), ("".into(), false));
    }
}
