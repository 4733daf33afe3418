use std::any::Any;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use super::{Request, Response};

/// An HTTP application: `async fn(Request) -> Response`.
///
/// It is the end of a pipeline, a whole pipeline, or anything else that answers requests. Implementors
/// write a plain `async fn`:
///
/// ```
/// use transom::{Application, Body, Request, Response};
///
/// struct Hello;
///
/// impl Application for Hello {
///     async fn call(&self, _request: Request) -> Response {
///         Response::new(Body::from("hello"))
///     }
/// }
/// # tokio_test(async {
/// let response = Hello.call(Request::default()).await;
/// assert_eq!(response.into_body().collect(16).await?, "hello");
/// # Ok::<_, transom::body::Error>(())
/// # }).unwrap();
/// # fn tokio_test<F: Future>(f: F) -> F::Output {
/// #     tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(f)
/// # }
/// ```
///
/// An application guarantees that
///
/// - it always answers: an error is a response;
/// - it sets `Content-Length` only to the number of bytes that the body yields, and none of the fields
///   that belong to a connection (`Connection`, `Transfer-Encoding`, `Keep-Alive`) but for an upgrade;
/// - it answers 101 only after it accepted an [upgrade](crate::features::Upgrade).
///
/// A server guarantees that it drops the future, or the body of the response, once the client can no
/// longer be answered; so an application may be cancelled at every `.await`.
#[doc(alias = "IHttpApplication")]
#[doc(alias = "RequestDelegate")]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an application",
    note = "an application is an `App`, or implements `transom::Application`"
)]
pub trait Application: Send + Sync + 'static {
    /// Answers one request.
    fn call(&self, request: Request) -> impl Future<Output = Response> + Send;
}

/// An `async fn` is an application.
impl<F, Answer> Application for F
where
    F: Fn(Request) -> Answer + Send + Sync + 'static,
    Answer: Future<Output = Response> + Send,
{
    fn call(&self, request: Request) -> impl Future<Output = Response> + Send {
        self(request)
    }
}

/// Any [`Application`] behind one pointer: cheap to clone, one box a request.
///
/// ```
/// use transom::{App, Application, Body, Request, Response};
///
/// struct Hello;
/// impl Application for Hello {
///     async fn call(&self, _request: Request) -> Response {
///         Response::new(Body::from("hello"))
///     }
/// }
///
/// let app = App::new(Hello);
/// assert!(App::new(app.clone()).is_same(&app)); // an `App` is not wrapped again
/// ```
#[doc(alias = "AppFunc")]
#[derive(Clone)]
pub struct App(Arc<dyn Erased>);

impl App {
    /// Erases the type of an application; returns an `App` as it is.
    pub fn new<A: Application>(app: A) -> Self {
        let mut app = Some(app);
        let any: &mut dyn Any = &mut app;
        if let Some(same) = any.downcast_mut::<Option<App>>().and_then(Option::take) {
            return same;
        }
        match app {
            Some(app) => Self(Arc::new(app)),
            None => unreachable!("only an `App` was taken out"),
        }
    }

    /// Returns the same application under another description; costs no box a request.
    pub(crate) fn labelled(self, label: impl fmt::Debug + Send + Sync + 'static) -> Self {
        Self(Arc::new(Labelled { app: self, label }))
    }

    /// Returns its description, if it was given one of this type.
    pub(crate) fn label<L: 'static>(&self) -> Option<&L> {
        self.0.label()?.downcast_ref()
    }

    /// Returns whether both are handles of one application.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Calls the application; the one box that the erasure costs.
    pub(crate) fn call_boxed(self, request: Request) -> BoxFuture<Response> {
        self.0.call(request)
    }
}

impl Application for App {
    fn call(&self, request: Request) -> impl Future<Output = Response> + Send {
        Arc::clone(&self.0).call(request)
    }
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.describe(f)
    }
}

pub(crate) type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// The object-safe twin. It takes `Arc<Self>` so that its future is `'static` with one box, not two.
trait Erased: Send + Sync {
    fn call(self: Arc<Self>, request: Request) -> BoxFuture<Response>;
    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result;
    fn label(&self) -> Option<&dyn Any> {
        None
    }
}

impl<A: Application> Erased for A {
    fn call(self: Arc<Self>, request: Request) -> BoxFuture<Response> {
        Box::pin(async move { Application::call(&*self, request).await })
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::any::type_name::<A>())
    }
}

struct Labelled<L> {
    app: App,
    label: L,
}

impl<L: fmt::Debug + Send + Sync + 'static> Erased for Labelled<L> {
    fn call(self: Arc<Self>, request: Request) -> BoxFuture<Response> {
        Arc::clone(&self.app.0).call(request)
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.label.fmt(f)
    }

    fn label(&self) -> Option<&dyn Any> {
        Some(&self.label)
    }
}
