//! What servers and middleware tell applications: facts and capabilities, found by type.
//!
//! A [`Feature`] is a type that opted in, so the implementors of that trait are the catalogue. A value is
//! a shared handle. Lookups go through three scopes, request -> connection -> server, and the nearest
//! wins. Middleware may add features, replace them, or wrap them. A capability that a server lacks is an
//! absent feature.
//!
//! | feature | `NAME` | scope | counterpart in ASP.NET Core |
//! |---|---|---|---|
//! | [`ServerAddresses`] | `server.addresses` | server | `IServerAddressesFeature` |
//! | [`ServerInfo`] | `server.info` | server | - |
//! | [`ServerLimits`] | `server.limits` | server | `KestrelServerLimits` |
//! | [`ServerLifetime`] | `server.lifetime` | server | `IHostApplicationLifetime` |
//! | [`ServerReload`] | `server.reload` | server | `IOptionsMonitor` |
//! | [`ServerStatistics`] | `server.statistics` | server | the meters of Kestrel |
//! | [`EndsByItself`] | `server.ends_by_itself` | server | - |
//! | [`ResponseTrailers`] | `response.trailers` | server, connection or request | `IHttpResponseTrailersFeature` |
//! | [`ConnectionInfo`] | `connection.info` | connection | `IHttpConnectionFeature` |
//! | [`Scheme`] | `request.scheme` | connection | `IHttpRequestFeature.Scheme` |
//! | [`TlsInfo`] | `connection.tls` | connection | `ITlsConnectionFeature`, `ITlsHandshakeFeature` |
//! | [`ProxyProtocolInfo`] | `connection.proxy_protocol` | connection | - |
//! | [`RequestLifetime`] | `request.lifetime` | request | `IHttpRequestLifetimeFeature` |
//! | [`RequestIdentifier`] | `request.identifier` | request | `IHttpRequestIdentifierFeature` |
//! | [`MaxRequestBodySize`] | `request.max_body_size` | request | `IHttpMaxRequestBodySizeFeature` |
//! | [`OriginalTarget`] | `request.original_target` | request | `IHttpRequestFeature.RawTarget` |
//! | [`PathBase`] | `request.path_base` | request | `IHttpRequestFeature.PathBase` |
//! | [`ServerVariables`] | `request.server_variables` | request | `IServerVariablesFeature` |
//! | [`dyn Upgrade`](Upgrade) | `request.upgrade` | request | `IHttpUpgradeFeature` |
//! | [`ExtendedConnect`] | `request.extended_connect` | request | `IHttpExtendedConnectFeature` |
//!
//! ```
//! use transom::features::{ConnectionInfo, Feature, Features, RequestExt};
//!
//! #[derive(Debug)]
//! struct Tenant(String);
//!
//! impl Feature for Tenant {
//!     const NAME: &'static str = "example.tenant";
//! }
//!
//! let mut request = transom::Request::default();
//! request.features_mut().insert(Tenant("acme".into()));
//!
//! assert_eq!(request.feature::<Tenant>().unwrap().0, "acme");
//! assert!(request.feature::<ConnectionInfo>().is_none()); // no server made this request
//! ```

mod addresses;
mod collection;
mod connection;
mod ends_by_itself;
mod extended_connect;
mod lifetime;
mod max_request_body_size;
mod missing;
mod original_target;
mod path_base;
mod proxy_protocol_info;
mod rejections;
mod request_ext;
mod request_identifier;
mod request_scope;
mod response_trailers;
mod scheme;
mod server_info;
mod server_lifetime;
mod server_limits;
mod server_reload;
mod server_statistics;
mod server_variables;
mod tls_info;
mod upgrade;

pub use addresses::{
    AddressError, AddressHost, InvalidIpNetwork, IpNetwork, RequestedAddresses, ServerAddress,
    ServerAddresses,
};
pub use collection::{Feature, Features};
pub use connection::{ConnectionId, ConnectionInfo, Endpoint, Transport};
pub use ends_by_itself::EndsByItself;
pub use extended_connect::ExtendedConnect;
pub use lifetime::RequestLifetime;
pub use max_request_body_size::{BodySizeFrozen, MaxRequestBodySize};
pub use missing::MissingFeature;
pub use original_target::OriginalTarget;
pub use path_base::{InvalidPathBase, PathBase};
pub use proxy_protocol_info::{ProxyProtocolInfo, ProxyTls};
pub use request_ext::RequestExt;
pub use request_identifier::RequestIdentifier;
pub use request_scope::RequestScope;
pub use response_trailers::ResponseTrailers;
pub use scheme::Scheme;
pub use server_info::ServerInfo;
pub use server_lifetime::ServerLifetime;
pub(crate) use server_lifetime::StopSteps;
pub use server_limits::{LimitValue, ServerLimit, ServerLimits};
pub use server_reload::{Reloading, ServerReload};
pub use server_statistics::{Counted, ServerStatistics};
pub use server_variables::ServerVariables;
pub use tls_info::{TlsInfo, TlsVersion, UnknownTlsVersion};
pub use upgrade::{Upgrade, UpgradeError, Upgraded, Upgrading};
