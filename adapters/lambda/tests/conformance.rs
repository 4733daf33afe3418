//! `LambdaServer` keeps the contract behind a function URL that streams, as far as `conformance.toml` says.

mod support;

use std::process::ExitCode;

use support::RuntimeApi;
use transom_conformance::Target;
use transom_lambda::LambdaServer;

fn main() -> ExitCode {
    let manifest = include_str!("../conformance.toml");
    transom_conformance::run(Target::new(manifest, || {
        let api = RuntimeApi::start();
        let server = LambdaServer::new()
            .with_runtime_api(api.address())
            .with_response_streaming(true)
            .with_concurrency(64);
        support::gateway(&api, support::function_url).before(server)
    }))
}
