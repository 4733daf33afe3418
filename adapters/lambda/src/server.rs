use std::time::Duration;

use transom::features::{
    MaxRequestBodySize, ServerInfo, ServerLimit, ServerLimits, ServerStatistics,
};
use transom::{Error, Features, Server};

use crate::bound::BoundLambdaServer;
use crate::runtime_api::{Link, Problem};
use crate::{LambdaFunction, environment};

/// A server on AWS Lambda, before it is bound. It has no address: requests come from the Runtime API.
///
/// ```
/// use transom::{BoundServer, Server, features::{ServerAddresses, ServerInfo}};
/// use transom_lambda::LambdaServer;
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let server = LambdaServer::new().with_response_streaming(true);
/// # let server = server.with_runtime_api("127.0.0.1:9001");
/// let bound = server.bind().await?;
/// assert_eq!(bound.features().require::<ServerInfo>()?.name(), "lambda");
/// assert!(bound.features().get::<ServerAddresses>().is_none());
/// # Ok::<_, transom::Error>(())
/// # })?;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[doc(alias = "AddAWSLambdaHosting")]
#[derive(Clone, Debug, Default)]
pub struct LambdaServer {
    runtime_api: Option<String>,
    concurrency: Option<usize>,
    options: Options,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    pub(crate) response_streaming: bool,
    pub(crate) rest_response_streaming: bool,
    pub(crate) deadline_margin: Duration,
    pub(crate) max_request_body_size: Option<Option<u64>>,
    pub(crate) extension: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            response_streaming: false,
            rest_response_streaming: false,
            deadline_margin: LambdaServer::DEADLINE_MARGIN,
            max_request_body_size: None,
            extension: false,
        }
    }
}

impl LambdaServer {
    /// How long before the deadline of an invocation the application hears of it, as long as nobody says
    /// otherwise.
    pub const DEADLINE_MARGIN: Duration = Duration::from_millis(500);

    /// Returns a server for the function that this process is an instance of, which the environment tells.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets where the Runtime API is, as `host:port`, which a path may follow. The environment variable
    /// `AWS_LAMBDA_RUNTIME_API` by default, which AWS Lambda sets.
    #[must_use]
    pub fn with_runtime_api(self, address: impl Into<String>) -> Self {
        Self {
            runtime_api: Some(address.into()),
            ..self
        }
    }

    /// Sets whether responses to requests of a function URL are streamed. They are not by default.
    ///
    /// It has to say what the function URL is set to: `RESPONSE_STREAM` or, by default, `BUFFERED` as its
    /// invoke mode. Events do not tell, and a front that expects the other kind shows its clients garbage. Requests
    /// of HTTP APIs and load balancers are answered at once in any case: nothing else is possible there.
    #[must_use]
    pub fn with_response_streaming(mut self, streaming: bool) -> Self {
        self.options.response_streaming = streaming;
        self
    }

    /// Sets whether responses to requests of a REST API are streamed. They are not by default.
    ///
    /// It has to say what the integration is set to: `STREAM` or, by default, `BUFFERED` as its response transfer
    /// mode.
    #[must_use]
    pub fn with_rest_response_streaming(mut self, streaming: bool) -> Self {
        self.options.rest_response_streaming = streaming;
        self
    }

    /// Sets how many invocations run at a time; 1 for 0. The environment variable `AWS_LAMBDA_MAX_CONCURRENCY`
    /// by default, which AWS Lambda sets where it sends several (Lambda Managed Instances), or else 1.
    #[must_use]
    pub fn with_concurrency(self, invocations: usize) -> Self {
        Self {
            concurrency: Some(invocations),
            ..self
        }
    }

    /// Sets how long before the deadline of an invocation its
    /// [`RequestLifetime`](transom::features::RequestLifetime) says that nobody waits any more, so that the
    /// application can end in order. [`DEADLINE_MARGIN`](Self::DEADLINE_MARGIN) by default.
    ///
    /// An answer that still comes is sent. At the deadline AWS Lambda ends the process.
    #[must_use]
    pub fn with_deadline_margin(mut self, margin: Duration) -> Self {
        self.options.deadline_margin = margin;
        self
    }

    /// Sets how long the body of a request may be, in bytes; `None` for any length. 30,000,000 by default, which
    /// is more than any front of AWS Lambda takes: 6 MB, and 1 MB before a load balancer.
    #[doc(alias = "MaxRequestBodySize")]
    #[must_use]
    pub fn with_max_request_body_size(mut self, limit: Option<u64>) -> Self {
        self.options.max_request_body_size = Some(limit);
        self
    }

    /// Sets whether the server registers itself as an internal extension too. It does not by default.
    ///
    /// AWS Lambda ends an environment without a word, unless an extension is registered: then each process gets
    /// SIGTERM, and has 500 ms. A host that handles signals stops as it should then, and what listens to
    /// `stopping` can write out what it has. There may be ten extensions; if a function has one anyhow, there
    /// is no need for this.
    #[must_use]
    pub fn with_shutdown_signal(mut self, registered: bool) -> Self {
        self.options.extension = registered;
        self
    }
}

impl Server for LambdaServer {
    type Bound = BoundLambdaServer;

    /// Reads the environment. That a variable is missing is an error, which says what the variable is for.
    async fn bind(self) -> Result<Self::Bound, Error> {
        let api = environment::runtime_api(self.runtime_api.as_deref())?;
        let concurrency = match environment::concurrency(self.concurrency) {
            Ok(concurrency) => concurrency,
            Err(error) => {
                // Whoever invokes the function shall see it, and not only that a process has ended.
                let problem = Problem::new("Runtime.Configuration", error.to_string());
                let _ = Link::new(api).fail_to_begin(&problem).await;
                return Err(error);
            }
        };
        let mut features = Features::new();
        features.insert(
            ServerInfo::new("lambda", "2018-06-01")
                .with_adapter(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION")),
        );
        features.insert(LambdaFunction::from_environment());
        features.insert(ServerStatistics::new());
        let body = self.options.max_request_body_size;
        let body = body.unwrap_or(Some(MaxRequestBodySize::DEFAULT));
        let body = ServerLimit::bytes("max_request_body_size", body);
        features.insert(ServerLimits::new([body]));
        Ok(BoundLambdaServer {
            api,
            concurrency,
            options: self.options,
            features,
        })
    }
}
