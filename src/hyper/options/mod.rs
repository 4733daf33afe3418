//! What can be set on the server.

mod all;
mod data_rate;
mod endpoint;
mod http2_limits;
mod http3_limits;
mod limits;
mod protocols;

pub(super) use all::Options;
pub use data_rate::MinDataRate;
pub use endpoint::Endpoint;
pub(super) use endpoint::{EndpointOptions, Source};
pub use http2_limits::Http2Limits;
pub use http3_limits::Http3Limits;
pub use limits::Limits;
pub use protocols::{Protocols, UnknownProtocols};
