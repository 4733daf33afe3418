//! Exact counts of what Transom costs: allocations and instructions, never times.
//!
//! `README.md` says which programs there are, and how to run them. What they share is here.

pub mod adapters;
pub mod count;
pub mod middleware;
pub mod program;
pub mod servers;

use transom::{Application, Body, Request, Response};

/// The greeting that every server answers here: 13 bytes.
pub const GREETING: &str = "Hello, World!";

/// The least application: it answers 200 and [`GREETING`], and allocates nothing for it.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "it has nothing to add to")]
pub struct Hello;

impl Application for Hello {
    async fn call(&self, _: Request) -> Response {
        Response::new(Body::from(GREETING))
    }
}
