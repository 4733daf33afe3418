//! Hosts a Transom application on HTTP.sys, the HTTP server in the kernel of Windows.
//!
//! The kernel accepts connections, speaks HTTP/1.1, HTTP/2, HTTP/3 and TLS, and hands requests over to whichever process has
//! registered their URLs: so several share one port. It authenticates clients against Windows, and needs no IIS.
//!
#![cfg_attr(windows, doc = "```")]
#![cfg_attr(not(windows), doc = "```ignore")]
//! use transom::features::ServerAddresses;
//! use transom::{Body, BoundServer, Request, Response, Server, Shutdown};
//! use transom_http_sys::HttpSysServer;
//!
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! let bound = HttpSysServer::new("http://127.0.0.1:0").with_accepts(8).bind().await?;
//! let address = bound.features().require::<ServerAddresses>()?.bound()[0].clone();
//! assert_ne!(address.port(), Some(0));
//!
//! let (trigger, shutdown) = Shutdown::pair();
//! let app = |_: Request| async { Response::new(Body::from("hello")) };
//! let serving = tokio::spawn(bound.serve(app, shutdown));
//!
//! trigger.request();
//! serving.await??;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! On other systems the crate has its options and [`UrlPrefix`], and no server.
//!
//! # Where things run
//!
//! The application is polled on the runtime on which `serve` was called: each request is a task of its own. One thread takes
//! the packets of the completion port and wakes who waits for them. Nothing blocks.
//!
//! # Which requests it gets
//!
//! An address says it, or a [`UrlPrefix`], which has more to say. Who may register which is up to Windows: an administrator
//! all of them, others `http://localhost` with a port above 1024, and what was reserved for them. Where one is denied, the error of `bind`
//! has the `netsh` command that allows it. For `https` an administrator binds a certificate to the port: `netsh http add
//! sslcert`.
//!
//! # What ASP.NET Core has, and this
//!
//! *Wine* was run under Wine 8 as Debian packages it, whose HTTP.sys is Wine's own and not Microsoft's: that shows that the calls, their
//! structures, and the lives of both are right. *Mended* was run, over HTTP/1.1, under a Wine whose driver had been mended to do what
//! Microsoft documents, from outside of this repository: that shows what this crate makes of what is documented, and not what Microsoft's
//! driver does. `tests/whole` is what was run. *Unit* is tested without a driver. *Written* follows Microsoft's documentation, compiles,
//! and was not run: `tests/windows` and `manifests/windows.toml` say what Windows has to show. On Windows itself nothing was run yet.
//!
//! | ASP.NET Core | here | tested |
//! |---|---|---|
//! | `UrlPrefixes` | `with_url_prefix`, `with_address` | Wine: IP addresses, path bases, several, port 0, taken ones; Unit: the grammar, what is denied |
//! | `MaxAccepts` | `with_accepts` | Wine |
//! | `MaxConnections` | `with_max_connections` | Written |
//! | `RequestQueueLimit` | `with_queue_length` | Written |
//! | `RequestQueueName`, `RequestQueueMode` | `with_request_queue` | Wine: what cannot be; Written: the rest |
//! | `RequestQueueSecurityDescriptor` | `with_queue_security_descriptor`, in SDDL | Wine: which are read; Written: what the kernel makes of one |
//! | `Http503Verbosity` | `with_503_verbosity` | Written |
//! | `Timeouts` | `with_timeouts` | Unit; Wine: that a system without them says so |
//! | `MaxRequestBodySize` | `with_max_request_body_size`, `MaxRequestBodySize` | Mended |
//! | `Authentication.Schemes`, `AllowAnonymous` | `with_authentication` | Unit: challenges; Wine: refusal of who is nobody; Written: the rest |
//! | `Authentication.EnableKerberosCredentialCaching`, `CaptureCredentials` | `Authentication::with_kerberos_credential_caching`, `with_captured_credentials` | Unit: what they need; Written: the rest |
//! | `Authentication.AutomaticAuthentication`, `AuthenticationDisplayName` | nothing: the application asks `WindowsUser`, or not | |
//! | `EnableKernelResponseBuffering` | `with_kernel_response_buffering` | Wine: the responses are the same; Written: the kernel's part |
//! | more than 1,000 fields that the kernel has no numbers for: 400 | the same | Wine |
//! | `EnableResponseCaching` | `with_response_caching` | Unit: which responses; Written: the kernel's part |
//! | `ClientCertificateMethod` | the feature `ClientCertificate` | Written |
//! | `AllowSynchronousIO`, `UnsafePreferInlineScheduling`, `ThrowWriteExceptions` | nothing blocks, runs inline or throws | |
//! | `UseLatin1RequestHeaders` | values are bytes | |
//! | `IHttpRequestFeature`, `IHttpResponseFeature` | the request and the response | Wine: heads, whole bodies; Mended: bodies of any length, in pieces, chunked, both ways at once, each held back by who reads slowly; `100 Continue`; pipelining; HTTP/1.0 |
//! | `IHttpConnectionFeature` | `ConnectionInfo` | Wine: both ends; Mended: one id for a connection |
//! | `IHttpRequestLifetimeFeature` | `RequestLifetime` | Mended: clients that go at any moment, `abort` at any moment; Written: of each request over HTTP/2 and HTTP/3 |
//! | `IConnectionLifetimeNotificationFeature` | nothing: the fields of a connection are the server's, for each server | |
//! | `IHttpRequestIdentifierFeature`, `IHttpRequestBodyDetectionFeature` | `RequestIdentifier`, `is_end_stream` of the body | |
//! | `IHttpUpgradeFeature` | `dyn Upgrade`, and hyper's `OnUpgrade` | Mended |
//! | `IHttpResponseTrailersFeature` | `ResponseTrailers` | Mended: HTTP/1.1; Written: HTTP/2 and HTTP/3, where the system has them |
//! | `IHttpResetFeature` | `RequestLifetime::abort`, with the code `CANCEL` where the system takes one | Mended: the connection is reset; Written: streams |
//! | `ITlsConnectionFeature`, `ITlsHandshakeFeature` | `TlsInfo`: version, protocol, server name, certificate; cipher suite, where the system tells | Unit: what is read; Written: the rest |
//! | `IHttpAuthenticationFeature` | `WindowsUser` | Written |
//! | `IServerAddressesFeature` | `ServerAddresses` | Wine |
//! | stop: 503, then nothing | the same | Wine: drains, ends by itself, cancels what waits; Mended: with 32 requests in flight, at any moment |
//! | `IServerDelegationFeature`, `IHttpSysRequestDelegationFeature` | `with_delegation`, and then `Delegation` and `RequestDelegation` | Unit: which requests; Wine: that a system without it says so; Written: the kernel's part |
//! | `IHttpSysRequestInfoFeature` | `RequestInfo` | Unit: what is read; Wine: absent; Written: that it is there |
//! | `IHttpSysRequestTimingFeature` | `RequestInfo::timings`, `RequestTimings` | Unit: what is read; Written: that it is there |
//! | `IHttpSysRequestPropertyFeature`, `TlsClientHelloBytesCallback` | `RequestProperties` | Wine: absent; Written: the rest |
//! | `IHttpSendFileFeature` | nothing: a body is frames, and none says that it is a file | |
//!
//! # What HTTP.sys cannot do
//!
//! Let a server close idle connections, which are the kernel's and may carry requests for others; listen on a unix socket;
//! hand the trailers of a request over. A certificate is bound to a port by an administrator, and by no program.

mod authentication;
#[cfg(any(windows, test))]
mod cache;
mod options;
mod prefix;
mod timings;
#[cfg(windows)]
mod windows;

pub use authentication::Authentication;
pub use options::{Http503Verbosity, RequestQueueMode, Timeouts};
pub use prefix::{UrlPrefix, UrlPrefixError};
pub use timings::{RequestStage, RequestTimings};
#[cfg(windows)]
pub use windows::{
    BoundHttpSysServer, CertificateError, ClientCertificate, Delegation, DelegationError,
    DelegationRule, HttpSysServer, RequestDelegation, RequestInfo, RequestProperties, WindowsUser,
};
