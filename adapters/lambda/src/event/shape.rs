use bytes::Bytes;

use super::json::Object;
use super::request::{Facts, Refused};
use super::{head, request};
use crate::EventSource;
use crate::runtime_api::Problem;

/// An event that is a request, not read further than to know that.
#[derive(Debug)]
pub(crate) struct Event<'e> {
    pub(super) fields: Object<'e>,
    pub(super) context: Object<'e>,
    pub(super) form: Form,
    pub(super) source: EventSource,
}

/// In which form an event says what it says, and its answer has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// Payload 2.0: of function URLs and HTTP APIs.
    Two,
    /// Payload 1.0: of REST APIs, and of HTTP APIs that ask for it.
    One,
    /// A load balancer's, whose target group has multi-value headers, or not.
    LoadBalancer { lists: bool },
}

impl<'e> Event<'e> {
    /// Tells by its shape what an event is.
    ///
    /// # Errors
    ///
    /// It is no JSON, or no request.
    pub(crate) fn read(payload: &'e [u8]) -> Result<Self, Problem> {
        if payload.is_empty() {
            return Err(malformed("the event is empty, or has more than 128 MiB"));
        }
        let fields: Object<'e> = std::str::from_utf8(payload)
            .map_err(|error| malformed(format!("the event is not JSON: {error}")))
            .and_then(|text| {
                serde_json::from_str(text)
                    .map_err(|error| malformed(format!("the event is no JSON object: {error}")))
            })?;
        let context = fields.get("requestContext").object();
        let context = context.ok().flatten().unwrap_or_default();
        let has = |name| fields.get(name).is_there();
        // Payload 2.0 first: an emulator adds an `httpMethod` to it.
        let form = if has("rawPath") && context.get("http").is_there() {
            Form::Two
        } else if context.get("connectionId").is_there() && context.get("eventType").is_there() {
            return Err(unknown(
                "an API Gateway WebSocket API, whose messages are no requests of HTTP",
            ));
        } else if context.get("elb").is_there() && has("httpMethod") && has("path") {
            Form::LoadBalancer {
                lists: has("multiValueHeaders"),
            }
        } else if has("httpMethod") && has("path") && has("requestContext") {
            Form::One
        } else {
            return Err(unknown(&keys(&fields)));
        };
        let source = source(form, &fields, &context)?;
        Ok(Self {
            fields,
            context,
            form,
            source,
        })
    }

    pub(crate) fn form(&self) -> Form {
        self.form
    }

    pub(crate) fn source(&self) -> EventSource {
        self.source
    }

    /// Returns whether the front may be one of AWS, and not of an emulator that says so.
    pub(super) fn is_from_aws(&self) -> bool {
        let domain = self.context.get("domainName").text();
        !domain
            .ok()
            .flatten()
            .is_some_and(|domain| is_emulated(&domain))
    }

    /// Returns the request, with its whole content.
    ///
    /// # Errors
    ///
    /// Either no client can have caused it, and then it is the event that is wrong; or the request is refused.
    pub(crate) fn into_request(self) -> Result<(http::Request<Bytes>, Facts), Refused> {
        let head = head::read(&self)?;
        request::read(&self, head)
    }
}

fn source(form: Form, fields: &Object<'_>, context: &Object<'_>) -> Result<EventSource, Problem> {
    Ok(match form {
        Form::LoadBalancer { .. } => EventSource::LoadBalancer,
        Form::One if fields.get("version").is_there() => EventSource::HttpApi,
        Form::One => EventSource::RestApi,
        Form::Two => {
            let domain = context.get("domainName").text()?.unwrap_or_default();
            // An HTTP API may have any domain, and a function URL its own alone, behind CloudFront too.
            match domain.contains(".lambda-url.") || is_emulated(&domain) {
                true => EventSource::FunctionUrl,
                false => EventSource::HttpApi,
            }
        }
    })
}

/// An emulator is on this machine, or on one in a network without domains.
fn is_emulated(domain: &str) -> bool {
    !domain.contains('.') || domain.starts_with("127.")
}

/// What an event has that is none of ours; for whoever has to find out what sent it.
fn keys(fields: &Object<'_>) -> String {
    const MOST: usize = 12;
    if fields.is_empty() {
        return "an empty one".to_owned();
    }
    let mut names: Vec<String> = fields
        .names()
        .take(MOST)
        .map(|name| {
            format!(
                "`{}`",
                name.chars().take(40).collect::<String>().escape_debug()
            )
        })
        .collect();
    if fields.names().count() > MOST {
        names.push("more".to_owned());
    }
    format!("one with {}", names.join(", "))
}

fn unknown(what: &str) -> Problem {
    Problem::new(
        "Event.NoRequest",
        format!(
            "the event is no request of HTTP: wanted is one of a Lambda function URL, of an HTTP or REST API of API \
             Gateway, or of an Application Load Balancer; this is {what}"
        ),
    )
}

fn malformed(what: impl Into<std::borrow::Cow<'static, str>>) -> Problem {
    Problem::new("Event.Malformed", what)
}
