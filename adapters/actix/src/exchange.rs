//! One request and its response.

use std::convert::Infallible;
use std::future::Future;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Poll;

use actix_http::{HttpMessage as _, Payload, Request as ActixRequest, StatusCode as ActixStatus};
use http::StatusCode;
use http::request::Parts;
use transom::adapter::{ResponseBody, UpgradeCompletion, check_parts, upgrade_offer};
use transom::features::Upgrade;
use transom::{Application, Body};

use crate::link::{Accepted, Link};
use crate::outgoing::{self, Answer, Asked};
use crate::pump::Pump;
use crate::request::{self, Converted, Framing};
use crate::streams::Streams;
use crate::worker::Worker;

/// A request that the application has not been called with yet. What few requests have is boxed: it is copied with
/// each hand that it passes.
struct Arrived {
    head: Parts,
    body: Body,
    asked: Asked,
    pump: Option<Box<Pump>>,
    offered: Option<Box<Offered>>,
}

struct Offered {
    offer: Option<Arc<dyn Upgrade>>,
    completion: UpgradeCompletion,
    payload: Payload,
}

/// An answer that is being worked on since the client asked whether to send its body.
struct Running(Pin<Box<dyn Future<Output = Answer>>>);

/// Answers a request on HTTP/1: the engine's main service.
pub(crate) async fn serve<A: Application>(
    worker: Rc<Worker<A>>,
    mut request: ActixRequest,
) -> Result<Answer, Infallible> {
    if request.head().expect() {
        let running = request.extensions_mut().remove::<Running>();
        if let Some(Running(answer)) = running {
            return Ok(answer.await);
        }
    }
    let Some(link) = request.conn_data::<Rc<Link>>().cloned() else {
        return Ok(Answer::bare(ActixStatus::INTERNAL_SERVER_ERROR));
    };
    Ok(match arrive(&worker, &mut request, &link) {
        Ok(arrived) => answer(&worker, link, arrived).await,
        Err(refused) => {
            link.refuse();
            *refused
        }
    })
}

/// Answers a request on a stream of HTTP/2.
pub(crate) fn serve_stream<A: Application>(
    worker: Rc<Worker<A>>,
    mut request: ActixRequest,
) -> impl Future<Output = Result<Answer, Infallible>> {
    // A stream is open from here on: the engine may be asked for the end of its connection before it polls
    // the future.
    let stream = request.conn_data().map(Streams::begin_on);
    async move {
        let Some(link) = stream else {
            return Ok(Answer::bare(ActixStatus::INTERNAL_SERVER_ERROR));
        };
        let answer = match arrive(&worker, &mut request, &link) {
            Ok(arrived) => answer(&worker, Rc::clone(&link), arrived).await,
            Err(refused) => *refused,
        };
        Ok(answer.keeping(link))
    }
}

/// Decides whether the client shall send the body that it announced: the engine's `Expect` service.
///
/// The application runs already. When it reads the body, the request goes on to [`serve`], and the engine
/// sends `100 Continue`; when it answers first, its answer is all that is sent.
pub(crate) async fn expect<A: Application>(
    worker: Rc<Worker<A>>,
    mut request: ActixRequest,
) -> Result<ActixRequest, Answer> {
    let Some(link) = request.conn_data::<Rc<Link>>().cloned() else {
        return Err(Answer::bare(ActixStatus::INTERNAL_SERVER_ERROR));
    };
    let arrived = arrive(&worker, &mut request, &link).map_err(|refused| *refused)?;
    let waiting = Rc::clone(&link);
    let mut running = Running(Box::pin(
        async move { answer(&worker, link, arrived).await },
    ));
    std::future::poll_fn(|cx| match running.0.as_mut().poll(cx) {
        Poll::Ready(answer) => Poll::Ready(Err(answer)),
        Poll::Pending if waiting.is_body_wanted() => Poll::Ready(Ok(())),
        Poll::Pending => Poll::Pending,
    })
    .await?;
    request.extensions_mut().insert(running);
    Ok(request)
}

/// Takes a request out of the engine's hands.
fn arrive<A: Application>(
    worker: &Worker<A>,
    request: &mut ActixRequest,
    link: &Rc<Link>,
) -> Result<Arrived, Box<Answer>> {
    let payload = request.take_payload();
    if worker.hub.closed.load(Ordering::Acquire) {
        return Err(Box::new(aborted(link, "the server is gone")));
    }
    if link.is_accepted() {
        // The client sent it before the 101: it may be a request, or bytes of the new protocol.
        return Err(Box::new(Answer::abort(
            "a request came behind one that upgraded the connection",
        )));
    }
    // The engine looks neither at `Host` nor at the form of the target.
    let refused = || Box::new(Answer::bare(ActixStatus::BAD_REQUEST));
    let Converted {
        parts: head,
        framing,
        upgrade,
        asks_to_upgrade,
    } = request::convert(request.head()).ok_or_else(refused)?;
    check_parts(&head).map_err(|_| refused())?;
    let asked = Asked {
        head: head.method == http::Method::HEAD,
        http_10: head.version == http::Version::HTTP_10,
        upgrade,
    };
    let mut raw = None;
    let mut pump = None;
    let mut body = Body::empty();
    match framing {
        Framing::Empty => {
            // What the client sent behind the head is out of reach, in the engine's hands.
            raw = link.is_at_end_of_head().then_some(Payload::None);
        }
        Framing::Raw(0) => raw = Some(payload),
        Framing::Stream(_) if head.method == http::Method::CONNECT => {
            pump = Some(Pump::of_tunnel(payload, Rc::clone(link)));
        }
        Framing::Stream(length) => {
            let (filling, stream) = Pump::of_stream(payload, length, Rc::clone(link));
            pump = Some(filling);
            body = stream.unwrap_or_else(Body::empty);
        }
        framing => {
            let (length, unbounded) = match framing {
                Framing::Raw(length) => (Some(length), true),
                Framing::Delimited(length) => (length, false),
                Framing::Empty | Framing::Stream(_) => (None, false),
            };
            let (filling, stream) = Pump::new(payload, length, unbounded, Rc::clone(link));
            pump = Some(filling);
            body = stream;
        }
    }
    let offered = raw.filter(|_| asks_to_upgrade).map(|payload| {
        let (offer, completion) = upgrade_offer();
        link.hold(true);
        Box::new(Offered {
            offer: Some(offer),
            completion,
            payload,
        })
    });
    Ok(Arrived {
        head,
        body,
        asked,
        pump: pump.map(Box::new),
        offered,
    })
}

async fn answer<A: Application>(worker: &Worker<A>, link: Rc<Link>, arrived: Arrived) -> Answer {
    let Arrived {
        mut head,
        body,
        asked,
        mut pump,
        mut offered,
    } = arrived;
    let offer = offered.as_mut().and_then(|offered| offered.offer.take());
    let begun = worker.dispatcher.begin(link.connection(), &mut head, offer);
    let in_flight = link.begin(begun.lifetime());
    let runtime = &worker.hub.runtime;
    let mut at_once = true;
    let outcome = {
        let mut called = pin!(begun.run(head, body, |_, body| body));
        std::future::poll_fn(|cx| {
            let outcome = runtime.within(|| called.as_mut().poll(cx));
            if let Some(pump) = &mut pump {
                pump.poll(cx);
            }
            at_once &= outcome.is_ready();
            match outcome {
                Poll::Ready(outcome) => Poll::Ready(Some(outcome)),
                // Its stream was reset: the answer can reach nobody.
                Poll::Pending if link.is_stream() && link.is_closed_by_client() => {
                    Poll::Ready(None)
                }
                Poll::Pending => Poll::Pending,
            }
        })
        .await
    };
    let mut response = match outcome {
        Some(Ok(response)) => response,
        None => return Answer::reset(),
        Some(Err(_)) if link.is_stream() => return Answer::reset(),
        Some(Err(aborted)) => {
            // The engine drops all that it has not sent: let it send the answers before this one.
            yield_once().await;
            return Answer::abort(aborted);
        }
    };
    if at_once && pump.is_some() && !link.is_stream() {
        // The engine has not looked behind the head yet. If the whole body is there, the connection can
        // be used again.
        yield_once().await;
    }
    // A body that the application dropped is the engine's to skip.
    pump = pump.filter(|pump| !pump.is_done());
    if let Some(offered) = offered {
        let switching = response.status() == StatusCode::SWITCHING_PROTOCOLS;
        match *offered {
            Offered {
                completion,
                payload,
                ..
            } if switching && completion.is_accepted() => {
                link.accept(Accepted {
                    completion,
                    payload,
                });
            }
            _ => decline(&link, &mut response),
        }
    } else if response.status().is_informational() {
        decline(&link, &mut response);
    }
    let size = outgoing::size(&response, asked.head);
    if outgoing::is_unread(size) {
        outgoing::exhaust(response.body_mut(), runtime).await;
    }
    outgoing::convert(response, asked, size, runtime.clone(), in_flight, pump)
}

/// Goes on with HTTP after a response that does not switch.
fn decline(link: &Link, response: &mut http::Response<ResponseBody>) {
    link.hold(false);
    if response.status().is_informational() {
        // A final response it is not, and there is nothing to switch to.
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        response.headers_mut().clear();
    }
}

fn aborted(link: &Link, reason: &'static str) -> Answer {
    if link.is_stream() {
        return Answer::reset();
    }
    Answer::abort(reason)
}

async fn yield_once() {
    let mut yielded = false;
    std::future::poll_fn(|cx| {
        if std::mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
