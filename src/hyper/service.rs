//! One request, from hyper to the application and back.

use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Version, header};
use hyper::body::{Body as _, Incoming};
use hyper::upgrade::OnUpgrade;
use std::sync::Arc;

use super::body::{Outgoing, RequestBody};
use super::connection::Server;
use super::http1::{Exchange, Flight};
use super::transport::Transport;
use super::upgrade::Offer;
use super::validate;
use crate::adapter::{Aborted, Call, Connection};
use crate::body::Body;
use crate::contract::Application;
use crate::features::{ConnectionId, ConnectionInfo, ResponseTrailers};
use futures_channel::oneshot;

/// What a connection's requests need, which follow one another or, on HTTP/2, run beside one another.
pub(super) struct Requests<A> {
    pub(super) server: Arc<Server<A>>,
    pub(super) connection: Connection,
    pub(super) http1: Option<Http1>,
}

/// What HTTP/1 has to know of a request beside its answer.
pub(super) struct Http1 {
    pub(super) exchange: Exchange,
    pub(super) transport: Transport,
}

/// A request that was begun.
pub(super) struct Begun<A> {
    call: Call<A>,
    flight: Option<Flight>,
    has_body: bool,
    takes_trailers: bool,
    switch: Option<Switch<A>>,
}

/// A request that may turn the connection into something else.
struct Switch<A> {
    server: Arc<Server<A>>,
    id: Option<ConnectionId>,
    transport: Transport,
    switching: Option<oneshot::Sender<()>>,
    is_connect: bool,
}

impl<A: Application> Requests<A> {
    /// Begins a request: the application is called when the result is run.
    ///
    /// # Errors
    ///
    /// The status to answer with instead.
    pub(super) fn begin(&self, request: Request<Incoming>) -> Result<Begun<A>, StatusCode> {
        if let Err(status) = validate::check(&request) {
            if let Some(http1) = &self.http1
                && !request.body().is_end_stream()
            {
                http1.exchange.give_up();
            }
            return Err(status);
        }
        let (dispatcher, connection) = (&self.server.dispatcher, &self.connection);
        let Some(http1) = &self.http1 else {
            let request = request.map(|body| match body.is_end_stream() {
                true => Body::empty(),
                false => Body::new(RequestBody::of_stream(body)),
            });
            return Ok(Begun {
                call: dispatcher.call(connection, request),
                flight: None,
                has_body: false,
                takes_trailers: false,
                switch: None,
            });
        };
        let has_body = !request.body().is_end_stream();
        let takes_trailers = lists(request.headers(), header::TE, "trailers");
        let on_upgrade = request.extensions().get::<OnUpgrade>().cloned();
        let flight = http1.exchange.begin(has_body);
        let request = request.map_body(http1, has_body);
        let mut switch = None;
        let mut call = match on_upgrade {
            None => dispatcher.call(connection, request),
            Some(on_upgrade) => {
                let is_connect = request.method() == Method::CONNECT;
                let asked = !is_connect && lists(request.headers(), header::CONNECTION, "upgrade");
                let (offer, switching) = Offer::new(on_upgrade);
                switch = Some(Switch {
                    server: Arc::clone(&self.server),
                    id: connection.features().get().map(ConnectionInfo::id),
                    transport: http1.transport.clone(),
                    switching: asked.then_some(switching),
                    is_connect,
                });
                match asked {
                    true => dispatcher.call_upgradable(connection, request, Arc::new(offer)),
                    false => dispatcher.call(connection, request),
                }
            }
        };
        if takes_trailers {
            use crate::features::RequestExt as _;
            call.request_mut()
                .features_mut()
                .insert(ResponseTrailers::new());
        }
        Ok(Begun {
            call,
            flight: Some(flight),
            has_body,
            takes_trailers,
            switch,
        })
    }
}

impl<A: Application> Begun<A> {
    /// Calls the application.
    ///
    /// # Errors
    ///
    /// The application hung up.
    pub(super) async fn run(self) -> Result<Response<Outgoing>, Aborted> {
        let mut response = self.call.run().await?;
        if let Some(flight) = &self.flight
            && self.has_body
        {
            flight.settle(response.headers_mut());
        }
        if let Some(switch) = self.switch {
            switch.answer(response.status());
        }
        let chunked = self.takes_trailers && response.headers().contains_key(header::TRAILER);
        if chunked {
            response.headers_mut().remove(header::CONTENT_LENGTH);
        }
        Ok(response.map(|body| Outgoing::new(body, chunked, self.flight)))
    }
}

impl<A> Switch<A> {
    /// Switches if the response says so, before its head is written.
    fn answer(self, status: StatusCode) {
        let switches = match self.is_connect {
            true => status.is_success(),
            false => status == StatusCode::SWITCHING_PROTOCOLS,
        };
        if !switches {
            return;
        }
        if let Some(id) = self.id {
            self.server.upgraded.add(id, &self.transport);
        }
        let counted = self.server.statistics.count_upgraded();
        self.transport.lock().upgrade(counted);
        if let Some(switching) = self.switching {
            let _ = switching.send(());
        }
    }
}

/// Answers a request that the application does not see.
pub(super) fn refuse(status: StatusCode, version: Version) -> Response<Outgoing> {
    let mut response = Response::new(Outgoing::empty());
    *response.status_mut() = status;
    if version < Version::HTTP_2 {
        // Where its body ends, if it has one, is not worth finding out.
        response
            .headers_mut()
            .insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

trait MapBody {
    fn map_body(self, http1: &Http1, has_body: bool) -> crate::contract::Request;
}

impl MapBody for Request<Incoming> {
    fn map_body(self, http1: &Http1, has_body: bool) -> crate::contract::Request {
        if !has_body {
            return self.map(|_| Body::empty());
        }
        let awaited = self.version() == Version::HTTP_11
            && self
                .headers()
                .get(header::EXPECT)
                .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"100-continue"));
        self.map(|body| {
            Body::new(RequestBody::of_connection(
                body,
                http1.exchange.clone(),
                awaited,
            ))
        })
    }
}

/// Returns whether a field that is a list of tokens has this one.
fn lists(headers: &HeaderMap, field: header::HeaderName, token: &str) -> bool {
    headers.get_all(field).iter().any(|value| {
        value
            .as_bytes()
            .split(|byte| *byte == b',')
            .any(|element| element.trim_ascii().eq_ignore_ascii_case(token.as_bytes()))
    })
}
