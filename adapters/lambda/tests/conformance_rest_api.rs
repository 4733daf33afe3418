//! `LambdaServer` keeps the contract behind a REST API that does not stream, as far as `manifests/rest-api.toml` says.

mod support;

use std::process::ExitCode;

use support::RuntimeApi;
use transom_conformance::Target;
use transom_lambda::LambdaServer;

fn main() -> ExitCode {
    let manifest = include_str!("../manifests/rest-api.toml");
    transom_conformance::run(Target::new(manifest, || {
        let api = RuntimeApi::start();
        let server = LambdaServer::new()
            .with_runtime_api(api.address())
            .with_concurrency(64);
        support::gateway(&api, support::rest_api).before(server)
    }))
}
