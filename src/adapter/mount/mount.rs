use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH, TE, TRAILER};
use http::uri::PathAndQuery;
use http::{HeaderValue, Response, StatusCode, Uri, Version};
use http_body::Body as HttpBody;

use super::upgrade::{self, Switch};
use super::{Arrival, MountBody};
use crate::adapter::{Call, Dispatcher, ResponseBody, check_head};
use crate::body::BoxError;
use crate::contract::{App, Application, Shutdown, ShutdownTrigger};
use crate::features::{Features, PathBase, RequestExt, ResponseTrailers, ServerStatistics};
use crate::signal::{Listener, Signal};

/// An application that a framework calls, which has a server of its own.
///
/// It starts nothing and owns no connection: the framework polls what [`call`](Self::call) returns, and drops it
/// when the client is gone. Clones are handles of one mount.
///
/// ```
/// use transom::adapter::{Arrival, Mount};
/// use transom::features::{PathBase, ServerInfo};
/// use transom::{Body, Features, Request, Response};
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let mut features = Features::new();
/// features.insert(ServerInfo::new("some framework", "1.0"));
/// let app = async |request: Request| Response::new(Body::from(request.uri().to_string()));
/// let mount = Mount::new(app, features);
///
/// // What a framework's handler does:
/// let request = http::Request::get("/app/page").header("host", "example.com").body(Body::empty())?;
/// let arrival = Arrival::default().with_path_base(PathBase::new("/app")?);
/// let response = mount.call(request, arrival).await;
/// assert_eq!(mount.statistics().requests(), 1, "in flight until its body is dropped");
/// assert_eq!(Body::new(response.into_body()).collect(64).await?, "/page");
///
/// // And what the program does after it has told the framework to stop:
/// mount.stop().await;
/// # Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
/// # })?;
/// # Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
/// ```
#[must_use = "a mount does nothing until it is called"]
pub struct Mount<A = App>(Arc<State<A>>);

struct State<A> {
    dispatcher: Dispatcher<A>,
    features: Features,
    base: Base,
    /// Whether the framework sends the trailers of a response.
    trailers: bool,
    life: Arc<Life>,
}

/// Where the mount is, for requests that do not say so themselves.
#[derive(Clone, Default)]
enum Base {
    #[default]
    Root,
    /// The path begins with it.
    Within(PathBase),
    /// The path began with it before the framework took it off.
    TakenOff(PathBase),
}

/// How far a mount is, shared by all that is in flight.
pub(super) struct Life {
    trigger: ShutdownTrigger,
    closed: AtomicBool,
    pub(super) aborted: Signal,
}

impl<A: Application> Mount<A> {
    /// Mounts an application on a server whose features these are: at least a
    /// [`ServerInfo`](crate::features::ServerInfo) that names the framework.
    pub fn new(app: A, features: Features) -> Self {
        let (trigger, shutdown) = Shutdown::pair();
        let dispatcher = Dispatcher::new(app, features, &shutdown);
        Self(Arc::new(State {
            features: Features::clone(dispatcher.features()),
            dispatcher,
            base: Base::Root,
            trailers: false,
            life: Arc::new(Life {
                trigger,
                closed: AtomicBool::new(false),
                aborted: Signal::new(),
            }),
        }))
    }

    /// Sets how long the body of a request may be, in bytes; `None` for any length. 30,000,000 by default.
    pub fn with_max_request_body_size(mut self, limit: Option<u64>) -> Self {
        let state = Arc::make_mut(&mut self.0);
        let dispatcher = state.dispatcher.clone();
        state.dispatcher = dispatcher.with_max_request_body_size(limit);
        self
    }

    /// Sets where this handle is mounted, if the framework leaves the prefix in the path: the mount takes it off,
    /// and it becomes the [`PathBase`]. A request elsewhere goes through as it is.
    pub fn with_path_base(mut self, base: PathBase) -> Self {
        Arc::make_mut(&mut self.0).base = Base::Within(base);
        self
    }

    /// Sets where this handle is mounted, if the framework takes the prefix off, as axum's `nest_service` does. It
    /// becomes the [`PathBase`], and the [`OriginalTarget`](crate::features::OriginalTarget) has it.
    pub fn with_stripped_path_base(mut self, base: PathBase) -> Self {
        Arc::make_mut(&mut self.0).base = Base::TakenOff(base);
        self
    }

    /// Says that the framework sends the trailers of a response, as those do whose server is hyper: then a request
    /// whose client takes them has the feature [`ResponseTrailers`].
    pub fn with_response_trailers(mut self) -> Self {
        Arc::make_mut(&mut self.0).trailers = true;
        self
    }

    /// Returns the features of the server, [`ServerLifetime`](crate::features::ServerLifetime) and
    /// [`ServerStatistics`] among them.
    pub fn features(&self) -> &Features {
        &self.0.features
    }

    /// Returns what is in flight.
    pub fn statistics(&self) -> &ServerStatistics {
        self.0.dispatcher.statistics()
    }

    /// Answers a request, which counts as in flight from now until the body of its response is dropped.
    ///
    /// Its URI is the target as the client sent it, the prefix of the mount included. A wrong target or `Host` is
    /// answered with 400 here (see [`check_head`]), and every request with 503 once the mount has stopped.
    ///
    /// If the application hung up, the body [says so](MountBody::is_hung_up), and its first frame is an error.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future tells the application that the client is gone.
    pub fn call<B>(
        &self,
        request: http::Request<B>,
        arrival: Arrival,
    ) -> impl Future<Output = Response<MountBody>> + Send + use<A, B>
    where
        B: HttpBody<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
    {
        let begun = self.begin(request, arrival);
        let life = Arc::clone(&self.0.life);
        async move {
            match begun {
                Ok((call, after)) => run(call, after, life).await,
                Err(refusal) => bare(refusal),
            }
        }
    }

    /// Says that the server stops, waits until no request is in flight and no connection is upgraded, and
    /// then closes the mount.
    ///
    /// Tell the framework first. What it lets in until then is still answered, and is waited for.
    ///
    /// # Cancel safety
    ///
    /// Dropped before its end the mount is not closed, and it may be waited for again; or
    /// [aborted](Self::abort).
    pub async fn stop(&self) {
        let (life, statistics) = (&self.0.life, self.statistics());
        life.trigger.request();
        loop {
            statistics.idle().await;
            life.closed.store(true, Ordering::SeqCst);
            // One that was counted before it could see that the mount is closed goes on.
            if statistics.is_idle() {
                return;
            }
        }
    }

    /// Closes the mount, and ends what is in flight: requests that were not answered, bodies that are on their
    /// way, and upgraded connections, which fail when they are next read or written.
    pub fn abort(&self) {
        let life = &self.0.life;
        life.trigger.request();
        life.closed.store(true, Ordering::SeqCst);
        life.aborted.fire();
    }

    fn begin<B>(
        &self,
        mut request: http::Request<B>,
        mut arrival: Arrival,
    ) -> Result<(Call<A>, After), StatusCode>
    where
        B: HttpBody<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
    {
        let State {
            dispatcher, life, ..
        } = &*self.0;
        if life.is_closed() {
            return Err(StatusCode::SERVICE_UNAVAILABLE);
        }
        let base = match (arrival.base.take(), &self.0.base) {
            (Some(base), _) => Some(base),
            (None, Base::Within(base)) => Some(base.clone()),
            (None, Base::TakenOff(base)) => {
                if let Some(uri) = put_back(request.uri(), base) {
                    *request.uri_mut() = uri;
                }
                Some(base.clone())
            }
            (None, Base::Root) => None,
        };
        check_head(&request).map_err(|_| StatusCode::BAD_REQUEST)?;
        let offer = (arrival.take_connecting())
            .filter(|_| upgrade::is_asked_for(&request))
            .map(|connecting| {
                upgrade::offer(connecting, Arc::clone(life), self.statistics().clone())
            });
        let mut after = After {
            http_10: request.version() == Version::HTTP_10,
            takes_trailers: false,
            switch: None,
        };
        let tells_of_trailers = self.0.trailers
            && match request.version() {
                Version::HTTP_11 => {
                    after.takes_trailers = upgrade::lists(request.headers(), TE, "trailers");
                    after.takes_trailers
                }
                version => version >= Version::HTTP_2,
            };
        let requests = arrival.requests.fetch_add(1, Ordering::Relaxed);
        let mut connection = dispatcher
            .connection(arrival.info, arrival.scheme)
            .after(requests);
        if let Some(tls) = arrival.tls {
            connection = connection.with_feature(tls);
        }
        let mut call = match offer {
            Some((offer, switch)) => {
                after.switch = Some(switch);
                dispatcher.call_upgradable(&connection, request, offer)
            }
            None => dispatcher.call(&connection, request),
        };
        // Again, now that `stop` sees the request.
        if life.is_closed() {
            return Err(StatusCode::SERVICE_UNAVAILABLE);
        }
        if let Some(base) = base {
            take_off(call.request_mut(), &base);
        }
        if tells_of_trailers {
            let features = call.request_mut().features_mut();
            features.insert(ResponseTrailers::new());
        }
        Ok((call, after))
    }
}

impl Life {
    pub(super) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::SeqCst)
    }
}

impl<A> Clone for Mount<A> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<A> Clone for State<A> {
    fn clone(&self) -> Self {
        Self {
            dispatcher: self.dispatcher.clone(),
            features: self.features.clone(),
            base: self.base.clone(),
            trailers: self.trailers,
            life: Arc::clone(&self.life),
        }
    }
}

impl<A> fmt::Debug for Mount<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mount")
            .field("dispatcher", &self.0.dispatcher)
            .finish_non_exhaustive()
    }
}

async fn run<A: Application>(call: Call<A>, after: After, life: Arc<Life>) -> Response<MountBody> {
    let called = {
        let mut called = pin!(call.run());
        let mut listener = Listener::default();
        std::future::poll_fn(|cx| match called.as_mut().poll(cx) {
            Poll::Ready(called) => Poll::Ready(called.ok()),
            Poll::Pending => life.aborted.poll_wait(&mut listener, cx).map(|()| None),
        })
        .await
    };
    let Some(mut response) = called else {
        let mut response = bare(StatusCode::INTERNAL_SERVER_ERROR);
        *response.body_mut() = MountBody::hung_up();
        return response;
    };
    let chunked = after.finish(&mut response);
    response.map(|body| MountBody::new(body, life, chunked))
}

/// What there is to do once the application has answered.
struct After {
    http_10: bool,
    /// The client of HTTP/1.1 asked for them.
    takes_trailers: bool,
    switch: Option<Switch>,
}

impl After {
    /// Returns whether the response has to be sent in chunks, whose framing allows for trailers.
    fn finish(self, response: &mut Response<ResponseBody>) -> bool {
        if response.status() == StatusCode::SWITCHING_PROTOCOLS
            && let Some(switch) = self.switch
        {
            switch.now();
        }
        if self.http_10 && response.body().size_hint().exact().is_none() {
            // HTTP/1.0 has no chunks: its client awaits the end of the connection, which engines that keep
            // a connection for a client that asks for it have to be told.
            *response.version_mut() = Version::HTTP_10;
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert(CONNECTION, close);
        }
        let chunked = self.takes_trailers && response.headers().contains_key(TRAILER);
        if chunked {
            response.headers_mut().remove(CONTENT_LENGTH);
        }
        chunked
    }
}

fn bare(status: StatusCode) -> Response<MountBody> {
    let mut response = Response::new(MountBody::empty());
    *response.status_mut() = status;
    response
}

/// Makes the prefix of the mount the path base.
fn take_off<B>(request: &mut http::Request<B>, base: &PathBase) {
    let Some((matched, rest)) = PathBase::split(request.uri().path(), base.as_str()) else {
        return;
    };
    if matched.is_empty() {
        return;
    }
    let base = PathBase::default().join(matched);
    let uri = PathBase::strip(request.uri(), rest);
    *request.uri_mut() = uri;
    request.features_mut().insert(base);
}

/// Returns the target before the framework took the prefix off; `None` for one without a path.
fn put_back(uri: &Uri, base: &PathBase) -> Option<Uri> {
    let path = uri.path_and_query()?.as_str();
    if !path.starts_with('/') {
        return None;
    }
    let whole = Bytes::from([base.as_str(), path].concat());
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = PathAndQuery::from_maybe_shared(whole).ok();
    Uri::from_parts(parts).ok()
}
