//! HTTPS, as a client of rustls sees it.

mod authority;
mod client;
mod handshake;

use authority::Authority;
use client::TlsClient;
