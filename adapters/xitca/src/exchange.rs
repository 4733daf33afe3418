//! One request and its response.

use std::fmt;
use std::future::Future;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::atomic::Ordering;
use std::task::Poll;

use bytes::BytesMut;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, Version, header};
use transom::adapter::{UpgradeCompletion, upgrade_offer};
use transom::features::{RequestExt as _, ResponseTrailers};
use transom::{Application, Body};
use xitca_http::RequestBody;
use xitca_http::body::{Body as _, Frame, SizeHint};
use xitca_http::http::RequestExt;
use xitca_service::Service;

use crate::flight::InFlight;
use crate::frames;
use crate::link::{Accepted, LINK, Link};
use crate::outgoing::{Asked, Outgoing};
use crate::pump::Pump;
use crate::request::{self, Present};
use crate::worker::Worker;

/// Answers the requests of a worker thread: the engine's service.
pub(crate) struct Exchange<A>(pub(crate) Rc<Worker<A>>);

/// Nobody is to be answered: the engine closes the connection, or resets the stream.
#[derive(Debug)]
pub(crate) struct Gone;

impl fmt::Display for Gone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nobody is to be answered")
    }
}

impl<A, B> Service<http::Request<RequestExt<B>>> for Exchange<A>
where
    A: Application,
    B: Into<RequestBody>,
{
    type Response = Response<Outgoing>;
    type Error = Gone;

    async fn call(&self, request: http::Request<RequestExt<B>>) -> Result<Self::Response, Gone> {
        let worker = &self.0;
        if worker.hub.closed.load(Ordering::Acquire) {
            return Err(Gone);
        }
        let link = LINK.with(Rc::clone);
        if link.is_over() {
            link.linger();
            return Ok(closing(Outgoing::empty()));
        }
        let (mut head, ext) = request.into_parts();
        let body = ext.replace_body(()).1.into();
        let is_http2 = head.version == Version::HTTP_2;
        let stream = match is_http2 {
            true => frames::take_stream(&mut head.headers),
            false => None,
        };
        let present = Present::of(&head.headers);
        let connection =
            |token| present.connection && request::lists(&head.headers, &header::CONNECTION, token);
        let is_10 = head.version == Version::HTTP_10;
        let mut asked = Asked {
            head: head.method == Method::HEAD,
            connect: head.method == Method::CONNECT,
            version: head.version,
            keep_alive: is_10 && connection("keep-alive"),
            takes_trailers: is_http2
                || (present.te && request::lists(&head.headers, &header::TE, "trailers")),
            close: !is_http2 && connection("close"),
        };
        asked.close |= is_10 && !asked.keep_alive;
        if !request::is_valid(&head, present) {
            link.linger();
            return Ok(refuse(asked, &link));
        }
        let mut offered = None;
        let mut pump = None;
        let mut offer = None;
        let body = match body.size_hint() {
            _ if body.is_end_stream() => Body::empty(),
            // What follows is for the other end of the tunnel.
            _ if asked.connect => {
                asked.close |= !is_http2;
                Body::empty()
            }
            // The engine takes what follows for another protocol, and reads no further request.
            SizeHint::Unknown if !is_http2 && !is_chunked(&head.headers) => {
                asked.close = true;
                if request::asks_to_upgrade(&head) {
                    let (made, completion) = upgrade_offer();
                    offer = Some(made);
                    offered = Some(Offered { completion, body });
                    link.hold(true);
                }
                Body::empty()
            }
            size => {
                let length = match size {
                    SizeHint::Exact(length) => Some(length),
                    SizeHint::None | SizeHint::Unknown => None,
                };
                let expected = !is_http2 && head.headers.contains_key(header::EXPECT);
                let (filling, body) = Pump::new(body, length, expected);
                pump = Some(Box::new(filling));
                body
            }
        };
        let begun = worker.dispatcher.begin(link.connection(), &mut head, offer);
        if asked.takes_trailers {
            head.features_mut().insert(ResponseTrailers::new());
        }
        let in_flight = link.begin(stream, begun.lifetime().clone());
        let outcome = {
            // Pinned here: passed by value, it would be copied, and the request with it.
            let called = pin!(begun.run(head, body, |_, body| body));
            wait(worker, &in_flight, &mut pump, called).await?
        };
        let Ok(response) = outcome else {
            link.break_off();
            return Err(Gone);
        };
        if let Some(offered) = offered {
            switch(&link, offered, response.status());
        }
        if let Some(filling) = &mut pump
            && !is_http2
        {
            let may_go_on = std::future::poll_fn(|cx| Poll::Ready(filling.may_go_on(cx))).await;
            if !may_go_on {
                asked.close = true;
                link.linger();
            }
        }
        Ok(Outgoing::answer(
            response,
            asked,
            worker.hub.runtime.clone(),
            in_flight,
            pump,
        ))
    }
}

/// Runs the application, and moves the body of its request. Fails when nobody can be answered any more.
async fn wait<A, F: Future>(
    worker: &Worker<A>,
    in_flight: &InFlight,
    pump: &mut Option<Box<Pump>>,
    mut called: Pin<&mut F>,
) -> Result<F::Output, Gone> {
    std::future::poll_fn(|cx| {
        let outcome = worker.hub.runtime.within(|| called.as_mut().poll(cx));
        let Poll::Pending = outcome else {
            return outcome.map(Ok);
        };
        let gone = in_flight.poll_gone(cx);
        if let Some(pump) = pump {
            pump.poll(cx, gone);
        }
        match gone {
            true => Poll::Ready(Err(Gone)),
            false => Poll::Pending,
        }
    })
    .await
}

/// An upgrade that the application may accept.
struct Offered {
    completion: UpgradeCompletion,
    body: RequestBody,
}

/// Prepares for the connection to be the application's once its 101 is sent, if it asked for that.
fn switch(link: &Link, offered: Offered, status: StatusCode) {
    let Offered { completion, body } = offered;
    if status != StatusCode::SWITCHING_PROTOCOLS || !completion.is_accepted() {
        return link.hold(false);
    }
    link.accept(Accepted {
        completion,
        ahead: read_ahead(body),
    });
}

/// Returns what the engine has read beyond the head.
fn read_ahead(body: RequestBody) -> BytesMut {
    let mut body = pin!(body);
    let mut ahead = BytesMut::new();
    let cx = &mut std::task::Context::from_waker(std::task::Waker::noop());
    while let Poll::Ready(Some(Ok(Frame::Data(data)))) = body.as_mut().poll_frame(cx) {
        ahead.extend_from_slice(&data);
    }
    ahead
}

fn is_chunked(headers: &HeaderMap) -> bool {
    headers.contains_key(header::TRANSFER_ENCODING)
}

/// Answers a request that HTTP does not allow, and the connection of HTTP/1 ends.
fn refuse(asked: Asked, link: &Rc<Link>) -> Response<Outgoing> {
    let mut response = match asked.version {
        Version::HTTP_2 => Response::new(Outgoing::empty()),
        _ => closing(Outgoing::last(Rc::clone(link))),
    };
    *response.status_mut() = StatusCode::BAD_REQUEST;
    response
}

fn closing(body: Outgoing) -> Response<Outgoing> {
    let mut response = Response::new(body);
    let close = HeaderValue::from_static("close");
    response.headers_mut().insert(header::CONNECTION, close);
    response
}
