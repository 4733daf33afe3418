use std::borrow::Cow;

use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Uri, Version, header};
use transom::adapter::check_head;

use super::escape::{escape_lone_percents, is_of_path, push};
use super::query;
use super::request::Refused;
use super::shape::{Event, Form};
use crate::EventSource;
use crate::runtime_api::Problem;

/// The head of a request, whose URI is what its client asked for.
pub(super) struct Head {
    pub(super) request: Request<()>,
    /// The part of the path that names a stage.
    pub(super) base: String,
}

/// More than any front takes, and less than a map of `http` panics at.
const MOST_FIELDS: usize = 10_000;

/// Longer ones are no URI for the crate `http`.
const LONGEST_TARGET: usize = u16::MAX as usize - 1;

pub(super) fn read(event: &Event<'_>) -> Result<Head, Refused> {
    let (path, base) = path(event)?;
    let mut target = path;
    if let Some(query) = query::read(event)? {
        target.push('?');
        target.push_str(&query);
    }
    if target.len() > LONGEST_TARGET {
        return Err(Refused::Client(StatusCode::URI_TOO_LONG));
    }
    let target = PathAndQuery::from_maybe_shared(Bytes::from(target)).map_err(|_| BAD_REQUEST)?;
    let mut request = Request::new(());
    *request.uri_mut() = Uri::from(target);
    *request.method_mut() = method(event)?;
    *request.version_mut() = version(event)?;
    *request.headers_mut() = headers(event)?;
    if !request.headers().contains_key(header::HOST) {
        let host = event.context.get("domainName").text()?;
        // RFC 9110, section 7.2: without an authority the field is empty. A load balancer's checks have none.
        let host = HeaderValue::from_str(&host.unwrap_or_default()).map_err(|_| BAD_REQUEST)?;
        request.headers_mut().insert(header::HOST, host);
    }
    check_head(&request).map_err(|_| BAD_REQUEST)?;
    Ok(Head { request, base })
}

const BAD_REQUEST: Refused = Refused::Client(StatusCode::BAD_REQUEST);

fn method(event: &Event<'_>) -> Result<Method, Refused> {
    let method = match event.form {
        Form::Two => match event.context.get("http").object()? {
            Some(http) => http.get("method").text()?,
            None => None,
        },
        _ => event.fields.get("httpMethod").text()?,
    };
    let method = method.ok_or_else(|| absent("method"))?;
    Method::from_bytes(method.as_bytes()).map_err(|_| BAD_REQUEST)
}

fn version(event: &Event<'_>) -> Result<Version, Problem> {
    let protocol = match event.form {
        Form::Two => match event.context.get("http").object()? {
            Some(http) => http.get("protocol").text()?,
            None => None,
        },
        _ => event.context.get("protocol").text()?,
    };
    Ok(match protocol.as_deref() {
        Some("HTTP/2" | "HTTP/2.0") => Version::HTTP_2,
        Some("HTTP/3" | "HTTP/3.0") => Version::HTTP_3,
        // HTTP/1.0 too: whether the front's client is to be answered in its framing is the front's to know.
        _ => Version::HTTP_11,
    })
}

/// Returns the path that the client asked for, and how much of it names the stage of API Gateway.
fn path(event: &Event<'_>) -> Result<(String, String), Refused> {
    let stage = event.context.get("stage").text()?.unwrap_or_default();
    let named = match event.form {
        Form::Two => event.fields.get("rawPath").text()?,
        _ => event.fields.get("path").text()?,
    };
    let named = named.ok_or_else(|| absent("path"))?;
    // What a REST API calls the path has no stage; the context's path is what the client asked for.
    let whole = match event.form {
        Form::One => event.context.get("path").text()?,
        _ => None,
    };
    let whole = whole
        .filter(|whole| whole.ends_with(&*named))
        .unwrap_or_else(|| named.clone());
    let mut base = &whole[..whole.len() - named.len()];
    // An HTTP API leaves the stage in.
    if base.is_empty()
        && event.source == EventSource::HttpApi
        && let Some(rest) = whole
            .strip_prefix('/')
            .and_then(|path| path.strip_prefix(&*stage))
        && !stage.is_empty()
        && (rest.is_empty() || rest.starts_with('/'))
    {
        base = &whole[..whole.len() - rest.len()];
    }
    // A base is whole segments, and so is what follows it.
    let rest = &whole[base.len()..];
    if !base.starts_with('/') || base.ends_with('/') || !(rest.is_empty() || rest.starts_with('/'))
    {
        base = "";
    }
    let escaped = |path: &str| {
        // An HTTP API unescapes paths; all others leave them as they were.
        let path = match event.source {
            EventSource::HttpApi => Cow::Owned(escape_lone_percents(path)),
            _ => Cow::Borrowed(path),
        };
        let mut out = String::with_capacity(path.len());
        push(&mut out, &path, is_of_path);
        out
    };
    let base = escaped(base);
    let mut path = escaped(&whole);
    if path.is_empty() {
        path.push('/');
    }
    match path.starts_with('/') || path == "*" {
        true => Ok((path, base)),
        false => Err(BAD_REQUEST),
    }
}

fn headers(event: &Event<'_>) -> Result<HeaderMap, Refused> {
    let lists = "multiValueHeaders";
    let fields = match event.fields.get(lists).object()? {
        Some(fields) if event.form != Form::Two => fields.lists(lists)?,
        _ => match event.fields.get("headers").object()? {
            Some(fields) => fields.texts("headers")?,
            None => Vec::new(),
        },
    };
    if fields.len() > MOST_FIELDS {
        return Err(Refused::Client(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE));
    }
    let mut headers = HeaderMap::with_capacity(fields.len() + 1);
    for (name, value) in &fields {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| BAD_REQUEST)?;
        let value = HeaderValue::from_bytes(value.as_bytes()).map_err(|_| BAD_REQUEST)?;
        headers.append(name, value);
    }
    if let Some(cookies) = event.fields.get("cookies").list()?
        && event.form == Form::Two
        && !cookies.is_empty()
    {
        // RFC 6265, section 5.4: one field. Some fronts have it twice, and it is the same.
        let cookies =
            HeaderValue::from_bytes(cookies.join("; ").as_bytes()).map_err(|_| BAD_REQUEST)?;
        headers.insert(header::COOKIE, cookies);
    } else if headers.get_all(header::COOKIE).iter().nth(1).is_some() {
        let crumbs: Vec<_> = headers
            .get_all(header::COOKIE)
            .iter()
            .map(HeaderValue::as_bytes)
            .collect();
        let joined = HeaderValue::from_bytes(&crumbs.join(&b"; "[..])).map_err(|_| BAD_REQUEST)?;
        headers.insert(header::COOKIE, joined);
    }
    // What was said of the connection between the client and the front.
    headers.remove(header::TRANSFER_ENCODING);
    Ok(headers)
}

fn absent(what: &str) -> Problem {
    Problem::new("Event.Malformed", format!("the event has no {what}"))
}
