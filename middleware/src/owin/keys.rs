//! The keys of an environment. The [module](super) says of each where it comes from, and what setting it does.

/// `String`: the version of OWIN that is spoken here, `1.0`.
pub const VERSION: &str = "owin.Version";
/// [`Body`](transom::Body): the body of the request, which is [taken](super::Environment::take) and not copied.
pub const REQUEST_BODY: &str = "owin.RequestBody";
/// [`HeaderMap`](http::HeaderMap): the fields of the request.
pub const REQUEST_HEADERS: &str = "owin.RequestHeaders";
/// `String`: the method.
pub const REQUEST_METHOD: &str = "owin.RequestMethod";
/// `String`: the path below the path base, percent-decoded.
pub const REQUEST_PATH: &str = "owin.RequestPath";
/// `String`: where the application is mounted, percent-decoded; empty, or a path that does not end with `/`.
pub const REQUEST_PATH_BASE: &str = "owin.RequestPathBase";
/// `String`: the protocol of the request, like `HTTP/1.1`.
pub const REQUEST_PROTOCOL: &str = "owin.RequestProtocol";
/// `String`: the query without its `?`, as it was sent.
pub const REQUEST_QUERY_STRING: &str = "owin.RequestQueryString";
/// `String`: `http` or `https`.
pub const REQUEST_SCHEME: &str = "owin.RequestScheme";
/// `String`: names the request in logs.
pub const REQUEST_ID: &str = "owin.RequestId";
/// Who makes the request, in whatever type the middleware has that found out.
pub const REQUEST_USER: &str = "owin.RequestUser";
/// [`ResponseBody`](super::ResponseBody): where the body of the response is written to.
pub const RESPONSE_BODY: &str = "owin.ResponseBody";
/// [`HeaderMap`](http::HeaderMap): the fields of the response.
pub const RESPONSE_HEADERS: &str = "owin.ResponseHeaders";
/// `String`: the protocol of the response; that of the request, if it is absent.
pub const RESPONSE_PROTOCOL: &str = "owin.ResponseProtocol";
/// `String`: the reason phrase of the response; that of the status, if it is absent.
pub const RESPONSE_REASON_PHRASE: &str = "owin.ResponseReasonPhrase";
/// `u16`: the status of the response; 200, if it is absent.
pub const RESPONSE_STATUS_CODE: &str = "owin.ResponseStatusCode";
/// [`RequestLifetime`](transom::features::RequestLifetime): whether the client is gone, and a way to hang up.
pub const CALL_CANCELLED: &str = "owin.CallCancelled";

/// `String`: the IP address of the client.
pub const REMOTE_IP_ADDRESS: &str = "server.RemoteIpAddress";
/// `String`: the port of the client.
pub const REMOTE_PORT: &str = "server.RemotePort";
/// `String`: the IP address at which the connection arrived.
pub const LOCAL_IP_ADDRESS: &str = "server.LocalIpAddress";
/// `String`: the port at which the connection arrived.
pub const LOCAL_PORT: &str = "server.LocalPort";
/// `bool`: whether the client is on the machine of the server.
pub const IS_LOCAL: &str = "server.IsLocal";
/// `String`: the same for every request of a connection.
pub const CONNECTION_ID: &str = "server.ConnectionId";
/// [`OnSendingHeaders`](super::OnSendingHeaders): calls back before the head of the response is sent.
pub const ON_SENDING_HEADERS: &str = "server.OnSendingHeaders";
/// [`ServerLifetime`](transom::features::ServerLifetime): whether the server stops.
pub const ON_DISPOSE: &str = "server.OnDispose";
/// [`Properties`](super::Properties): what the server can do.
pub const CAPABILITIES: &str = "server.Capabilities";
/// `String`: the server, like `hyper/1.12`. Among the capabilities.
pub const SERVER_NAME: &str = "server.Name";
/// Who makes the request; as [`REQUEST_USER`], and before OWIN 1.0.1 its name.
pub const SERVER_USER: &str = "server.User";
/// `Vec<`[`ServerAddress`](transom::features::ServerAddress)`>`: where the server is to listen. Among the properties
/// of a start.
pub const HOST_ADDRESSES: &str = "host.Addresses";
/// [`Bytes`](bytes::Bytes): the certificate of the client, in DER.
pub const CLIENT_CERTIFICATE: &str = "ssl.ClientCertificate";

/// [`OpaqueUpgrade`](super::OpaqueUpgrade): takes the connection over.
pub const OPAQUE_UPGRADE: &str = "opaque.Upgrade";
/// `String`: the version of that extension, `1.0`. Among the capabilities, and beside the stream.
pub const OPAQUE_VERSION: &str = "opaque.Version";
/// [`Upgraded`](transom::features::Upgraded): the connection that was taken over. Beside the version, in what the
/// callback of [`OpaqueUpgrade`](super::OpaqueUpgrade) is given.
pub const OPAQUE_STREAM: &str = "opaque.Stream";
/// [`ServerLifetime`](transom::features::ServerLifetime): whether the connection shall end. Beside the stream.
pub const OPAQUE_CALL_CANCELLED: &str = "opaque.CallCancelled";

/// [`Features`](transom::Features): all that the server tells of the request. Not of OWIN.
pub const FEATURES: &str = "transom.Features";
/// `String`: the target as the client sent it, of which OWIN has only parts that are decoded. Not of OWIN.
pub const REQUEST_TARGET: &str = "transom.RequestTarget";
