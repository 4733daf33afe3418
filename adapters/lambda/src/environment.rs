use std::env;

use transom::Error;

use crate::runtime_api::RuntimeApi;

const RUNTIME_API: &str = "AWS_LAMBDA_RUNTIME_API";
const MAX_CONCURRENCY: &str = "AWS_LAMBDA_MAX_CONCURRENCY";

/// Returns where the Runtime API is: as the program says, or else as AWS Lambda does.
pub(crate) fn runtime_api(given: Option<&str>) -> Result<RuntimeApi, Error> {
    if let Some(address) = given {
        return RuntimeApi::parse(address).map_err(|problem| {
            Error::configuration(format!(
                "`{address}` is not the address of a Runtime API: {problem}; write it like `127.0.0.1:9001`"
            ))
        });
    }
    let Some(address) = variable(RUNTIME_API) else {
        return Err(Error::configuration(format!(
            "the environment variable {RUNTIME_API} is not set; AWS Lambda sets it to the address of the Runtime \
             API, where requests come from: run this program on AWS Lambda or under an emulator, such as \
             `cargo lambda watch`, or name the address with `LambdaServer::with_runtime_api`"
        )));
    };
    RuntimeApi::parse(&address).map_err(|problem| {
        Error::configuration(format!(
            "the environment variable {RUNTIME_API} is `{address}`, which is not the address of a Runtime API: \
             {problem}; AWS Lambda sets it to one like `127.0.0.1:9001`"
        ))
    })
}

/// Returns how many invocations run at a time: as the program says, or else as AWS Lambda does; one, if neither
/// says anything.
pub(crate) fn concurrency(given: Option<usize>) -> Result<usize, Error> {
    if let Some(given) = given {
        return Ok(given.max(1));
    }
    let Some(text) = variable(MAX_CONCURRENCY) else {
        return Ok(1);
    };
    match text.parse() {
        Ok(number @ 1..=10_000) => Ok(number),
        _ => Err(Error::configuration(format!(
            "the environment variable {MAX_CONCURRENCY} is `{text}`; AWS Lambda sets it to how many invocations may \
             run at a time, a number from 1 to 10000, or leaves it unset for one"
        ))),
    }
}

/// Returns whether the function is one of SnapStart, which is restored from a snapshot before it is invoked.
pub(crate) fn is_snapstart() -> bool {
    variable("AWS_LAMBDA_INITIALIZATION_TYPE").as_deref() == Some("snap-start")
}

/// An empty variable is one that is not set.
pub(crate) fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}
