//! One request and its response.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderMap, Method, Response, StatusCode, Version, header};
use http_body::Body as _;
use pingora_core::protocols::http::ServerSession;
use transom::adapter::{Connection, Dispatcher, ResponseBody, UpgradeCompletion, upgrade_offer};
use transom::features::{RequestExt as _, RequestLifetime, ResponseTrailers};
use transom::{Application, Body};

use crate::head;
use crate::link::{Client, Link};
use crate::pump::Pump;

/// What has become of a session.
pub(crate) enum Outcome {
    /// It was answered in full.
    Answered,
    /// It was answered, and the connection of HTTP/1 cannot be used again.
    Last,
    /// It was answered with a 101 that hands the connection over.
    Switches(UpgradeCompletion),
    /// It has to be closed, or reset, as it is.
    Broken,
}

/// A request that is being answered.
struct Exchange<'a> {
    session: &'a mut ServerSession,
    /// The connection of HTTP/1.
    link: Option<&'a Link>,
    lifetime: RequestLifetime,
    pump: Pump,
    version: Version,
}

/// Answers the request of a session. `link` is the connection of HTTP/1; `stopping` is whether it is to be the last.
pub(crate) async fn answer<A: Application>(
    dispatcher: &Dispatcher<A>,
    connection: &Connection,
    session: &mut ServerSession,
    link: Option<&Arc<Link>>,
    stopping: impl Fn() -> bool,
) -> Outcome {
    let link = link.map(|link| &**link);
    let Some(mut head) = head::convert(session.req_header()) else {
        return refuse(session).await;
    };
    let version = head.version;
    let is_http2 = version == Version::HTTP_2;
    let is_head = head.method == Method::HEAD;
    let is_connect = head.method == Method::CONNECT;
    let (mut offer, mut completion) = (None, None);
    if version == Version::HTTP_11
        && !is_connect
        && session.is_upgrade_req()
        && head::lists(&head.headers, &header::CONNECTION, "upgrade")
        && session.is_body_empty()
    {
        let (made, completing) = upgrade_offer();
        (offer, completion) = (Some(made), Some(completing));
    }
    let (pump, body) = match is_connect || session.is_body_empty() {
        true => (Pump::none(), Body::empty()),
        false => Pump::new(
            length(&head.headers),
            !is_http2 && head::lists(&head.headers, &header::EXPECT, "100-continue"),
        ),
    };
    let begun = dispatcher.begin(connection, &mut head, offer);
    if is_http2 {
        head.features_mut().insert(ResponseTrailers::new());
    }
    let mut exchange = Exchange {
        session,
        link,
        lifetime: begun.lifetime().clone(),
        pump,
        version,
    };
    let outcome = {
        // Pinned here: passed by value, it would be copied, and the request with it.
        let called = pin!(begun.run(head, body, |_, body| body));
        exchange.wait(called).await
    };
    let response = match outcome {
        Some(Ok(response)) => response,
        _ => {
            match link {
                Some(link) => link.break_off(),
                None => exchange.session.shutdown().await,
            }
            return Outcome::Broken;
        }
    };
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        if let Some(completion) = completion.filter(UpgradeCompletion::is_accepted) {
            return exchange.switch(&response, completion).await;
        }
        return refuse(exchange.session).await;
    }
    let may_go_on =
        std::future::poll_fn(|cx| Poll::Ready(exchange.pump.may_go_on(cx, exchange.session))).await;
    // HTTP/1.0 has no chunks: the end of the connection is that of such a body.
    let unframed = version == Version::HTTP_10
        && !is_head
        && response.body().size_hint().exact().is_none()
        && !response.headers().contains_key(header::CONTENT_LENGTH);
    if !may_go_on || unframed || stopping() || (is_connect && !is_http2) {
        exchange.session.set_keepalive(None);
    }
    exchange.send(response, is_head).await
}

impl Exchange<'_> {
    /// Runs something of the application's, and moves the body of its request. `None` when nobody can be
    /// answered any more.
    async fn wait<F: Future>(&mut self, mut future: Pin<&mut F>) -> Option<F::Output> {
        loop {
            let step = std::future::poll_fn(|cx| {
                if let Poll::Ready(output) = future.as_mut().poll(cx) {
                    return Poll::Ready(Some(Some(output)));
                }
                if self.is_gone(cx) {
                    return Poll::Ready(None);
                }
                if let Some(link) = self.link {
                    link.send_on(cx);
                }
                self.pump.poll(cx, self.session).map(|()| Some(None))
            });
            match step.await {
                Some(Some(output)) => return Some(output),
                None => return None,
                Some(None) => {
                    self.pump.expected = false;
                    self.session.write_continue_response().await.ok()?;
                }
            }
        }
    }

    fn is_gone(&mut self, cx: &mut Context<'_>) -> bool {
        let gone = match self.link {
            None => {
                let mut closed = self.session.watch_h2_stream_close();
                let closed = closed.as_mut().map(|closed| Pin::new(closed).poll(cx));
                closed.is_some_and(|closed| closed.is_ready())
            }
            Some(link) => match link.watch(cx) {
                Client::Listens => return false,
                Client::Closed => {
                    self.lifetime.disconnect();
                    return false;
                }
                Client::Gone => true,
            },
        };
        if gone {
            self.lifetime.disconnect();
        }
        gone
    }

    /// Sends a 101, behind which the connection is the application's.
    async fn switch(
        self,
        response: &Response<ResponseBody>,
        completion: UpgradeCompletion,
    ) -> Outcome {
        let (mut head, ()) = Response::new(()).into_parts();
        head.status = response.status();
        head.headers = response.headers().clone();
        head.headers.remove(header::CONTENT_LENGTH);
        let mut head = head::answer(head, self.version, None, true);
        // The engine sets the field of a final response, and has nothing to say here.
        if head.headers.get(header::CONNECTION).is_none() {
            let upgrade = http::HeaderValue::from_static("upgrade");
            if head.insert_header(header::CONNECTION, upgrade).is_err() {
                return Outcome::Broken;
            }
        }
        // The engine sends the head at once: it says nothing of a length.
        match self.session.write_response_header(head).await {
            Ok(()) => Outcome::Switches(completion),
            Err(_) => Outcome::Broken,
        }
    }

    async fn send(&mut self, response: Response<ResponseBody>, is_head: bool) -> Outcome {
        let (parts, mut body) = response.into_parts();
        let bodiless = is_head
            || matches!(
                parts.status,
                StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED
            );
        let length = body.size_hint().exact();
        let is_empty = bodiless || length == Some(0);
        let head = head::answer(parts, self.version, length, bodiless);
        let sent = match &mut *self.session {
            ServerSession::H2(session) => session.write_response_header(head, is_empty),
            session => session.write_response_header(head).await,
        };
        if sent.is_err() {
            return Outcome::Broken;
        }
        // What is there already needs nobody to wait for it.
        if let Some(whole) = body.take_whole()
            && !is_empty
            && self
                .session
                .write_response_body(whole, false)
                .await
                .is_err()
        {
            return Outcome::Broken;
        }
        while !(body.is_end_stream() && self.pump.is_whole()) || body.lifetime().is_aborted() {
            let next = pin!(std::future::poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)));
            let sent = match self.wait(next).await {
                None | Some(Some(Err(_))) => return self.break_off().await,
                Some(None) => break,
                Some(Some(Ok(frame))) => match frame.into_data() {
                    Ok(data) if data.is_empty() || is_empty => Ok(()),
                    Ok(data) => self.session.write_response_body(data, false).await,
                    Err(frame) => match frame.into_trailers() {
                        Ok(trailers) if self.link.is_none() => {
                            self.session.write_response_trailers(trailers).await
                        }
                        _ => Ok(()),
                    },
                },
            };
            if sent.is_err() {
                return Outcome::Broken;
            }
        }
        let ended = self.session.finish_body().await;
        match ended {
            Err(_) => Outcome::Broken,
            Ok(()) if self.link.is_none() || self.pump.is_whole() => Outcome::Answered,
            Ok(()) => Outcome::Last,
        }
    }

    /// Ends a response that cannot be completed so that nobody takes it for complete.
    async fn break_off(&mut self) -> Outcome {
        match self.link {
            Some(link) => {
                let _ = link.flush().await;
                // An orderly close would be the end of a body that has no other.
                if self.version < Version::HTTP_11 {
                    link.break_off();
                }
            }
            None => self.session.shutdown().await,
        }
        Outcome::Broken
    }
}

/// Answers a request that HTTP does not allow.
async fn refuse(session: &mut ServerSession) -> Outcome {
    session.set_keepalive(None);
    let sent = match head::bare(StatusCode::BAD_REQUEST) {
        Ok(head) => session.write_response_header(head).await,
        Err(error) => Err(error),
    };
    match sent.and(session.write_response_body(Bytes::new(), true).await) {
        Ok(()) => Outcome::Last,
        Err(_) => Outcome::Broken,
    }
}

fn length(headers: &HeaderMap) -> Option<u64> {
    headers
        .get(header::CONTENT_LENGTH)?
        .to_str()
        .ok()?
        .parse()
        .ok()
}
