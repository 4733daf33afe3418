//! As `conformance_fastcgi.rs`, where a connection is kept and carries all requests of a client, many at a time.

mod support;

use std::process::ExitCode;

use transom_cgi::FastCgiServer;
use transom_conformance::Target;

/// What goes on beside a request and shares its connection: see `with_max_multiplexed_requests`.
const FAILS: &str = r#"
"S-ERR-PANIC-BODY@gateway" = "a response that breaks off takes the connection along"
"S-ERR-ABORT-BODY@gateway" = "a response that breaks off takes the connection along"
"#;

fn main() -> ExitCode {
    // The last table of the manifest is the one of failures.
    let manifest = concat!(include_str!("../manifests/fastcgi.toml"), "\n").to_owned() + FAILS;
    let gateway = support::fastcgi::gateway(true);
    transom_conformance::run(Target::new(&manifest, move || {
        let server = FastCgiServer::new("http://127.0.0.1:0").with_max_multiplexed_requests(128);
        gateway.clone().before(server)
    }))
}
