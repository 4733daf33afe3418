//! The one body type of requests and responses.
//!
//! [`Body`] is empty, one chunk, or a stream of frames. The first two never allocate. It is
//! `Send + Sync`, so that a `&Request` may be held across an `.await`; its errors are opaque
//! ([`Error`]) and tell a limit from a client that went away.
//!
//! ```
//! use futures_util::StreamExt;
//! use transom::Body;
//!
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! let chunks = futures_util::stream::iter(["one ", "two"].map(Ok::<_, std::io::Error>));
//! let body = Body::from_stream(chunks);
//! assert_eq!(body.collect(1024).await?, "one two");
//!
//! let mut stream = Body::from("whole").into_stream();
//! assert_eq!(stream.next().await.unwrap()?, "whole");
//! assert!(stream.next().await.is_none());
//! # Ok::<_, transom::body::Error>(())
//! # })?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```

mod boxed;
mod convert;
mod error;
mod io;
mod limited;

pub use boxed::Body;
pub use convert::BodyStream;
pub use error::{BoxError, Error};
pub use io::BodyReader;
pub(crate) use limited::Limited;
