//! HTTP/2.

mod attacks;
mod connect;
mod frames;
mod limits;
mod malformed;
mod protocols;
mod streams;
mod times;
