//! A whole function, as it is deployed: the `bootstrap` of `provided.al2023`.
//!
//! `STREAMING=1` streams responses, for a function URL whose invoke mode is `RESPONSE_STREAM`.

use std::env;
use std::process::ExitCode;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use axum::response::{AppendHeaders, IntoResponse};
use axum::routing::{any, get, post};
use futures_util::stream;
use transom::features::ConnectionInfo;
use transom::{Error, Host, RequestExt};
use transom_lambda::{LambdaContext, LambdaEvent, LambdaServer};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    transom::hosting::exit(run().await)
}

async fn run() -> Result<(), Error> {
    let server = LambdaServer::new().with_response_streaming(env::var_os("STREAMING").is_some());
    let router = Router::new()
        .route("/", get(async || "hello"))
        .route("/echo", post(async |content: Bytes| content))
        .route("/cookies", get(cookies))
        .route("/ticks", get(ticks))
        .route("/broken", get(broken))
        .route("/context", get(context))
        .fallback(any(fallback));
    Host::builder(server)
        .configure(|app| app.run(router))
        .run()
        .await
}

async fn cookies(fields: HeaderMap) -> impl IntoResponse {
    let cookie = fields.get(header::COOKIE).cloned();
    let set = AppendHeaders([(header::SET_COOKIE, "a=1"), (header::SET_COOKIE, "b=2")]);
    let cookie = cookie.unwrap_or_else(|| HeaderValue::from_static("none"));
    (
        StatusCode::CREATED,
        set,
        [(HeaderName::from_static("x-seen"), cookie)],
        "",
    )
}

/// Five lines, a fifth of a second apart.
async fn ticks() -> Body {
    Body::from_stream(stream::unfold(0, |tick| async move {
        if tick > 0 {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        (tick < 5).then(|| (Ok::<_, std::io::Error>(format!("tick {tick}\n")), tick + 1))
    }))
}

async fn broken() -> Body {
    let pieces = [Ok("begun"), Err(std::io::Error::other("the disk is gone"))];
    Body::from_stream(stream::iter(pieces))
}

async fn context(request: Request) -> String {
    let context = request.feature::<LambdaContext>();
    let event = request.feature::<LambdaEvent>();
    let client = request
        .feature::<ConnectionInfo>()
        .and_then(ConnectionInfo::remote);
    format!(
        "id: {}\nsource: {}\nclient: {}\n",
        context.map(LambdaContext::request_id).unwrap_or_default(),
        event
            .map(|event| event.source().to_string())
            .unwrap_or_default(),
        client.map(ToString::to_string).unwrap_or_default(),
    )
}

async fn fallback(uri: Uri) -> (StatusCode, String) {
    (StatusCode::NOT_FOUND, uri.to_string())
}
