use http::{HeaderValue, Request, Response, StatusCode, header};
use transom::RequestExt;
use transom::features::PathBase;

use crate::answer::Answer;
use crate::answer::sealed::Sealed;
use crate::reexecution::PagePath;
use crate::watched::empty;

/// With a redirection to a page, so that the client asks again. The status is lost.
#[derive(Clone, Debug)]
pub struct ByRedirection(pub(super) PagePath);

impl Sealed for ByRedirection {}

impl<S: Send, B, R: Default> Answer<StatusCode, S, B, R> for ByRedirection {
    type Kept = Option<PathBase>;

    fn keep(&self, request: &Request<B>) -> Option<PathBase> {
        request.feature::<PathBase>().cloned()
    }

    async fn answer(self, _: S, base: Option<PathBase>, status: StatusCode) -> Response<R> {
        let base = base.as_ref().map_or("", PathBase::as_str);
        let page = format!("{base}{}", self.0.of_status(status));
        let mut response = empty(StatusCode::FOUND);
        match HeaderValue::try_from(&page) {
            Ok(page) => _ = response.headers_mut().insert(header::LOCATION, page),
            Err(_) => {
                tracing::error!(page, "there is no way to name the page for errors");
                *response.status_mut() = status;
            }
        }
        response
    }
}
