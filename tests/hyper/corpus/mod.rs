//! Exchanges of HTTP/1, right, odd and wrong, each with the answer that it gets.
//!
//! Each is played three times: in one piece, byte by byte, and behind another request on the same connection.

mod chunks;
mod connection;
mod exchange;
mod fields;
mod heads;
mod length;
mod play;
mod reply;
mod responses;
mod targets;

use exchange::Exchange;
use play::play;

macro_rules! plays {
    ($($name:ident: $exchanges:expr, $least:literal;)*) => {
        $(
            #[tokio::test]
            async fn $name() {
                let exchanges: Vec<Exchange> = $exchanges;
                assert!(exchanges.len() >= $least, "only {} are left", exchanges.len());
                play(exchanges).await;
            }
        )*
    };
}

plays! {
    first_lines: heads::exchanges(), 80;
    targets_and_their_methods: targets::exchanges(), 90;
    hosts: targets::hosts(), 60;
    fields_and_their_lines: fields::exchanges(), 130;
    lengths: length::lengths(), 40;
    transfer_codings: length::codings(), 40;
    chunks_and_trailers: chunks::exchanges(), 90;
    connections_and_expectations: connection::exchanges(), 40;
}
