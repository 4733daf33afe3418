//! All that is `unsafe`: the calls of the HTTP Server API, version 2, behind types that are safe.
//!
//! | file | what it is |
//! |---|---|
//! | `platform` | what this system has of the API, and what has to be looked up |
//! | `operation` | one overlapped call, which owns its buffers until the system is done with them |
//! | `port` | the completion port, and the thread that wakes who waits |
//! | `session` | server session and URL groups |
//! | `queue` | the request queue: every call that is about requests |
//! | `challenges` | the field of a response that the kernel completes |
//! | `delegate` | another process's queue, and handing requests to it |
//! | `property` | what can be asked about a request |
//! | `security` | who may use a queue |
//! | `view` | the buffer that a request was received into, read within its bounds |
//! | `response` | the head of a response, and its chunks, as the system wants them |
//! | `token` | whose access token came with a request |
#![allow(unsafe_code)]

mod challenges;
mod delegate;
mod operation;
mod platform;
mod port;
mod property;
mod queue;
mod response;
mod security;
mod session;
mod token;
mod view;

pub(crate) use challenges::Challenges;
pub(crate) use delegate::Target;
pub(crate) use operation::{Outcome, Pending};
pub(crate) use platform::{Platform, counter_frequency};
pub(crate) use queue::{Opened, RequestQueue};
pub(crate) use response::{Chunks, NativeResponse, SendFlags};
pub(crate) use security::SecurityDescriptor;
pub(crate) use session::{Api, ServerSession, UrlGroup, is_registered};
pub(crate) use token::Token;
pub(crate) use view::{Received, RequestBuffer, Secured};
