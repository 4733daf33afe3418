use std::error::Error;
use std::fmt;

use http::{HeaderMap, HeaderValue, header};

/// Sub-protocols, the best first.
#[derive(Debug, Default)]
pub(super) struct Protocols(Vec<HeaderValue>);

impl Protocols {
    pub(super) fn new<P: AsRef<str>>(
        protocols: impl IntoIterator<Item = P>,
    ) -> Result<Self, InvalidProtocol> {
        let read = |protocol: P| {
            let protocol = protocol.as_ref();
            let value = HeaderValue::from_str(protocol).ok();
            value
                .filter(|value| is_token(value.as_bytes()))
                .ok_or_else(|| InvalidProtocol(protocol.into()))
        };
        protocols
            .into_iter()
            .map(read)
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Returns which of them the client is answered, if any; `None` if what it asks for is malformed.
    pub(super) fn choose(&self, headers: &HeaderMap) -> Option<Option<&HeaderValue>> {
        let asked = || {
            let fields = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).iter();
            let elements = fields.flat_map(|field| field.as_bytes().split(|byte| *byte == b','));
            let elements = elements.map(<[u8]>::trim_ascii);
            elements.filter(|element| !element.is_empty())
        };
        let well_formed = asked().all(is_token);
        let known = |protocol: &&HeaderValue| asked().any(|asked| asked == protocol.as_bytes());
        well_formed.then(|| self.0.iter().find(known))
    }
}

/// RFC 9110, section 5.6.2.
fn is_token(text: &[u8]) -> bool {
    let valid = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    !text.is_empty() && text.iter().all(valid)
}

/// A sub-protocol that is not a token; see [`WebSockets::with_protocols`](super::WebSockets::with_protocols).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidProtocol(Box<str>);

impl fmt::Display for InvalidProtocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` is no sub-protocol: it is made of letters, digits and !#$%&'*+-.^_`|~",
            self.0.escape_debug()
        )
    }
}

impl Error for InvalidProtocol {}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(asked: &[&'static str]) -> Option<Option<String>> {
        let ours = Protocols::new(["v2.chat", "v1.chat"]).unwrap();
        let mut headers = HeaderMap::new();
        for asked in asked {
            headers.append("sec-websocket-protocol", HeaderValue::from_static(asked));
        }
        let text = |value: &HeaderValue| value.to_str().unwrap().to_owned();
        ours.choose(&headers).map(|chosen| chosen.map(text))
    }

    #[test]
    fn the_server_likes_its_first_best_and_takes_what_is_asked_for() {
        let some = |protocol: &str| Some(Some(protocol.to_owned()));
        assert_eq!(chosen(&["v1.chat, v2.chat"]), some("v2.chat"));
        assert_eq!(chosen(&["mqtt", "other ,, v1.chat"]), some("v1.chat"));
        assert_eq!(chosen(&["V1.chat"]), Some(None), "case counts");
        assert_eq!(chosen(&["mqtt"]), Some(None));
        assert_eq!(chosen(&[]), Some(None));
        assert_eq!(chosen(&["v1.chat, a b"]), None);
        assert_eq!(chosen(&["v1.chat", "\"v2.chat\""]), None);
    }

    #[test]
    fn a_sub_protocol_of_ours_is_a_token() {
        for wrong in ["", "a b", "a,b", "é", "a\n"] {
            assert_eq!(
                Protocols::new(["fine", wrong]).unwrap_err(),
                InvalidProtocol(wrong.into())
            );
        }
    }
}
