use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::{Method, Request, request::Parts};
use http_body::Body;
use pin_project::pin_project;
use tower_service::Service;

use super::Replayed;
use super::form::{Form, is_form};
use super::layer::{Options, Source};

/// Replaces the method of a `POST` that asks for it. See the [module](super).
#[derive(Clone, Debug)]
pub struct MethodOverride<S> {
    inner: S,
    options: Arc<Options>,
}

impl<S> MethodOverride<S> {
    pub(super) fn new(inner: S, options: Arc<Options>) -> Self {
        Self { inner, options }
    }
}

impl<S, B> Service<Request<B>> for MethodOverride<S>
where
    S: Service<Request<Replayed<B>>> + Clone,
    B: Body<Data = Bytes> + Unpin,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = MethodOverrideFuture<S, B>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        if request.method() == Method::POST {
            match &self.options.source {
                Source::Header(name) => {
                    let mut asked = request.headers().get_all(name).iter();
                    let method = match (asked.next(), asked.next()) {
                        (Some(asked), None) => self.options.method(asked.as_bytes()),
                        (Some(_), Some(_)) => {
                            tracing::debug!("a POST asks to be several methods, and stays one");
                            None
                        }
                        (None, _) => None,
                    };
                    if let Some(method) = method {
                        *request.method_mut() = method.clone();
                    }
                }
                Source::FormField(_) if is_form(request.headers()) => return self.read(request),
                Source::FormField(_) => {}
            }
        }
        let running = self.inner.call(request.map(Replayed::new));
        MethodOverrideFuture(State::Running(running))
    }
}

impl<S> MethodOverride<S> {
    fn read<B>(&mut self, request: Request<B>) -> MethodOverrideFuture<S, B>
    where
        S: Service<Request<Replayed<B>>> + Clone,
        B: Body<Data = Bytes> + Unpin,
    {
        // The one that is ready is the one that is called.
        let another = self.inner.clone();
        let (head, body) = request.into_parts();
        MethodOverrideFuture(State::Reading(Some(Box::new(Reading {
            inner: std::mem::replace(&mut self.inner, another),
            head,
            form: Form::new(body, self.options.max_form_size),
            options: Arc::clone(&self.options),
        }))))
    }
}

/// The answer of [`MethodOverride`].
#[must_use = "futures do nothing unless polled"]
#[pin_project]
pub struct MethodOverrideFuture<S, B>(#[pin] State<S, B>)
where
    S: Service<Request<Replayed<B>>>,
    B: Body<Data = Bytes>;

#[pin_project(project = StateProjection)]
enum State<S, B>
where
    S: Service<Request<Replayed<B>>>,
    B: Body<Data = Bytes>,
{
    Reading(Option<Box<Reading<S, B>>>),
    Running(#[pin] S::Future),
}

struct Reading<S, B: Body> {
    inner: S,
    head: Parts,
    form: Form<B>,
    options: Arc<Options>,
}

impl<S, B> Future for MethodOverrideFuture<S, B>
where
    S: Service<Request<Replayed<B>>>,
    B: Body<Data = Bytes> + Unpin,
{
    type Output = Result<S::Response, S::Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        loop {
            let running = match self.as_mut().project().0.project() {
                StateProjection::Running(running) => return running.poll(cx),
                StateProjection::Reading(reading) => {
                    if let Some(reading) = reading {
                        ready!(reading.form.poll_read(cx));
                    }
                    let reading = reading.take();
                    reading.expect("taken where it is replaced").run()
                }
            };
            self.as_mut().project().0.set(State::Running(running));
        }
    }
}

impl<S, B> Reading<S, B>
where
    S: Service<Request<Replayed<B>>>,
    B: Body<Data = Bytes> + Unpin,
{
    fn run(mut self) -> S::Future {
        if let Source::FormField(name) = &self.options.source {
            let asked = self.form.field(name);
            if let Some(method) = asked.and_then(|asked| self.options.method(asked.as_bytes())) {
                self.head.method = method.clone();
            }
        }
        let request = Request::from_parts(self.head, self.form.into_body());
        self.inner.call(request)
    }
}

impl<S, B> fmt::Debug for MethodOverrideFuture<S, B>
where
    S: Service<Request<Replayed<B>>>,
    B: Body<Data = Bytes>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MethodOverrideFuture")
    }
}
