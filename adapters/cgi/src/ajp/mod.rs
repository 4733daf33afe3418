//! AJP/1.3: packets of a web server in, requests out.
//!
//! | file | what it does |
//! |---|---|
//! | `packet`, `cursor` | what stands before the content of a packet, and what its content is made of |
//! | `codes` | numbers that stand for names |
//! | `message` | what a packet wants that begins something |
//! | `forward`, `attributes`, `secret` | a request, what is told of it beside its head, and who may send one |
//! | `framing` | where the body of a request ends, and which packets it comes in |
//! | `intake` | packets of a body, asked for when the application waits for them |
//! | `answer`, `output` | the packets of a response, and their way out |
//! | `exchange`, `connection` | one request; all of a connection, one after the other |

mod answer;
mod attributes;
mod codes;
mod connection;
mod cursor;
mod exchange;
mod forward;
mod framing;
mod intake;
#[cfg(any(test, feature = "fuzzing"))]
mod invariants;
mod message;
mod options;
mod output;
mod packet;
mod secret;
mod server;
#[cfg(test)]
mod tests;

#[cfg(feature = "fuzzing")]
pub(crate) use invariants::hold as invariants_hold;
pub(crate) use options::AjpOptions;
pub use server::{AjpServer, BoundAjpServer};
