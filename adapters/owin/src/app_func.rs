use std::future::Future;
use std::pin::pin;

use futures_channel::oneshot;
use futures_util::future::{Either, select};
use http::header::CONTENT_LENGTH;
use http::{HeaderValue, Method, StatusCode, Uri};
use http_body::Body as _;
use transom::adapter::{Arrival, Mount, MountBody};
use transom::body::BoxError;
use transom::features::{
    ConnectionInfo, PathBase, RequestIdentifier, RequestLifetime, Scheme, TlsInfo, Transport,
    UpgradeError, Upgraded,
};
use transom::{Application, Features, Request, RequestExt, Response};
use transom_middleware::owin::{AppFunc, Environment, EnvironmentError, OpaqueUpgrade, keys};

use crate::held::held;

/// Makes an application one that an OWIN server calls, by an [`app_func`]. The features are those of the server.
pub fn mount<A: Application>(app: A, features: Features) -> Mount<impl Application> {
    Mount::new(Told(app), features)
}

/// Returns the mount as OWIN calls it: for a server that is started elsewhere, or as the end of OWIN middleware.
///
/// What comes of a call is in the docs of the [crate](crate).
///
/// ```
/// use http::{HeaderMap, HeaderValue};
/// use transom::features::ServerInfo;
/// use transom::{ApplicationBuilder, Features};
/// use transom_middleware::owin::{Environment, ResponseBody, keys};
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let app = ApplicationBuilder::new().run_fn(|_| async { "hello" });
/// let mut features = Features::new();
/// features.insert(ServerInfo::new("katana", "1.0"));
/// let mount = transom_owin::mount(app, features);
/// let app_func = transom_owin::app_func(&mount);
///
/// // What an OWIN server does for each request:
/// let environment = Environment::new();
/// environment.set(keys::REQUEST_METHOD, "GET".to_owned())?;
/// environment.set(keys::REQUEST_PATH, "/".to_owned())?;
/// let host = (http::header::HOST, HeaderValue::from_static("example.com"));
/// environment.set(keys::REQUEST_HEADERS, HeaderMap::from_iter([host]))?;
/// environment.set(keys::RESPONSE_BODY, ResponseBody::new(futures_util::io::sink()))?;
/// app_func.call(environment.clone()).await?;
/// assert_eq!(environment.get::<u16>(keys::RESPONSE_STATUS_CODE), Some(200));
/// let headers: HeaderMap = environment.require(keys::RESPONSE_HEADERS)?;
/// assert_eq!(headers["content-length"], "5");
/// # Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
/// # })?;
/// # Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
/// ```
#[doc(alias = "UseBuilder")]
pub fn app_func<A: Application>(mount: &Mount<A>) -> AppFunc {
    let mount = mount.clone();
    AppFunc::new(move |environment| answer(mount.clone(), environment))
}

async fn answer<A: Application>(mount: Mount<A>, environment: Environment) -> Result<(), BoxError> {
    let cancelled: Option<RequestLifetime> = environment.get(keys::CALL_CANCELLED);
    let cancelled = cancelled.unwrap_or_default();
    let request = match environment.to_request() {
        Ok(request) => request,
        Err(error) => return refuse(&environment, &error).await,
    };
    let method = request.method().clone();
    // The application has it as a feature, and may not have it twice.
    let upgrade: Option<OpaqueUpgrade> = environment.take(keys::OPAQUE_UPGRADE);
    let (arrival, connection) = arrive(&request, upgrade.is_some());
    let request = as_sent(&environment, request);
    let called = mount.call(request, arrival);
    let mut response = until(&cancelled, called).await?;
    if response.body().is_hung_up() {
        cancelled.abort();
        return Err("the application hung up".into());
    }
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        let upgrade = upgrade.ok_or("the server has no `opaque.Upgrade`")?;
        upgrade.upgrade(move |opaque| hand_over(opaque.take(keys::OPAQUE_STREAM), connection))?;
    }
    announce_length(&method, &mut response);
    let sent = until(&cancelled, environment.send_response(response)).await;
    sent.and_then(|sent| sent).inspect_err(|_| {
        // A server that breaks responses off by this alone.
        cancelled.abort();
    })
}

/// Waits for a future, unless its client goes first.
async fn until<T>(
    cancelled: &RequestLifetime,
    future: impl Future<Output = T>,
) -> Result<T, BoxError> {
    match select(pin!(future), pin!(cancelled.disconnected())).await {
        Either::Left((output, _)) => Ok(output),
        Either::Right(_) => Err("the call was cancelled".into()),
    }
}

async fn refuse(environment: &Environment, error: &EnvironmentError) -> Result<(), BoxError> {
    tracing::debug!(%error, "an OWIN server made a request that is none; it is answered with 400");
    let mut response = Response::default();
    *response.status_mut() = StatusCode::BAD_REQUEST;
    let zero = HeaderValue::from_static("0");
    response.headers_mut().insert(CONTENT_LENGTH, zero);
    environment.send_response(response).await
}

/// Returns what is known of the connection, and the side on which it is handed over once it is upgraded.
fn arrive(request: &Request, upgradable: bool) -> (Arrival, oneshot::Sender<Upgraded>) {
    let info = request.feature::<ConnectionInfo>().cloned();
    let info = info.unwrap_or_else(|| ConnectionInfo::new(Transport::Tcp));
    let mut arrival = Arrival::new(info);
    if let Some(scheme) = request.feature::<Scheme>() {
        arrival = arrival.with_scheme(*scheme);
    }
    if let Some(tls) = request.feature::<TlsInfo>() {
        arrival = arrival.with_tls(tls.clone());
    }
    if let Some(base) = request.feature::<PathBase>() {
        arrival = arrival.with_path_base(base.clone());
    }
    let (connection, connected) = oneshot::channel();
    if upgradable {
        let connected = async { connected.await.map_err(|_| UpgradeError::cancelled()) };
        arrival = arrival.with_upgrade(connected);
    }
    (arrival, connection)
}

/// Returns the request as the client sent it, as far as OWIN tells.
fn as_sent(environment: &Environment, mut request: Request) -> Request {
    let whole = (request.feature::<PathBase>()).and_then(|base| below(base, request.uri()));
    if let Some(whole) = whole {
        *request.uri_mut() = whole;
    }
    // Those of the server and of the connection take their place.
    request.extensions_mut().remove::<Features>();
    request.extensions_mut().insert(environment.clone());
    request
}

fn below(base: &PathBase, uri: &Uri) -> Option<Uri> {
    let path = uri.path_and_query()?.as_str();
    if !path.starts_with('/') {
        return None;
    }
    [base.as_str(), path].concat().parse().ok()
}

/// Gives the connection to the application, until that drops it: the server's callback is over then.
async fn hand_over(stream: Option<Upgraded>, connection: oneshot::Sender<Upgraded>) {
    let Some(stream) = stream else {
        tracing::warn!("an OWIN server took a connection over, and has no `opaque.Stream` of it");
        return;
    };
    let (stream, released) = held(stream);
    if connection.send(stream).is_ok() {
        released.await;
    }
}

/// An OWIN server sees writes alone, so it is told how much there will be.
fn announce_length(method: &Method, response: &mut http::Response<MountBody>) {
    let status = response.status();
    let bodiless = *method == Method::HEAD
        || status.is_informational()
        || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
        || *method == Method::CONNECT && status.is_success();
    if let (false, Some(length)) = (bodiless, response.body().size_hint().exact()) {
        response.headers_mut().insert(CONTENT_LENGTH, length.into());
    }
}

/// An application that is told of its environment.
struct Told<A>(A);

impl<A: Application> Application for Told<A> {
    fn call(&self, mut request: Request) -> impl Future<Output = Response> + Send {
        if let Some(environment) = request.extensions_mut().remove::<Environment>() {
            let features = request.features_mut();
            if let Some(id) = environment.get::<String>(keys::REQUEST_ID) {
                features.insert(RequestIdentifier::new(id));
            }
            features.insert(environment);
        }
        self.0.call(request)
    }
}
