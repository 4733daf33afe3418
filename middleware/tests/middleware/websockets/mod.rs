//! WebSockets, from both ends.

mod end;
mod handshake;
mod http2;
mod keep_alive;
mod messages;
mod peer;
mod stop;
