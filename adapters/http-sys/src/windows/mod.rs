//! The server itself.
//!
//! `sys` makes the system's calls, and is the one folder with `unsafe` in it. The rest is an adapter like any other, in
//! the order in which a request meets it:
//!
//! | file | what it does |
//! |---|---|
//! | `server` | options, `bind`, `serve` |
//! | `listening` | session, queue, prefixes: what is held from `bind` on |
//! | `serve` | posts the receives, starts exchanges, stops |
//! | `arrival` | a request, out of the kernel's form |
//! | `names` | the fields that the kernel has numbers for |
//! | `links` | connections, and who has gone |
//! | `exchange` | one request, from its head to the end of its response |
//! | `inflow` | the body of a request |
//! | `outflow` | the response: its framing, its pieces |
//! | `tunnel` | a connection that was handed over |
//! | `user`, `certificate` | who the client is |
//! | `info` | what else the kernel says of a request |
//! | `delegation` | requests that are handed to others |

mod arrival;
mod certificate;
mod delegation;
mod exchange;
mod inflow;
mod info;
mod links;
mod listening;
mod names;
mod outflow;
mod serve;
mod server;
mod sys;
mod tunnel;
mod user;

pub use certificate::{CertificateError, ClientCertificate};
pub use delegation::{Delegation, DelegationError, DelegationRule, RequestDelegation};
pub use info::{RequestInfo, RequestProperties};
pub use server::{BoundHttpSysServer, HttpSysServer};
pub use user::WindowsUser;
