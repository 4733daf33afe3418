//! What the program sees of who asks.

use transom::features::{ConnectionInfo, MaxRequestBodySize, PathBase, Scheme, TlsInfo, Upgrade};
use transom::{Request, RequestExt, Response};

/// Says of a request who asked for what; each fact in a line.
pub(crate) async fn tell(request: Request) -> String {
    let mut facts = Vec::new();
    let mut say = |name: &str, value: String| facts.push(format!("{name}: {value}\n"));
    let info = request.feature::<ConnectionInfo>();
    let client = info.and_then(ConnectionInfo::remote);
    say(
        "client",
        client.map_or_else(String::new, ToString::to_string),
    );
    say("scheme", shown(request.feature::<Scheme>()));
    say("base", shown(request.feature::<PathBase>()));
    say("target", request.uri().to_string());
    let tls = request.feature::<TlsInfo>();
    let certificate = tls.and_then(TlsInfo::client_certificate);
    say(
        "certificate",
        format!("{:?}", certificate.map(|der| &der[..])),
    );
    let limit = request.feature::<MaxRequestBodySize>();
    say(
        "limit",
        format!("{:?}", limit.map(MaxRequestBodySize::limit)),
    );
    say(
        "upgrade",
        request.features().contains::<dyn Upgrade>().to_string(),
    );
    for (name, value) in request.headers() {
        say(
            name.as_str(),
            String::from_utf8_lossy(value.as_bytes()).into_owned(),
        );
    }
    facts.concat()
}

/// Takes the connection over, and sends back whatever comes.
pub(crate) async fn echo(request: Request) -> Response {
    let mut response = Response::default();
    let accepted = request.feature::<dyn Upgrade>().map(Upgrade::accept);
    let Some(Ok(upgrading)) = accepted else {
        *response.status_mut() = http::StatusCode::UPGRADE_REQUIRED;
        return response;
    };
    tokio::spawn(async move {
        let Ok(connection) = upgrading.await else {
            return;
        };
        let (mut from, mut to) = tokio::io::split(connection);
        // It ends when the client does.
        let _ = tokio::io::copy(&mut from, &mut to).await;
    });
    *response.status_mut() = http::StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    let upgrade = http::HeaderValue::from_static("websocket");
    headers.insert(http::header::UPGRADE, upgrade);
    let connection = http::HeaderValue::from_static("upgrade");
    headers.insert(http::header::CONNECTION, connection);
    response
}

fn shown<T: ToString>(feature: Option<&T>) -> String {
    feature.map_or_else(String::new, ToString::to_string)
}
