//! Lesson 17: the same application behind a web server, by FastCGI instead of HTTP.
//!
//! `cargo run --example 17_fastcgi`, and in nginx: `location / { include fastcgi_params; fastcgi_pass 127.0.0.1:9000; }`.
//! `examples/deploy` has whole configurations of nginx, Apache, lighttpd and HAProxy.

use std::process::ExitCode;

use axum::Router;
use axum::extract::Request;
use axum::routing::get;
use transom::features::{ConnectionInfo, Endpoint, Scheme, ServerVariables};
use transom::hosting::Settings;
use transom::{Error, Host, RequestExt};
use transom_cgi::FastCgiServer;

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt().init();
    transom::hosting::exit(run().await)
}

async fn run() -> Result<(), Error> {
    // Over TCP only this machine may connect: what a gateway says of its clients is believed.
    let server = FastCgiServer::new("http://127.0.0.1:9000");
    Host::builder(server)
        .with_settings(Settings::from_args()?)
        .configure(|app| app.run(Router::new().route("/", get(who))))
        .run()
        .await
}

/// The connection is the one from the client to the web server, as far as that tells.
async fn who(request: Request) -> String {
    let client = request
        .feature::<ConnectionInfo>()
        .and_then(ConnectionInfo::remote)
        .map_or_else(|| "nobody".to_owned(), Endpoint::to_string);
    let scheme = request.feature::<Scheme>().copied().unwrap_or(Scheme::Http);
    // The rest of what it tells is there under the names of CGI.
    let software = request
        .feature::<ServerVariables>()
        .and_then(|variables| variables.text("SERVER_SOFTWARE"))
        .unwrap_or("a web server without a name")
        .to_owned();
    format!("{client} came over {scheme} and {software}\n")
}
