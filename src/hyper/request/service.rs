//! One request, from hyper to the application and back.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_channel::oneshot;
use http::response::Parts;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Version, header};
use hyper::body::{Body as _, Incoming};
use hyper::ext::Protocol;
use hyper::upgrade::OnUpgrade;
use pin_project::pin_project;

use super::body::{Carrier, Outgoing, RequestBody};
use super::upgrade::{Channel, Offer, Reservation};
use super::validate;
use crate::adapter::{Aborted, Connection, ResponseBody};
use crate::contract::Application;
use crate::features::{ConnectionInfo, ExtendedConnect, RequestExt, ResponseTrailers, Upgrade};
use crate::hyper::accept::ServedEndpoint;
use crate::hyper::connection::{Carries, Server, Transport};
use crate::hyper::http1::Exchange;
use crate::hyper::http2::Multiplex;

/// What a connection's requests need, which follow one another or, on HTTP/2, run beside one another.
pub(in crate::hyper) struct Requests<A> {
    pub(in crate::hyper) server: Arc<Server<A>>,
    pub(in crate::hyper) endpoint: Arc<ServedEndpoint>,
    pub(in crate::hyper) connection: Connection,
    pub(in crate::hyper) carries: Option<Carries>,
    pub(in crate::hyper) speaks: Speaks,
    /// What responses tell of HTTP/3, if they do.
    pub(in crate::hyper) alt_svc: Option<HeaderValue>,
}

/// The protocol of a connection, and what has to be known of its requests beside their answers.
pub(in crate::hyper) enum Speaks {
    Http1(Http1),
    Http2(Multiplex),
}

/// The connection of a request on HTTP/1.
pub(in crate::hyper) struct Http1 {
    pub(in crate::hyper) exchange: Exchange,
    pub(in crate::hyper) transport: Transport,
}

impl<A: Application> Requests<A> {
    /// Answers a request: by the application, or instead of it.
    ///
    /// # Errors
    ///
    /// The future's: the application hung up.
    #[inline]
    pub(in crate::hyper) fn answer<'a>(
        &'a self,
        request: Request<Incoming>,
    ) -> impl Future<Output = Result<Response<Outgoing>, Aborted>> + Send + use<'a, A> {
        let version = request.version();
        let has_body = !request.body().is_end_stream();
        let checked = match &self.speaks {
            // What is wrong never comes this far.
            Speaks::Http1(_) => Ok(()),
            Speaks::Http2(_) => validate::check(&request),
        };
        if let Err(status) =
            checked.and_then(|()| validate::carries(&request, self.carries.as_ref()))
        {
            if has_body && let Speaks::Http1(http1) = &self.speaks {
                http1.exchange.give_up();
            }
            if let Some(info) = self.connection.features().get::<ConnectionInfo>() {
                self.server.refused(status, None, info);
            }
            return Answer::Refuses(status, version);
        }
        let (mut head, incoming) = request.into_parts();
        let options = || Arc::clone(&self.server.options);
        let body = match (&self.speaks, has_body) {
            (_, false) => RequestBody::empty(),
            (Speaks::Http2(_), true) => RequestBody::of_stream(incoming, options()),
            (Speaks::Http1(http1), true) => {
                let awaited = version == Version::HTTP_11
                    && (head.headers.get(header::EXPECT)).is_some_and(|value| {
                        value.as_bytes().eq_ignore_ascii_case(b"100-continue")
                    });
                RequestBody::of_connection(incoming, http1.exchange.clone(), awaited, options())
            }
        };
        let mut after = After {
            carrier: match &self.speaks {
                Speaks::Http1(http1) => Carrier::Http1(http1.exchange.begin(has_body)),
                Speaks::Http2(multiplex) => Carrier::Http2(multiplex.in_transit.clone()),
            },
            is_last: version == Version::HTTP_10,
            takes_trailers: false,
            takes_chunks: version >= Version::HTTP_11,
            switch: None,
            alt_svc: self.alt_svc.as_ref(),
        };
        if let Speaks::Http1(_) = &self.speaks {
            // One look at each field costs less than two lookups.
            for field in head.headers.keys() {
                if *field == header::CONNECTION {
                    after.is_last = is_last(&head.headers, version);
                } else if *field == header::TE {
                    after.takes_trailers = lists(&head.headers, header::TE, "trailers");
                }
            }
        }
        let mut offer = None;
        let mut asked = None;
        // A request with a body cannot switch: RFC 9110, section 7.8, lets a server pass over it.
        if let Some(on_upgrade) = head.extensions.get::<OnUpgrade>().cloned()
            && !has_body
        {
            asked = (head.extensions.get::<Protocol>())
                .map(|protocol| ExtendedConnect::new(protocol.as_str()));
            let asks = asked.is_some()
                || (head.method != Method::CONNECT
                    && lists(&head.headers, header::CONNECTION, "upgrade"));
            let (made, switch) = self.switch(head.method == Method::CONNECT, on_upgrade);
            after.switch = Some(Box::new(switch));
            offer = asks.then_some(made);
        }
        let begun = (self.server.dispatcher).begin(&self.connection, &mut head, offer);
        if after.takes_trailers {
            head.features_mut().insert(ResponseTrailers::new());
        }
        if let Some(asked) = asked {
            head.features_mut().insert(asked);
        }
        let finish = move |head: &mut Parts, body| after.finish(head, body);
        Answer::Calls(begun.run(head, body, finish))
    }

    /// Prepares for a request that may turn the connection, or on HTTP/2 its stream, into something else: in
    /// the way of RFC 9110, section 7.8, or by CONNECT.
    fn switch(&self, is_connect: bool, on_upgrade: OnUpgrade) -> (Arc<dyn Upgrade>, Switch<A>) {
        let connection = Arc::clone(self.connection.features());
        let (server, endpoint) = (Arc::clone(&self.server), Arc::clone(&self.endpoint));
        let reservation = Reservation::new(server, endpoint, connection);
        let (offer, switching) = Offer::new(Arc::clone(&reservation), on_upgrade);
        let switch = Switch {
            reservation,
            channel: match &self.speaks {
                Speaks::Http1(http1) => Channel::Connection(http1.transport.clone()),
                Speaks::Http2(multiplex) => Channel::Stream(multiplex.streams.clone()),
            },
            switching,
            is_connect,
        };
        (Arc::new(offer), switch)
    }
}

/// A future by hand, so that a request is copied less often.
#[pin_project(project = Answering)]
enum Answer<F> {
    Calls(#[pin] F),
    Refuses(StatusCode, Version),
}

impl<F> Future for Answer<F>
where
    F: Future<Output = Result<Response<Outgoing>, Aborted>>,
{
    type Output = Result<Response<Outgoing>, Aborted>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project() {
            Answering::Calls(call) => call.poll(cx),
            Answering::Refuses(status, version) => Poll::Ready(Ok(refuse(*status, *version))),
        }
    }
}

/// What there is to do once the application has answered.
struct After<'a, A> {
    carrier: Carrier,
    /// The client asked to close the connection, or speaks HTTP/1.0 and did not ask to keep it. hyper closes it,
    /// and does not always say so; RFC 9112, section 9.6.
    is_last: bool,
    takes_trailers: bool,
    /// HTTP/1.0 has no chunks.
    takes_chunks: bool,
    /// Boxed: few requests have one.
    switch: Option<Box<Switch<A>>>,
    alt_svc: Option<&'a HeaderValue>,
}

impl<A> After<'_, A> {
    #[inline]
    fn finish(self, head: &mut Parts, body: ResponseBody) -> Outgoing {
        if let Some(switch) = self.switch {
            switch.answer(head);
        }
        if let Carrier::Http1(flight) = &self.carrier
            && (!flight.settle() || self.is_last)
            && head.status != StatusCode::SWITCHING_PROTOCOLS
        {
            let close = HeaderValue::from_static("close");
            head.headers.append(header::CONNECTION, close);
        }
        if let Some(alt_svc) = self.alt_svc {
            head.headers
                .entry(header::ALT_SVC)
                .or_insert_with(|| alt_svc.clone());
        }
        let chunked = self.takes_trailers && head.headers.contains_key(header::TRAILER);
        if chunked {
            head.headers.remove(header::CONTENT_LENGTH);
        }
        if !self.takes_chunks
            && body.size_hint().exact().is_none()
            && let Carrier::Http1(flight) = &self.carrier
        {
            flight.end_by_close();
            let close = HeaderValue::from_static("close");
            head.headers.insert(header::CONNECTION, close);
            // Else hyper adds that the connection is kept alive, if the client asked for it.
            head.version = Version::HTTP_10;
        }
        Outgoing::new(body, chunked, self.carrier)
    }
}

/// A request that may turn the connection into something else.
struct Switch<A> {
    reservation: Arc<Reservation<A>>,
    channel: Channel,
    switching: oneshot::Sender<()>,
    is_connect: bool,
}

impl<A> Switch<A> {
    /// Switches if the response says so, before its head is written. A response that says so although there
    /// may be no more upgraded connections becomes a 503.
    fn answer(self, head: &mut Parts) {
        let is_stream = matches!(self.channel, Channel::Stream(_));
        if is_stream && head.status == StatusCode::SWITCHING_PROTOCOLS {
            // What HTTP/1.1 calls so is a success here; RFC 8441, section 5.
            head.status = StatusCode::OK;
            head.headers.remove(header::CONNECTION);
            head.headers.remove(header::UPGRADE);
            head.headers.remove(header::SEC_WEBSOCKET_ACCEPT);
        }
        let switches = match self.is_connect {
            true => head.status.is_success(),
            false => head.status == StatusCode::SWITCHING_PROTOCOLS,
        };
        if !switches {
            return self.decline(head);
        }
        if self.reservation.use_for(&self.channel).is_none() {
            head.status = StatusCode::SERVICE_UNAVAILABLE;
            head.headers.clear();
            return self.decline(head);
        }
        // What follows is no body; RFC 9110, section 9.3.6.
        head.headers.remove(header::CONTENT_LENGTH);
        // Nobody waits if the application took hyper's own upgrade.
        let _ = self.switching.send(());
    }

    fn decline(&self, head: &mut Parts) {
        let Channel::Connection(transport) = &self.channel else {
            return;
        };
        if self.is_connect {
            // What the client may have sent into the tunnel already is no request.
            let close = HeaderValue::from_static("close");
            head.headers.insert(header::CONNECTION, close);
        }
        transport.decline_upgrade();
    }
}

/// Answers a request that the application does not see.
fn refuse(status: StatusCode, version: Version) -> Response<Outgoing> {
    let mut response = Response::new(Outgoing::empty());
    *response.status_mut() = status;
    if version < Version::HTTP_2 {
        // Where its body ends, if it has one, is not worth finding out.
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(header::CONNECTION, close);
    }
    response
}

/// Returns whether a request on HTTP/1 that has a `Connection` is the last of its connection.
fn is_last(headers: &HeaderMap, version: Version) -> bool {
    lists(headers, header::CONNECTION, "close")
        || (version == Version::HTTP_10 && !lists(headers, header::CONNECTION, "keep-alive"))
}

/// Returns whether a field that is a list of tokens has this one.
fn lists(headers: &HeaderMap, field: header::HeaderName, token: &str) -> bool {
    headers.get_all(field).iter().any(|value| {
        let mut tokens = value.as_bytes().split(|byte| *byte == b',');
        tokens.any(|listed| listed.trim_ascii().eq_ignore_ascii_case(token.as_bytes()))
    })
}
