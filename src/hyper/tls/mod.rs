//! HTTPS: which certificate a client is shown, what is asked of it, and the handshake.
//!
//! [`Tls`] is given to an [`Endpoint`](super::Endpoint), or to the whole server for every `https` address that
//! has none of its own.
//!
//! ```no_run
//! use transom::HyperServer;
//! use transom::hyper::tls::{Certificate, Tls};
//!
//! let shop = Certificate::from_pem_files("shop.pem", "shop.key");
//! let wiki = Certificate::from_pem_files("wiki.pem", "wiki.key");
//! let server = HyperServer::new("https://[::]:443")
//!     .with_tls(Tls::new(shop).with_sni("*.wiki.example", wiki));
//! ```
//!
//! TLS is done by [rustls](https://docs.rs/rustls): TLS 1.2 and 1.3 with the suites that it holds safe. Sessions
//! can be taken up again, by tickets whose keys live in memory; early data, which can be replayed, is never
//! accepted. ALPN offers what the endpoint speaks.
//!
//! Certificates are files, or, with the feature `acme`, ordered and renewed while the server serves: `Acme`.
//!
//! What a client is refused with, before there is HTTP:
//!
//! | what it did | what it gets |
//! |---|---|
//! | asked for a name that is not served | alert `unrecognized_name` |
//! | asked for a name whose certificate is still being ordered | alert `internal_error` |
//! | offered no protocol that the endpoint speaks | alert `no_application_protocol` |
//! | offered none at all, where HTTP/1 is not spoken | the connection is closed |
//! | sent no certificate where one is required | alert `certificate_required` |
//! | sent a certificate that is not trusted | alert `unknown_ca`, `certificate_expired` or the like |
//! | did not finish in time | the connection is closed |
//! | spoke HTTP without TLS | 400 in cleartext |

mod accept;
#[cfg(feature = "acme")]
mod acme;
mod certificate;
mod check;
mod client_certificates;
#[cfg(feature = "dev-certs")]
mod development;
mod entry;
mod hello;
mod loaded;
mod names;
mod options;
mod pem;
#[cfg(feature = "http3")]
mod quic;
mod refuse;
mod stream;
#[allow(
    clippy::module_inception,
    reason = "the folder is named after its type"
)]
mod tls;
mod verify;
#[cfg(any(feature = "acme", feature = "dev-certs"))]
mod write;

#[cfg(feature = "acme")]
pub use acme::Acme;
#[cfg(feature = "acme")]
pub(super) use acme::Renewal;
pub use certificate::Certificate;
pub use client_certificates::{ClientCertificates, ClientTrust};
#[cfg(feature = "dev-certs")]
pub use development::DevelopmentCertificate;
pub use hello::ClientHello;
pub use options::TlsOptions;
#[cfg(feature = "http3")]
pub(super) use quic::QuicTls;
pub(super) use stream::TlsStream;
pub use tls::Tls;
