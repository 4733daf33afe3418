use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderValue, Request, StatusCode, header};
use transom::features::{Scheme, TlsInfo};

use super::client;
use super::head::Head;
use super::shape::Event;
use crate::LambdaEvent;
use crate::runtime_api::Problem;

/// What an event says beside the request.
#[derive(Debug)]
pub(crate) struct Facts {
    pub(crate) event: LambdaEvent,
    /// The part of the path that names a stage; empty if none does.
    pub(crate) base: String,
    pub(crate) remote: Option<std::net::IpAddr>,
    pub(crate) scheme: Scheme,
    pub(crate) tls: Option<TlsInfo>,
}

/// Why an event becomes no request.
#[derive(Debug)]
pub(crate) enum Refused {
    /// A client can have caused it, and is answered so.
    Client(StatusCode),
    /// Only what makes the events can have caused it.
    Event(Problem),
}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        Self::Event(problem)
    }
}

pub(super) fn read(event: &Event<'_>, head: Head) -> Result<(Request<Bytes>, Facts), Refused> {
    let Head { mut request, base } = head;
    let content = content(event)?;
    // The front has read it all, and may have undone a coding of the transfer.
    let length = request.headers().get(header::CONTENT_LENGTH);
    let told = length.and_then(|length| length.to_str().ok()?.parse().ok());
    let several = request
        .headers()
        .get_all(header::CONTENT_LENGTH)
        .iter()
        .nth(1)
        .is_some();
    let wrong = match length {
        Some(_) => several || told != Some(content.len()),
        None => !content.is_empty(),
    };
    if wrong {
        let length = HeaderValue::from(content.len());
        request.headers_mut().insert(header::CONTENT_LENGTH, length);
    }
    let (remote, scheme, tls) = client::read(event, request.headers())?;
    let json = |name| event.fields.get(name).json().map(str::to_owned);
    let facts = Facts {
        event: LambdaEvent {
            source: event.source,
            request_context: json("requestContext").unwrap_or_default(),
            stage_variables: json("stageVariables"),
            path_parameters: json("pathParameters"),
        },
        base,
        remote,
        scheme,
        tls,
    };
    Ok((request.map(|()| content), facts))
}

fn content(event: &Event<'_>) -> Result<Bytes, Problem> {
    let Some(text) = event.fields.get("body").text()? else {
        return Ok(Bytes::new());
    };
    if !event.fields.get("isBase64Encoded").flag()? {
        return Ok(match text {
            Cow::Owned(text) => Bytes::from(text),
            Cow::Borrowed(text) => Bytes::copy_from_slice(text.as_bytes()),
        });
    }
    let content = STANDARD.decode(&*text).map_err(|error| {
        Problem::new(
            "Event.Malformed",
            format!("the event says that its `body` is in base64, which it is not: {error}"),
        )
    })?;
    Ok(content.into())
}
