//! One request and its response.

use std::future::Future;
use std::pin::pin;

use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::{ConnectionType, StatusCode as Status};
use actix_web::{Error, HttpResponse};
use http::{Method, Request, StatusCode, Version};
use http_body::Body as _;
use transom::adapter::{Mount, MountBody};
use transom::{Application, Body};

use crate::arrival;
use crate::body::{self, Outgoing};
use crate::head::{self, Framing};
use crate::pump::Pump;
use crate::upgraded::{self, Takeover};

/// Answers a request by the application.
pub(crate) async fn handle<A: Application>(
    mount: Mount<A>,
    request: ServiceRequest,
) -> Result<ServiceResponse, Error> {
    let (request, payload) = request.into_parts();
    let Some(parts) = head::of_request(request.head()) else {
        let response = HttpResponse::new(Status::BAD_REQUEST);
        return Ok(ServiceResponse::new(request, response));
    };
    let asked = Asked {
        head: parts.method == Method::HEAD,
        http_10: parts.version == Version::HTTP_10,
        upgrade: parts.version == Version::HTTP_11 && request.head().upgrade(),
    };
    let mut arrival = arrival::of(&request);
    let mut pump = None;
    let mut takeover = None;
    let body = match head::framing(&parts) {
        Framing::Empty => Body::empty(),
        Framing::Raw(0) => {
            if head::is_websocket(&parts.headers) {
                let (offered, connection) = upgraded::offer(payload);
                takeover = Some(offered);
                arrival = arrival.with_upgrade(connection);
            }
            Body::empty()
        }
        Framing::Raw(length) => filled(&mut pump, payload, Some(length), true),
        Framing::Delimited(length) => filled(&mut pump, payload, length, false),
    };
    let response = {
        let mut called = pin!(mount.call(Request::from_parts(parts, body), arrival));
        std::future::poll_fn(|cx| {
            let response = called.as_mut().poll(cx);
            if let Some(pump) = &mut pump {
                pump.poll(cx);
            }
            response
        })
        .await
    };
    let response = match takeover {
        Some(takeover) if response.status() == StatusCode::SWITCHING_PROTOCOLS => {
            switch(&response, takeover)
        }
        _ => answer(response, asked, pump).await,
    };
    Ok(ServiceResponse::new(request, response))
}

/// How a request wants to be answered.
#[derive(Clone, Copy)]
struct Asked {
    head: bool,
    http_10: bool,
    upgrade: bool,
}

fn filled(place: &mut Option<Pump>, payload: Payload, length: Option<u64>, raw: bool) -> Body {
    let (pump, body) = Pump::new(payload, length, raw);
    *place = Some(pump);
    body
}

/// Returns the 101, whose body is what the application sends from now on.
fn switch(response: &http::Response<MountBody>, takeover: Takeover) -> HttpResponse {
    let mut switching = HttpResponse::with_body(Status::SWITCHING_PROTOCOLS, takeover.begin());
    let head = switching.head_mut();
    head::of_response(response.headers(), false, head);
    head.set_connection_type(ConnectionType::Upgrade);
    switching.map_into_boxed_body()
}

async fn answer(
    response: http::Response<MountBody>,
    asked: Asked,
    pump: Option<Pump>,
) -> HttpResponse {
    let (parts, mut content) = response.into_parts();
    let status = Status::from_u16(parts.status.as_u16()).unwrap_or(Status::INTERNAL_SERVER_ERROR);
    let size = body::size(&parts, &content, asked.head);
    if body::is_dropped_unread(size) && !content.is_hung_up() {
        body::exhaust(&mut content).await;
    }
    let is_stream = content.size_hint().exact().is_none();
    let mut response = HttpResponse::with_body(status, Outgoing::new(content, size, pump));
    let head = response.head_mut();
    let keeps_length = parts.status == StatusCode::NOT_MODIFIED;
    head::of_response(&parts.headers, keeps_length, head);
    if asked.upgrade || (asked.http_10 && is_stream) {
        // The engine reads no further request after one that asked to upgrade; and the end of the
        // connection is the only end that HTTP/1.0 has for a body of unknown length.
        head.set_connection_type(ConnectionType::Close);
    }
    head.no_chunking(asked.http_10);
    response.map_into_boxed_body()
}
