//! Requests that are handed to the queue of another server, which is in this process too.

use std::error::Error as _;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use futures_util::stream;
use tokio::sync::mpsc;
use transom::features::RequestLifetime;
use transom::{Application, Body, Request, RequestExt, Response};
use transom_http_sys::{
    Delegation, DelegationError, DelegationRule, HttpSysServer, RequestDelegation,
    RequestQueueMode, UrlPrefix,
};

use crate::queue_name;
use crate::support::Running;

/// Says which method it was, and what the body.
async fn echo(request: Request) -> Response {
    let method = request.method().clone();
    let body = request.into_body().collect(1 << 20).await.unwrap();
    let body = String::from_utf8(body.into()).unwrap();
    Response::new(Body::from(format!("theirs: {method} {body}")))
}

/// A server whose queue has a name.
struct Receiver {
    server: Running,
    queue: String,
    prefix: UrlPrefix,
}

impl Receiver {
    fn start() -> Self {
        let queue = queue_name();
        let server = HttpSysServer::new("http://127.0.0.1:0")
            .with_accepts(8)
            .with_request_queue(&queue, RequestQueueMode::Create);
        let server = Running::of(server, echo);
        let prefix = UrlPrefix::try_from(&server.addresses.bound()[0]).unwrap();
        Self {
            server,
            queue,
            prefix,
        }
    }

    /// Returns what makes a rule for its queue, once.
    fn rule(&self) -> impl Fn(&Request) -> DelegationRule + Clone + use<> {
        let rule = Arc::new(OnceLock::new());
        let (queue, prefix) = (self.queue.clone(), self.prefix.clone());
        move |request: &Request| {
            let make = || {
                let rules = request.feature::<Delegation>().unwrap();
                rules.rule(&queue, prefix.clone()).unwrap()
            };
            rule.get_or_init(make).clone()
        }
    }
}

fn delegator(app: impl Application) -> Running {
    let server = HttpSysServer::new("http://127.0.0.1:0")
        .with_accepts(8)
        .with_delegation(true);
    Running::of(server, app)
}

fn delegate(request: &Request, rule: &DelegationRule) -> Result<(), DelegationError> {
    request
        .feature::<RequestDelegation>()
        .unwrap()
        .delegate(rule)
}

#[test]
fn a_request_is_answered_by_whom_it_is_handed_to() {
    let receiver = Receiver::start();
    let rule = receiver.rule();
    let server = delegator(move |request: Request| {
        let rule = rule(&request);
        async move {
            let delegation = request.feature::<RequestDelegation>().unwrap();
            assert!(delegation.can_delegate());
            delegation.delegate(&rule).unwrap();
            assert!(!delegation.can_delegate());
            let again = delegation.delegate(&rule).unwrap_err();
            assert!(again.to_string().contains("already"), "{again}");
            Response::new(Body::from("ours"))
        }
    });
    for (method, body) in [("GET", ""), ("POST", "a body"), ("PUT", "another")] {
        let reply = server.connect().ask(method, "/", "", body.as_bytes());
        assert_eq!(reply.text(), format!("theirs: {method} {body}"));
    }
    let long = "x".repeat(100_000);
    let reply = server.connect().ask_aside("POST", "/", "", long.as_bytes());
    assert_eq!(reply.text(), format!("theirs: POST {long}"));
    assert_eq!(receiver.server.statistics.total_requests(), 4);
    server.stop();
    receiver.server.stop();
}

#[test]
fn a_request_whose_body_was_read_stays() {
    let receiver = Receiver::start();
    let rule = receiver.rule();
    let server = delegator(move |request: Request| {
        let rule = rule(&request);
        async move {
            let (head, body) = request.into_parts();
            body.collect(100).await.unwrap();
            let request = Request::from_parts(head, Body::empty());
            let text = match delegate(&request, &rule) {
                Ok(()) => "handed over".to_owned(),
                Err(error) => error.to_string(),
            };
            Response::new(Body::from(text))
        }
    });
    let reply = server.connect().ask("POST", "/", "", b"read");
    assert!(
        reply.text().contains("its body was read"),
        "{}",
        reply.text()
    );
    server.stop();
    receiver.server.stop();
}

#[test]
fn a_request_whose_response_has_begun_stays() {
    let receiver = Receiver::start();
    let rule = receiver.rule();
    let server = delegator(move |request: Request| {
        let rule = rule(&request);
        async move {
            let late = stream::once(async move {
                let error = delegate(&request, &rule).unwrap_err();
                Ok::<_, std::io::Error>(Bytes::from(error.to_string()))
            });
            Response::new(Body::from_stream(Box::pin(late)))
        }
    });
    let reply = server.get("/");
    assert!(
        reply.text().contains("its response has begun"),
        "{}",
        reply.text()
    );
    server.stop();
    receiver.server.stop();
}

#[test]
fn what_was_handed_over_can_neither_be_read_nor_hung_up() {
    let receiver = Receiver::start();
    let rule = receiver.rule();
    let (sends, mut read) = mpsc::unbounded_channel();
    let server = delegator(move |request: Request| {
        let (rule, sends) = (rule(&request), sends.clone());
        async move {
            delegate(&request, &rule).unwrap();
            let lifetime = request.feature::<RequestLifetime>().unwrap().clone();
            let read = request.into_body().collect(100).await;
            let cause = read.unwrap_err().source().map(ToString::to_string);
            sends.send(cause.unwrap()).unwrap();
            lifetime.abort();
            Response::default()
        }
    });
    let reply = server.connect().ask("POST", "/", "", b"theirs");
    assert_eq!(reply.text(), "theirs: POST theirs");
    let error = server.runtime.block_on(read.recv()).unwrap();
    assert!(error.contains("handed to another queue"), "{error}");
    server.stop();
    receiver.server.stop();
}

#[test]
fn a_request_that_was_not_handed_over_is_answered_here() {
    let receiver = Receiver::start();
    let rule = receiver.rule();
    let server = delegator(move |request: Request| {
        let nowhere = "http://127.0.0.1:1/".parse().unwrap();
        let rule = rule(&request).with_url_prefix(nowhere);
        async move {
            let error = delegate(&request, &rule).unwrap_err();
            Response::new(Body::from(error.to_string()))
        }
    });
    let reply = server.get("/");
    assert!(
        reply.text().starts_with("the request was not handed"),
        "{}",
        reply.text()
    );
    server.stop();
    receiver.server.stop();
}

#[test]
fn there_is_one_rule_for_a_queue_until_it_is_dropped() {
    let receiver = Receiver::start();
    let (queue, prefix) = (receiver.queue.clone(), receiver.prefix.clone());
    let server = delegator(move |request: Request| {
        let (queue, prefix) = (queue.clone(), prefix.clone());
        async move {
            let rules = request.feature::<Delegation>().unwrap();
            let unknown = rules.rule("nobody's", prefix.clone()).unwrap_err();
            assert!(
                unknown.to_string().ends_with("there is none of this name"),
                "{unknown}"
            );
            for _ in 0..3 {
                let rule = rules.rule(&queue, prefix.clone()).unwrap();
                assert_eq!((rule.queue_name(), rule.url_prefix()), (&*queue, &prefix));
                let second = rules.rule(&queue, prefix.clone()).unwrap_err();
                assert!(second.to_string().contains("`with_url_prefix`"), "{second}");
            }
            let rule = rules.rule(&queue, prefix).unwrap();
            delegate(&request, &rule).unwrap();
            Response::default()
        }
    });
    assert_eq!(server.get("/").text(), "theirs: GET ");
    server.stop();
    receiver.server.stop();
}
