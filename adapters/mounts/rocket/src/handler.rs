//! One request and its response.

use std::future::Future;
use std::pin::pin;

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, Version, header};
use http_body::Body as _;
use rocket::data::ByteUnit;
use rocket::http::Status;
use rocket::route::{Handler, Outcome};
use rocket::{Data, Request, Response};
use transom::adapter::{Arrival, Mount, MountBody};
use transom::features::{ConnectionInfo, Endpoint, PathBase, Scheme, Transport};
use transom::{Application, Body};

use crate::outgoing::{MAX_CHUNK, Outgoing};
use crate::pump::Pump;
use crate::upgraded::{self, Takeover};

/// A mount as Rocket calls it.
pub(crate) struct MountHandler<A>(pub(crate) Mount<A>);

impl<A> Clone for MountHandler<A> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

#[rocket::async_trait]
impl<A: Application> Handler for MountHandler<A> {
    async fn handle<'r>(&self, request: &'r Request<'_>, mut data: Data<'r>) -> Outcome<'r> {
        let Some(converted) = convert(request) else {
            return Outcome::Error(Status::BadRequest);
        };
        let mut pump = None;
        let mut arrival = arrival(request);
        let mut takeover = None;
        // It has been peeked at before, so this waits for nothing.
        let body = if data.peek(1).await.is_empty() {
            let (offered, connection) = upgraded::offer();
            takeover = Some(offered);
            arrival = arrival.with_upgrade(connection);
            Body::empty()
        } else {
            let (filling, body) = Pump::new(data.open(ByteUnit::max_value()), length(&converted));
            pump = Some(filling);
            body
        };
        let (head, ()) = converted.into_parts();
        let response = {
            let converted = http::Request::from_parts(head, body);
            let mut called = pin!(self.0.call(converted, arrival));
            std::future::poll_fn(|cx| {
                let response = called.as_mut().poll(cx);
                if let Some(pump) = &mut pump {
                    pump.poll(cx);
                }
                response
            })
            .await
        };
        Outcome::Success(match takeover {
            Some(takeover) if response.status() == StatusCode::SWITCHING_PROTOCOLS => {
                switch(&response, takeover)
            }
            _ => answer(response, pump),
        })
    }
}

/// Returns the head of a request; `None` for one that the types of http cannot express.
fn convert(request: &Request<'_>) -> Option<http::Request<()>> {
    let mut converted = http::Request::new(());
    *converted.method_mut() = Method::from_bytes(request.method().as_str().as_bytes()).ok()?;
    *converted.uri_mut() = request.uri().to_string().parse::<Uri>().ok()?;
    let mut headers = HeaderMap::new();
    for field in request.headers().iter() {
        let name = HeaderName::from_bytes(field.name().as_str().as_bytes()).ok()?;
        let value = HeaderValue::from_str(field.value()).ok()?;
        headers.try_append(name, value).ok()?;
    }
    if !headers.contains_key(header::HOST)
        && let Some(host) = request.host()
    {
        // It can only come from the `:authority` of HTTP/2. Rocket does not tell the version.
        *converted.version_mut() = Version::HTTP_2;
        let host = HeaderValue::from_str(&host.to_string()).ok()?;
        headers.insert(header::HOST, host);
    }
    *converted.headers_mut() = headers;
    Some(converted)
}

/// Returns what the framework knows of a request.
fn arrival(request: &Request<'_>) -> Arrival {
    let mut info = ConnectionInfo::new(Transport::Tcp);
    if let Some(remote) = request.remote() {
        info = info.with_remote(Endpoint::Tcp(remote));
    }
    let mut arrival = Arrival::new(info);
    if request.rocket().config().tls_enabled() {
        arrival = arrival.with_scheme(Scheme::Https);
    }
    let base = request.route().map(|route| PathBase::new(route.uri.base()));
    match base {
        Some(Ok(base)) => arrival.with_path_base(base),
        _ => arrival,
    }
}

/// Returns the length that the client announced.
fn length(request: &http::Request<()>) -> Option<u64> {
    let length = request.headers().get(header::CONTENT_LENGTH)?;
    length.to_str().ok()?.parse().ok()
}

/// Returns the 101, with what takes the connection over. Rocket writes its fields of the connection.
fn switch<'r>(response: &http::Response<MountBody>, takeover: Takeover) -> Response<'r> {
    let mut switching = Response::new();
    let protocol = response.headers().get(header::UPGRADE);
    let protocol = protocol.and_then(|protocol| protocol.to_str().ok());
    for (name, value) in response.headers() {
        if name != header::UPGRADE && name != header::CONNECTION {
            add(&mut switching, name, value);
        }
    }
    switching.add_upgrade(protocol.unwrap_or_default().to_owned(), takeover);
    switching
}

fn answer(response: http::Response<MountBody>, pump: Option<Pump<'_>>) -> Response<'_> {
    let (head, body) = response.into_parts();
    let mut response = Response::new();
    response.set_status(Status::new(head.status.as_u16()));
    for (name, value) in &head.headers {
        add(&mut response, name, value);
    }
    if body.is_end_stream() {
        return response;
    }
    if let Some(length) = body.size_hint().exact() {
        response.set_raw_header("content-length", length.to_string());
    }
    response.set_max_chunk_size(MAX_CHUNK);
    response.set_streamed_body(Outgoing::new(body, pump));
    response
}

/// Adds a field, unless its value is not of UTF-8: Rocket has no other.
fn add(response: &mut Response<'_>, name: &HeaderName, value: &HeaderValue) {
    if let Ok(value) = std::str::from_utf8(value.as_bytes()) {
        response.adjoin_raw_header(name.as_str().to_owned(), value.to_owned());
    }
}
