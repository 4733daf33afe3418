use std::fmt;
use std::sync::Arc;

use http::{HeaderValue, Response, header};

use super::accept::Form;
use super::{ProblemContext, ProblemDetails};
use crate::html::Escaped;

/// Writes problems in the form that the client asks for. See the [module](super).
#[doc(alias = "IProblemDetailsService")]
#[derive(Clone, Default)]
pub struct ProblemWriter {
    customize: Option<Arc<Customize>>,
}

type Customize = dyn Fn(&ProblemContext, ProblemDetails) -> ProblemDetails + Send + Sync;

impl ProblemWriter {
    /// Writes problems as they are, with a `traceId`.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a function that every problem passes before it is written. It has its `traceId` by then.
    #[doc(alias = "CustomizeProblemDetails")]
    #[must_use]
    pub fn with_customization(
        self,
        customize: impl Fn(&ProblemContext, ProblemDetails) -> ProblemDetails + Send + Sync + 'static,
    ) -> Self {
        Self {
            customize: Some(Arc::new(customize)),
        }
    }

    /// Writes a problem.
    pub fn write<R: From<String>>(
        &self,
        context: &ProblemContext,
        problem: ProblemDetails,
    ) -> Response<R> {
        let problem = match context.trace_id() {
            Some(id) if !problem.extensions().contains_key(TRACE) => {
                problem.with_extension(TRACE, id)
            }
            _ => problem,
        };
        let problem = match &self.customize {
            Some(customize) => customize(context, problem),
            None => problem,
        };
        let (content_type, body) = match context.form() {
            Form::Json => ("application/problem+json", problem.to_json()),
            Form::Html => ("text/html; charset=utf-8", html(&problem)),
            Form::Text => ("text/plain; charset=utf-8", text(&problem)),
        };
        let mut response = Response::new(R::from(body));
        *response.status_mut() = problem.status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        headers.insert(header::VARY, HeaderValue::from_static("accept"));
        if context.form() == Form::Html {
            let policy = HeaderValue::from_static("default-src 'none'");
            headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        response
    }
}

impl fmt::Debug for ProblemWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProblemWriter")
            .field("customize", &self.customize.is_some())
            .finish()
    }
}

const TRACE: &str = "traceId";

fn trace(problem: &ProblemDetails) -> Option<&str> {
    problem.extensions().get(TRACE)?.as_str()
}

fn html(problem: &ProblemDetails) -> String {
    let (status, title) = (problem.status.as_u16(), Escaped(&problem.title));
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{status} {title}</title>\n<h1>{status} {title}</h1>\n"
    );
    if let Some(detail) = &problem.detail {
        page += &format!("<p>{}</p>\n", Escaped(detail));
    }
    if let Some(trace) = trace(problem) {
        page += &format!("<p><small>{}</small></p>\n", Escaped(trace));
    }
    page + "</html>\n"
}

fn text(problem: &ProblemDetails) -> String {
    let mut text = format!("{} {}\n", problem.status.as_u16(), problem.title);
    if let Some(detail) = &problem.detail {
        text += &format!("{detail}\n");
    }
    if let Some(trace) = trace(problem) {
        text += &format!("{TRACE}: {trace}\n");
    }
    text
}
