use std::time::{Duration, SystemTime};

use transom::Feature;

/// What AWS Lambda tells of one invocation: a feature of the request.
///
/// ```
/// use transom::{Body, Request, RequestExt, Response};
/// use transom_lambda::LambdaContext;
///
/// async fn app(request: Request) -> Response {
///     let id = match request.feature::<LambdaContext>() {
///         Some(context) => context.request_id().to_owned(),
///         None => "not on AWS Lambda".to_owned(),
///     };
///     Response::new(Body::from(id))
/// }
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let answer = app(Request::default()).await;
/// assert_eq!(answer.into_body().collect(64).await?, "not on AWS Lambda");
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[doc(alias = "ILambdaContext")]
#[derive(Clone, Debug)]
pub struct LambdaContext {
    pub(crate) request_id: String,
    pub(crate) deadline: Option<SystemTime>,
    pub(crate) function_arn: Option<String>,
    pub(crate) trace_id: Option<String>,
    pub(crate) tenant_id: Option<String>,
    pub(crate) identity: Option<String>,
    pub(crate) client_context: Option<String>,
}

impl LambdaContext {
    /// Returns the id of the invocation, by which its lines in CloudWatch are found. It is the
    /// [`RequestIdentifier`](transom::features::RequestIdentifier) too.
    #[doc(alias = "AwsRequestId")]
    pub fn request_id(&self) -> &str {
        &self.request_id
    }

    /// Returns when AWS Lambda ends the invocation, and the process with it; `None` under an emulator that has
    /// no deadlines.
    pub fn deadline(&self) -> Option<SystemTime> {
        self.deadline
    }

    /// Returns how much time is left until the deadline; zero if it has passed.
    #[doc(alias = "RemainingTime")]
    pub fn remaining(&self) -> Option<Duration> {
        let left = self.deadline?.duration_since(SystemTime::now());
        Some(left.unwrap_or_default())
    }

    /// Returns the name (ARN) by which the function was invoked: of a version, or of an alias.
    pub fn function_arn(&self) -> Option<&str> {
        self.function_arn.as_deref()
    }

    /// Returns the header of AWS X-Ray that traces the invocation. It is not put into the environment variable
    /// `_X_AMZN_TRACE_ID`: a process with threads cannot change its environment safely.
    pub fn trace_id(&self) -> Option<&str> {
        self.trace_id.as_deref()
    }

    /// Returns the tenant that the environment is kept for, if the function isolates its tenants.
    pub fn tenant_id(&self) -> Option<&str> {
        self.tenant_id.as_deref()
    }

    /// Returns the identity of Amazon Cognito that invoked the function, as JSON; for one that is invoked
    /// through the SDK of AWS.
    pub fn identity(&self) -> Option<&str> {
        self.identity.as_deref()
    }

    /// Returns what a client with the SDK of AWS said of itself, as JSON.
    pub fn client_context(&self) -> Option<&str> {
        self.client_context.as_deref()
    }
}

impl Feature for LambdaContext {
    const NAME: &'static str = "lambda.context";
}
