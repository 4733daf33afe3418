use transom::Feature;

use crate::environment::variable;

/// The function that this process is an instance of: a feature of the server. What AWS Lambda, or an emulator,
/// did not say is `None`.
#[derive(Clone, Debug)]
pub struct LambdaFunction {
    name: Option<String>,
    version: Option<String>,
    memory: Option<u32>,
    region: Option<String>,
    log_group: Option<String>,
    log_stream: Option<String>,
}

impl LambdaFunction {
    pub(crate) fn from_environment() -> Self {
        Self {
            name: variable("AWS_LAMBDA_FUNCTION_NAME"),
            version: variable("AWS_LAMBDA_FUNCTION_VERSION"),
            memory: variable("AWS_LAMBDA_FUNCTION_MEMORY_SIZE").and_then(|text| text.parse().ok()),
            region: variable("AWS_REGION"),
            log_group: variable("AWS_LAMBDA_LOG_GROUP_NAME"),
            log_stream: variable("AWS_LAMBDA_LOG_STREAM_NAME"),
        }
    }

    /// Returns the name.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Returns the version: a number, or `$LATEST`.
    pub fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }

    /// Returns how much memory the function has, in MB. Its share of the processors grows with it.
    #[doc(alias = "MemoryLimitInMB")]
    pub fn memory(&self) -> Option<u32> {
        self.memory
    }

    /// Returns the region of AWS.
    pub fn region(&self) -> Option<&str> {
        self.region.as_deref()
    }

    /// Returns the group of logs in CloudWatch.
    pub fn log_group(&self) -> Option<&str> {
        self.log_group.as_deref()
    }

    /// Returns the stream of logs in CloudWatch, which is that of this process alone.
    pub fn log_stream(&self) -> Option<&str> {
        self.log_stream.as_deref()
    }
}

impl Feature for LambdaFunction {
    const NAME: &'static str = "lambda.function";
}
