use std::borrow::Cow;

use http::{HeaderValue, Response, StatusCode, header};
use serde::Serialize;
use serde_json::{Map, Value};
use transom::pipeline::IntoResponse;

/// One problem (RFC 9457). See the [module](super).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ProblemDetails {
    #[serde(rename = "type")]
    pub(super) kind: Cow<'static, str>,
    pub(super) title: Cow<'static, str>,
    #[serde(serialize_with = "as_number")]
    pub(super) status: StatusCode,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) detail: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<String>,
    #[serde(flatten)]
    extensions: Map<String, Value>,
}

impl ProblemDetails {
    const MEMBERS: [&str; 5] = ["type", "title", "status", "detail", "instance"];

    /// Returns the problem that a status is by itself: of the type `about:blank`, with the status' reason phrase as
    /// its title.
    pub fn new(status: StatusCode) -> Self {
        Self {
            kind: "about:blank".into(),
            title: status.canonical_reason().unwrap_or("Unknown").into(),
            status,
            detail: None,
            instance: None,
            extensions: Map::new(),
        }
    }

    /// Sets the type: a URI that names this kind of problem, best one where it is explained.
    #[must_use]
    pub fn with_type(self, uri: impl Into<Cow<'static, str>>) -> Self {
        let kind = uri.into();
        Self { kind, ..self }
    }

    /// Sets the summary, which is the same for every problem of its type.
    #[must_use]
    pub fn with_title(self, title: impl Into<Cow<'static, str>>) -> Self {
        let title = title.into();
        Self { title, ..self }
    }

    /// Sets the explanation of this one problem. The client can read it: it is no place for the text of an error.
    #[must_use]
    pub fn with_detail(self, detail: impl Into<String>) -> Self {
        let detail = Some(detail.into());
        Self { detail, ..self }
    }

    /// Sets the URI that names this one problem.
    #[must_use]
    pub fn with_instance(self, uri: impl Into<String>) -> Self {
        let instance = Some(uri.into());
        Self { instance, ..self }
    }

    /// Adds a member of one's own, in place of one with its name.
    ///
    /// # Panics
    ///
    /// Panics if the name is that of a member which has a function of its own: `type`, `title`, `status`, `detail`,
    /// `instance`.
    #[must_use]
    #[track_caller]
    pub fn with_extension(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        let name = name.into();
        assert!(
            !Self::MEMBERS.contains(&&*name),
            "`{name}` is a member of every problem; set it by `with_{name}`, or the status by `new`"
        );
        self.extensions.insert(name, value.into());
        self
    }

    /// Returns the status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// Returns the members of one's own.
    pub fn extensions(&self) -> &Map<String, Value> {
        &self.extensions
    }

    /// Returns the problem as JSON.
    pub(super) fn to_json(&self) -> String {
        // Every key is a text and every value is JSON, so this cannot fail.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// As `application/problem+json`, whatever the client asks for; [`ProblemWriter`](super::ProblemWriter) looks at that.
impl IntoResponse for ProblemDetails {
    fn into_response(self) -> transom::Response {
        let mut response = Response::new(self.to_json().into());
        *response.status_mut() = self.status;
        let json = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, json);
        response
    }
}

fn as_number<S: serde::Serializer>(status: &StatusCode, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_u16(status.as_u16())
}
