//! One host, some servers, and one pipeline, which is configured once all of them are bound.

use std::time::Duration;

use axum::routing::{get, post};
use axum::{Router, extract::Path};
use http::{HeaderName, HeaderValue};
use tower_http::request_id::{MakeRequestUuid, SetRequestIdLayer};
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::TimeoutLayer;
use transom::features::{ConnectionInfo, PathBase, ServerAddresses, ServerInfo};
use transom::hosting::HostBuilder;
use transom::{App, ApplicationBuilder, Error, Features, Request, RequestExt, RunningHost};

use crate::client::Client;

/// Starts the servers, asks each the same, and stops them. Answers that differ are an error.
pub(crate) async fn all(host: HostBuilder) -> Result<(), Error> {
    let host = host
        .with_shutdown_timeout(Duration::from_secs(5))
        .configure(|app| {
            let pipeline = pipeline(app);
            println!("The pipeline, in the order in which a request meets it:\n{pipeline:#?}\n");
            pipeline
        })
        .start()
        .await?;

    introduce(&host);
    let same = visit(&host).await?;
    host.stop().await?;
    println!("All servers have stopped.");
    match same {
        true => Ok(()),
        false => Err(Error::configuration(
            "the servers did not give the same answers",
        )),
    }
}

/// What every server runs: tower layers, a branch, and an axum router at the end.
fn pipeline(app: ApplicationBuilder) -> App {
    let site = Router::new()
        .route(
            "/hello/{name}",
            get(|Path(name): Path<String>| async move { format!("hello, {name}") }),
        )
        .route(
            "/echo",
            post(|body: String| async move { body.to_uppercase() }),
        );
    app.layer(SetRequestIdLayer::x_request_id(MakeRequestUuid))
        .layer(SetResponseHeaderLayer::overriding(
            HeaderName::from_static("x-hosted-by"),
            HeaderValue::from_static("transom"),
        ))
        .layer(TimeoutLayer::with_status_code(
            http::StatusCode::GATEWAY_TIMEOUT,
            Duration::from_secs(5),
        ))
        .map("/about", |about| about.run_fn(about_request))
        .map("/features", |features| {
            features.run_fn(|request: Request| async move {
                request.features().names().collect::<Vec<_>>().join(" ")
            })
        })
        .run(site)
}

/// Answers with what the features of the request say, in words that are the same on every server.
async fn about_request(request: Request) -> String {
    let base = request.feature::<PathBase>().cloned().unwrap_or_default();
    let known = |known: bool| if known { "known" } else { "unknown" };
    format!(
        "base `{base}`, path `{}`, server {}, connection {}",
        request.uri().path(),
        known(request.feature::<ServerInfo>().is_some()),
        known(request.feature::<ConnectionInfo>().is_some()),
    )
}

/// Prints a row for each server: what it is, where it listens, and what it knows and can do.
fn introduce(host: &RunningHost) {
    let title = ["server", "adapter", "bound", "features"].map(String::from);
    let rows: Vec<_> = [title]
        .into_iter()
        .chain(host.server_features().map(row))
        .collect();
    let width = |column: usize| {
        rows.iter()
            .map(|row| row[column].len())
            .max()
            .unwrap_or_default()
    };
    let (server, adapter, bound) = (width(0), width(1), width(2));
    for row in &rows {
        println!(
            "{:server$}  {:adapter$}  {:bound$}  {}",
            row[0], row[1], row[2], row[3]
        );
    }
    println!();
}

fn row(server: &Features) -> [String; 4] {
    let info = server.get::<ServerInfo>();
    let adapter = info.and_then(ServerInfo::adapter);
    let addresses = server
        .get::<ServerAddresses>()
        .map(ServerAddresses::bound)
        .unwrap_or_default();
    [
        info.map_or_else(String::new, ToString::to_string),
        adapter.map_or_else(
            || "its own".into(),
            |(name, version)| format!("{name} {version}"),
        ),
        addresses
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(" "),
        server.names().collect::<Vec<_>>().join(" "),
    ]
}

/// Asks every server the same questions, and returns whether the answers were the same.
async fn visit(host: &RunningHost) -> Result<bool, Error> {
    println!("What a request sees, which is what its server knows and can do:");
    for server in host.server_features() {
        ask(server, "GET", "/features", "").await?;
    }
    let mut same = true;
    for (method, target, body) in [
        ("GET", "/hello/you", ""),
        ("POST", "/echo", "to be shouted"),
        ("GET", "/About/us", ""),
        ("GET", "/nowhere", ""),
    ] {
        println!("\n{method} {target} {body}");
        let mut first = None;
        for server in host.server_features() {
            let answer = ask(server, method, target, body).await?;
            same &= *first.get_or_insert_with(|| answer.clone()) == answer;
        }
    }
    println!();
    Ok(same)
}

/// Sends one request to one server, and shows the answer.
async fn ask(server: &Features, method: &str, target: &str, body: &str) -> Result<String, Error> {
    let name = server.require::<ServerInfo>()?.to_string();
    let answer = Client::of(server)?.ask(method, target, body).await;
    let answer = answer.map_err(|error| Error::serve(&name, error))?;
    println!("  {name:<18} {answer}");
    Ok(answer)
}
