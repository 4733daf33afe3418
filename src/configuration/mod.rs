//! What a settings file says, as a tree: for servers and adapters that are configured from the files of their
//! host.
//!
//! A [`Section`] is a table of TOML or JSON. Each [`Entry`] of it knows where it stands, so that what is wrong
//! with it can be said with its file, line and full name. [`Settings::section`](crate::hosting::Settings::section)
//! has one from all sources of a host's settings.
//!
//! ```
//! use std::time::Duration;
//! use transom::configuration::{Problems, Section};
//!
//! let file = Section::from_toml_str("[proxy]\ntimeout = '00:00:05'\nbufer = '8 KiB'")?;
//! let proxy = file.section("Proxy")?; // case and underscores do not count
//!
//! let (mut timeout, mut buffer, mut problems) = (Duration::from_secs(30), 4096, Problems::new());
//! for entry in proxy.entries() {
//!     match entry.key().as_str() {
//!         "timeout" => timeout = problems.or(entry.duration(), timeout),
//!         "buffer" => buffer = problems.or(entry.size(), buffer),
//!         _ => problems.add(entry.unknown("a setting of the proxy", &["timeout", "buffer"])),
//!     }
//! }
//! assert_eq!((timeout, buffer), (Duration::from_secs(5), 4096));
//! assert_eq!(
//!     problems.finish().unwrap_err().to_string(),
//!     "`proxy.bufer` at line 3, column 1 is not a setting of the proxy; did you mean `buffer`?",
//! );
//! # Ok::<_, transom::Error>(())
//! ```
#![cfg_attr(
    not(all(feature = "settings", feature = "hyper")),
    allow(
        dead_code,
        unused_imports,
        reason = "what the host and the server need of it"
    )
)]

mod entry;
mod file;
mod json;
mod name;
mod origin;
mod problems;
mod read;
mod section;
mod toml;
mod units;

pub use entry::{Entry, Value};
pub(crate) use file::{read_if_there, text};
pub(crate) use name::{plain, split};
pub(crate) use origin::Origin;
pub use problems::Problems;
pub use section::Section;
pub(crate) use units::duration;
