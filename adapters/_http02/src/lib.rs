//! Heads between the types of the crate http 0.2 and those of http 1.
//!
//! Both take the same bytes, but neither version knows the other, and engines that came before http 1 stay with 0.2, as
//! actix-http does. [`to_1`] is for what such an engine was sent, [`to_02`] for what it shall send. Nothing is validated twice where
//! that can be avoided: names that the standards know become one another by constants, which costs a fraction of what it takes
//! to read their text.
//!
//! ```
//! use transom_adapter_http02::{to_02, to_1};
//!
//! let arrived = http02::Request::get("/a?b=c").header("x-id", "7").body(())?;
//! let uri = to_1::target(arrived.uri()).unwrap();
//! assert_eq!(uri, "/a?b=c");
//! for (name, value) in arrived.headers() {
//!     assert_eq!(to_1::name(name).unwrap(), "x-id");
//!     assert_eq!(to_1::value(value).unwrap(), "7");
//! }
//!
//! let name = to_02::name(&http::header::CONTENT_TYPE).unwrap();
//! assert_eq!(name, http02::header::CONTENT_TYPE);
//! # Ok::<_, http02::Error>(())
//! ```

mod names;
pub mod to_02;
pub mod to_1;
