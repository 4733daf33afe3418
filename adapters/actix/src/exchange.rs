//! One request and its response.

use std::convert::Infallible;
use std::future::Future;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::atomic::Ordering;
use std::task::Poll;

use actix_http::{HttpMessage as _, Payload, Request as ActixRequest, StatusCode as ActixStatus};
use http::StatusCode;
use transom::adapter::{Call, UpgradeCompletion, check_head, upgrade_offer};
use transom::{Application, Body, Request};

use crate::link::{Accepted, InFlight, Link};
use crate::outgoing::{self, Answer, Asked};
use crate::pump::Pump;
use crate::request::{self, Converted, Framing};
use crate::streams::Streams;
use crate::worker::Worker;

/// A request that the application has not been called with yet.
struct Begun<A> {
    call: Call<A>,
    asked: Asked,
    in_flight: InFlight,
    pump: Option<Pump>,
    offered: Option<Offered>,
}

struct Offered {
    completion: UpgradeCompletion,
    payload: Payload,
}

/// An answer that is being worked on since the client asked whether to send its body.
struct Running(Pin<Box<dyn Future<Output = Answer>>>);

/// Answers a request: the engine's main service.
pub(crate) fn serve<A: Application>(
    worker: Rc<Worker<A>>,
    mut request: ActixRequest,
) -> impl Future<Output = Result<Answer, Infallible>> {
    // A stream is open from here on: the engine may be asked for the end of its connection before it polls
    // the future.
    let stream = request.conn_data().map(Streams::begin_on);
    async move {
        let running = request.extensions_mut().remove::<Running>();
        if let Some(Running(answer)) = running {
            return Ok(answer.await);
        }
        let begun = match &stream {
            Some(stream) => begin(&worker, &mut request, stream),
            None => begin_next(&worker, &mut request),
        };
        let answer = match begun {
            Ok(begun) => answer(worker, begun).await,
            Err(refused) => *refused,
        };
        Ok(match stream {
            Some(stream) => answer.keeping(stream),
            None => answer,
        })
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
    let begun = begin_next(&worker, &mut request).map_err(|refused| *refused)?;
    let link = Rc::clone(begun.in_flight.link());
    let mut running = Running(Box::pin(answer(worker, begun)));
    std::future::poll_fn(|cx| match running.0.as_mut().poll(cx) {
        Poll::Ready(answer) => Poll::Ready(Err(answer)),
        Poll::Pending if link.is_body_wanted() => Poll::Ready(Ok(())),
        Poll::Pending => Poll::Pending,
    })
    .await?;
    request.extensions_mut().insert(running);
    Ok(request)
}

/// Takes the next request of a connection out of the engine's hands.
fn begin_next<A: Application>(
    worker: &Rc<Worker<A>>,
    request: &mut ActixRequest,
) -> Result<Begun<A>, Box<Answer>> {
    match request.conn_data::<Rc<Link>>().cloned() {
        Some(link) => begin(worker, request, &link),
        None => Err(Box::new(Answer::bare(ActixStatus::INTERNAL_SERVER_ERROR))),
    }
}

/// Takes a request out of the engine's hands.
fn begin<A: Application>(
    worker: &Rc<Worker<A>>,
    request: &mut ActixRequest,
    link: &Rc<Link>,
) -> Result<Begun<A>, Box<Answer>> {
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
    let head = request.head();
    // The engine looks neither at `Host` nor at the form of the target.
    let refused = || Box::new(Answer::bare(ActixStatus::BAD_REQUEST));
    let Converted {
        parts,
        framing,
        upgrade,
        asks_to_upgrade,
    } = request::convert(head).ok_or_else(refused)?;
    let mut converted = Request::from_parts(parts, Body::empty());
    check_head(&converted).map_err(|_| refused())?;
    let asked = Asked {
        head: converted.method() == http::Method::HEAD,
        http_10: converted.version() == http::Version::HTTP_10,
        upgrade,
    };
    let mut raw = None;
    let mut pump = None;
    match framing {
        Framing::Empty => {
            // What the client sent behind the head is out of reach, in the engine's hands.
            raw = link.is_at_end_of_head().then_some(Payload::None);
        }
        Framing::Raw(0) => raw = Some(payload),
        Framing::Stream(_) if *converted.method() == http::Method::CONNECT => {
            pump = Some(Pump::of_tunnel(payload, Rc::clone(link)));
        }
        Framing::Stream(length) => {
            let (filling, body) = Pump::of_stream(payload, length, Rc::clone(link));
            pump = Some(filling);
            *converted.body_mut() = body.unwrap_or_else(Body::empty);
        }
        framing => {
            let (length, unbounded) = match framing {
                Framing::Raw(length) => (Some(length), true),
                Framing::Delimited(length) => (length, false),
                Framing::Empty | Framing::Stream(_) => (None, false),
            };
            let (filling, body) = Pump::new(payload, length, unbounded, Rc::clone(link));
            pump = Some(filling);
            *converted.body_mut() = body;
        }
    }
    let connection = link.connection();
    let (call, offered) = match raw.filter(|_| asks_to_upgrade) {
        Some(payload) => {
            let (offer, completion) = upgrade_offer();
            link.hold(true);
            let call = worker
                .dispatcher
                .call_upgradable(connection, converted, offer);
            let offered = Offered {
                completion,
                payload,
            };
            (call, Some(offered))
        }
        None => (worker.dispatcher.call(connection, converted), None),
    };
    let in_flight = link.begin(call.lifetime());
    Ok(Begun {
        call,
        asked,
        in_flight,
        pump,
        offered,
    })
}

async fn answer<A: Application>(worker: Rc<Worker<A>>, begun: Begun<A>) -> Answer {
    let Begun {
        call,
        asked,
        in_flight,
        mut pump,
        offered,
    } = begun;
    let link = Rc::clone(in_flight.link());
    let runtime = worker.hub.runtime.clone();
    let mut at_once = true;
    let outcome = {
        let mut called = pin!(runtime.enter(call.run()));
        std::future::poll_fn(|cx| {
            let outcome = called.as_mut().poll(cx);
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
    let switching = response.status() == StatusCode::SWITCHING_PROTOCOLS;
    match offered {
        Some(Offered {
            completion,
            payload,
        }) if switching && completion.is_accepted() => {
            link.accept(Accepted {
                completion,
                payload,
            });
        }
        _ => {
            link.hold(false);
            if response.status().is_informational() {
                // A final response it is not, and there is nothing to switch to.
                *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
                response.headers_mut().clear();
            }
        }
    }
    outgoing::convert(response, asked, runtime, in_flight, pump).await
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
