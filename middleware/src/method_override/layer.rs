use std::sync::Arc;

use http::{HeaderName, Method};
use tower_layer::Layer;

use super::MethodOverride;

/// Lets a `POST` stand for another method. See the [module](super).
#[doc(alias = "UseHttpMethodOverride")]
#[doc(alias = "HttpMethodOverrideOptions")]
#[derive(Clone, Debug)]
pub struct MethodOverrideLayer {
    options: Arc<Options>,
}

#[derive(Clone, Debug)]
pub(super) struct Options {
    pub(super) source: Source,
    methods: Vec<Method>,
    /// In bytes.
    pub(super) max_form_size: usize,
}

/// Where the method is asked for.
#[derive(Clone, Debug)]
pub(super) enum Source {
    Header(HeaderName),
    FormField(String),
}

impl MethodOverrideLayer {
    /// Takes the method from the field `X-HTTP-Method-Override`.
    pub fn new() -> Self {
        Self::from_header(HeaderName::from_static("x-http-method-override"))
    }

    /// Takes the method from a field of the head of the request.
    pub fn from_header(name: HeaderName) -> Self {
        Self::of(Source::Header(name))
    }

    /// Takes the method from a field of a form, and never from the head.
    #[doc(alias = "FormFieldName")]
    pub fn from_form_field(name: impl Into<String>) -> Self {
        Self::of(Source::FormField(name.into()))
    }

    fn of(source: Source) -> Self {
        let options = Options {
            source,
            methods: vec![Method::PUT, Method::PATCH, Method::DELETE],
            max_form_size: 64 << 10,
        };
        Self {
            options: Arc::new(options),
        }
    }

    /// Sets which methods may be asked for. `PUT`, `PATCH` and `DELETE` by default.
    #[must_use]
    pub fn with_methods(mut self, methods: impl IntoIterator<Item = Method>) -> Self {
        Arc::make_mut(&mut self.options).methods = methods.into_iter().collect();
        self
    }

    /// Sets how many bytes of a form are read, and held in memory, to find the field. 64 KiB by default. A longer
    /// form is handed on as a `POST`.
    #[must_use]
    pub fn with_max_form_size(mut self, bytes: usize) -> Self {
        Arc::make_mut(&mut self.options).max_form_size = bytes;
        self
    }
}

impl Default for MethodOverrideLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl<S> Layer<S> for MethodOverrideLayer {
    type Service = MethodOverride<S>;

    fn layer(&self, inner: S) -> MethodOverride<S> {
        MethodOverride::new(inner, Arc::clone(&self.options))
    }
}

impl Options {
    /// Returns the method that a client asks for, if it may.
    pub(super) fn method(&self, asked: &[u8]) -> Option<&Method> {
        let asked = asked.trim_ascii();
        if asked.is_empty() {
            return None;
        }
        let equal = |method: &&Method| method.as_str().as_bytes().eq_ignore_ascii_case(asked);
        let method = self.methods.iter().find(equal);
        if method.is_none() {
            let asked = String::from_utf8_lossy(asked);
            tracing::debug!(%asked, "a POST asks to be a method that it may not be, and stays one");
        }
        method
    }
}
