//! Lesson 14: HTTP/3, beside HTTP/1 and HTTP/2 at the same port.
//!
//! `cargo run --features http3 --example 14_http3`, then, with a curl that has HTTP/3,
//! `curl --insecure --http3-only https://localhost:8443/`. A browser is told by `Alt-Svc` and comes back over
//! HTTP/3, once it trusts the certificate. Another address may be given as an argument.

use std::process::ExitCode;

use futures_util::StreamExt as _;
use transom::features::{ConnectionInfo, RequestExt, TlsInfo};
use transom::hyper::tls::Certificate;
use transom::hyper::{Endpoint, Protocols};
use transom::{Body, Host, HyperServer, Request, Response};

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt().init();
    let address = std::env::args()
        .nth(1)
        .unwrap_or("https://localhost:8443".into());
    // For trying out: nobody but this program knows the certificate.
    let made = match rcgen::generate_simple_self_signed(["localhost".into(), "127.0.0.1".into()]) {
        Ok(made) => made,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    let certificate = Certificate::from_pem(made.cert.pem(), made.signing_key.serialize_pem());

    // QUIC runs over UDP: the same port is bound for both.
    let endpoint = Endpoint::new(address)
        .with_protocols(Protocols::HTTP1_AND_2_AND_3)
        .with_tls(certificate);
    let host = Host::builder(HyperServer::default().with_endpoint(endpoint)).configure(|app| {
        app.map("/echo", |echo| echo.run_fn(echo_body))
            .map("/large", |large| large.run_fn(large_body))
            .map("/unread", |unread| {
                unread.run_fn(|_| async { "not read\n" })
            })
            .run_fn(tell)
    });
    transom::hosting::exit(host.run().await)
}

/// Says over what the request came.
async fn tell(request: Request) -> String {
    let transport = request
        .feature::<ConnectionInfo>()
        .map(|info| info.transport().as_str());
    let tls = request
        .feature::<TlsInfo>()
        .and_then(TlsInfo::version)
        .map(|version| version.to_string());
    format!(
        "{:?} over {} and {}\n",
        request.version(),
        transport.unwrap_or("nothing"),
        tls.as_deref().unwrap_or("no TLS"),
    )
}

/// Sends back what comes, piece by piece: a client that does not read is not read from either.
async fn echo_body(request: Request) -> Response {
    Response::new(request.into_body())
}

/// Sends as many bytes as the path says, and makes each only when there is room for it.
async fn large_body(request: Request) -> Response {
    let length = request
        .uri()
        .path()
        .trim_matches('/')
        .parse()
        .unwrap_or(1_000_000_usize);
    let pieces = futures_util::stream::iter((0..length).step_by(PIECE))
        .map(move |from| Ok::<_, std::io::Error>(vec![b'x'; PIECE.min(length - from)]));
    Response::new(Body::from_stream(pieces))
}

const PIECE: usize = 16 * 1024;
