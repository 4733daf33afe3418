use std::error::Error;
use std::fmt;
use std::sync::Arc;

use http::uri::PathAndQuery;
use http::{Method, Request, Response, StatusCode, Uri, header};
use tower_service::Service;
use transom::body::BoxError;
use transom::features::PathBase;
use transom::pipeline::Failure;
use transom::{Feature, RequestExt};

use crate::watched;

/// The request is run for the second time, at the path of an error page: this is what it was, and what became of it. A
/// feature of the second run, of [`exception_handler`](crate::exception_handler) and [`status_code_pages`](crate::status_code_pages).
#[doc(alias = "IExceptionHandlerPathFeature")]
#[doc(alias = "IStatusCodeReExecuteFeature")]
#[derive(Clone, Debug)]
pub struct Reexecution {
    method: Method,
    uri: Uri,
    path_base: Option<PathBase>,
    status: StatusCode,
    failure: Option<Failure>,
}

impl Reexecution {
    /// Returns the method of the first run.
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// Returns the path and the query of the first run, after the [path base](Self::path_base).
    pub fn uri(&self) -> &Uri {
        &self.uri
    }

    /// Returns the path base of the first run, where the page was asked for; the second has the same.
    pub fn path_base(&self) -> Option<&PathBase> {
        self.path_base.as_ref()
    }

    /// Returns the status that the page is for.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// Returns the error of the first run, if one is why it is run again.
    pub fn failure(&self) -> Option<&Failure> {
        self.failure.as_ref()
    }
}

impl Feature for Reexecution {
    const NAME: &'static str = "request.reexecution";
}

/// Where error pages are: `/errors/{}?from=here`, with the status in place of each `{}`.
#[derive(Clone, Debug)]
pub(crate) struct PagePath(Arc<str>);

impl PagePath {
    pub(crate) fn new(path: &str) -> Result<Self, InvalidPagePath> {
        let filled = path.replace("{}", "404");
        let valid = path.starts_with('/')
            && !filled.contains(['{', '}', '#'])
            && filled.parse::<PathAndQuery>().is_ok();
        match valid {
            true => Ok(Self(path.into())),
            false => Err(InvalidPagePath(path.into())),
        }
    }

    pub(crate) fn of_status(&self, status: StatusCode) -> String {
        self.0.replace("{}", status.as_str())
    }

    /// Runs a request again to get the page for a status. The page keeps it, unless it chose another error itself.
    ///
    /// `None` if there is no page, which was logged.
    pub(crate) async fn run<S, B, R>(
        &self,
        service: S,
        mut head: Request<()>,
        status: StatusCode,
        failure: Option<Failure>,
    ) -> Option<Response<R>>
    where
        S: Service<Request<B>, Response = Response<R>, Error: Into<BoxError>>,
        B: Default,
        R: Default,
    {
        let path = self.of_status(status);
        let mut parts = head.uri().clone().into_parts();
        parts.path_and_query = path.parse().ok();
        // It was one with 404 in its place.
        let uri = Uri::from_parts(parts).ok()?;
        // A page is got, as after a redirection with 303.
        let method = match *head.method() {
            Method::HEAD => Method::HEAD,
            _ => Method::GET,
        };
        let before = Reexecution {
            method: std::mem::replace(head.method_mut(), method),
            uri: std::mem::replace(head.uri_mut(), uri),
            path_base: head.feature::<PathBase>().cloned(),
            status,
            failure,
        };
        head.features_mut().insert(before);
        for name in OF_THE_FIRST_RUN {
            head.headers_mut().remove(name);
        }
        let page = watched::call(service, head.map(|()| B::default())).await;
        let mut page = page.ok()?;
        match page.status() {
            StatusCode::NOT_FOUND if status != StatusCode::NOT_FOUND => {
                tracing::error!(path, "there is no page for errors");
                return None;
            }
            own if own.is_client_error() || own.is_server_error() => {}
            _ => *page.status_mut() = status,
        }
        Some(page)
    }
}

/// Fields about the content and the state of what was asked for, not of the page.
const OF_THE_FIRST_RUN: [header::HeaderName; 11] = [
    header::CONTENT_ENCODING,
    header::CONTENT_LENGTH,
    header::CONTENT_TYPE,
    header::EXPECT,
    header::IF_MATCH,
    header::IF_MODIFIED_SINCE,
    header::IF_NONE_MATCH,
    header::IF_RANGE,
    header::IF_UNMODIFIED_SINCE,
    header::RANGE,
    header::TRANSFER_ENCODING,
];

/// The path of an error page is malformed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidPagePath(String);

impl fmt::Display for InvalidPagePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` is not the path of an error page: write it like `/error` or `/errors/{{}}`, where `{{}}` is the status",
            self.0
        )
    }
}

impl Error for InvalidPagePath {}
