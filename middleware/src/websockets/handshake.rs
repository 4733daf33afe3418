use std::error::Error;
use std::fmt;

use base64::Engine as _;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Version, header};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use transom::features::{ExtendedConnect, RequestExt, UpgradeError};
use transom::{Body, Response};

/// How a client opens a WebSocket.
#[derive(Debug)]
pub(super) enum Opening {
    /// By an upgrade of HTTP/1.1, whose key is answered with this; RFC 6455, section 4.2.
    Upgrade { accept: HeaderValue },
    /// By an extended CONNECT of HTTP/2 or HTTP/3; RFC 8441, section 5, and RFC 9220.
    Connect,
}

/// The one version there is.
const VERSION: HeaderValue = HeaderValue::from_static("13");
const WEBSOCKET: HeaderValue = HeaderValue::from_static("websocket");

/// Any 16 bytes, as RFC 4648, section 4, writes them. Clients that draw characters instead of bytes leave bits at
/// the end that stand for nothing.
const KEY: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical),
);

/// Reads the opening of a WebSocket.
pub(super) fn read<B>(request: &Request<B>) -> Result<Opening, HandshakeError> {
    let headers = request.headers();
    if let Some(connect) = request.feature::<ExtendedConnect>() {
        if connect.protocol() != "websocket" {
            return Err(Problem::OtherProtocol.into());
        }
        check_version(headers, false)?;
        return Ok(Opening::Connect);
    }
    if request.version() > Version::HTTP_11 {
        return Err(Problem::NotConnect.into());
    }
    if request.method() != Method::GET {
        return Err(Problem::Method.into());
    }
    if !lists(headers, header::UPGRADE, "websocket") {
        return Err(Problem::NotUpgrade.into());
    }
    if request.version() < Version::HTTP_11 || !lists(headers, header::CONNECTION, "upgrade") {
        return Err(Problem::Connection.into());
    }
    check_version(headers, true)?;
    let key = only(headers, header::SEC_WEBSOCKET_KEY);
    let accept = key.and_then(accept).ok_or(Problem::Key)?;
    Ok(Opening::Upgrade { accept })
}

impl Opening {
    /// Returns the response that opens it.
    pub(super) fn response(self, protocol: Option<HeaderValue>) -> Response {
        let mut response = Response::new(Body::empty());
        if let Some(protocol) = protocol {
            let field = header::SEC_WEBSOCKET_PROTOCOL;
            response.headers_mut().insert(field, protocol);
        }
        if let Self::Upgrade { accept } = self {
            *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
            let headers = response.headers_mut();
            headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
            headers.insert(header::UPGRADE, WEBSOCKET);
            headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
        }
        response
    }
}

fn check_version(headers: &HeaderMap, upgrade: bool) -> Result<(), Problem> {
    match only(headers, header::SEC_WEBSOCKET_VERSION) {
        Some(version) if version == VERSION => Ok(()),
        _ => Err(Problem::Version { upgrade }),
    }
}

fn accept(key: &HeaderValue) -> Option<HeaderValue> {
    let key = key.as_bytes();
    let nonce = KEY.decode(key).ok()?;
    let accept = HeaderValue::try_from(derive_accept_key(key)).ok()?;
    (nonce.len() == 16).then_some(accept)
}

/// Returns the value of a field that must stand there once.
fn only(headers: &HeaderMap, field: HeaderName) -> Option<&HeaderValue> {
    let mut values = headers.get_all(field).iter();
    values.next().filter(|_| values.next().is_none())
}

fn lists(headers: &HeaderMap, field: HeaderName, element: &str) -> bool {
    let values = headers.get_all(field);
    let mut elements = values
        .iter()
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    elements.any(|found| found.trim_ascii().eq_ignore_ascii_case(element.as_bytes()))
}

/// Why a request opens no WebSocket; see [`WebSockets::accept`](super::WebSockets::accept).
#[derive(Debug)]
pub struct HandshakeError(Problem);

#[derive(Debug)]
enum Problem {
    Method,
    NotUpgrade,
    NotConnect,
    OtherProtocol,
    Connection,
    Version { upgrade: bool },
    Key,
    Protocols,
    Origin,
    Unsupported,
    NotUpgraded(UpgradeError),
}

impl HandshakeError {
    pub(super) fn origin() -> Self {
        Self(Problem::Origin)
    }

    pub(super) fn protocols() -> Self {
        Self(Problem::Protocols)
    }

    pub(super) fn unsupported() -> Self {
        Self(Problem::Unsupported)
    }

    pub(super) fn not_upgraded(error: UpgradeError) -> Self {
        Self(Problem::NotUpgraded(error))
    }

    /// Returns the status that says so:
    ///
    /// | status | problem |
    /// |---|---|
    /// | 400 | a field of the handshake is missing or malformed; over HTTP/2 and HTTP/3: no extended CONNECT, or another version of the WebSocket protocol than 13 |
    /// | 403 | the page is of an origin that is not allowed |
    /// | 405 | another method than GET, over HTTP/1.1 |
    /// | 426 | no upgrade to `websocket` is asked for, or not with version 13 |
    /// | 500 | the connection was taken before |
    /// | 501 | another protocol than `websocket` is asked for in a CONNECT; or the server does not hand its connection over |
    /// | 503 | the server has as many upgraded connections as it may have |
    pub fn status(&self) -> StatusCode {
        match &self.0 {
            Problem::NotConnect
            | Problem::Connection
            | Problem::Version { upgrade: false }
            | Problem::Key
            | Problem::Protocols => StatusCode::BAD_REQUEST,
            Problem::Origin => StatusCode::FORBIDDEN,
            Problem::Method => StatusCode::METHOD_NOT_ALLOWED,
            Problem::NotUpgrade | Problem::Version { upgrade: true } => {
                StatusCode::UPGRADE_REQUIRED
            }
            Problem::NotUpgraded(error) if error.is_too_many() => StatusCode::SERVICE_UNAVAILABLE,
            Problem::NotUpgraded(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Problem::OtherProtocol | Problem::Unsupported => StatusCode::NOT_IMPLEMENTED,
        }
    }

    /// Returns what the client is told: the status, a line of text that says what is wrong, and the fields that say what
    /// would be right.
    pub fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(format!("{self}\n")));
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        let text = HeaderValue::from_static("text/plain; charset=utf-8");
        headers.insert(header::CONTENT_TYPE, text);
        match self.0 {
            Problem::Method => {
                headers.insert(header::ALLOW, HeaderValue::from_static("GET"));
            }
            Problem::NotUpgrade | Problem::Version { upgrade: true } => {
                headers.insert(header::UPGRADE, WEBSOCKET);
                headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
                headers.insert(header::SEC_WEBSOCKET_VERSION, VERSION);
            }
            Problem::NotConnect | Problem::Version { upgrade: false } => {
                headers.insert(header::SEC_WEBSOCKET_VERSION, VERSION);
            }
            _ => {}
        }
        response
    }
}

impl From<Problem> for HandshakeError {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl From<HandshakeError> for Response {
    fn from(error: HandshakeError) -> Self {
        error.into_response()
    }
}

impl fmt::Display for HandshakeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.0 {
            Problem::Method => "a WebSocket is opened with GET",
            Problem::NotUpgrade => "this is a WebSocket: ask for an upgrade to `websocket`",
            Problem::NotConnect => {
                "this is a WebSocket: over HTTP/2 and HTTP/3 it is opened with an extended CONNECT"
            }
            Problem::OtherProtocol => "of extended CONNECT only `websocket` is spoken here",
            Problem::Connection => {
                "the field `Connection` of HTTP/1.1 has to say `Upgrade` for a WebSocket"
            }
            Problem::Version { .. } => "the field `Sec-WebSocket-Version` has to be 13",
            Problem::Key => "the field `Sec-WebSocket-Key` has to be 16 bytes in base64",
            Problem::Protocols => "the field `Sec-WebSocket-Protocol` has to be a list of tokens",
            Problem::Origin => "pages of this origin may not open a WebSocket here",
            Problem::Unsupported => "the server does not hand its connection over to a WebSocket",
            Problem::NotUpgraded(error) if error.is_too_many() => {
                "the server has as many WebSockets as it may have"
            }
            Problem::NotUpgraded(_) => "the connection was taken before",
        })
    }
}

impl Error for HandshakeError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.0 {
            Problem::NotUpgraded(error) => Some(error),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_16_bytes_in_base64() {
        // RFC 6455, section 1.3.
        let answer = accept(&HeaderValue::from_static("dGhlIHNhbXBsZSBub25jZQ==")).unwrap();
        assert_eq!(answer, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        let drawn = HeaderValue::from_static("abcdefghijklmnopqrstuv==");
        assert!(accept(&drawn).is_some());
        for wrong in [
            "",
            "dGhlIHNhbXBsZSBub25jZQ",
            "dGhlIHNhbXBsZSBub25jZQ=",
            "dGhlIHNhbXBsZSBub25j",
            "dGhlIHNhbXBsZSBub25jZSE=",
            "dGhlIHNhbXBsZSBub25jZS==, dGhlIHNhbXBsZSBub25jZQ==",
            "dGhlIHNhbXBsZSBub25j_Q==",
            "dGhlIHNhbXBsZSBub25jZQ== ",
        ] {
            assert!(
                accept(&HeaderValue::from_static(wrong)).is_none(),
                "{wrong}"
            );
        }
    }
}
