//! A request.

use bytes::{BufMut, Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue};

use super::attributes::Attributes;
use super::codes;
use super::cursor::Cursor;
use super::framing::Framing;
use super::secret::Secret;
use crate::environment::{Arrival, Refusal, Rules, Variables, is_left_out};

/// A request as a web server forwards it, but for its body.
#[derive(Debug)]
pub(super) struct Forward {
    pub(super) arrival: Arrival,
    pub(super) framing: Framing,
    /// What follows the answer can be told from what may still come of this one.
    pub(super) keeps: bool,
}

impl Forward {
    /// Reads what follows the kind of the packet.
    ///
    /// # Errors
    ///
    /// Whoever sent it does not know the secret; or it is no request that an application may see.
    pub(super) fn read(
        mut from: Cursor,
        rules: &Rules,
        secret: Option<&Secret>,
    ) -> Result<Self, Refusal> {
        let mut variables = Variables::new(rules);
        let method = from.byte()?;
        let protocol = from.present("protocol")?;
        let path = from.present("target")?;
        for name in ["REMOTE_ADDR", "REMOTE_HOST", "SERVER_NAME"] {
            if let Some(text) = from.text()? {
                variables.push(name.into(), text)?;
            }
        }
        let port = from.number()?.to_string();
        variables.push("SERVER_PORT".into(), port.into())?;
        if from.flag()? {
            variables.push("HTTPS".into(), "on".into())?;
        }
        let fields = read_fields(&mut from, &mut variables)?;
        let attributes = Attributes::read(&mut from, &mut variables)?;
        check(secret, attributes.secret.as_deref())?;

        let method = match method {
            codes::STORED_METHOD => attributes.method,
            number => codes::method(number).map(Bytes::from),
        };
        let method = method.ok_or_else(|| Refusal::malformed("there is no method"))?;
        variables.push("REQUEST_METHOD".into(), method)?;
        variables.push("SERVER_PROTOCOL".into(), protocol)?;
        variables.push(
            "REQUEST_URI".into(),
            target(path, attributes.query.as_ref()),
        )?;
        if let Some(query) = attributes.query {
            variables.push("QUERY_STRING".into(), query)?;
        }

        let framing = Framing::of(&fields)?;
        let handed_on = fields
            .iter()
            .filter(|(name, _)| !is_left_out(name))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        let arrival =
            Arrival::with_fields(variables.finish()?, handed_on, framing.length(), rules)?;
        let keeps = !framing.may_lie(arrival.request().method(), &fields);
        Ok(Self {
            arrival,
            framing,
            keeps,
        })
    }
}

/// Without a secret there is nothing to know.
fn check(secret: Option<&Secret>, told: Option<&[u8]>) -> Result<(), Refusal> {
    match (secret, told) {
        (None, _) => Ok(()),
        (Some(secret), Some(told)) if secret.is(told) => Ok(()),
        (Some(_), Some(_)) => Err(Refusal::forbidden("the secret is another one")),
        (Some(_), None) => Err(Refusal::forbidden(
            "there is no secret; Apache's `ProxyPass` has `secret=` for it",
        )),
    }
}

fn read_fields(from: &mut Cursor, counted: &mut Variables) -> Result<HeaderMap, Refusal> {
    let count = from.number()?;
    // Each has five bytes at least: what is announced does not decide of memory.
    let mut fields = HeaderMap::new();
    for _ in 0..count {
        let name = match from.number()? {
            number if codes::is_field(number) => {
                let name = codes::request_field(number).map(HeaderName::from_static);
                name.ok_or_else(|| {
                    Refusal::malformed(format!("there is no field {number:#06X} in AJP"))
                })?
            }
            length => {
                let name = from.text_of(length)?.unwrap_or_default();
                HeaderName::from_bytes(&name).map_err(|_| {
                    let name = name.escape_ascii();
                    Refusal::malformed(format!("`{name}` is not the name of a field"))
                })?
            }
        };
        let value = from.text()?.unwrap_or_default();
        counted.count(name.as_str().len() + value.len())?;
        let value = HeaderValue::from_maybe_shared(value).map_err(|_| {
            Refusal::malformed(format!("the value of `{name}` cannot be that of a field"))
        })?;
        fields.append(name, value);
    }
    Ok(fields)
}

fn target(path: Bytes, query: Option<&Bytes>) -> Bytes {
    let Some(query) = query else {
        return path;
    };
    let mut target = BytesMut::with_capacity(path.len() + 1 + query.len());
    target.put_slice(&path);
    target.put_u8(b'?');
    target.put_slice(query);
    target.freeze()
}
