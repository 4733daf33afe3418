//! What the server answers.

use std::convert::Infallible;
use std::error::Error;
use std::fmt::{self, Write as _};
use std::future::ready;
use std::io;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Path, RawQuery, Request, State};
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{AppendHeaders, Response};
use axum::routing::{any, get};
use bytes::Bytes;
use futures_util::stream;
use http_body_util::BodyExt as _;
use transom::RequestExt as _;
use transom::features::{
    ConnectionInfo, MaxRequestBodySize, PathBase, RequestLifetime, Scheme, ServerStatistics,
    ServerVariables, TlsInfo,
};
use transom::pipeline::Failure;

/// How many requests were given up by their clients.
#[derive(Clone, Default)]
struct Gone(Arc<AtomicU64>);

/// A request that never ends by itself; it counts when it is given up.
struct Endless(Gone);

impl Drop for Endless {
    fn drop(&mut self) {
        self.0.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// An error with a cause, and with text that is not to become HTML.
pub(crate) async fn fail(_: transom::Request) -> Result<&'static str, Failure> {
    let cause = io::Error::new(
        io::ErrorKind::ConnectionRefused,
        "connection to db.internal:5432 was <script>refused</script>",
    );
    Err(io::Error::other(NoStock(cause)))?
}

#[derive(Debug)]
struct NoStock(io::Error);

impl fmt::Display for NoStock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the stock of <b>item 7</b> cannot be read")
    }
}

impl Error for NoStock {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

/// | path | answers |
/// |---|---|
/// | `/` | `hello` |
/// | `/seen` | what the application sees of the request, a line each |
/// | `/seen/...` | the same |
/// | `/echo` | the body of the request, as it comes |
/// | `/whole` | the body of the request, once all of it is there |
/// | `/length` | how many bytes the body of the request has, once all are there |
/// | `/any-length` | the same, however many they are |
/// | `/received` | how many bytes have come of all bodies to the two |
/// | `/variables` | what a gateway says, a line each |
/// | `/cookies` | `hello`, and two cookies |
/// | `/moved?URL` | `hello` with 200, and URL in `Location` |
/// | `/breaks` | `hello`, and then no end |
/// | `/bytes/N` | N bytes, as fast as they are taken |
/// | `/stream/N` | N pieces of 1 KiB, 20 ms apart, in chunks |
/// | `/after/N` | `hello`, N milliseconds later |
/// | `/never` | nothing, and hears when the client gives up |
/// | `/endless` | pieces of 1 KiB, 20 ms apart, until the client gives up |
/// | `/deaf` | nothing, and hears of nothing |
/// | `/gone` | how many clients of these three gave up |
/// | `/status/N` | `hello` with this status, though it may have no body |
/// | `/fails` | an error, and in `Development` what is known of it |
/// | `/guestbook` | the targets of all requests that came here, a line each |
/// | `/statistics` | what the server is doing |
/// | `/websocket` | each message |
pub(crate) fn router() -> Router {
    let targets = Arc::new(Mutex::new(String::new()));
    let guestbook = move |request: Request| {
        let mut targets = targets.lock().unwrap_or_else(PoisonError::into_inner);
        // A text takes whatever is written.
        let _ = writeln!(targets, "{}", request.uri());
        ready(targets.clone())
    };
    Router::new()
        .route("/", get(|| async { "hello" }))
        .route("/seen", any(seen))
        .route("/seen/{*below}", any(seen))
        .route(
            "/echo",
            any(|request: Request| async { request.into_body() }),
        )
        .route("/whole", any(whole))
        .route("/length", any(length))
        .route("/any-length", any(any_length))
        .route(
            "/received",
            get(|| async { RECEIVED.load(Ordering::Relaxed).to_string() }),
        )
        .route("/variables", any(variables))
        .route(
            "/cookies",
            get(|| async {
                let cookies = [(header::SET_COOKIE, "a=1"), (header::SET_COOKIE, "b=2")];
                (AppendHeaders(cookies), "hello")
            }),
        )
        .route(
            "/moved",
            get(|RawQuery(to): RawQuery| async {
                ([(header::LOCATION, to.unwrap_or_default())], "hello")
            }),
        )
        .route("/breaks", get(breaks))
        .route("/bytes/{count}", get(bytes))
        .route("/stream/{count}", get(pieces))
        .route("/after/{millis}", get(after))
        .route("/never", any(never))
        .route("/endless", any(endless))
        .route("/deaf", any(deaf))
        .route("/gone", get(gone))
        .route("/status/{code}", any(status))
        .route("/guestbook", any(guestbook))
        .route("/statistics", get(statistics))
        .route("/websocket", any(websocket))
        .with_state(Gone::default())
}

async fn seen(request: Request) -> String {
    let mut seen = String::new();
    let mut line = |name: &str, value: String| {
        // A text takes whatever is written.
        let _ = writeln!(seen, "{name}: {value}");
    };
    line("method", request.method().to_string());
    line("target", request.uri().to_string());
    if let Some(base) = request.feature::<PathBase>() {
        line("path base", base.to_string());
    }
    line("version", format!("{:?}", request.version()));
    if let Some(scheme) = request.feature::<Scheme>() {
        line("scheme", scheme.to_string());
    }
    if let Some(info) = request.feature::<ConnectionInfo>() {
        line("transport", info.transport().as_str().to_owned());
        line("connection", info.id().to_string());
        let end = |end: Option<&_>| end.map_or_else(String::new, ToString::to_string);
        line("remote", end(info.remote()));
        line("local", end(info.local()));
    }
    let tls = request.feature::<TlsInfo>();
    if let Some(der) = tls.and_then(TlsInfo::client_certificate) {
        let hexadecimal = der.iter().map(|byte| format!("{byte:02x}"));
        line("client certificate", hexadecimal.collect());
    }
    for (name, value) in request.headers() {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        line(&format!("header {name}"), value);
    }
    seen
}

async fn whole(request: Request) -> Result<Bytes, StatusCode> {
    let whole = request.into_body().collect().await;
    Ok(whole.map_err(|error| refusal(&error))?.to_bytes())
}

static RECEIVED: AtomicUsize = AtomicUsize::new(0);

async fn length(request: Request) -> Result<String, StatusCode> {
    let mut body = request.into_body();
    let mut length = 0;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| refusal(&error))?;
        let piece = frame.data_ref().map_or(0, Bytes::len);
        RECEIVED.fetch_add(piece, Ordering::Relaxed);
        length += piece;
    }
    Ok(length.to_string())
}

async fn any_length(request: Request) -> Result<String, StatusCode> {
    if let Some(limit) = request.feature::<MaxRequestBodySize>() {
        // It has not been read yet.
        let _ = limit.set(None);
    }
    length(request).await
}

async fn variables(request: Request) -> String {
    let mut seen = String::new();
    for (name, value) in request
        .feature::<ServerVariables>()
        .iter()
        .flat_map(|all| all.iter())
    {
        let (name, value) = (name.escape_ascii(), value.escape_ascii());
        // A text takes whatever is written.
        let _ = writeln!(seen, "{name}: {value}");
    }
    seen
}

async fn breaks() -> Body {
    let error = Err(std::io::Error::other("of the application"));
    Body::from_stream(stream::iter([Ok(Bytes::from_static(b"hello")), error]))
}

/// Returns the status for a body that cannot be read.
fn refusal(error: &axum::Error) -> StatusCode {
    let ours = error.source().and_then(|cause| cause.downcast_ref());
    match ours.is_some_and(transom::body::Error::is_length_limit) {
        true => StatusCode::PAYLOAD_TOO_LARGE,
        false => StatusCode::BAD_REQUEST,
    }
}

/// In pieces of memory that is there anyway, so that who does not read them costs nothing.
async fn bytes(Path(count): Path<usize>) -> ([(HeaderName, String); 1], Body) {
    const PIECE: Bytes = Bytes::from_static(&[b'x'; 64 * 1024]);
    let pieces = stream::unfold(count, |left| async move {
        let piece = PIECE.slice(..left.min(PIECE.len()));
        let less = left - piece.len();
        (left > 0).then_some((Ok::<_, Infallible>(piece), less))
    });
    let length = [(header::CONTENT_LENGTH, count.to_string())];
    (length, Body::from_stream(pieces))
}

const PIECE: Bytes = Bytes::from_static(&[b'x'; 1024]);

async fn pieces(Path(count): Path<u32>) -> Body {
    Body::from_stream(stream::unfold(count, |left| async move {
        let less = left.checked_sub(1)?;
        tokio::time::sleep(Duration::from_millis(20)).await;
        Some((Ok::<_, Infallible>(PIECE), less))
    }))
}

async fn after(Path(millis): Path<u64>) -> &'static str {
    tokio::time::sleep(Duration::from_millis(millis)).await;
    "hello"
}

/// A client that closes its connection may still be reading, as far as one can tell: so the future is dropped
/// only when that turns out to be wrong, and its end is heard here.
async fn never(State(gone): State<Gone>, request: Request) {
    let _until_then = Endless(gone);
    match request.feature::<RequestLifetime>() {
        Some(lifetime) => lifetime.disconnected().await,
        None => std::future::pending().await,
    }
}

async fn deaf(State(gone): State<Gone>) {
    let _until_then = Endless(gone);
    std::future::pending::<()>().await;
}

async fn endless(State(gone): State<Gone>) -> Body {
    Body::from_stream(stream::unfold(Endless(gone), |endless| async move {
        tokio::time::sleep(Duration::from_millis(20)).await;
        Some((Ok::<_, Infallible>(PIECE), endless))
    }))
}

async fn gone(State(gone): State<Gone>) -> String {
    gone.0.load(Ordering::Relaxed).to_string()
}

async fn status(Path(code): Path<u16>) -> Result<(StatusCode, &'static str), StatusCode> {
    let status = StatusCode::from_u16(code).map_err(|_| StatusCode::NOT_FOUND)?;
    Ok((status, "hello"))
}

async fn statistics(request: Request) -> String {
    let Some(statistics) = request.feature::<ServerStatistics>() else {
        return String::new();
    };
    format!(
        "connections: {}\nrequests: {}\nupgraded: {}\ntotal connections: {}\ntotal requests: {}\nrejections: {}\n",
        statistics.connections(),
        statistics.requests(),
        statistics.upgraded(),
        statistics.total_connections(),
        statistics.total_requests(),
        statistics.rejections(),
    )
}

async fn websocket(upgrade: WebSocketUpgrade) -> Response {
    upgrade.on_upgrade(echo)
}

async fn echo(mut socket: WebSocket) {
    // To the very end, so that the client's wish to close is answered.
    while let Some(Ok(message)) = socket.recv().await {
        if !matches!(message, Message::Close(_)) && socket.send(message).await.is_err() {
            return;
        }
    }
}
