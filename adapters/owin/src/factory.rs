use std::future::Future;

use transom::body::BoxError;
use transom::features::ServerAddress;
use transom_middleware::owin::{AppFunc, Properties};

/// A server that drives OWIN applications, before it is started: what OWIN calls a server factory.
///
/// An implementor guarantees that
///
/// - each request is an [`Environment`](transom_middleware::owin::Environment) of its own, whose values have the types
///   that the [keys](transom_middleware::owin::keys) say, and the function's future is dropped, or
///   `owin.CallCancelled` says so, when nobody can be answered any more;
/// - the head of a response is sent with the first write to `owin.ResponseBody` or the first flush of it, be it empty,
///   and at the latest when the function has ended; right before that `server.OnSendingHeaders` is fired, if there is one;
/// - a function that fails before that is answered with 500, one that fails after it breaks the response off, so that
///   no client takes it for whole;
/// - `owin.CallCancelled`, if somebody [aborts](transom::features::RequestLifetime::abort) it, closes the connection
///   without a further answer. A server that does not look answers with 500, or breaks the response off: the function
///   fails too.
pub trait OwinServerFactory: Send + 'static {
    /// The server once it runs.
    type Server: RunningOwinServer;

    /// Announces what the server can do, in the `server.Capabilities` of the properties: `server.Name`, like
    /// `nowin/1.0`, at least. Called once, before all else.
    fn initialize(&mut self, properties: &Properties);

    /// Starts a server that hands requests to a function. `host.Addresses` of the properties is a list of one address,
    /// at which it is to listen; for several addresses it is called as often. The path base of an address is that of its
    /// requests, `owin.RequestPathBase`: a server that has none refuses such an address.
    ///
    /// # Errors
    ///
    /// Why the address is not to be had. Nothing of the server is left.
    fn create(
        &mut self,
        app: AppFunc,
        properties: Properties,
    ) -> impl Future<Output = Result<Self::Server, BoxError>> + Send;
}

/// A server of an [`OwinServerFactory`] that runs. Dropping it aborts all that it has begun, and frees its address.
pub trait RunningOwinServer: Send + 'static {
    /// Returns where it listens, port 0 resolved. None if it cannot tell: then it is believed to listen where it was
    /// told to, and port 0 is an error.
    fn addresses(&self) -> Vec<ServerAddress>;

    /// Stops: accepts nothing new, closes what is idle, and waits until what was begun has ended. Whoever calls may
    /// drop the future, and the server, before its end.
    fn stop(&mut self) -> impl Future<Output = ()> + Send;

    /// Waits until the server ends although nobody stops it; for ever, unless the server can tell.
    ///
    /// # Errors
    ///
    /// Why it ended.
    fn ended(&mut self) -> impl Future<Output = Result<(), BoxError>> + Send {
        std::future::pending()
    }
}
