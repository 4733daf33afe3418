//! One request, from its parameters to the end of its response.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use http::Method;
use http::response::Parts;
use http_body::Body as _;
use tokio::time::Instant;
use transom::adapter::{Aborted, Dispatcher, ResponseBody};
use transom::features::RequestLifetime;
use transom::{Application, Body};

use crate::environment::{Arrival, HeadForm, announce_length, write_head};
use crate::gateway::{FedBody, Feed, feed};

/// A request that the application has, or will have.
pub(super) struct Exchange {
    pub(super) id: u16,
    pub(super) intake: Feed,
    /// Since when the application waits for more of the body.
    pub(super) awaits_since: Option<Instant>,
    method: Method,
    lifetime: Option<RequestLifetime>,
    stage: Stage,
}

enum Stage {
    /// Until it is called. Boxed: it is large, and soon something else.
    Arrived(Box<Option<(Arrival, FedBody)>>),
    Calling(Pin<Box<Calling>>),
    Sending(ResponseBody),
}

type Calling = dyn Future<Output = Result<http::Response<ResponseBody>, Aborted>> + Send;

/// What comes next of a response.
pub(super) enum Step {
    /// Its head, or some of its body.
    Piece(Bytes),
    /// Nothing: it is whole.
    End,
    /// Nothing, and it is not whole. The text is for the web server's log.
    Broken(&'static str),
}

impl Exchange {
    pub(super) fn new(id: u16, arrival: Arrival) -> Self {
        let (intake, body) = feed(arrival.length());
        Self {
            id,
            intake,
            awaits_since: None,
            method: arrival.request().method().clone(),
            lifetime: None,
            stage: Stage::Arrived(Box::new(Some((arrival, body)))),
        }
    }

    /// Runs the application until there is something to send. It is called by the first poll: what is there of
    /// the body by then makes the difference between a request that has none and one that may.
    pub(super) fn poll<A: Application>(
        &mut self,
        cx: &mut Context<'_>,
        dispatcher: &Dispatcher<A>,
    ) -> Poll<Step> {
        loop {
            self.stage = match &mut self.stage {
                Stage::Arrived(arrived) => {
                    let Some((arrival, body)) = arrived.take() else {
                        return Poll::Ready(Step::End);
                    };
                    let call = arrival.call(dispatcher, Body::new(body));
                    self.lifetime = Some(call.lifetime().clone());
                    Stage::Calling(Box::pin(call.run()))
                }
                Stage::Calling(calling) => {
                    let Ok(response) = ready!(calling.as_mut().poll(cx)) else {
                        return Poll::Ready(Step::Broken("the application aborted the request"));
                    };
                    let (head, body) = response.into_parts();
                    let head = self.head(head, &body);
                    self.stage = Stage::Sending(body);
                    return Poll::Ready(Step::Piece(head));
                }
                Stage::Sending(body) => {
                    return Poll::Ready(match ready!(Pin::new(body).poll_frame(cx)) {
                        None => Step::End,
                        Some(Ok(frame)) => match frame.into_data() {
                            Ok(data) => Step::Piece(data),
                            // The protocol has no trailers.
                            Err(_) => continue,
                        },
                        Some(Err(_)) => Step::Broken("the body of the response broke off"),
                    });
                }
            };
        }
    }

    /// Notes whether the application waits for its body, until something comes of it.
    pub(super) fn watch(&mut self) {
        match self.intake.is_awaited() {
            true => _ = self.awaits_since.get_or_insert_with(Instant::now),
            false => self.awaits_since = None,
        }
    }

    /// Returns whether some of the response was sent.
    pub(super) fn has_answered(&self) -> bool {
        matches!(self.stage, Stage::Sending(_))
    }

    /// Tells the application that its client has closed its side.
    pub(super) fn disconnect(&mut self) {
        self.intake.fail(transom::body::Error::disconnected());
        if let Some(lifetime) = &self.lifetime {
            lifetime.disconnect();
        }
    }

    fn head(&self, mut head: Parts, body: &ResponseBody) -> Bytes {
        announce_length(&self.method, &mut head, body.size_hint().exact());
        let mut bytes = BytesMut::with_capacity(512);
        write_head(&head, HeadForm::Field, &mut bytes);
        bytes.freeze()
    }
}
