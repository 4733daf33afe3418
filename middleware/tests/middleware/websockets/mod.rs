//! WebSockets, from both ends.

mod end;
mod handshake;
mod heard;
mod http2;
mod keep_alive;
mod messages;
mod peer;
mod stop;
