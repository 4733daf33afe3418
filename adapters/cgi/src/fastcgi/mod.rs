//! FastCGI 1.0: records in, requests out.
//!
//! | file | what it does |
//! |---|---|
//! | `record`, `pairs` | the bytes of records, and the lists of names and values in some |
//! | `machine` | what a web server says: records in, events out, no I/O |
//! | `exchange` | one request, from its parameters to the end of its response |
//! | `output` | records on their way out |
//! | `connection` | all of them together, on one connection |

mod connection;
mod exchange;
#[cfg(any(test, feature = "fuzzing"))]
mod invariants;
mod machine;
mod options;
mod output;
mod pairs;
mod record;
mod server;
#[cfg(test)]
mod tests;
mod timer;
mod violation;

#[cfg(feature = "fuzzing")]
pub(crate) use invariants::hold as invariants_hold;
pub(crate) use options::FastCgiOptions;
pub use server::{BoundFastCgiServer, FastCgiServer};
