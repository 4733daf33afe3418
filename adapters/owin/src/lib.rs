#![doc = include_str!("../README.md")]

mod app_func;
mod bound;
mod factory;
mod gate;
mod held;
mod server;

pub use app_func::{app_func, mount};
pub use bound::OwinBoundServer;
pub use factory::{OwinServerFactory, RunningOwinServer};
pub use server::OwinServer;
