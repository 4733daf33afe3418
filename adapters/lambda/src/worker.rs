use std::future::{Future, poll_fn};
use std::pin::pin;
use std::time::SystemTime;

use bytes::Bytes;
use futures_util::future::{Either, select};
use http::{Request, StatusCode};
use http_body_util::Full;
use transom::adapter::{Call, Dispatcher, ResponseBody};
use transom::features::{
    ConnectionInfo, Endpoint, PathBase, RequestIdentifier, RequestLifetime, Scheme, Transport,
};
use transom::{Application, RequestExt, Shutdown};

use crate::EventSource;
use crate::event::{Event, Facts, Refused};
use crate::request_path::strip_base;
use crate::response::{Mode, STREAMED, buffered, collect, streamed, too_large};
use crate::runtime_api::{Failed, Invocation, Link, Outgoing, Problem};
use crate::server::Options;

/// Asks for one invocation after the other, and answers each.
pub(crate) struct Worker<A> {
    link: Link,
    dispatcher: Dispatcher<A>,
    shutdown: Shutdown,
    options: Options,
}

impl<A: Application> Worker<A> {
    pub(crate) fn new(
        link: Link,
        dispatcher: Dispatcher<A>,
        shutdown: Shutdown,
        options: Options,
    ) -> Self {
        Self {
            link,
            dispatcher,
            shutdown,
            options,
        }
    }

    /// Returns one that works beside this one.
    pub(crate) fn another(&self) -> Self {
        Self {
            link: self.link.another(),
            dispatcher: self.dispatcher.clone(),
            shutdown: self.shutdown.clone(),
            options: self.options,
        }
    }

    pub(crate) async fn work(mut self) -> Result<(), Failed> {
        while !self.shutdown.is_requested() {
            let head = {
                let stop = pin!(self.shutdown.requested());
                match select(pin!(self.link.next()), stop).await {
                    Either::Left((head, _)) => head?,
                    Either::Right(_) => break,
                }
            };
            let invocation = self.link.receive(head).await?;
            let id = invocation.id().to_owned();
            match self.answer(invocation).await {
                // Whether it was more than this connection shows when the next invocation is asked for.
                Err(failed) if failed.is_broken() => {
                    tracing::error!(target: "transom", id, error = %failed, "an answer was lost");
                }
                answered => answered?,
            }
        }
        Ok(())
    }

    async fn answer(&mut self, mut invocation: Invocation) -> Result<(), Failed> {
        // The event may be large; what the request has of it is its own.
        let payload = std::mem::take(&mut invocation.payload);
        let event = match Event::read(&payload) {
            Ok(event) => event,
            Err(problem) => return self.link.fail(&invocation, &problem).await,
        };
        let mode = self.mode(&event);
        let read = event.into_request();
        drop(payload);
        let (request, facts) = match read {
            Ok(read) => read,
            Err(Refused::Client(status)) => return self.refuse(&invocation, mode, status).await,
            Err(Refused::Event(problem)) => return self.link.fail(&invocation, &problem).await,
        };
        let call = self.call(&invocation, request, facts);
        let lifetime = call.lifetime().clone();
        let deadline = invocation.context.deadline();
        let margin = self.options.deadline_margin;
        let deadline = deadline.and_then(|deadline| deadline.checked_sub(margin));
        let answered = self.run(call, &invocation, mode);
        until_late(answered, deadline, &lifetime).await
    }

    fn mode(&self, event: &Event<'_>) -> Mode {
        let streams = match event.source() {
            EventSource::FunctionUrl => self.options.response_streaming,
            EventSource::RestApi => self.options.rest_response_streaming,
            EventSource::HttpApi | EventSource::LoadBalancer => false,
        };
        match streams {
            true => Mode::Streamed(event.form()),
            false => Mode::Buffered(event.form()),
        }
    }

    /// Begins the call of the application.
    fn call(&self, invocation: &Invocation, request: Request<Bytes>, facts: Facts) -> Call<A> {
        let mut info = ConnectionInfo::new(Transport::Tcp);
        if let Some(address) = facts.remote {
            info = info.with_remote(Endpoint::Ip(address));
        }
        // A connection is secure if it is known how.
        let scheme = match facts.tls {
            Some(_) => Scheme::Https,
            None => Scheme::Http,
        };
        let mut connection = self.dispatcher.connection(info, scheme);
        if let Some(tls) = facts.tls {
            connection = connection.with_feature(tls);
        }
        let mut call = self.dispatcher.call(&connection, request.map(Full::new));
        let request = call.request_mut();
        let base = PathBase::new(&facts.base).unwrap_or_default();
        if !base.as_str().is_empty() {
            strip_base(request.uri_mut(), base.as_str());
            request.features_mut().insert(base);
        }
        let features = request.features_mut();
        if facts.scheme != scheme {
            features.insert(facts.scheme);
        }
        features.insert(RequestIdentifier::new(invocation.id()));
        features.insert(invocation.context.clone());
        features.insert(facts.event);
        call
    }

    async fn run(
        &mut self,
        call: Call<A>,
        invocation: &Invocation,
        mode: Mode,
    ) -> Result<(), Failed> {
        let Ok(response) = call.run().await else {
            let problem = Problem::new(
                "Application.Aborted",
                "the application hung up on its client",
            );
            return self.link.fail(invocation, &problem).await;
        };
        let (head, body) = response.into_parts();
        let content = match mode {
            Mode::Streamed(form) => streamed(form, &head, Some(body)),
            Mode::Buffered(form) => collect(body)
                .await
                .and_then(|content| buffered(form, &head, &content))
                .map(Outgoing::Whole),
        };
        self.respond(invocation, mode, content).await
    }

    /// Answers a request that does not reach the application.
    async fn refuse(
        &mut self,
        invocation: &Invocation,
        mode: Mode,
        status: StatusCode,
    ) -> Result<(), Failed> {
        let (mut head, ()) = http::Response::new(()).into_parts();
        head.status = status;
        let content = match mode {
            Mode::Streamed(form) => streamed(form, &head, None::<ResponseBody>),
            Mode::Buffered(form) => buffered(form, &head, b"").map(Outgoing::Whole),
        };
        self.respond(invocation, mode, content).await
    }

    async fn respond(
        &mut self,
        invocation: &Invocation,
        mode: Mode,
        content: Result<Outgoing, Problem>,
    ) -> Result<(), Failed> {
        let content = match content {
            Ok(content) => content,
            Err(problem) => return self.link.fail(invocation, &problem).await,
        };
        let content_type = match mode {
            Mode::Buffered(_) => "application/json",
            Mode::Streamed(_) => STREAMED,
        };
        if self.link.respond(invocation, content_type, content).await? {
            return Ok(());
        }
        let problem = too_large();
        self.link.fail(invocation, &problem).await
    }
}

/// Waits for `answered`; and says at a certain time, if it has not come yet, that nobody waits any more.
async fn until_late<F: Future>(
    answered: F,
    late: Option<SystemTime>,
    lifetime: &RequestLifetime,
) -> F::Output {
    let mut answered = pin!(answered);
    let Some(late) = late else {
        return answered.await;
    };
    let left = late.duration_since(SystemTime::now()).unwrap_or_default();
    let mut timer = pin!(tokio::time::sleep(left));
    let mut told = false;
    poll_fn(|cx| {
        if !told && timer.as_mut().poll(cx).is_ready() {
            told = true;
            lifetime.disconnect();
        }
        answered.as_mut().poll(cx)
    })
    .await
}
