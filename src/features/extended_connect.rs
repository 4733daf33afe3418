use super::Feature;

/// The request asks to speak another protocol on its stream: CONNECT with `:protocol`, which is how a
/// WebSocket comes over HTTP/2 (RFC 8441) and HTTP/3 (RFC 9220).
///
/// Present on such a request alone, whose method is CONNECT and which has a path like any other. Beside it
/// is [`dyn Upgrade`](super::Upgrade): to accept it and to answer 200 turns the stream into bytes both
/// ways. An application that answers 101, as HTTP/1.1 wants it, is understood too.
///
/// ```
/// use http::StatusCode;
/// use transom::features::{ExtendedConnect, RequestExt, Upgrade};
/// use transom::{Request, Response};
///
/// async fn websocket(request: Request) -> Response {
///     let mut response = Response::default();
///     let asked = request.feature::<ExtendedConnect>();
///     match (asked, request.feature::<dyn Upgrade>()) {
///         (Some(asked), Some(upgrade)) if asked.protocol() == "websocket" => {
///             if let Ok(upgrading) = upgrade.accept() {
///                 tokio::spawn(async move { drop(upgrading.await) });
///             }
///         }
///         _ => *response.status_mut() = StatusCode::NOT_IMPLEMENTED,
///     }
///     response
/// }
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// assert_eq!(websocket(Request::default()).await.status(), 501);
/// # });
/// # Ok::<_, std::io::Error>(())
/// ```
#[doc(alias = "IHttpExtendedConnectFeature")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExtendedConnect {
    protocol: Box<str>,
}

impl ExtendedConnect {
    /// Returns what a request asks for; for servers.
    pub fn new(protocol: impl Into<Box<str>>) -> Self {
        Self {
            protocol: protocol.into(),
        }
    }

    /// Returns the protocol that the client wants to speak: `websocket`, say.
    pub fn protocol(&self) -> &str {
        &self.protocol
    }
}

impl Feature for ExtendedConnect {
    const NAME: &'static str = "request.extended_connect";
}
