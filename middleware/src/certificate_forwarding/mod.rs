//! The client's certificate as a trusted proxy was shown it.
//!
//! Behind a proxy that ends TLS, a server sees no certificate of a client. The proxy can pass it on in a field of the
//! request; but a client can write that too. [`CertificateForwardingLayer`] takes it over from proxies that are trusted, into
//! [`TlsInfo::client_certificates`], where it is without a proxy. ASP.NET Core calls it `UseCertificateForwarding`.
//!
//! | form | what proxies write | reads |
//! |---|---|---|
//! | [`base64`](CertificateForwardingLayer::base64) | HAProxy `%[ssl_c_der,base64]`, IIS with ARR and Azure (`X-ARR-ClientCert`) | DER in base64 |
//! | [`pem`](CertificateForwardingLayer::pem) | nginx `$ssl_client_escaped_cert`, Apache `%{SSL_CLIENT_CERT}s` | PEM, percent-encoded or in one line |
//! | [`rfc9440`](CertificateForwardingLayer::rfc9440) | RFC 9440: `Client-Cert` and `Client-Cert-Chain` | byte sequences of structured fields |
//! | [`with_converter`](CertificateForwardingLayer::with_converter) | anything else | what the function makes of it |
//!
//! HAProxy on this machine passes the certificate on, and nothing has to be said of it:
//!
//! ```
//! use transom::features::TlsInfo;
//! use transom::testing::TestServer;
//! use transom::{ApplicationBuilder, Request, RequestExt};
//! use transom_middleware::certificate_forwarding::CertificateForwardingLayer;
//!
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! let app = ApplicationBuilder::new()
//!     .layer(CertificateForwardingLayer::base64())
//!     .run_fn(|request: Request| async move {
//!         assert!(!request.headers().contains_key("x-client-cert"));
//!         let shown = request.feature::<TlsInfo>().and_then(TlsInfo::client_certificate);
//!         format!("{} bytes of DER", shown.map_or(0, |der| der.len()))
//!     });
//! let client = TestServer::new().start(app).await?;
//!
//! let request = http::Request::get("/").header("x-client-cert", "MAMCAQE=").body("")?;
//! assert_eq!(client.send(request).await?.into_body().collect(64).await?, "5 bytes of DER");
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! Proxies in a network, which write as RFC 9440 has it:
//!
//! ```
//! # use transom::features::TlsInfo;
//! # use transom::testing::TestServer;
//! # use transom::{ApplicationBuilder, Request, RequestExt};
//! # use transom_middleware::certificate_forwarding::CertificateForwardingLayer;
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! let certificates = CertificateForwardingLayer::rfc9440().with_known_networks(["10.1.0.0/16".parse()?]);
//! let app = ApplicationBuilder::new().layer(certificates).run_fn(|request: Request| async move {
//!     let tls = request.feature::<TlsInfo>().unwrap();
//!     assert_eq!(tls.version(), None); // which a proxy does not tell
//!     tls.client_certificates().len().to_string()
//! });
//! let client = TestServer::new().start(app).await?;
//!
//! let request = http::Request::get("/")
//!     .header("client-cert", ":MAMCAQE=:")
//!     .header("client-cert-chain", ":MAMCAQI=:, :MAMCAQM=:")
//!     .body("")?;
//! assert_eq!(client.send(request).await?.into_body().collect(64).await?, "3");
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! # Whom it believes
//!
//! The peer of the connection, if it is a [known proxy](CertificateForwardingLayer::with_known_proxies) or in a
//! [known network](CertificateForwardingLayer::with_known_networks): those of this machine by default, by the rules of
//! [`forwarded_headers`](crate::forwarded_headers). The one who speaks to the server, and nobody else: also behind
//! [`ForwardedHeadersLayer`](crate::forwarded_headers::ForwardedHeadersLayer), which makes another of [`ConnectionInfo`]. So the two may stand in either
//! order. Behind another layer that does so, and is not of this crate, this one would ask the wrong one: put it before that.
//!
//! **The proxy has to set the field or take it out, of every request**, also of one without a certificate; else the client's own
//! field goes through. It has to check the certificate, too: here nobody does. `examples/deploy` has `certificate` for nginx, Apache and HAProxy.
//!
//! # What becomes of a request
//!
//! - The fields are gone behind the layer, whoever sent them.
//! - A trusted peer that tells of a certificate: [`TlsInfo`] has it, and [no version](TlsInfo::version), nor anything else: what was agreed on
//!   with the client the proxy does not tell.
//! - A trusted peer that tells of none, by no field, an empty one, or Apache's `(null)`: there is none. If the proxy itself speaks TLS with the server and shows a
//!   certificate, that is not the client's, and is taken out.
//! - What is malformed, there twice, [too long](CertificateForwardingLayer::with_max_size), or of [too many](CertificateForwardingLayer::with_max_chain_length)
//!   certificates: as if there were none, and a warning. The request is never refused.
//! - A second such layer changes nothing where the first trusted the peer, and takes out its fields.
//!
//! Certificates are DER, and only their lengths are looked at. The form of RFC 9440 has the chain, where it tells of one, behind the client's own.
//!
//! # Outside of Transom
//!
//! There is no [`ConnectionInfo`], so no peer is known, and nothing is taken over unless [every peer is trusted](CertificateForwardingLayer::with_any_proxy);
//! then [`TlsInfo`] is in [`Features`](transom::Features) for who asks there.

#[cfg(doc)]
use transom::features::{ConnectionInfo, TlsInfo};

mod form;
mod layer;
mod rules;
mod service;

pub use layer::CertificateForwardingLayer;
pub use service::CertificateForwarding;
pub use transom::features::{InvalidIpNetwork, IpNetwork};
