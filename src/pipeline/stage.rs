use std::fmt;
use std::future::{Future, poll_fn};
use std::sync::Arc;

use bytes::Bytes;
use tower_layer::Layer;
use tower_service::Service;

use super::errors::ErrorMapper;
use super::failure::name_stage;
use super::panicked::InStage;
use super::{IntoResponse, Next};
use crate::body::{Body, BoxError};
use crate::contract::{App, Application, Request, Response};

/// One stage that waits for the rest of the pipeline.
pub(super) struct Stage {
    label: Label,
    wrap: Box<dyn FnOnce(Next) -> App + Send>,
}

impl Stage {
    pub(super) fn new(label: Label, wrap: impl FnOnce(Next) -> App + Send + 'static) -> Self {
        Self {
            label,
            wrap: Box::new(wrap),
        }
    }

    pub(super) fn label(&self) -> &Label {
        &self.label
    }

    /// Composes stages around an end, the last one first, and returns the head of the pipeline.
    pub(super) fn build(stages: Vec<Self>, end: Next) -> Next {
        let labels = stages
            .iter()
            .map(|stage| stage.label.clone())
            .chain(end.labels())
            .collect();
        let head = stages
            .into_iter()
            .rev()
            .fold(end, |next, stage| Next::new((stage.wrap)(next)));
        head.with_labels(labels)
    }
}

impl fmt::Debug for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.label.fmt(f)
    }
}

/// How a stage prints: a verb, what it was given, and the stages of its branch.
#[derive(Clone)]
pub(super) struct Label {
    text: String,
    branch: Option<Arc<[Label]>>,
}

impl Label {
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            branch: None,
        }
    }

    /// The label of a verb that was given a value of type `T`, by the type's own name; of a stack, by
    /// those of the layers in it.
    pub(super) fn of_type<T>(verb: &str) -> Self {
        Self::new(format!("{verb} {}", readable(std::any::type_name::<T>())))
    }

    /// Returns the verb and what it was given.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Returns the stages of the branch; none if there is no branch.
    pub(super) fn branch(&self) -> &[Self] {
        self.branch.as_deref().unwrap_or_default()
    }

    pub(super) fn with_branch(self, branch: Vec<Self>) -> Self {
        Self {
            branch: Some(branch.into()),
            ..self
        }
    }
}

impl fmt::Debug for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)?;
        match &self.branch {
            Some(branch) => write!(f, " {branch:?}"),
            None => Ok(()),
        }
    }
}

/// Returns the name of a type without its path and parameters; of a `tower` stack, its layers in order.
fn readable(name: &str) -> String {
    let (path, parameters) = match name.split_once('<') {
        Some((path, rest)) => (path, rest.strip_suffix('>').unwrap_or(rest)),
        None => (name, ""),
    };
    let own = path.rsplit("::").next().unwrap_or(path);
    match (own, split_parameters(parameters).as_slice()) {
        ("ServiceBuilder", [stack]) => readable(stack),
        // The innermost `Stack` of a `ServiceBuilder` is around nothing.
        ("Stack", [inner, outer]) if outer.ends_with("::Identity") => readable(inner),
        ("Stack", [inner, outer]) => format!("{} + {}", readable(outer), readable(inner)),
        _ => own.to_owned(),
    }
}

/// Splits `A, B<C, D>` into `A` and `B<C, D>`.
fn split_parameters(parameters: &str) -> Vec<&str> {
    let (mut depth, mut before) = (0_i32, ' ');
    parameters
        .split(|c: char| {
            depth += match (before, c) {
                (_, '<' | '(' | '[' | '{') => 1,
                // The arrow of a function.
                ('-', '>') => 0,
                (_, '>' | ')' | ']' | '}') => -1,
                _ => 0,
            };
            before = c;
            c == ',' && depth == 0
        })
        .map(str::trim)
        .collect()
}

/// A tower service as an application; the one place where readiness is awaited.
pub(super) struct LayerStage<S> {
    service: S,
    errors: ErrorMapper,
    name: Arc<str>,
}

impl<S, B> LayerStage<S>
where
    S: Service<Request, Response = http::Response<B>, Error: Into<BoxError>, Future: Send>
        + Clone
        + Send
        + Sync
        + 'static,
    B: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    pub(super) fn new(service: S, errors: ErrorMapper, label: &Label) -> Self {
        Self {
            service,
            errors,
            name: label.text().into(),
        }
    }

    pub(super) fn stage<L>(layer: L, errors: ErrorMapper) -> Stage
    where
        L: Layer<Next, Service = S> + Send + 'static,
    {
        let label = Label::of_type::<L>("layer");
        Stage::new(label.clone(), move |next| {
            App::new(Self::new(layer.layer(next), errors, &label))
        })
    }
}

impl<S, B> Application for LayerStage<S>
where
    S: Service<Request, Response = http::Response<B>, Error: Into<BoxError>, Future: Send>
        + Clone
        + Send
        + Sync
        + 'static,
    B: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    fn call(&self, request: Request) -> impl Future<Output = Response> + Send {
        InStage::new(&self.name, async move {
            // Readiness belongs to the clone that is called: a service may have reserved something in it.
            let mut service = self.service.clone();
            let ready = poll_fn(|cx| service.poll_ready(cx))
                .await
                .map_err(Into::into);
            let answer = match ready {
                Ok(()) => service.call(request).await.map_err(Into::into),
                Err(error) => Err(error),
            };
            match answer {
                Ok(response) => response.map(Body::new),
                Err(error) => name_stage(self.errors.respond(error), &self.name),
            }
        })
    }
}

/// A function around the rest of the pipeline.
pub(super) struct FnStage<F> {
    f: F,
    next: Next,
    name: Arc<str>,
}

impl<F, Answer, R> FnStage<F>
where
    F: Fn(Request, Next) -> Answer + Send + Sync + 'static,
    Answer: Future<Output = R> + Send + 'static,
    R: IntoResponse,
{
    pub(super) fn stage(f: F) -> Stage {
        let label = Label::new("use_fn");
        let name = Arc::from(label.text());
        Stage::new(label, move |next| App::new(Self { f, next, name }))
    }
}

impl<F, Answer, R> Application for FnStage<F>
where
    F: Fn(Request, Next) -> Answer + Send + Sync + 'static,
    Answer: Future<Output = R> + Send + 'static,
    R: IntoResponse,
{
    fn call(&self, request: Request) -> impl Future<Output = Response> + Send {
        InStage::new(&self.name, async move {
            let answer = (self.f)(request, self.next.clone()).await;
            name_stage(answer.into_response(), &self.name)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_read_as_its_own_name_and_a_stack_as_its_layers() {
        for (name, expected) in [
            ("trace::TraceLayer<a::B<c::D>>", "TraceLayer"),
            ("app::Hello", "Hello"),
            ("app::main::{{closure}}", "{{closure}}"),
            (
                "l::Stack<a::A, l::Stack<b::B<x::X, y::Y>, l::Identity>>",
                "B + A",
            ),
            (
                "b::ServiceBuilder<l::Stack<a::A<fn(u8, u8) -> (u8, u8)>, l::Identity>>",
                "A",
            ),
            ("l::Identity", "Identity"),
            ("", ""),
        ] {
            assert_eq!(readable(name), expected, "{name}");
        }
    }
}
