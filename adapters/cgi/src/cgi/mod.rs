//! CGI: a process for a request, told of it by its environment, its standard input and its standard output.

mod process;
mod server;
#[cfg_attr(unix, path = "stdio_unix.rs")]
mod stdio;

pub use server::{BoundCgiServer, CgiServer};
