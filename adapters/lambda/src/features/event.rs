use std::fmt;

use serde_json::Value;
use transom::Feature;

/// What a request's event says beside the request: a feature of the request.
#[derive(Clone, Debug)]
pub struct LambdaEvent {
    pub(crate) source: EventSource,
    pub(crate) request_context: String,
    pub(crate) stage_variables: Option<String>,
    pub(crate) path_parameters: Option<String>,
}

impl LambdaEvent {
    /// Returns what the request came through.
    pub fn source(&self) -> EventSource {
        self.source
    }

    /// Returns the event's `requestContext`, as JSON: the authorizer's findings, the route, the stage, the time.
    #[doc(alias = "APIGatewayProxyRequestContext")]
    pub fn request_context(&self) -> &str {
        &self.request_context
    }

    /// Returns one value of the request context by its JSON pointer (RFC 6901): text as it is, anything else as
    /// JSON. `/authorizer/jwt/claims/sub` is the subject of a token that an HTTP API has checked. The context
    /// is read anew each time; to look at much of it, parse [`request_context`](Self::request_context) once.
    pub fn request_context_at(&self, pointer: &str) -> Option<String> {
        let context: Value = serde_json::from_str(&self.request_context).ok()?;
        match context.pointer(pointer)? {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        }
    }

    /// Returns the variables of API Gateway's stage, as JSON.
    pub fn stage_variables(&self) -> Option<&str> {
        self.stage_variables.as_deref()
    }

    /// Returns the parameters that API Gateway's route found in the path, as JSON.
    pub fn path_parameters(&self) -> Option<&str> {
        self.path_parameters.as_deref()
    }
}

impl Feature for LambdaEvent {
    const NAME: &'static str = "lambda.event";
}

/// What stands before a function and makes events of requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EventSource {
    /// The function's own URL.
    FunctionUrl,
    /// An HTTP API of API Gateway, with the payload format 2.0 or 1.0.
    HttpApi,
    /// A REST API of API Gateway.
    RestApi,
    /// An Application Load Balancer.
    LoadBalancer,
}

impl fmt::Display for EventSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::FunctionUrl => "function URL",
            Self::HttpApi => "HTTP API",
            Self::RestApi => "REST API",
            Self::LoadBalancer => "load balancer",
        })
    }
}
