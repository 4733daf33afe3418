#![doc = include_str!("../README.md")]

mod bound;
mod connection;
mod server;

pub use bound::TemplateBoundServer;
pub use server::TemplateServer;
