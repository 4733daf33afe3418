//! What is told of a request behind its fields.

use bytes::{BufMut, Bytes, BytesMut};

use super::codes::attribute;
use super::cursor::Cursor;
use crate::environment::{Refusal, Variables};

/// What of it is no variable, or not by itself.
#[derive(Debug, Default)]
pub(super) struct Attributes {
    pub(super) secret: Option<Bytes>,
    pub(super) query: Option<Bytes>,
    pub(super) method: Option<Bytes>,
}

impl Attributes {
    /// Reads them all, and adds those to the variables that are such.
    pub(super) fn read(from: &mut Cursor, to: &mut Variables) -> Result<Self, Refusal> {
        let mut attributes = Self::default();
        loop {
            let variable = match from.byte()? {
                attribute::DONE => return Ok(attributes),
                attribute::SECRET => {
                    once(&mut attributes.secret, from.text()?, "secret")?;
                    continue;
                }
                attribute::QUERY_STRING => {
                    once(&mut attributes.query, from.text()?, "query")?;
                    continue;
                }
                attribute::STORED_METHOD => {
                    once(&mut attributes.method, from.text()?, "method")?;
                    continue;
                }
                attribute::NAMED => {
                    let name = from.present("name of an attribute")?;
                    push(to, named(&name), from.text()?)?;
                    continue;
                }
                attribute::SSL_KEY_SIZE => {
                    let size = from.number()?.to_string();
                    push(to, "SSL_CIPHER_USEKEYSIZE".into(), Some(size.into()))?;
                    continue;
                }
                attribute::CONTEXT => "AJP_CONTEXT",
                attribute::SERVLET_PATH => "AJP_SERVLET_PATH",
                attribute::REMOTE_USER => "REMOTE_USER",
                attribute::AUTH_TYPE => "AUTH_TYPE",
                attribute::ROUTE => "AJP_ROUTE",
                attribute::SSL_CERT => "SSL_CLIENT_CERT",
                attribute::SSL_CIPHER => "SSL_CIPHER",
                attribute::SSL_SESSION => "SSL_SESSION_ID",
                // How long it is nobody knows, and so nothing of what follows.
                number => {
                    return Err(Refusal::malformed(format!(
                        "there is no attribute {number} in AJP"
                    )));
                }
            };
            push(to, variable.into(), from.text()?)?;
        }
    }
}

/// Returns the variable of an attribute that has a name: what means something here as CGI calls it, and any other
/// under a name by which nothing is decided.
fn named(name: &[u8]) -> Bytes {
    let known = KNOWN.iter().find(|(known, _)| known.as_bytes() == name);
    match known {
        Some((_, variable)) => Bytes::from_static(variable.as_bytes()),
        None => {
            let mut variable = BytesMut::from(&b"AJP_"[..]);
            variable.put_slice(name);
            variable.freeze()
        }
    }
}

/// The first three have these names wherever AJP is spoken; the others are for somebody to set who wants them.
const KNOWN: [(&str, &str); 5] = [
    ("AJP_REMOTE_PORT", "REMOTE_PORT"),
    ("AJP_LOCAL_ADDR", "SERVER_ADDR"),
    ("AJP_SSL_PROTOCOL", "SSL_PROTOCOL"),
    ("SSL_CLIENT_VERIFY", "SSL_CLIENT_VERIFY"),
    ("SCRIPT_NAME", "SCRIPT_NAME"),
];

fn push(to: &mut Variables, name: Bytes, value: Option<Bytes>) -> Result<(), Refusal> {
    match value {
        Some(value) => to.push(name, value),
        None => Ok(()),
    }
}

/// Two of what decides of a request are a way to smuggle one.
fn once(place: &mut Option<Bytes>, value: Option<Bytes>, what: &str) -> Result<(), Refusal> {
    if place.is_some() {
        return Err(Refusal::malformed(format!(
            "there are two attributes `{what}`"
        )));
    }
    *place = value;
    Ok(())
}
