//! A service whose failures do not get away.

use std::error::Error;

use http::{Method, Request, Response, Uri};
use tower_service::Service;
use transom::body::BoxError;
use transom::pipeline::Failure;

/// Calls a service that is ready. A panic, an error, and a response of 5xx that an error was made to are failures, and have been logged; an error that is
/// the client's is a response.
pub(crate) async fn call<S, B, R>(
    mut service: S,
    request: Request<B>,
) -> Result<Response<R>, Failure>
where
    S: Service<Request<B>, Response = Response<R>, Error: Into<BoxError>>,
    R: Default,
{
    let (method, uri) = (request.method().clone(), request.uri().clone());
    // The call is inside, so that a panic in it is caught as well.
    let answer = Failure::catch(async { service.call(request).await });
    let failure = match answer.await {
        Ok(Ok(mut response)) => {
            if !response.status().is_server_error() {
                return Ok(response);
            }
            // Logged where it was made.
            return match response.extensions_mut().remove::<Failure>() {
                Some(failure) => Err(failure),
                None => Ok(response),
            };
        }
        Ok(Err(error)) => Failure::new(error),
        Err(panic) => panic,
    };
    log(&failure, &method, &uri);
    if failure.status().is_server_error() {
        return Err(failure);
    }
    let mut response = empty(failure.status());
    response.extensions_mut().insert(failure);
    Ok(response)
}

pub(crate) fn empty<R: Default>(status: http::StatusCode) -> Response<R> {
    let mut response = Response::new(R::default());
    *response.status_mut() = status;
    response
}

fn log(failure: &Failure, method: &Method, uri: &Uri) {
    let error: &(dyn Error + 'static) = failure.error();
    let (path, status) = (uri.path(), failure.status());
    match status.is_server_error() {
        true => tracing::error!(error, %method, path, "a request failed"),
        false => tracing::debug!(error, %method, path, %status, "a request was refused"),
    }
}
