//! What stands between a socket and HTTP: layers over the bytes of a connection.

mod layer;
mod layered;
mod logging;
mod rewound;
mod stream;

pub use layer::ConnectionLayer;
pub(super) use layer::Layers;
pub(super) use layered::Layered;
pub use logging::ConnectionLogging;
pub(super) use rewound::Rewound;
pub use stream::ByteStream;
