//! What clients may take: bytes, connections, and time.

mod age;
mod body_rate;
mod connections;
mod first_bytes;
mod idle;
mod listed;
mod requests;
mod response_rate;
mod server;
mod upgraded;

pub(crate) use server::{long, takes};
