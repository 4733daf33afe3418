use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::Body as HttpBody;
use tower_service::Service;

use super::{Arrival, Mount, MountBody};
use crate::body::BoxError;
use crate::contract::Application;

/// A mount is a tower service of any kind of request, and always ready. The [`Arrival`] is taken from the
/// extensions of the request, and with the feature `upgrade-bridge` hyper's `OnUpgrade` becomes the upgrade
/// that the application is offered.
impl<A, B> Service<http::Request<B>> for Mount<A>
where
    A: Application,
    B: HttpBody<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    type Response = http::Response<MountBody>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: http::Request<B>) -> Self::Future {
        let arrival = request.extensions_mut().remove::<Arrival>();
        let arrival = arrival.unwrap_or_default();
        #[cfg(feature = "upgrade-bridge")]
        let arrival = super::on_upgrade::take(&mut request, arrival);
        let called = Mount::call(self, request, arrival);
        Box::pin(async move { Ok(called.await) })
    }
}
