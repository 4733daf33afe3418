use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body::{Body as HttpBody, Frame};
use transom::body::BoxError;
use transom::features::{RequestLifetime, ServerLifetime};
use transom::{Body, RequestExt};

use super::pipe::{Piece, Pipe};
use super::view::View;
use super::{AppFunc, Called, Environment, Properties, opaque};

/// One request in the hands of a function. It is polled until there is a response, and then by the body of that: so
/// it is dropped with it, when the client is gone.
struct Exchange {
    environment: Environment,
    pipe: Arc<Pipe>,
    running: Option<Called>,
    failed: Option<BoxError>,
    /// The rest of the pipeline's body, on its way.
    whole: Option<Body>,
    /// That of a request which no server of Transom's ends.
    lifetime: Option<RequestLifetime>,
}

/// Calls a function for a request, and returns its response: as soon as it writes, or has ended.
pub(super) async fn run(app: AppFunc, request: Request<Body>) -> Result<Response<Body>, BoxError> {
    let mut exchange = Exchange::new(&app, request);
    poll_fn(|cx| exchange.poll_head(cx)).await?;
    let response = exchange.head();
    let body = match exchange.is_over() {
        true => match exchange.pipe.take() {
            Some(Piece::Data(data)) => Body::from(data),
            Some(Piece::Whole(body)) => body,
            None => Body::empty(),
        },
        false => Body::new(Streamed(exchange)),
    };
    Ok(response.map(|()| body))
}

impl Exchange {
    fn new(app: &AppFunc, request: Request<Body>) -> Self {
        let (mut head, body) = request.into_parts();
        let told = head.feature::<RequestLifetime>().is_some();
        let lifetime = (!told).then(RequestLifetime::new);
        if let Some(lifetime) = &lifetime {
            head.features_mut().insert(lifetime.clone());
        }
        // Components of one pipeline share what they put there.
        let outer = head.feature::<Environment>();
        let items = outer.map_or_else(Properties::new, |outer| outer.items().clone());
        let view = View::new(head, body);
        let pipe = Arc::clone(&view.pipe);
        let environment = Environment::over(view, items);
        let running = Some(app.call(environment.clone()));
        Self {
            environment,
            pipe,
            running,
            failed: None,
            whole: None,
            lifetime,
        }
    }

    /// Ready when the head is to be sent.
    fn poll_head(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        if self.poll_running(cx).is_pending() {
            return self.pipe.poll_started(cx).map(Ok);
        }
        Poll::Ready(match self.failed.take() {
            Some(error) if !self.pipe.is_started() => Err(error),
            failed => {
                self.failed = failed;
                Ok(())
            }
        })
    }

    /// Ready when the function has ended.
    fn poll_running(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(running) = &mut self.running {
            self.failed = ready!(Pin::new(running).poll(cx)).err();
            self.running = None;
        }
        Poll::Ready(())
    }

    /// Ready with what is written, or with the end.
    fn poll_written(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        loop {
            if let Some(whole) = &mut self.whole {
                match ready!(Pin::new(whole).poll_frame(cx)) {
                    Some(Ok(frame)) if frame.is_data() => return Poll::Ready(Some(Ok(frame))),
                    // Trailers have no place before what may still be written.
                    Some(Ok(_)) => {}
                    Some(Err(error)) => return Poll::Ready(Some(Err(error.into()))),
                    None => self.whole = None,
                }
                continue;
            }
            match self.pipe.poll_take(cx) {
                Poll::Ready(Piece::Data(data)) if data.is_empty() => {}
                Poll::Ready(Piece::Data(data)) => return Poll::Ready(Some(Ok(Frame::data(data)))),
                Poll::Ready(Piece::Whole(whole)) => self.whole = Some(whole),
                Poll::Pending if self.running.is_some() => return Poll::Pending,
                Poll::Pending => return Poll::Ready(self.failed.take().map(Err)),
            }
        }
    }

    /// Returns whether something was written that can be taken.
    fn is_written(&self) -> bool {
        self.whole.is_none() && self.pipe.is_filled()
    }

    fn is_over(&self) -> bool {
        self.running.is_none() && self.failed.is_none()
    }

    /// Returns the head of the response, which is frozen from now on.
    fn head(&self) -> Response<()> {
        let mut response = Response::new(());
        if let Some(mut view) = self.environment.lock() {
            view.sending = true;
            let callbacks = view.on_sending_headers.clone();
            drop(view);
            callbacks.fire(&self.environment);
        }
        if let Some(mut view) = self.environment.lock() {
            view.sending = false;
            let status = view.status();
            let accepted = view
                .accepted
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take();
            if let (Some(accepted), StatusCode::SWITCHING_PROTOCOLS) = (accepted, status) {
                opaque::spawn(accepted, view.feature::<ServerLifetime>());
            }
            *response.status_mut() = status;
            *response.version_mut() = view.response.version;
            // What comes back from the function may still look at them.
            *response.headers_mut() = view.response.headers.clone();
            *response.extensions_mut() = std::mem::take(&mut view.response.extensions);
        }
        response
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        if let Some(lifetime) = self.lifetime.as_ref().filter(|_| !self.is_over()) {
            lifetime.disconnect();
        }
        self.running = None;
        self.pipe.close();
        if let Some(mut view) = self.environment.lock() {
            let released = view.release();
            let callbacks = view.on_sending_headers.clone();
            let accepted = view
                .accepted
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take();
            drop(view);
            callbacks.clear();
            drop((released, accepted));
        }
    }
}

/// The body of a response whose function still runs, or failed after it had begun to write.
struct Streamed(Exchange);

impl HttpBody for Streamed {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let exchange = &mut self.0;
        loop {
            if let Poll::Ready(frame) = exchange.poll_written(cx) {
                return Poll::Ready(frame);
            }
            let waits = exchange.running.is_none() || exchange.poll_running(cx).is_pending();
            // What it has done now may be what is waited for.
            if waits && !exchange.is_written() {
                return Poll::Pending;
            }
        }
    }
}
