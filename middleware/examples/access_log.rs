//! An access log in three formats at once, in files, for whatever reads such files:
//!
//! ```sh
//! cargo run -p transom-middleware --features access-log --example access_log -- /tmp/logs
//! curl http://127.0.0.1:PORT/hello
//! goaccess --log-format=COMBINED /tmp/logs/combined-*.log
//! ```

use std::error::Error;
use std::time::Duration;

use transom::{Body, Host, HyperServer};
use transom_middleware::access_log::{
    AccessLogLayer, JsonFormat, LogFormat, RollingFile, W3cFormat,
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().with_ansi(false).init();
    let directory = std::env::args().nth(1).unwrap_or_else(|| "logs".to_owned());
    let files = |prefix: &str| RollingFile::in_directory(&directory).with_prefix(prefix);
    let combined = AccessLogLayer::to_files(LogFormat::Combined, files("combined-"))?;
    let w3c = AccessLogLayer::to_files(W3cFormat::new(), files("w3c-"))?;
    let json = AccessLogLayer::to_files(JsonFormat::new(), files("json-"))?;

    Host::builder(HyperServer::new("http://127.0.0.1:0"))
        .configure(move |app| {
            app.layer(combined)
                .layer(w3c)
                .layer(json)
                .map("/events", |branch| branch.run_fn(|_| async { events() }))
                .map("/hello", |branch| branch.run_fn(|_| async { "hello\n" }))
                .build()
        })
        .run()
        .await?;
    Ok(())
}

/// An event every 10 ms, until the client has enough.
fn events() -> Body {
    let each = tokio::time::interval(Duration::from_millis(10));
    Body::from_stream(futures_util::stream::unfold(each, |mut each| async {
        each.tick().await;
        Some((Ok::<_, std::io::Error>("data: tick\n\n"), each))
    }))
}
