//! FastCGI 1.0: records in, requests out.
//!
//! | file | what it does |
//! |---|---|
//! | `record`, `pairs` | the bytes of records, and the lists of names and values in some |
//! | `machine` | what a web server says: records in, events out, no I/O |
//! | `stdin` | a body between its connection and its application |
//! | `exchange` | one request, from its parameters to the end of its response |
//! | `output` | records on their way out |
//! | `connection` | all of them together, on one connection |

mod connection;
mod exchange;
mod machine;
mod options;
mod output;
mod pairs;
mod record;
mod server;
mod stdin;
mod timer;
mod violation;

pub(crate) use options::FastCgiOptions;
pub use server::{BoundFastCgiServer, FastCgiServer};
